import { image } from '../../core/image';

/** @see https://github.com/ROCm/gpu-operator/releases/tag/v1.5.1 */
export const VERSION = 'v1.5.1';

const rocm = (name: string) => image(`docker.io/rocm/${name}:${VERSION}`);

/**
 * The operator's images; it starts all but its own and Kernel Module Management's controller at run time. Upstream's chart has `latest` for most:
 * the tags here are those of its guide for clusters without a network, the device plugin's that of its own chart.
 *
 * @see https://github.com/ROCm/gpu-operator/blob/v1.5.1/docs/specialized_networks/airgapped-install.md
 * @see https://github.com/ROCm/k8s-device-plugin/blob/v1.31.0.10/helm/amd-gpu/values.yaml
 */
export const images = {
  operator: rocm('gpu-operator'),
  /** Reboots a node while its driver is upgraded. */
  utils: rocm('gpu-operator-utils'),
  devicePlugin: image('docker.io/rocm/k8s-device-plugin:1.31.0.9'),
  nodeLabeller: image('docker.io/rocm/k8s-device-plugin:labeller-1.31.0.9'),
  metricsExporter: rocm('device-metrics-exporter'),
  testRunner: rocm('test-runner'),
  configManager: rocm('device-config-manager'),
  /** Waits for the driver in each of the pods above. */
  wait: image('docker.io/library/busybox:1.36'),
  kmm: rocm('kernel-module-management-operator'),
  /** Loads and unloads the driver. */
  kmmWorker: rocm('kernel-module-management-worker'),
  /** Signs the driver's modules, for nodes with secure boot. */
  kmmSign: rocm('kernel-module-management-signimage'),
  /** Builds the driver's image where the registry has none. */
  kmmBuild: image('gcr.io/kaniko-project/executor:v1.23.2'),
} as const;
