import { type Platform } from '../platform';
import { System } from '../system';
import { demand } from '../link';
import { type Bundle } from './bundle';
import { capacityRows } from './capacity';
import { linkOptions } from './linked';
import { mirrorInstructions } from './mirror-nodes';
import { segmentReport } from './segments';
import { table } from './table';
import { trafficOf } from './traffic';
import { trafficReport } from './traffic-report';

/** What an operator reads first: systems, addresses, waves, what must be there beforehand. */
export function summary(bundle: Bundle): string {
  const { platform } = bundle;
  const needed = demand(bundle.objects, linkOptions(platform));
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
    '## Who may talk to whom',
    ...trafficReport(trafficOf(bundle.objects, linkOptions(platform)), platform),
    ...segmentReport(platform, bundle.objects, needed),
    '',
    '## Exceptions',
    ...exceptions(platform),
    '',
    '## What fits where',
    'With all that runs all the time, as the scheduler spreads it; Jobs that wait in a queue are on top.',
    '',
    ...table(['pool', 'resource', 'asked', 'there', 'left'], capacityRows(needed)),
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
    ...externals(bundle),
    ...mirrorInstructions(platform),
    ...instructions([platform, ...systems], 'before'),
    '',
    '## After',
    ...instructions([platform, ...systems], 'after'),
    '',
  ].join('\n');
}

function externals({ platform, objects }: Bundle): string[] {
  const volumes = JSON.stringify(objects.map(({ object }) => object));
  const externals = platform.externals.filter(
    ({ kind, name }) =>
      (kind !== 'Namespace' || name !== platform.distribution.dns.namespace) &&
      // The site has more of them than this platform uses.
      (kind !== 'StorageClass' || volumes.includes(`"storageClassName":${JSON.stringify(name)}`)),
  );
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

function exceptions({ reasons }: Platform): string[] {
  if (reasons.length === 0) return ['No right has a wildcard, and every other end of TLS is verified.'];
  return [
    'What is refused without a reason: wildcards in rights, and TLS whose other end is not verified.',
    '',
    ...table(
      ['object', 'field', 'reason'],
      reasons.map(({ kind, namespace, name, field, reason }) => [
        `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
        field,
        reason,
      ]),
    ),
  ];
}

function instructions(owners: readonly Pick<System, 'instructions'>[], wanted: 'before' | 'after'): string[] {
  return owners.flatMap((owner) =>
    owner.instructions
      .filter(({ when }) => when === wanted)
      .flatMap(({ what, command }) => [
        '',
        `${typeof what === 'string' ? what : what()}${command === undefined ? '' : ':'}`,
        ...(command === undefined ? [] : ['', '```sh', command, '```']),
      ]),
  );
}
