/** The systems of dist/experiment-tracking, as its summary.md names them. */
const TRACKING = ['metallb', 'credentials', 'cert-manager', 'gateway', 'minio', 'postgres', 'mlflow'] as const;
/** What dist/company-cluster has besides, and runs: for trainings, */
const TRAINING = ['node-feature-discovery', 'kueue', 'jobset', 'kubeflow-trainer'] as const;
/** for trust (Istio, in the place of the other gateway, has its software's name here), */
const TRUST = ['istio', 'dex', 'sign-in', 'vault', 'external-secrets', 'redis', 'vision', 'language', 'audit'] as const;
/** and whose programs the bench lacks. */
const SIMULATED = ['gpu-operator', 'network-operator', 'harbor'] as const;

export type System = (typeof TRACKING | typeof TRAINING | typeof TRUST | typeof SIMULATED)[number];

/** A: accepted whole, in order, twice. L: lives, and a client uses it. F: keeps its promise when things fail. */
export type Mark = 'A' | 'L' | 'F';

/** All systems of experiment tracking, for what is shown of the platform as a whole. */
export const SYSTEMS: readonly System[] = TRACKING;

/** What trainings need, whose props are changed on a cluster. */
export const TRAINING_SYSTEMS: readonly System[] = [...TRAINING, 'gpu-operator', 'network-operator'];

/** Those that the company's cluster has besides; what is shown of the others stands on the clusters that have nothing else. */
export const COMPANY_SYSTEMS: readonly System[] = [...TRAINING, ...TRUST, ...SIMULATED];

/** Those of them whose pods run. */
export const LIVE_COMPANY_SYSTEMS: readonly System[] = [...TRAINING, ...TRUST];

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
  fn: () => Promise<void> | void,
  seconds?: number,
): void {
  const systems = typeof system === 'string' ? system : system.join(',');
  it(`[${systems} ${mark}] ${what}`, async () => fn(), seconds === undefined ? undefined : seconds * 1000);
}
