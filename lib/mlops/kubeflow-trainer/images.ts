import { image } from '../../core/image';

/** @see https://github.com/kubeflow/trainer/releases/tag/v2.3.0 */
export const VERSION = 'v2.3.0';

/** The manager's, and those that runtimes start for TrainJobs that name no image of their own: upstream's at the same tag. */
export const images = {
  /** On distroless/static, as user 65532; the program is `/manager`. */
  manager: image(`ghcr.io/kubeflow/trainer/trainer-controller-manager:${VERSION}`),
  /** PyTorch for CUDA 13.0; root unless told otherwise. */
  torch: image('docker.io/pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime'),
  /** PyTorch and DeepSpeed with OpenMPI and an ssh server for the user `mpiuser`, 1000. */
  deepspeed: image(`ghcr.io/kubeflow/trainer/deepspeed-runtime:${VERSION}`),
  jax: image('nvcr.io/nvidia/jax:25.10-py3'),
} as const;
