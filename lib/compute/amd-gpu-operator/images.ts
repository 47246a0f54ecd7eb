import { type Image, image } from '../../core/image';

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

/** SUSE's releases that the operator has a Dockerfile for, with the kernel that the modules in SUSE's image are made for. */
const SLES: Readonly<Record<string, string>> = { '15.7': '6.4.0-150700.51', '16.0': '6.12.0-160000.5' };

/**
 * What the driver's images are built from, by the nodes' system, and what the operator puts before the images' names.
 *
 * @see https://github.com/ROCm/gpu-operator/blob/v1.5.1/internal/kmmmodule/kmmmodule.go
 */
export const BASES: Readonly<
  Record<string, { readonly prefix: string; readonly images: (version: string) => readonly Image[] }>
> = {
  ...Object.fromEntries(
    ['20.04', '22.04', '24.04'].map((release) => [
      `ubuntu-${release}`,
      { prefix: 'library/', images: () => [image(`docker.io/library/ubuntu:${release}`)] },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(SLES).map(([release, kernel]) => [
      `sles-${release}`,
      {
        prefix: '',
        images: (version: string) => [
          image(`registry.suse.com/bci/bci-micro:${release}`),
          image(`registry.suse.com/third-party/amd/amdgpu-driver:sles-${release}-${kernel}-default-${version}`),
        ],
      },
    ]),
  ),
};
