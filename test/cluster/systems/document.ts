import { join } from 'node:path';
import { type Platform, Site, System } from '../../../lib';
import { linked } from '../../../lib/core/output/linked';
import { imageFacts } from '../images/recipes';
import { REPOSITORY } from '../paths';
import { platformOf } from '../platforms';
import { TESTED } from '../machine/test';
import { markOf, type Shown } from './results';

interface Row {
  readonly id: string;
  readonly software: string;
  readonly version: string;
  readonly images: readonly string[];
}

/** docs/systems.md, from what the bench saw. */
export function document(shown: readonly Shown[]): string {
  const rows = systems();
  const failed = shown.filter(({ passed }) => !passed);
  if (failed.length > 0) throw new Error(`not shown: ${failed.map(({ what }) => what).join('; ')}`);
  return [
    '# Systems',
    '',
    'Written by `npm run cluster:systems` from what the [bench](bench.md) saw when it ran last; CI fails where it says anything else.',
    '',
    '| mark | what was shown |',
    '| --- | --- |',
    '| S | synthesized and linked; custom resources valid by the definitions of upstream |',
    '| A | accepted whole, in order, at the first pass, by a real Kubernetes API server; a second time without a change |',
    '| L | its pods run on a real kubelet from the very manifests, and a client uses it through its Service or the gateway |',
    '| F | keeps its promise when its pods are killed, a node is drained or apply.sh is cut off: nothing lost |',
    '',
    ...table(
      ['system', 'software', 'version', 'mark', 'on the bench'],
      rows.map(({ id, software, version, images }) => [
        id,
        software,
        version,
        markOf(id, shown),
        benchOf(images) ?? 'the same',
      ]),
    ),
    '',
    '## Images',
    '',
    'Each is made from package registries, under the name that the manifests have, with the user, paths and entrypoint of the real one. On the cluster of the company all are pulled from a registry that mirror.sh filled.',
    '',
    ...table(
      ['image in the manifests', 'what ran under that name'],
      [...new Set(rows.flatMap(({ images }) => images))].sort().map((image) => {
        const { bench, difference } = imageFacts(image);
        return [`\`${image.replace(/@.*/, '')}\``, difference ?? bench];
      }),
    ),
    '',
    '## What was shown',
    ...rows.flatMap(({ id }) => [
      '',
      `### ${id}`,
      '',
      ...shown
        .filter((test) => test.systems.includes(id))
        .sort((a, b) => 'ALF'.indexOf(a.mark) - 'ALF'.indexOf(b.mark))
        .map(({ mark, what }) => `- ${mark}: ${what}`),
    ]),
    '',
  ].join('\n');
}

/** Software that stands in another's place, under its name, on one of the platforms: told of by its own. */
const OWN_ROWS = ['istio'];

/** The systems of the platforms that the bench runs, with the images of their pods; each once. */
function systems(): Row[] {
  const site = Site.fromFile(join(REPOSITORY, 'blueprints/sites/dgx-lab.yaml'));
  const all = TESTED.flatMap((name) => systemsOf(platformOf(name, site)));
  return all.filter(({ id }, i) => all.findIndex((other) => other.id === id) === i);
}

function systemsOf(platform: Platform): Row[] {
  const { bundle } = linked(platform);
  return platform.node
    .findAll()
    .filter((construct) => construct instanceof System)
    .map(({ node, description }) => ({
      id: OWN_ROWS.includes(description.name) ? description.name : node.id,
      software: description.name,
      version: description.version,
      images: [
        ...new Set(
          bundle.objects
            .filter(({ source }) => source.startsWith(`${node.path}/`))
            .flatMap(({ object }) => [...imagesIn(object)])
            .filter((image) => platform.images.has(image))
            .map((image) => image.replace(`${platform.mirror?.base}/`, '')),
        ),
      ].sort(),
    }));
}

function* imagesIn(value: unknown): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'image' && typeof inner === 'string') yield inner;
    else yield* imagesIn(inner);
  }
}

function benchOf(images: readonly string[]): string | undefined {
  const differences = images.flatMap((image) => imageFacts(image).difference ?? []);
  return differences.length > 0 ? [...new Set(differences)].join('; ') : undefined;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
