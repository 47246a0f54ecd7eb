import { type KubeObject } from '../../../lib/core/link/types';
import { Cluster, type KubeObject as Stored } from '../cluster';
import { compare, nameOf } from '../upgrade/compare';
import { APPLY, askedBy, refusalsOf, refusedOf } from '../upgrade/dry-run';
import { objectsOf } from '../upgrade/program';
import { CHANGES, REFUSALS } from '../upgrade/training/changes';
import { compose } from '../upgrade/training/program';
import { comesAfter } from './support/ended';
import { proves, type System, TRAINING_SYSTEMS } from './support/proves';

/** Kinds of what a site has besides the platform, and of what a change brings with it. */
const NOT_SERVED = [
  'IPPool',
  'PrometheusRule',
  'ServiceMonitor',
  'SriovNetwork',
  'SriovNetworkNodePolicy',
  'SriovNetworkPoolConfig',
  'SriovOperatorConfig',
];
/** Whose resource says no. */
const REFUSING: Readonly<Record<string, System>> = { kueue: 'kueue', queue: 'kueue', 'gpu-operator': 'gpu-operator' };

const cluster = new Cluster();
const installed = objectsOf(compose());

// Copies of queues would be lent from.
comesAfter(cluster, '93-trainings');

describe('a change over the running platform', () => {
  proves(TRAINING_SYSTEMS, 'A', `is accepted by the API server as a dry run: ${CHANGES.length} changes`, async () => {
    const { asked, notServed } = await askedBy(
      cluster,
      CHANGES,
      (tuning) => compare(installed, objectsOf(compose(tuning))).changed,
    );
    expect(NOT_SERVED).toEqual(expect.arrayContaining([...notServed]));
    await withNamespaces(
      asked.flatMap(({ objects }) => objects),
      async () => expect(await refusedOf(cluster, asked)).toEqual([]),
    );
  });

  describe('is refused by the API server', () => {
    for (const { system, title, from, tuning, says } of REFUSALS.filter(({ refusedBy }) => refusedBy === 'cluster')) {
      proves(REFUSING[system]!, 'A', title, async () => {
        const after = objectsOf(compose(tuning));
        if (from) return refusesCopies(objectsOf(compose(from)), after, says);
        expect(await refusalsOf(cluster, compare(installed, after).changed)).toContain(says);
      });
    }
  });
});

/** Has the namespaces that objects are in and the cluster lacks, for as long as it asks: in one that isn't there, even a dry run is refused. */
async function withNamespaces(objects: readonly KubeObject[], ask: () => Promise<void>): Promise<void> {
  const there = (await cluster.list<Stored>('namespaces')).map(({ metadata }) => metadata.name);
  const wanted = objects.flatMap(({ metadata }) => metadata.namespace ?? []);
  const lacking = [...new Set(wanted)].filter((name) => !there.includes(name));
  try {
    for (const name of lacking) await cluster.kubectl('create', 'namespace', name);
    await ask();
  } finally {
    if (lacking.length > 0) await cluster.kubectl('delete', 'namespace', '--ignore-not-found', ...lacking);
  }
}

/** That what is fixed of objects can't change, shown on copies by another name, which nobody uses. */
async function refusesCopies(before: readonly KubeObject[], after: readonly KubeObject[], says: string): Promise<void> {
  const { immutable } = compare(before, after);
  const isFixed = (object: KubeObject) => immutable.some((field) => field.startsWith(`${nameOf(object)}: `));
  const copies = (objects: readonly KubeObject[]) => objects.filter(isFixed).map(copy);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: copies(before) });
  try {
    await cluster.run(['kubectl', ...APPLY, '-f', '-'], { input });
    expect(await refusalsOf(cluster, copies(after))).toContain(says);
  } finally {
    await cluster.run(['kubectl', 'delete', '--ignore-not-found', '--timeout=60s', '-f', '-'], { input });
  }
}

function copy(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-copy` } };
}
