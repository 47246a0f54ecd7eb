export { AMD_PARTITIONS, type AmdPartition, AmdGpuPool } from './amd-gpu-pool';
export * from './amd-gpu-operator';
export * as amdGpuOperatorCrds from './crds';
export { type AmdDriverProps, type AmdDriverSystem } from './driver';
export * as kernelModuleManagementCrds from './kmm-crds';
