export type { NetworkDriverProps, NetworkDriverUpgradeProps } from './driver';
export type { RdmaNetworkProps } from './plan';
export * from './nvidia-network-operator';
export type { SriovProps } from './sriov';
export type { VirtualFunctionProps } from './sriov-plan';
