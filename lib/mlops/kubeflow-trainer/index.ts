export * as kubeflowTrainerCrds from './crds';
export { type RuntimeName } from './cluster-runtimes';
export {
  KubeflowTrainer,
  type KubeflowTrainerProps,
  type LogLevel as KubeflowTrainerLogLevel,
} from './kubeflow-trainer';
export * from './training-job';
