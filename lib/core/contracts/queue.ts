import { type Size } from 'cdk8s';
import { type NodePool } from '../../site';
import { type IEndpoint } from '../network';
import { type IReady } from '../stage';
import { type IGpuPool } from './gpus';

/** How much of a pool with GPUs a queue may use. */
export interface GpuQuota {
  readonly pool: IGpuPool;
  /**
   * GPUs, or parts of them as the pool is shared, that are the queue's own; a whole number, 0 for a queue that only borrows. CPU and memory
   * go with them, in proportion to the node's.
   */
  readonly gpus: number;
  /** Most it may borrow of what others of its cohort don't use; a whole number. @default - all that is idle */
  readonly borrowingLimit?: number;
  /** Most of its own that others may borrow while it is idle; a whole number. @default - all of it; they give it back when it is wanted */
  readonly lendingLimit?: number;
}

/** How much of a pool without GPUs a queue may use. */
export interface NodeQuota {
  readonly nodes: NodePool;
  /** Cores that are the queue's own; 0 for a queue that only borrows. */
  readonly cpu: number;
  /** Memory that is the queue's own. */
  readonly memory: Size;
  /** Most it may borrow of what others of its cohort don't use. @default - all that is idle */
  readonly borrowingLimit?: ComputeAmount;
  /** Most of its own that others may borrow while it is idle. @default - all of it; they give it back when it is wanted */
  readonly lendingLimit?: ComputeAmount;
}

export interface ComputeAmount {
  readonly cpu: number;
  readonly memory: Size;
}

/** How much of a pool a queue may use. */
export type QueueQuota = GpuQuota | NodeQuota;

export interface QueueProps {
  /**
   * What it may use, the first pool tried first. A job without GPUs takes the first that has room: put pools without GPUs first, and it
   * leaves the GPUs' nodes alone.
   */
  readonly quotas: readonly QueueQuota[];
  /** Namespace of the queue's jobs, made for it. @default - the queue's name */
  readonly namespace?: string;
  /** Its share, against those of others, of what is idle in the cohort; 0 comes after all others. @default 1 */
  readonly weight?: number;
}

/** A team's queue: jobs of its namespace wait here until what they ask for is free. */
export interface IQueue extends IReady {
  /** Name by which jobs choose it: the label `kueue.x-k8s.io/queue-name`. */
  readonly name: string;
  /** Where its jobs run. */
  readonly namespace: string;
  /** The pools with GPUs that it may use, the first tried first. */
  readonly pools: readonly IGpuPool[];
  /** Labels that a job must carry to wait in it. */
  readonly jobLabels: Readonly<Record<string, string>>;
  /** Opens the way from all pods of its namespace to endpoints. They reach each other and DNS without. */
  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void;
}

/** A job's rank in its queue. */
export interface PriorityProps {
  /** Jobs with a greater one go first, and may stop those with a lesser one. A job that names none has 0. */
  readonly value: number;
  /** What it is for, as users see it. @default - nothing said */
  readonly description?: string;
}

/** Has jobs wait until what they ask for is free, and decides whose turn it is. */
export interface IQueueing extends IReady {
  /**
   * Makes a queue, with a namespace for its jobs. That the quotas of all queues don't exceed what a pool has is checked at synthesis, when
   * all are known and how GPUs are shared too.
   * @throws when the name or the namespace is taken, or a quota is out of its bounds
   */
  addQueue(name: string, props: QueueProps): IQueue;
  /**
   * Makes a priority, and returns the labels by which a job takes it.
   * @throws when the name is taken
   */
  addPriority(name: string, props: PriorityProps): Readonly<Record<string, string>>;
}
