import { image } from '../../core';

// Versions of the operands as the chart of v26.7.0 has them, but for the driver: of those that upstream lists for v26.7.0, the long-term branch,
// which drives all GPUs from Pascal to Blackwell Ultra.
// @see https://github.com/NVIDIA/gpu-operator/blob/v26.7.0/deployments/gpu-operator/values.yaml

export const VERSION = 'v26.7.0';
export const DRIVER_VERSION = '580.173.02';

/** All but the operator are started by the operator at run time. */
export const images = {
  /** The operator; its validator and node status exporter are the same image. */
  operator: image('nvcr.io/nvidia/gpu-operator:v26.7.0'),
  toolkit: image('nvcr.io/nvidia/k8s/container-toolkit:v1.20.0'),
  /** The device plugin, GPU feature discovery and the MPS control daemon. */
  devicePlugin: image('nvcr.io/nvidia/k8s-device-plugin:v0.20.0'),
  dcgm: image('nvcr.io/nvidia/cloud-native/dcgm:4.6.0-1-ubuntu24.04'),
  dcgmExporter: image('nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless'),
  migManager: image('nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0'),
  driverManager: image('nvcr.io/nvidia/cloud-native/k8s-driver-manager:v0.12.0'),
} as const;

/**
 * Images whose tags end in the nodes' system, which the operator appends. Tags are those of `580.173.02` and Ubuntu 24.04; another
 * system's or version's stands in their place.
 */
export const nodeImages = {
  driver: image('nvcr.io/nvidia/driver:580.173.02-ubuntu24.04'),
  gds: image('nvcr.io/nvidia/cloud-native/nvidia-fs:2.29.4-ubuntu24.04'),
  gdrcopy: image('nvcr.io/nvidia/cloud-native/gdrdrv:v2.6-ubuntu24.04'),
} as const;
