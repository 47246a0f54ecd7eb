import { mend, type Context, type Report, type Rule } from '../context';
import { type Entry } from '../entry';
import { field, isObj, str } from '../json';
import { isBuiltInGroup } from '../kinds';

/** Every image is in the list, and has a fixed version. Only where a list is given: foreign bundles have none. */
export const images: Rule = {
  name: 'image',
  check(context, report) {
    const { images: listed, bundle } = context;
    if (!listed) return;
    for (const pod of bundle.pods) {
      for (const { path, spec } of pod.containers) {
        const image = str(spec.image);
        if (image === undefined) continue;
        const at = `${path}.image`;
        if (!listed.has(image))
          report(pod.entry, at, image, `isn't in the list of images${mend(image, [...listed], 'add it')}`);
        else if (!isFixed(image))
          report(pod.entry, at, image, 'has no fixed version; give it a tag other than latest, or a digest');
      }
    }
    elsewhere(listed, context, report);
    inParts(listed, context, report);
  },
};

function isFixed(image: string): boolean {
  if (image.includes('@sha256:')) return true;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag !== undefined && tag !== 'latest';
}

const IMAGE = /(?<![\w.:/@-])([a-z0-9.-]+(?::\d+)?)\/([a-z0-9._/-]+[a-z0-9])(:[\w.-]*\w)?(@sha256:[0-9a-f]{64})?/g;

/** Registries that images come from; a mirror's is known from the list. */
export const REGISTRIES = [
  'docker.io',
  'quay.io',
  'ghcr.io',
  'gcr.io',
  'registry.k8s.io',
  'nvcr.io',
  'public.ecr.aws',
  'mcr.microsoft.com',
  'docker.elastic.co',
];

/** Images that controllers are told to run: in arguments, variables, configuration files and custom resources. */
function elsewhere(listed: ReadonlySet<string>, { texts }: Context, report: Report): void {
  const registries = new Set([...REGISTRIES, ...[...listed].map((image) => image.slice(0, image.indexOf('/')))]);
  const probes = [...registries].filter((registry) => /[.:]/.test(registry)).map((registry) => `${registry}/`);
  for (const text of texts) {
    const { value } = text;
    if (!probes.some((probe) => value.includes(probe))) continue;
    for (const [whole, registry, repository, tag, digest] of value.matchAll(IMAGE)) {
      if (!registries.has(registry) || (tag === undefined && digest === undefined)) continue;
      if (!listed.has(whole) && !listed.has(`${registry}/${repository}${tag ?? ''}`)) {
        report(text.entry, text.path(), whole, `isn't in the list of images${mend(whole, [...listed], 'add it')}`);
      }
    }
  }
}

/**
 * Images that a custom resource names in parts, as NVIDIA's operators take them: `repository`, `image`, and `version`, a tag or a digest. An operator that appends something to
 * the tag is given the part that all have in common.
 */
function inParts(listed: ReadonlySet<string>, { bundle }: Context, report: Report): void {
  const all = [...listed];
  const visit = (entry: Entry, value: unknown, at: string, depth: number): void => {
    if (depth > 16) return;
    if (Array.isArray(value)) return value.forEach((item, i) => visit(entry, item, `${at}[${i}]`, depth + 1));
    if (!isObj(value)) return;
    const [repository, image, version] = [str(value.repository), str(value.image), str(value.version)];
    if (repository && image && version) {
      const name = `${repository}/${image}`;
      const whole = `${name}${version.startsWith('sha256:') ? '@' : ':'}${version}`;
      const isListed = version.startsWith('sha256:')
        ? all.some((known) => known.startsWith(`${name}:`) && known.endsWith(`@${version}`))
        : all.some((known) => known === whole || known.startsWith(`${whole}-`) || known.startsWith(`${whole}@`));
      if (!isListed) report(entry, at, whole, `isn't in the list of images${mend(whole, all, 'add it')}`);
    }
    for (const key in value) visit(entry, value[key], field(at, key), depth + 1);
  };
  for (const entry of bundle.entries) {
    if (!isBuiltInGroup(entry.group)) visit(entry, entry.object.spec, 'spec', 0);
  }
}
