import { didYouMean, fail, show, type Stage } from '../../core';
import { gpuModel, type NodePool, type Site } from '../../site';
import { NvidiaGpuPool } from './gpu-pool';
import { type MigStrategy } from './sharing';

/** Set by the operator on each node with GPUs of NVIDIA's. */
const GPU_PRESENT = { 'nvidia.com/gpu.present': 'true' };

/**
 * The pools whose GPUs are driven, in the site's order.
 *
 * @throws where there are none, one isn't NVIDIA's, or one can't be told from the others by its labels
 */
export function findPools(
  path: string,
  site: Site,
  wanted: readonly string[] | undefined,
  readyAfter: readonly Stage[],
  strategy: MigStrategy,
): readonly NvidiaGpuPool[] {
  const all = site.pools.filter(isNvidia);
  if (all.length === 0) {
    fail(path, `site ${show(site.name)} has no pool with GPUs of NVIDIA's that takes workloads; add gpus to one`);
  }
  if (wanted?.length === 0) fail(path, 'pools must name at least one, got []; leave it out for all');
  const names = all.map(({ name }) => name);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const there = site.pools.find(({ name }) => name === unknown);
    fail(
      path,
      `pools has ${show(unknown)}, which ${there ? whyNot(there) : 'the site lacks'}${didYouMean(unknown, names)}`,
    );
  }
  const chosen = all.filter(({ name }) => wanted?.includes(name) ?? true);
  return chosen.map((pool) => new NvidiaGpuPool(path, pool, selectorOf(path, pool, site.pools), readyAfter, strategy));
}

/**
 * Labels of the nodes of each pool whose GPUs the operator would drive, but isn't to.
 *
 * @throws where one can't be told from the others by its labels
 */
export function leftOut(
  path: string,
  site: Site,
  chosen: readonly NvidiaGpuPool[],
): readonly Readonly<Record<string, string>>[] {
  return site.pools
    .filter((pool) => isNvidia(pool) && !chosen.some(({ nodes }) => nodes === pool))
    .map((pool) => selectorOf(path, pool, site.pools));
}

/** Of NVIDIA's, on nodes that take workloads, and not part of a Jetson's processor, which the operator doesn't drive. */
function isNvidia({ gpus, schedulableNodes }: NodePool): boolean {
  if (gpus?.vendor !== 'nvidia' || schedulableNodes === 0) return false;
  return (gpuModel(gpus.model)?.reach ?? 'nvidia-gpu-operator') === 'nvidia-gpu-operator';
}

function whyNot(pool: NodePool): string {
  if (!pool.gpus) return 'has no GPUs';
  if (pool.gpus.vendor === 'nvidia') {
    return pool.schedulableNodes === 0
      ? 'takes no workloads'
      : `has GPUs (${pool.gpus.model}) that the operator doesn't drive`;
  }
  return `has GPUs of ${pool.gpus.vendor.toUpperCase()}'s`;
}

/** Labels that only this pool's nodes have. The only pool with NVIDIA's GPUs needs none of its own. */
function selectorOf(path: string, pool: NodePool, pools: readonly NodePool[]): Readonly<Record<string, string>> {
  const labels = Object.entries(pool.labels);
  const alike = pools.find((other) => other !== pool && labels.every(([key, value]) => other.labels[key] === value));
  if (!alike) return pool.labels;
  const rivals = pools.filter((other) => other !== pool && other.gpus?.vendor === 'nvidia');
  if (rivals.length === 0) return { ...GPU_PRESENT, ...pool.labels };
  return fail(
    path,
    `pool ${show(pool.name)} must have a label that ${show(alike.name)} hasn't, got ${show(pool.labels)}; give its nodes one in the site, such as "onprem-ml.example/pool: ${pool.name}"`,
  );
}
