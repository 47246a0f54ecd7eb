export * as nodeFeatureDiscoveryCrds from './crds';
export {
  NodeFeatureDiscovery,
  type NodeFeatureDiscoveryProps,
  type TopologyUpdaterProps,
} from './node-feature-discovery';
export { type PciSourceProps, type UsbSourceProps, type WorkerConfigProps } from './worker-config';
