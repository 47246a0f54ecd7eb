export {
  GPU_MODELS,
  type GpuModel,
  gpuModel,
  type GpuReach,
  type GpuSharingWay,
  MACHINE_MODELS,
  type MachineFacts,
  type MachineModel,
  type MigProfile,
  type Source,
} from './hardware';
export {
  type BgpPeerProps,
  type BgpProps,
  type LoadBalancerRange,
  type Network,
  type NetworkProps,
  type NetworkType,
} from './network';
export {
  type CpuCores,
  type CpuProps,
  type CpuSockets,
  type DiskType,
  type GpuProps,
  type Gpus,
  type GpuVendor,
  type HugepagesProps,
  type LocalDiskProps,
  type NetworkPort,
  type NetworkPortProps,
  type NodeArch,
  type NodePool,
  type NodePoolProps,
  type NodeRole,
  type ReservedProps,
  type TaintProps,
} from './node-pool';
export { gpuResource, poolNodes, type NodeResources, type SiteNode, siteNodes } from './node';
export { type MachineProps, type SiteProps } from './props';
export { type LinkSpeed } from './quantity';
export { Site } from './site';
export { type StorageClass, type StorageClassProps, type StorageTier } from './storage-class';
