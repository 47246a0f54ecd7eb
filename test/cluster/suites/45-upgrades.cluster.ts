import { Cluster } from '../cluster';
import { CHANGES, REFUSALS } from '../upgrade/changes';
import { compare } from '../upgrade/compare';
import { askedBy, refusalsOf, refusedOf } from '../upgrade/dry-run';
import { compose, objectsOf } from '../upgrade/program';
import { proves, SYSTEMS } from './support/proves';

/** Kinds of what a site has besides the platform, and of what a change brings with it. */
const NOT_SERVED = ['FRRConfiguration', 'FRRK8sConfiguration', 'ServiceMonitor'];

const cluster = new Cluster();
const installed = objectsOf(compose());

describe('a change over the running platform', () => {
  proves(SYSTEMS, 'A', `is accepted by the API server as a dry run: ${CHANGES.length} changes`, async () => {
    const { asked, notServed } = await askedBy(
      cluster,
      CHANGES,
      (tuning) => compare(installed, objectsOf(compose(tuning))).changed,
    );
    expect(NOT_SERVED).toEqual(expect.arrayContaining([...notServed]));
    expect(await refusedOf(cluster, asked)).toEqual([]);
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
