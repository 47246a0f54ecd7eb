import { type KubeObject } from '../../../lib/core/link/types';
import { Cluster } from '../cluster';
import { CHANGES, REFUSALS } from '../upgrade/changes';
import { compare } from '../upgrade/compare';
import { inParallel, refusalsOf, servedKinds } from '../upgrade/dry-run';
import { compose, objectsOf } from '../upgrade/program';
import { proves, SYSTEMS } from './support/proves';

const AT_A_TIME = 3;
/** Objects of one question to the API server. */
const BATCH = 60;
/** Kinds of what a site has besides the platform, and of what a change brings with it. */
const NOT_SERVED = ['FRRConfiguration', 'FRRK8sConfiguration', 'ServiceMonitor'];

const cluster = new Cluster();
const installed = objectsOf(compose());

interface Asked {
  readonly title: string;
  readonly objects: readonly KubeObject[];
}

describe('a change over the running platform', () => {
  proves(SYSTEMS, 'A', `is accepted by the API server as a dry run: ${CHANGES.length} changes`, async () => {
    const served = await servedKinds(cluster);
    const notServed = new Set<string>();
    const asked = CHANGES.map(({ title, tuning }): Asked => {
      const { changed } = compare(installed, objectsOf(compose(tuning)));
      for (const { kind } of changed) if (!served.has(kind)) notServed.add(kind);
      return { title, objects: changed.filter(({ kind }) => served.has(kind)) };
    });
    expect(NOT_SERVED).toEqual(expect.arrayContaining([...notServed]));
    expect(await refusedOf(asked)).toEqual([]);
  });

  describe('is refused by the API server', () => {
    for (const { system, title, tuning, says } of REFUSALS.filter(({ refusedBy }) => refusedBy === 'cluster')) {
      proves(system === 'postgres' ? 'postgres' : 'minio', 'A', title, async () => {
        const { changed } = compare(installed, objectsOf(compose(tuning)));
        expect(await refusalsOf(cluster, changed)).toContain(says);
      });
    }
  });
});

/** All changes in a few questions; where one is refused, each by itself, to tell which. */
async function refusedOf(asked: readonly Asked[]): Promise<readonly string[]> {
  const all = [...new Map(asked.flatMap(({ objects }) => objects).map((one) => [JSON.stringify(one), one])).values()];
  const batches = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
    all.slice(i * BATCH, (i + 1) * BATCH),
  );
  const refusals = await inParallel(batches, AT_A_TIME, (objects) => refusalsOf(cluster, objects));
  if (refusals.every((refusal) => refusal === '')) return [];
  const each = await inParallel(asked, AT_A_TIME, async ({ title, objects }) => ({
    title,
    refusal: await refusalsOf(cluster, objects),
  }));
  return each.filter(({ refusal }) => refusal !== '').map(({ title, refusal }) => `${title}: ${refusal}`);
}
