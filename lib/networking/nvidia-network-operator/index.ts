export type { DriverProps, DriverUpgradeProps } from './driver';
export type { RdmaNetworkProps } from './plan';
export * from './nvidia-network-operator';
