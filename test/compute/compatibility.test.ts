import {
  checkDriver,
  checkKubernetes,
  checkOperators,
  COMBINATIONS,
  GPU_GENERATIONS,
  OPERATORS,
} from '../../lib/compute/compatibility';
import { images } from '../../lib/compute/nvidia-gpu-operator/images';
import { DISTRIBUTIONS } from '../../lib/core';

test('each fact has its source', () => {
  const facts = [...OPERATORS, ...COMBINATIONS, ...GPU_GENERATIONS];
  expect(facts.filter(({ source }) => !source.startsWith('https://'))).toEqual([]);
});

test('Kubernetes is one that the operator’s release is made for', () => {
  const gpu = (kubernetes: string) => () => checkKubernetes('lab', 'nvidia-gpu-operator', 'v26.7.0', kubernetes);
  const network = (kubernetes: string) => () =>
    checkKubernetes('lab', 'nvidia-network-operator', 'v26.4.1', kubernetes);
  for (const version of ['1.33', '1.36']) expect(gpu(version)).not.toThrow();
  expect(gpu('1.37')).toThrow(
    'lab: nvidia-gpu-operator v26.7.0 is made for Kubernetes 1.33 to 1.36, got kubernetesVersion "1.37"; use one of these (https://',
  );
  expect(gpu('1.9')).toThrow('1.33 to 1.36');
  expect(network('1.35')).not.toThrow();
  expect(network('1.36')).toThrow('nvidia-network-operator v26.4.1 is made for Kubernetes 1.31 to 1.35');
  expect(() => checkKubernetes('lab', 'nvidia-gpu-operator', 'v26.70.0', '1.35')).toThrow('is not in the table');
});

test('the release that is deployed is in the table, and every distribution’s own version goes with it', () => {
  for (const { kubernetesVersion } of Object.values(DISTRIBUTIONS)) {
    expect(() => checkKubernetes('lab', 'nvidia-gpu-operator', images.operator.tag, kubernetesVersion)).not.toThrow();
  }
});

test('operators that don’t go together are refused in what they lack', () => {
  expect(() => checkOperators('lab', 'v26.3.2', 'v26.4.0', { rdma: true })).toThrow(
    'lab: GPU operator v26.3.2 with network operator v26.4.0 has no GPUDirect RDMA; change one of the two',
  );
  expect(() => checkOperators('lab', 'v26.3.2', 'v26.4.0', { rdma: false })).not.toThrow();
  expect(() => checkOperators('lab', 'v26.7.0', 'v26.4.1', { rdma: true })).not.toThrow();
});

test.each([
  ['NVIDIA B300 SXM6 AC', '570.211.01', 'auto', 'Blackwell Ultra'],
  ['NVIDIA GB200', '565.57.01', 'auto', 'Blackwell'],
  ['NVIDIA RTX PRO 6000 Blackwell Server Edition', '580.173.02', 'proprietary', 'Blackwell'],
  ['NVIDIA RTX PRO 6000 Blackwell Server Edition', '570.211.01', 'auto', 'branch 575 or later for Blackwell'],
  ['NVIDIA GeForce RTX 5090', '550.1', 'auto', 'Blackwell'],
  ['NVIDIA GH200 480GB', '580.173.02', 'proprietary', 'Grace Hopper'],
  ['NVIDIA H100 80GB HBM3', '470.1', 'auto', 'Hopper'],
  ['NVIDIA H100 NVL', '525.147.05', 'auto', 'branch 535 or later for Hopper'],
  ['NVIDIA H200', '535.1', 'auto', 'branch 550 or later for Hopper'],
  ['NVIDIA H200 NVL', '550.1', 'auto', 'branch 565 or later for Hopper'],
  ['NVIDIA L40S', '525.1', 'auto', 'branch 535 or later for Ada'],
  ['NVIDIA L4', '515.1', 'auto', 'branch 525 or later for Ada'],
  ['NVIDIA GeForce RTX 4090', '470.1', 'auto', 'Ada'],
  ['Tesla V100-SXM2-32GB', '580.173.02', 'open', 'Volta'],
  ['Tesla P100-PCIE-16GB', '595.91.07', 'auto', 'branch 580 or earlier for Volta or Pascal'],
] as const)('%s is not driven by %s with %s modules', (model, version, modules, generation) => {
  expect(() => checkDriver('lab', model, version, modules)).toThrow(generation);
});

test.each([
  'NVIDIA A100-SXM4-80GB',
  'NVIDIA B300 SXM6 AC',
  'NVIDIA RTX PRO 6000 Blackwell Server Edition',
  'NVIDIA H200',
  'NVIDIA H200 NVL',
  'NVIDIA L4',
  'Tesla V100-SXM2-32GB',
  'Tesla T4',
  'NVIDIA X9000',
])('%s is driven by the long-term branch', (model) => {
  expect(() => checkDriver('lab', model, '580.173.02', 'auto')).not.toThrow();
});
