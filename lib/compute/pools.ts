import { fail, type IGpuPool, type Placement, type Platform, show } from '../core';
import { gpuResource, type NodePool } from '../site';

/** What pods bear that are to run on a pool's nodes: its taints. */
export function tolerationsOf(pool: NodePool): Required<Placement>['tolerations'] {
  return pool.taints.map(({ key, value, effect }) =>
    value === undefined ? { key, operator: 'Exists', effect } : { key, operator: 'Equal', value, effect },
  );
}

/**
 * Refuses pools whose nodes no label tells apart, which can't be treated differently.
 *
 * @param have what all of them have: `AMD GPUs`
 */
export function checkApart(path: string, pools: readonly NodePool[], have: string): void {
  for (const [i, a] of pools.entries()) {
    for (const b of pools.slice(i + 1)) {
      const differ = Object.entries(a.labels).some(
        ([key, value]) => b.labels[key] !== undefined && b.labels[key] !== value,
      );
      if (differ) continue;
      fail(
        path,
        `pools ${show(a.name)} and ${show(b.name)} both have ${have}, and no label tells their nodes apart; give both a label of the same key in the site, with different values`,
      );
    }
  }
}

/** Says what the pools' nodes offer once their GPUs are driven: where they are shared, parts of GPUs in place of whole ones. */
export function offerGpus(platform: Platform, pools: readonly IGpuPool[]): void {
  for (const pool of pools) {
    const { nodes } = pool;
    platform.addNodeResources(nodes, () => ({
      ...(nodes.gpus && { [gpuResource(nodes.gpus.vendor)]: 0 }),
      [pool.resource.name]: pool.resource.perNode,
    }));
  }
}
