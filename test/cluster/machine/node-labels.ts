import { type Gpus, type NodePool, type TaintProps } from '../../../lib';

const CONTROL_PLANE_ROLE = 'node-role.kubernetes.io/control-plane';
const PCI_VENDOR = { nvidia: '10de', amd: '1002' } as const;

/** The resource that a pod asks for to get a GPU of the node. */
export function gpuResource({ vendor }: Gpus): string {
  return `${vendor}.com/gpu`;
}

/** The site's own taints, and the one that a distribution sets on nodes that only run the control plane. */
export function taintsOf(pool: NodePool): readonly TaintProps[] {
  return pool.schedulableNodes === 0
    ? [
        ...pool.taints.filter(({ key }) => key !== CONTROL_PLANE_ROLE),
        { key: CONTROL_PLANE_ROLE, effect: 'NoSchedule' },
      ]
    : pool.taints;
}

/** The labels that the nodes of a pool would have: the site's, the role's, and those of the feature discoveries. */
export function labelsOf(pool: NodePool): Record<string, string> {
  return {
    ...(pool.isControlPlane ? { [CONTROL_PLANE_ROLE]: '' } : {}),
    ...featureLabels(pool),
    ...pool.labels,
  };
}

/**
 * What Node Feature Discovery and the GPU makers' own discovery find.
 *
 * @see https://github.com/NVIDIA/k8s-device-plugin/tree/main/docs/gpu-feature-discovery
 */
function featureLabels(pool: NodePool): Record<string, string> {
  const flash = pool.localDisks.some(({ type }) => type !== 'hdd');
  const spinning = pool.localDisks.some(({ type }) => type === 'hdd');
  const infiniband = pool.networkPorts.some(({ type }) => type === 'infiniband');
  return {
    ...(flash ? { 'feature.node.kubernetes.io/storage-nonrotationaldisk': 'true' } : {}),
    ...(spinning ? { 'feature.node.kubernetes.io/storage-rotationaldisk': 'true' } : {}),
    ...(infiniband ? { 'feature.node.kubernetes.io/pci-15b3.present': 'true' } : {}),
    ...(pool.gpus ? gpuLabels(pool.gpus, pool.hardware) : {}),
  };
}

function gpuLabels(gpus: Gpus, hardware: string | undefined): Record<string, string> {
  const product = labelValue(gpus.model);
  const mebibytes = Math.floor(gpus.memory.toKibibytes() / 1024);
  const present = { [`feature.node.kubernetes.io/pci-${PCI_VENDOR[gpus.vendor]}.present`]: 'true' };
  switch (gpus.vendor) {
    case 'nvidia':
      return {
        ...present,
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.product': product,
        'nvidia.com/gpu.count': String(gpus.count),
        'nvidia.com/gpu.memory': String(mebibytes),
        'nvidia.com/gpu.replicas': '1',
        ...(hardware ? { 'nvidia.com/gpu.machine': labelValue(hardware) } : {}),
      };
    case 'amd':
      return {
        ...present,
        'feature.node.kubernetes.io/amd-gpu': 'true',
        'amd.com/gpu.product-name': product,
        'amd.com/gpu.vram': `${Math.floor(mebibytes / 1024)}G`,
      };
  }
}

/** Text as a label's value: what may not stand in one becomes a dash. */
function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
