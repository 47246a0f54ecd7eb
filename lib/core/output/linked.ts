import { link } from '../link';
import { type Finding, type LinkOptions } from '../link/types';
import { type Platform } from '../platform';
import { type RegistryMirror } from '../registry-mirror';
import { Bundle } from './bundle';
import { platformNodes } from './nodes';

interface Linked {
  readonly bundle: Bundle;
  readonly findings: readonly Finding[];
  /** Number of constructs when it was made. */
  readonly size: number;
}

const cache = new WeakMap<Platform, Linked>();

/**
 * A platform's output and what link finds in it. Kept until a construct is added: cdk8s asks once for each chart, we write what was linked.
 */
export function linked(platform: Platform): Linked {
  const known = cache.get(platform);
  if (known?.size === platform.node.findAll().length) return known;
  platform.complete();
  const size = platform.node.findAll().length;
  const bundle = new Bundle(platform);
  const fresh = { bundle, findings: link(bundle.objects, linkOptions(platform)), size };
  cache.set(platform, fresh);
  return fresh;
}

/** What link is told of a platform beyond its objects. */
export function linkOptions(platform: Platform): LinkOptions {
  const { externals, images, distribution, mirror } = platform;
  return {
    nodes: platformNodes(platform),
    external: externals,
    images: new Set(images.keys()),
    mirror: mirror && mirrorOptions(platform, mirror),
    clusterDomain: distribution.clusterDomain,
    dns: distribution.dns,
    isolated: true,
    encryptedClasses: platform.encryptedClasses,
    reasons: platform.reasons,
    strict: true,
  };
}

/** What takes an image's place is taken from where it is, so that registry may be named too. */
function mirrorOptions({ images }: Platform, { host }: RegistryMirror): LinkOptions['mirror'] {
  const all = [...images.values()];
  const kept = all.filter(({ mirrored }) => !mirrored).map(({ image }) => image.registry);
  return {
    registries: new Set([host, ...kept]),
    replaced: new Set(all.filter(({ mirrored }) => mirrored).map(({ image }) => image.registry)),
  };
}
