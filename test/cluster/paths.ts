import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The repository. */
export const REPOSITORY = resolve(__dirname, '../..');

/** Everything that the bench builds and keeps. Outside the repository, so that a clean checkout finds it. */
export const CACHE = resolve(
  process.env.ONPREM_BENCH_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cdk8s-onprem-ml', 'bench'),
);

/** Each cluster that is up at a time has a berth: its lock, its janitor's log, the logs of the last one that was there. */
export const BERTH = join(CACHE, 'clusters', process.env.ONPREM_BENCH_CLUSTER ?? 'first');

/** What belongs to the cluster that is up. It is gone when the cluster is. */
export const RUN = join(BERTH, 'run');

/** The description of the cluster. */
export const STATE = join(RUN, 'state.json');

/** Where programs at the clients' place have their temporary files. */
export const SCRATCH = join(RUN, 'tmp');

/** What kubectl remembers of the cluster: another one has the same address. */
export const KUBECTL_CACHE = join(RUN, 'kubectl');

/** Where suites keep what those that run against another cluster need. */
export const KEPT = join(CACHE, 'kept');

/** What the suites found when they ran last, as jest writes it. */
export const RESULTS = join(CACHE, 'results.json');
