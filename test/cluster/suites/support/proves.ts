/** The systems of dist/experiment-tracking, as its summary.md names them. */
const TRACKING = ['metallb', 'credentials', 'cert-manager', 'gateway', 'minio', 'postgres', 'mlflow'] as const;
/** What dist/training-cluster has besides, and runs. */
const TRAINING = ['node-feature-discovery', 'kueue', 'jobset', 'kubeflow-trainer'] as const;
/** Whose programs the bench lacks. */
const SIMULATED = ['gpu-operator', 'network-operator'] as const;

export type System = (typeof TRACKING | typeof TRAINING | typeof SIMULATED)[number];

/** A: accepted whole, in order, twice. L: lives, and a client uses it. F: keeps its promise when things fail. */
export type Mark = 'A' | 'L' | 'F';

/** All systems of experiment tracking, for what is shown of the platform as a whole. */
export const SYSTEMS: readonly System[] = TRACKING;

/** Those that the training cluster has besides; what is shown of the others stands on the cluster that has nothing else. */
export const TRAINING_SYSTEMS: readonly System[] = [...TRAINING, ...SIMULATED];

/** Those of them whose pods run. */
export const LIVE_TRAINING_SYSTEMS: readonly System[] = TRAINING;

/**
 * A jest test that shows a mark of one system or of several. Its title, `[minio,mlflow L] what is shown`, is what docs/systems.md is made
 * from.
 *
 * @param seconds longest time. @default - that of jest.cluster.config.js
 */
export function proves(
  system: System | readonly System[],
  mark: Mark,
  what: string,
  fn: () => Promise<void>,
  seconds?: number,
): void {
  const systems = typeof system === 'string' ? system : system.join(',');
  it(`[${systems} ${mark}] ${what}`, fn, seconds === undefined ? undefined : seconds * 1000);
}
