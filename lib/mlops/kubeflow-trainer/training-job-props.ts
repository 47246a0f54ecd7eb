import { type Duration, type Size } from 'cdk8s';
import {
  type EnvValue,
  type IBucket,
  type IExperimentTracking,
  type IGpuPool,
  type Image,
  type IQueue,
  type IRdmaNetwork,
  type ITraining,
  type Placement,
  type TrainingFramework,
} from '../../core';

export interface TrainingJobProps extends Placement {
  /** Runs it. */
  readonly training: ITraining;
  /** Where it waits until all of its pods can start at once. @default - none: it starts as it is applied, in a namespace of its own */
  readonly queue?: IQueue;
  /** Without a queue: the namespace that is made for it; with one, an error. @default - the id */
  readonly namespace?: string;
  /**
   * The GPUs that it is trained on.
   * @default - the first of the queue's pools that has room, where all are asked for in the same way
   */
  readonly pool?: IGpuPool;
  /**
   * How the processes find each other. `torch` sets torchrun's variables, `jax` those of `jax.distributed.initialize()`, `mpi` has the command
   * run mpirun on one of the nodes, which reaches the others by ssh; `plain` sets none.
   * @default 'torch'
   */
  readonly framework?: TrainingFramework;
  /** Pods that train together, 1 to 1000. @default 1 */
  readonly nodes?: number;
  /** GPUs of each; 0 trains on CPUs. More than a node of the pool has, or than the pool has for all nodes, is an error. */
  readonly gpusPerNode: number;
  /** Processes of each pod, for `torch` and `mpi`; 1 to 256. @default - one for each GPU, 1 without */
  readonly processesPerNode?: number;
  /** The image with the program: `image('registry.lab.example/resnet:1.4')`. */
  readonly image: Image;
  /** `['torchrun', '/app/train.py']`. It gets SIGTERM when the training must give way: with a shell before it, by `exec` only. */
  readonly command: readonly string[];
  /** @default - none */
  readonly args?: readonly string[];
  /** Variables of its own. One that is set for the program anyhow, see README.md, is an error. @default - none */
  readonly env?: Readonly<Record<string, EnvValue>>;
  /** What it reads. @default - nothing that it is told of */
  readonly data?: IBucket;
  /** Where it keeps its state, to go on from when it was stopped. @default - nowhere: stopped, it begins anew */
  readonly checkpoints?: IBucket;
  /** Path in the bucket, without slashes at its ends. Two trainings with the same are an error. @default - the id */
  readonly checkpointPrefix?: string;
  /** Where it records metrics and models. @default - nowhere */
  readonly tracking?: IExperimentTracking;
  /** The experiment that its runs belong to. @default - the id */
  readonly experiment?: string;
  /** The network by which the GPUs of different nodes talk. A pool that isn't plugged into it is an error. @default - the pods' own, by TCP */
  readonly network?: IRdmaNetwork;
  /** Cores of each pod, requested and limit; a whole number from 1 to 1024. @default - 0.8 of the node's part that goes with the GPUs; 4 without GPUs */
  readonly cpu?: number;
  /** Memory of each pod, requested and limit, shared memory included. @default - 0.8 of the node's part that goes with the GPUs; 8 GiB without GPUs */
  readonly memory?: Size;
  /** Most of the memory that /dev/shm may take, by which data loaders and NCCL hand on data within a pod. @default - a quarter of the memory */
  readonly sharedMemory?: Size;
  /** Space on the node's disk below /tmp, where caches go; a pod that takes more is evicted. @default 50 GiB */
  readonly scratch?: Size;
  /** Its rank in the queue: the labels that `addPriority` of the queues returned. @default - 0 */
  readonly priority?: Readonly<Record<string, string>>;
  /** PriorityClass of its pods for Kubernetes' scheduler. @default - the cluster's default */
  readonly priorityClassName?: string;
  /**
   * How often all pods are started anew after one failed, 0 to 1000. A pod that was evicted, or whose node went away, doesn't count, but others
   * that fail because they lost it may be first.
   * @default 10
   */
  readonly maxRestarts?: number;
  /** Time from SIGTERM to the end, in which a checkpoint must be written; from a second to an hour. @default 2 minutes */
  readonly gracePeriod?: Duration;
  /** Stop it, as failed, when it has run for so long since it started or was resumed; at least a minute. @default - never */
  readonly timeLimit?: Duration;
  /** User and group that the program runs as. For `mpi` it must be one of the image's, with its ssh server's settings. @default 1000 */
  readonly user?: number;
  /** Only /tmp and /dev/shm can be written. @default - true, false for `mpi`, whose ssh server and DeepSpeed write into their home */
  readonly readOnlyRootFilesystem?: boolean;
}
