import { type Cluster } from '../../cluster';
import { until } from '../../shell';

/** Longest, in seconds, that a suite waits for one that runs at the same time. */
const PATIENCE = 600;
const NAMESPACE = 'kube-system';

/**
 * Of suites that run two at a time against a cluster: says in it that this one has ended, well or not, for those that can't be at the same time as it,
 * or build on what it does.
 */
export function tellsItsEnd(cluster: Cluster, suite: string): void {
  afterAll(async () => {
    // It is there where the suite is run once more.
    await cluster.attempt(['kubectl', 'create', 'configmap', '-n', NAMESPACE, nameOf(suite)]);
  });
}

/** Waits, before its tests, until these have ended. */
export function comesAfter(cluster: Cluster, ...suites: readonly string[]): void {
  beforeAll(
    async () => {
      for (const suite of suites) {
        const asked = ['kubectl', 'get', 'configmap', '-n', NAMESPACE, nameOf(suite)];
        await until(
          `the end of the suite ${suite}`,
          PATIENCE,
          async () => ((await cluster.attempt(asked)).code === 0 ? true : undefined),
          2,
        );
      }
    },
    (PATIENCE * suites.length + 60) * 1000,
  );
}

function nameOf(suite: string): string {
  return `bench-ended-${suite}`;
}
