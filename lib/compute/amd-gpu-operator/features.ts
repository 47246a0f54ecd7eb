import { type INodeFeatures, type Stage } from '../../core';

/** The label of nodes with an AMD GPU that the operator knows. Its own code looks for it by this name. */
export const AMD_GPU = 'feature.node.kubernetes.io/amd-gpu';

const AMD = '1002';

/**
 * PCI devices that the operator serves, by its chart's rule at v1.5.1: GPUs as such, not the virtual functions that a virtual machine is given.
 *
 * @see https://github.com/ROCm/gpu-operator/blob/v1.5.1/helm-charts-k8s/templates/gpu-nfd-default-rule.yaml
 */
const DEVICES: Readonly<Record<string, readonly string[]>> = {
  'Instinct MI350 series': ['75a3', '75a0', '75a8'],
  'Instinct MI300 series': ['74a5', '74a2', '74a8', '74a0', '74a1', '74a9'],
  'Instinct MI200 series': ['740f', '7408', '740c'],
  'Instinct MI100': ['738c', '738e'],
  'Radeon Pro': ['7460', '7448', '744b', '744a', '7449', '745e', '73a2', '73a3', '73ab', '73a1', '7551'],
  Radeon: ['7550', '744c', '73af', '73bf', '7590'],
};

/** Has nodes labelled that have one of the GPUs. */
export function addGpuRule(stage: Stage, features: INodeFeatures): void {
  features.addRule(stage, 'amd-gpu', {
    labels: { [AMD_GPU]: 'true' },
    matches: [
      {
        feature: 'pci.device',
        expressions: {
          vendor: { op: 'In', value: [AMD] },
          device: { op: 'In', value: Object.values(DEVICES).flat() },
        },
      },
    ],
  });
}
