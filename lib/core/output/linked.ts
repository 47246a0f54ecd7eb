import { link } from '../link';
import { type Finding, type LinkOptions } from '../link/types';
import { type Platform } from '../platform';
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
  const { externals, images, distribution } = platform;
  return {
    nodes: platformNodes(platform),
    external: externals,
    images: new Set(images.keys()),
    clusterDomain: distribution.clusterDomain,
    dns: distribution.dns,
    strict: true,
  };
}
