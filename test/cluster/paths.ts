import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The repository. */
export const REPOSITORY = resolve(__dirname, '../..');

/** Everything that the bench builds and keeps. Outside the repository, so that a clean checkout finds it. */
export const CACHE = resolve(
  process.env.ONPREM_BENCH_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cdk8s-onprem-ml', 'bench'),
);

/** What belongs to the one cluster that can be up at a time. It is gone when the cluster is. */
export const RUN = join(CACHE, 'run');

/** The description of the cluster that is up. */
export const STATE = join(RUN, 'state.json');

/** Where programs at the clients' place have their temporary files. */
export const SCRATCH = join(RUN, 'tmp');

/** What the suites found when they ran last, as jest writes it. */
export const RESULTS = join(CACHE, 'results.json');
