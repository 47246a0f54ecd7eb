import { type IReady } from '../stage';

/** Runs JobSets: groups of Jobs that start, fail and restart together. */
export interface IJobSets extends IReady {
  /** The API that JobSets are written for: `jobset.x-k8s.io/v1alpha2`. */
  readonly jobSetApiVersion: string;
}

/**
 * How the processes of a training find each other: by torchrun's `PET_*` variables, by JAX's coordinator, by an mpirun that reaches the
 * other nodes by ssh (DeepSpeed, Horovod), or by the program itself.
 */
export type TrainingFramework = 'torch' | 'jax' | 'mpi' | 'plain';

/** Runs distributed trainings, by Kubeflow Trainer's API. */
export interface ITraining extends IReady {
  /** The API that TrainJobs and their runtimes are written for: `trainer.kubeflow.org/v1alpha1`. */
  readonly trainJobApiVersion: string;
  readonly frameworks: readonly TrainingFramework[];
}
