import { basename } from 'node:path';
import { Cluster } from '../../cluster';
import { until } from '../../shell';

/** Set where several suites run at a time: the one that all others build on. */
const FIRST = process.env.ONPREM_BENCH_FIRST;
/** Longest, in seconds, that a suite waits for one that runs at the same time. */
const PATIENCE = 600;
const NAMESPACE = 'kube-system';

/** jest does it before the tests of each suite: where several run at a time, says in the cluster when this one has ended, well or not. */
export function takesItsTurn(): void {
  if (FIRST === undefined) return;
  const cluster = new Cluster();
  const suite = basename(expect.getState().testPath!, '.cluster.ts');
  if (suite !== FIRST) comesAfter(cluster, FIRST);
  afterAll(async () => {
    await cluster.kubectl('create', 'configmap', '-n', NAMESPACE, nameOf(suite));
  });
}

/** Of a suite that can't be at the same time as these, or builds on what they do: waits, before its tests, until they have ended. */
export function comesAfter(cluster: Cluster, ...suites: readonly string[]): void {
  if (FIRST === undefined) return;
  beforeAll(
    async () => {
      for (const suite of suites) {
        await until(`the end of the suite ${suite}`, PATIENCE, async () =>
          cluster.get('configmap', '-n', NAMESPACE, nameOf(suite)),
        );
      }
    },
    (PATIENCE * suites.length + 60) * 1000,
  );
}

function nameOf(suite: string): string {
  return `bench-ended-${suite}`;
}
