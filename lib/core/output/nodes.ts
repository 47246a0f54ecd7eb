import { type FitNode } from '../fit/types';
import { type Platform } from '../platform';

/** The nodes of a platform's site, as its cluster shows them once all systems are there. */
export function platformNodes(platform: Platform): FitNode[] {
  const { site, distribution } = platform;
  const added = new Map(site.pools.map((pool) => [pool.name, Object.entries(platform.nodeResources(pool))]));
  return site.nodes(distribution).map((node) => ({
    ...node,
    allocatable: new Map([...node.allocatable, ...added.get(node.pool.name)!]),
  }));
}
