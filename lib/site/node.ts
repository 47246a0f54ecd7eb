import { SizeRoundingBehavior } from 'cdk8s';
import { type Distribution, DISTRIBUTIONS } from '../core/distribution';
import { nodeLabels, nodeTaints } from './node-labels';
import { type GpuVendor, type NodePool, type TaintProps } from './node-pool';
import { type Site } from './site';

/** An amount of each resource: CPU in millicores, memory and storage in bytes, all others in units. */
export type NodeResources = ReadonlyMap<string, number>;

/** A node of the site as its cluster shows it once the device layer is there. */
export interface SiteNode {
  /** `<pool>-<index>`; the cluster's own names may be others, and nothing should rest on them. */
  readonly name: string;
  readonly pool: NodePool;
  /** The site's, the role's, the kubelet's, and those of the feature discoveries. */
  readonly labels: Readonly<Record<string, string>>;
  /** The site's, and the one by which the distribution keeps workloads off its control plane. */
  readonly taints: readonly TaintProps[];
  /** What is in it. */
  readonly capacity: NodeResources;
  /** What pods may ask for: the capacity less what is kept back for the system. */
  readonly allocatable: NodeResources;
}

/** The resource of a whole GPU. */
export function gpuResource(vendor: GpuVendor): string {
  return `${vendor}.com/gpu`;
}

/**
 * The nodes of the site as its cluster would show them, in the order of the pools.
 *
 * GPUs are whole: how they are shared is the device layer's choice. A node whose pool doesn't say its system disk has no
 * `ephemeral-storage`, since how much there is isn't known.
 *
 * @param distribution whose kubelets they run [default: kubeadm's]
 */
export function siteNodes(site: Site, distribution: Distribution = DISTRIBUTIONS.kubeadm): readonly SiteNode[] {
  return site.pools.flatMap((pool) => poolNodes(pool, distribution));
}

/** The nodes of one pool. */
export function poolNodes(pool: NodePool, distribution: Distribution = DISTRIBUTIONS.kubeadm): readonly SiteNode[] {
  const capacity = capacityOf(pool, distribution);
  const allocatable = allocatableOf(pool, capacity, distribution);
  const taints = nodeTaints(pool, distribution);
  return Array.from({ length: pool.nodes }, (_, i) => {
    const name = `${pool.name}-${i}`;
    return { name, pool, labels: nodeLabels(pool, name, distribution), taints, capacity, allocatable };
  });
}

function capacityOf(pool: NodePool, distribution: Distribution): NodeResources {
  return new Map<string, number>([
    ['cpu', pool.cpusPerNode * 1000],
    ['memory', bytes(pool.memory)],
    ...(pool.systemDisk ? [['ephemeral-storage', bytes(pool.systemDisk)] as const] : []),
    ['pods', pool.maxPods ?? distribution.kubelet.maxPods],
    ...hugepages(pool),
    ...(pool.gpus ? [[gpuResource(pool.gpus.vendor), pool.gpus.count] as const] : []),
  ]);
}

/**
 * What the kubelet leaves to pods: of memory all but what is reserved, the threshold at which it evicts, and huge pages, which are
 * counted by themselves.
 *
 * @see https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
 */
function allocatableOf(pool: NodePool, capacity: NodeResources, { kubelet }: Distribution): NodeResources {
  const cpu = capacity.get('cpu') ?? 0;
  const memory = capacity.get('memory') ?? 0;
  const standard = kubelet.reserved({ cpu, memory });
  const inHugepages = hugepages(pool).reduce((sum, [, size]) => sum + size, 0);
  const disk = capacity.get('ephemeral-storage');
  const reservedMemory = pool.reserved?.memory === undefined ? standard.memory : bytes(pool.reserved.memory);
  return new Map([
    ...capacity,
    ['cpu', Math.max(0, cpu - (pool.reserved?.cpu === undefined ? standard.cpu : millicores(pool.reserved.cpu)))],
    ['memory', Math.max(0, memory - reservedMemory - kubelet.evictionMemory - inHugepages)],
    ...(disk === undefined
      ? []
      : [['ephemeral-storage', Math.floor(disk * (1 - kubelet.evictionDisk)) - standard.disk] as const]),
  ]);
}

function hugepages({ hugepages = {} }: NodePool): (readonly [resource: string, bytes: number])[] {
  return Object.entries(hugepages).map(([size, total]) => [`hugepages-${size}`, bytes(total)]);
}

function millicores(cpus: number): number {
  return Math.round(cpus * 1000);
}

function bytes(size: { toKibibytes(options: { rounding: SizeRoundingBehavior }): number }): number {
  return size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }) * 1024;
}
