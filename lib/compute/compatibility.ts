import { fail, show } from '../core';

// What works with what, as upstream publishes it: facts, each with its source, that the systems of this domain check at synthesis. The GPU
// operator and the network operator both use it: each has its own row in OPERATORS, and COMBINATIONS says which of their versions go together.

/** Kubernetes from one minor version to another, both included: `1.33`. */
export interface KubernetesRange {
  readonly min: string;
  readonly max: string;
}

/** One release line of an operator. */
export interface OperatorRelease {
  readonly operator: 'nvidia-gpu-operator' | 'nvidia-network-operator';
  /** All versions that begin so: `v26.7`. */
  readonly line: string;
  readonly kubernetes: KubernetesRange;
  readonly source: string;
}

const GPU_OPERATOR_DOCS = 'https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/platform-support.html';
const CLOUD_NATIVE_STACK = 'https://github.com/NVIDIA/cloud-native-stack';

export const OPERATORS: readonly OperatorRelease[] = [
  {
    operator: 'nvidia-gpu-operator',
    line: 'v26.7',
    // 1.32 is validated with Ubuntu 24.04 alone.
    kubernetes: { min: '1.33', max: '1.36' },
    source: GPU_OPERATOR_DOCS,
  },
  {
    operator: 'nvidia-network-operator',
    line: 'v26.4',
    kubernetes: { min: '1.31', max: '1.35' },
    source: CLOUD_NATIVE_STACK,
  },
];

/** Two operators that don't go together, in all or in one respect. */
export interface BadCombination {
  readonly gpuOperator: string;
  readonly networkOperator: string;
  /** What doesn't work: GPUDirect RDMA, or all. */
  readonly lacks: 'rdma' | 'all';
  readonly source: string;
}

/** Known not to work; a pair that isn't listed is not known to fail. */
export const COMBINATIONS: readonly BadCombination[] = [
  // Upstream says of 26.4.0 that RDMA takes a later GPU operator than 26.3.2, and of 26.1.0 that 26.3.2 does.
  { gpuOperator: 'v26.3', networkOperator: 'v26.4', lacks: 'rdma', source: CLOUD_NATIVE_STACK },
];

/**
 * Refuses a Kubernetes that an operator's release isn't made for.
 *
 * @param version the operator's: `v26.7.0`
 * @param kubernetes major and minor: `1.35`
 * @throws when the table has no such release, or Kubernetes is outside its range
 */
export function checkKubernetes(
  path: string,
  operator: OperatorRelease['operator'],
  version: string,
  kubernetes: string,
): void {
  const release = OPERATORS.find((each) => each.operator === operator && isOf(version, each.line));
  if (!release) {
    fail(path, `${operator} ${version} is not in the table of lib/compute/compatibility.ts; add what it supports`);
  }
  const { min, max } = release.kubernetes;
  if (minor(kubernetes) < minor(min) || minor(kubernetes) > minor(max)) {
    fail(
      path,
      `${operator} ${version} is made for Kubernetes ${min} to ${max}, got kubernetesVersion ${show(kubernetes)}; use one of these (${release.source})`,
    );
  }
}

/**
 * Refuses operators that don't go together.
 *
 * @param wants whether pods are to use GPUDirect RDMA
 * @throws when the pair is known to fail in what is wanted
 */
export function checkOperators(
  path: string,
  gpuOperator: string,
  networkOperator: string,
  wants: { readonly rdma: boolean },
): void {
  const bad = COMBINATIONS.find(
    (each) =>
      isOf(gpuOperator, each.gpuOperator) &&
      isOf(networkOperator, each.networkOperator) &&
      (each.lacks === 'all' || wants.rdma),
  );
  if (bad) {
    fail(
      path,
      `GPU operator ${gpuOperator} with network operator ${networkOperator} has no ${bad.lacks === 'all' ? 'support' : 'GPUDirect RDMA'}; change one of the two (${bad.source})`,
    );
  }
}

/** GPUs that need the same of the driver. */
export interface GpuGeneration {
  readonly name: string;
  /** Models, as people and `nvidia-smi` write them, without the maker. */
  readonly models: RegExp;
  /** First branch that drives them, where it is known. */
  readonly firstBranch?: number;
  /** Last one, where there is one. */
  readonly lastBranch?: number;
  /** The kernel modules that drive them. */
  readonly kernelModules: 'open' | 'proprietary' | 'any';
  readonly source: string;
}

/** Each release has the list of the GPUs that it supports, from Turing on: first branches are those of the first list with the model. */
const DRIVER_LISTS = 'https://github.com/NVIDIA/open-gpu-kernel-modules/tags';
const DRIVER_DOCS = 'https://docs.nvidia.com/datacenter/tesla/drivers/cuda-toolkit-driver-and-architecture-matrix.html';
const OPEN_MODULES =
  'https://developer.nvidia.com/blog/nvidia-transitions-fully-towards-open-source-gpu-kernel-modules/';

/** By the first that matches. */
export const GPU_GENERATIONS: readonly GpuGeneration[] = [
  {
    name: 'Blackwell Ultra',
    models: /\bG?B300\b/i,
    firstBranch: 580,
    kernelModules: 'open',
    source: DRIVER_LISTS,
  },
  {
    name: 'Blackwell Server Edition',
    models: /RTX[- ]?PRO[- ]?\d{4}.*SERVER/i,
    firstBranch: 575,
    kernelModules: 'open',
    source: DRIVER_LISTS,
  },
  {
    name: 'Blackwell',
    models: /\bG?B200\b|BLACKWELL|RTX[- ]?PRO[- ]?\d{4}|RTX[- ]?50\d\d/i,
    firstBranch: 570,
    kernelModules: 'open',
    source: OPEN_MODULES,
  },
  {
    name: 'Grace Hopper',
    models: /\bGH200\b/i,
    firstBranch: 535,
    kernelModules: 'open',
    source: GPU_OPERATOR_DOCS,
  },
  {
    name: 'Hopper (H200 NVL)',
    models: /\bH200[- ]NVL\b/i,
    firstBranch: 565,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Hopper (H200)',
    models: /\bH200\b/i,
    firstBranch: 550,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Hopper (H20 and H100 NVL)',
    models: /\bH20\b|\bH100[- ]NVL\b/i,
    firstBranch: 535,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Hopper',
    models: /\bH(100|800)\b/i,
    firstBranch: 525,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Ada (L2, L20 and L40S)',
    models: /\bL(2|20|40S)\b/i,
    firstBranch: 535,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Ada',
    models: /\bL4(0G?)?\b|RTX[- ]?40\d\d|\bADA\b/i,
    firstBranch: 525,
    kernelModules: 'any',
    source: DRIVER_LISTS,
  },
  {
    name: 'Volta or Pascal',
    models: /\bV100S?\b|\bP(4|40|100)\b|TITAN V\b/i,
    lastBranch: 580,
    kernelModules: 'proprietary',
    source: DRIVER_DOCS,
  },
];

/**
 * Refuses a driver that doesn't drive a model. Models that the table doesn't know pass.
 *
 * @param version `580.173.02`, or a branch alone
 * @param kernelModules `auto` leaves the choice to the driver's installer, which knows the GPU
 */
export function checkDriver(
  path: string,
  model: string,
  version: string,
  kernelModules: 'auto' | 'open' | 'proprietary',
): void {
  const generation = GPU_GENERATIONS.find(({ models }) => models.test(model));
  if (!generation) return;
  const { name, firstBranch = 0, lastBranch = Infinity, source } = generation;
  const branch = Number(version.split('.')[0]);
  if (branch < firstBranch || branch > lastBranch) {
    const range = branch < firstBranch ? `${firstBranch} or later` : `${lastBranch} or earlier`;
    fail(
      path,
      `driver version must be of branch ${range} for ${name} GPUs (${model}), got ${show(version)}; choose one (${source})`,
    );
  }
  const wanted = generation.kernelModules;
  if (kernelModules !== 'auto' && wanted !== 'any' && kernelModules !== wanted) {
    fail(
      path,
      `driver kernelModules must be "${wanted}" or "auto" for ${name} GPUs (${model}), got ${show(kernelModules)}; change it (${source})`,
    );
  }
}

function isOf(version: string, line: string): boolean {
  return version === line || version.startsWith(`${line}.`);
}

function minor(version: string): number {
  return Number(version.split('.')[1]);
}
