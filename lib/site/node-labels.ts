import { type Distribution } from '../core/distribution';
import { gpuModel } from './hardware';
import { type Gpus, type NodePool, type TaintProps } from './node-pool';

/** PCI vendor ids, as Node Feature Discovery's labels have them. @see https://pci-ids.ucw.cz */
const PCI_VENDOR = { nvidia: '10de', amd: '1002', mellanox: '15b3' } as const;

/**
 * The site's own taints, and the one that keeps workloads off nodes that only run the control plane.
 */
export function nodeTaints(pool: NodePool, distribution: Distribution): readonly TaintProps[] {
  if (pool.schedulableNodes > 0) return pool.taints;
  const { taint } = distribution.controlPlane;
  return [...pool.taints.filter(({ key, effect }) => key !== taint.key || effect !== taint.effect), taint];
}

/**
 * The labels that a node has once Node Feature Discovery and the GPU maker's own discovery ran: the kubelet's, the role's, theirs, and
 * the site's, which win.
 */
export function nodeLabels(pool: NodePool, name: string, distribution: Distribution): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': pool.arch,
    ...(pool.isControlPlane ? distribution.controlPlane.labels : {}),
    ...featureLabels(pool),
    ...pool.labels,
  };
}

/** What Node Feature Discovery finds by its defaults, with PCI devices by vendor, as the GPU operator has it configured. */
function featureLabels(pool: NodePool): Record<string, string> {
  const flash = pool.localDisks.some(({ type }) => type !== 'hdd');
  const spinning = pool.localDisks.some(({ type }) => type === 'hdd');
  const infiniband = pool.networkPorts.some(({ type }) => type === 'infiniband');
  return {
    ...(pool.cpusPerNode > pool.coresPerNode
      ? { 'feature.node.kubernetes.io/cpu-hardware_multithreading': 'true' }
      : {}),
    ...(flash ? { 'feature.node.kubernetes.io/storage-nonrotationaldisk': 'true' } : {}),
    ...(spinning ? { 'feature.node.kubernetes.io/storage-rotationaldisk': 'true' } : {}),
    ...(infiniband ? { [`feature.node.kubernetes.io/pci-${PCI_VENDOR.mellanox}.present`]: 'true' } : {}),
    ...(pool.gpus ? gpuLabels(pool.gpus, pool.hardware) : {}),
  };
}

function gpuLabels(gpus: Gpus, hardware: string | undefined): Record<string, string> {
  const present = { [`feature.node.kubernetes.io/pci-${PCI_VENDOR[gpus.vendor]}.present`]: 'true' };
  switch (gpus.vendor) {
    case 'nvidia':
      return { ...present, ...nvidiaLabels(gpus, hardware) };
    case 'amd':
      return {
        ...present,
        'feature.node.kubernetes.io/amd-gpu': 'true',
        'amd.com/gpu.product-name': amdValue(gpus.model),
        'amd.com/gpu.vram': `${Math.round(mebibytes(gpus) / 1024)}G`,
      };
  }
}

/** @see https://github.com/NVIDIA/k8s-device-plugin/tree/main/docs/gpu-feature-discovery */
function nvidiaLabels(gpus: Gpus, hardware: string | undefined): Record<string, string> {
  const known = gpuModel(gpus.model);
  const [major, minor] = known?.computeCapability?.split('.') ?? [];
  return {
    'nvidia.com/gpu.present': 'true',
    'nvidia.com/gpu.product': nvidiaValue(gpus.model),
    'nvidia.com/gpu.count': String(gpus.count),
    'nvidia.com/gpu.memory': String(mebibytes(gpus)),
    'nvidia.com/gpu.replicas': '1',
    'nvidia.com/gpu.sharing-strategy': 'none',
    ...(major === undefined ? {} : { 'nvidia.com/gpu.compute.major': major, 'nvidia.com/gpu.compute.minor': minor }),
    ...(known?.architecture ? { 'nvidia.com/gpu.family': known.architecture } : {}),
    ...(known ? { 'nvidia.com/mig.capable': String(known.mig.length > 0) } : {}),
    ...(hardware ? { 'nvidia.com/gpu.machine': nvidiaValue(hardware) } : {}),
  };
}

function mebibytes({ memory }: Gpus): number {
  return Math.floor(memory.toKibibytes() / 1024);
}

/**
 * Text as GPU Feature Discovery makes a label's value of it: what may not stand in one goes, blanks become dashes.
 *
 * @see https://github.com/NVIDIA/k8s-device-plugin/blob/main/internal/lm/resource.go
 */
export function nvidiaValue(text: string): string {
  return legal(
    text
      .replace(/[^A-Za-z0-9-_. ]/g, '')
      .trim()
      .replace(/ +/g, '-'),
  );
}

/**
 * Text as AMD's node labeller makes a label's value of it.
 *
 * @see https://github.com/ROCm/k8s-device-plugin/blob/master/cmd/k8s-node-labeller/main.go
 */
export function amdValue(text: string): string {
  return legal(text.trim().replace(/[()]/g, '').replace(/ /g, '_'));
}

function legal(text: string): string {
  return text
    .replace(/[^A-Za-z0-9-_.]/g, '')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
