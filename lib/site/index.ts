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
  type LocalDiskProps,
  type NetworkPort,
  type NetworkPortProps,
  type NodePool,
  type NodePoolProps,
  type NodeRole,
  type TaintProps,
} from './node-pool';
export { type SiteProps } from './props';
export { type LinkSpeed } from './quantity';
export { Site } from './site';
export { type StorageClass, type StorageClassProps, type StorageTier } from './storage-class';
