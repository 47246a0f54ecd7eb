import { type Duration } from 'cdk8s';
import { type IReady } from '../stage';
import { type IGpuPool } from './gpus';

/** How much of a pool a queue may use. */
export interface QueueQuota {
  readonly pool: IGpuPool;
  /** GPUs, or parts of them as the pool is shared, that are the queue's own. CPU and memory go with them, in proportion to the node's. */
  readonly gpus: number;
  /** Most it may borrow of what others of its cohort don't use. @default - all that is idle */
  readonly borrowingLimit?: number;
  /** Most of its own that others may borrow while it is idle. @default - all of it; they give it back when it is wanted */
  readonly lendingLimit?: number;
}

export interface QueueProps {
  /** What it may use, the first pool tried first. */
  readonly quotas: readonly QueueQuota[];
  /** Namespace of the queue's jobs, made for it. @default - the queue's name */
  readonly namespace?: string;
  /** Its share, against those of others, of what is idle in the cohort. @default 1 */
  readonly weight?: number;
  /** How long a job may wait for all of its pods to be ready before it is put back into the queue. @default - the system's */
  readonly readyTimeout?: Duration;
}

/** A team's queue: jobs of its namespace wait here until what they ask for is free. */
export interface IQueue extends IReady {
  /** Name by which jobs choose it: the label `kueue.x-k8s.io/queue-name`. */
  readonly name: string;
  /** Where its jobs run. */
  readonly namespace: string;
  /** The pools that it may use, the first tried first. */
  readonly pools: readonly IGpuPool[];
  /** Labels that a job must carry to wait in it. */
  readonly jobLabels: Readonly<Record<string, string>>;
}

/** Has jobs wait until what they ask for is free, and decides whose turn it is. */
export interface IQueueing extends IReady {
  /**
   * Makes a queue, with a namespace for its jobs.
   * @throws when the name or the namespace is taken, or the quotas of all queues exceed what a pool has
   */
  addQueue(name: string, props: QueueProps): IQueue;
}
