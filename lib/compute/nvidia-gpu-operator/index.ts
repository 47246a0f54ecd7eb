export * as nvidiaGpuOperatorCrds from './crds';
export { type DriverProps, type PackageRepositoriesProps } from './driver';
export * as nvidiaDraCrds from './dra-crds';
export { NvidiaGpuPool } from './gpu-pool';
export { type GpuMetric, NvidiaGpuOperator, type NvidiaGpuOperatorProps } from './nvidia-gpu-operator';
export { type MigStrategy } from './sharing';
export { type DriverUpgradeProps, type PodDeletionProps } from './upgrades';
