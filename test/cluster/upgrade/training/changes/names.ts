/** Workloads of the platform, as `restarts` names them. */
export const NODE_FEATURES = [
  'Deployment node-feature-discovery/nfd-master',
  'Deployment node-feature-discovery/nfd-gc',
  'DaemonSet node-feature-discovery/nfd-worker',
] as const;
export const GPU_OPERATOR = 'Deployment gpu-operator/gpu-operator';
export const NODE_LABELS = 'Deployment gpu-operator/node-labels';
export const NETWORK_OPERATOR = 'Deployment network-operator/network-operator';
export const KUEUE = 'Deployment kueue/controller-manager';
export const JOBSET = 'Deployment jobset/jobset-controller-manager';
export const TRAINER = 'Deployment kubeflow-trainer/kubeflow-trainer-controller-manager';
