import { type FitNode } from '../fit/types';
import { type NodePool } from '../../site';
import { type Platform } from '../platform';

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** The nodes of a platform's site, as its cluster shows them once all systems are there. */
export function platformNodes(platform: Platform): FitNode[] {
  return platform.site.pools.flatMap((pool) => {
    const added = platform.nodeResources(pool);
    const allocatable = new Map([...ofPool(pool), ...Object.entries(added)]);
    return Array.from({ length: pool.nodes }, (_, i) => {
      const name = `${pool.name}-${i}`;
      const labels = {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...(pool.isControlPlane ? { [CONTROL_PLANE]: '' } : {}),
        ...pool.labels,
      };
      const taints = pool.schedulableNodes > 0 ? pool.taints : [...pool.taints, CONTROL_PLANE_TAINT];
      return { name, labels, taints, allocatable, pool };
    });
  });
}

const CONTROL_PLANE_TAINT = { key: CONTROL_PLANE, effect: 'NoSchedule' } as const;

function ofPool(pool: NodePool): [string, number][] {
  return [
    ['cpu', pool.cpusPerNode * 1000],
    ['memory', pool.memory.toKibibytes() * 1024],
    ...(pool.gpus ? [[`${pool.gpus.vendor}.com/gpu`, pool.gpus.count] as [string, number]] : []),
  ];
}
