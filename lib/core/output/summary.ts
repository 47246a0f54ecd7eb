import { type Platform } from '../platform';
import { System } from '../system';
import { demand } from '../link';
import { type Bundle } from './bundle';
import { capacityRows } from './capacity';
import { linkOptions } from './linked';

/** What an operator reads first: systems, addresses, waves, what must be there beforehand. */
export function summary(bundle: Bundle): string {
  const { platform } = bundle;
  const systems = platform.node.findAll().filter((construct) => construct instanceof System);
  const endpoints = systems.flatMap((system) =>
    system.endpoints.map(({ what, address }) => [what, address, system.node.id]),
  );
  return [
    `# ${platform.name}`,
    '',
    `Site ${platform.site.name} (${platform.site.domain}) on ${platform.distribution.title}: ${platform.site.totalNodes} nodes, ` +
      `${platform.site.schedulableNodes} of them for workloads, ${platform.site.totalGpus} GPUs.`,
    `${bundle.objects.length} objects in ${bundle.waves + 1} waves. Apply them with \`./apply.sh\`; the images it needs are in images.txt.`,
    '',
    '## Where to reach it',
    ...(endpoints.length > 0
      ? table(['what', 'address', 'system'], endpoints)
      : ['Nothing is reachable from outside the cluster.']),
    '',
    '## Systems',
    ...table(
      ['system', 'software', 'version', 'namespace', 'pod security'],
      systems.map(({ node, description, namespace }) => [
        node.id,
        description.name,
        description.version,
        namespace,
        description.podSecurity ?? 'restricted',
      ]),
    ),
    '',
    '## What fits where',
    'With all that runs all the time, as the scheduler spreads it; Jobs that wait in a queue are on top.',
    '',
    ...table(
      ['pool', 'resource', 'asked', 'there', 'left'],
      capacityRows(demand(bundle.objects, linkOptions(platform))),
    ),
    '',
    '## Waves',
    ...table(
      ['wave', 'file', 'objects', 'gates', 'after'],
      bundle.files.map(({ wave, name, objects, gates, needs }) => [
        String(wave),
        name,
        String(objects.length),
        String(gates.length),
        needs
          .filter((file) => bundle.waveOf(file) > 0)
          .map((file) => file.replace('.k8s.yaml', ''))
          .join(', '),
      ]),
    ),
    '',
    '## Before',
    ...externals(platform),
    ...instructions([platform, ...systems], 'before'),
    '',
    '## After',
    ...instructions([platform, ...systems], 'after'),
    '',
  ].join('\n');
}

function externals({ externals: all, distribution }: Platform): string[] {
  const externals = all.filter(({ kind, name }) => kind !== 'Namespace' || name !== distribution.dns.namespace);
  if (externals.length === 0) return ['Nothing has to be in the cluster.'];
  return [
    'This must be in the cluster:',
    '',
    ...table(
      ['kind', 'namespace', 'name', 'keys'],
      externals.map(({ kind, namespace, name, keys }) => [kind, namespace ?? '', name, keys?.join(', ') ?? '']),
    ),
  ];
}

function instructions(sources: readonly (Platform | System)[], wanted: 'before' | 'after'): string[] {
  return sources.flatMap((source) =>
    source.instructions
      .filter(({ when }) => when === wanted)
      .flatMap(({ what, command }) => [
        '',
        `${typeof what === 'string' ? what : what()}${command === undefined ? '' : ':'}`,
        ...(command === undefined ? [] : ['', '```sh', command, '```']),
      ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
