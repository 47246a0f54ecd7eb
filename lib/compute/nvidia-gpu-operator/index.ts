export * as nvidiaGpuOperatorCrds from './crds';
export { type NvidiaDriverProps, type PackageRepositoriesProps } from './driver';
export * as nvidiaDraCrds from './dra-crds';
export { NvidiaGpuPool } from './gpu-pool';
export { type GpuMetric, NvidiaGpuOperator, type NvidiaGpuOperatorProps } from './nvidia-gpu-operator';
export { type MigStrategy } from './sharing';
export { type NvidiaDriverUpgradeProps, type PodDeletionProps } from './upgrades';
