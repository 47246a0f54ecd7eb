import { image } from '../../core';

/** The release of the operator, and of all that its chart and its examples name with it. */
export const VERSION = 'v26.4.1';

/** Tag of the parts that NVIDIA builds anew for each release of the operator. */
const BUILT = `network-operator-${VERSION}`;

/** @see https://github.com/Mellanox/network-operator/blob/v26.4.1/hack/release.yaml */
export const images = {
  operator: image(`nvcr.io/nvidia/cloud-native/network-operator:${VERSION}`),
  /** Runs in the driver's pods before the driver does. */
  driverInit: image(`nvcr.io/nvidia/mellanox/network-operator-init-container:${BUILT}`),
  /** The operator appends the operating system and architecture of the nodes to this tag. */
  driver: image('nvcr.io/nvidia/mellanox/doca-driver:doca3.4.1-26.04-1.1.0.0-1'),
  sharedDevicePlugin: image(`nvcr.io/nvidia/mellanox/k8s-rdma-shared-dev-plugin:${BUILT}`),
  hostDevicePlugin: image(`nvcr.io/nvidia/mellanox/sriov-network-device-plugin:${BUILT}`),
  multus: image(`nvcr.io/nvidia/mellanox/multus-cni:${BUILT}`),
  cniPlugins: image(`nvcr.io/nvidia/mellanox/plugins:${BUILT}`),
  ipoib: image(`nvcr.io/nvidia/mellanox/ipoib-cni:${BUILT}`),
  ipam: image(`nvcr.io/nvidia/mellanox/nvidia-k8s-ipam:${BUILT}`),
  /** Divides ports into virtual functions, by its daemon on each node; the device plugin is the one for devices of the node. */
  sriovOperator: image(`nvcr.io/nvidia/mellanox/sriov-network-operator:${BUILT}`),
  sriovDaemon: image(`nvcr.io/nvidia/mellanox/sriov-network-operator-config-daemon:${BUILT}`),
  /** The daemon's pods put both onto the node, whichever is used. */
  sriovCni: image(`nvcr.io/nvidia/mellanox/sriov-cni:${BUILT}`),
  ibSriovCni: image(`nvcr.io/nvidia/mellanox/ib-sriov-cni:${BUILT}`),
  rdmaCni: image(`nvcr.io/nvidia/mellanox/rdma-cni:${BUILT}`),
};
