import { type NodePool, type Site } from '../../../lib';
import { nodeOf } from './node-labels';

/** A node of the site, by its place in its pool. */
export interface PlannedNode {
  readonly name: string;
  readonly pool: NodePool;
  readonly address: string;
  readonly podCidr: string;
}

/** Which nodes of a site get a kubelet, and which only look as if they had one. */
export interface Plan {
  readonly real: readonly PlannedNode[];
  readonly simulated: readonly PlannedNode[];
}

/** Kubelets that a small machine can bear. */
const MOST_REAL = 4;

/** The first nodes that take pods without a toleration are real: what runs must be seen to run. All others are simulated. */
export function plan(site: Site): Plan {
  const nodes = site.pools.flatMap((pool) =>
    Array.from({ length: pool.nodes }, (_, i) => ({ name: `${pool.name}-${i}`, pool })),
  );
  const real = nodes.filter(({ pool }) => takesAnyPod(pool)).slice(0, MOST_REAL);
  if (real.length === 0) {
    throw new Error(
      `site ${site.name} has no node that takes pods without a toleration; the bench needs one to run them`,
    );
  }
  const simulated = nodes.filter((node) => !real.includes(node));
  if (simulated.length > 1000) throw new Error(`site ${site.name} has ${nodes.length} nodes; the bench bears 1000`);
  return {
    real: real.map((node, i) => ({ ...node, address: `10.77.0.${i + 1}`, podCidr: `10.244.${i}.0/24` })),
    simulated: simulated.map((node, i) => ({
      ...node,
      address: `10.77.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`,
      // 64 addresses each, beyond those of the real nodes: 10.244.4.0 to 10.244.253.192.
      podCidr: `10.244.${MOST_REAL + Math.floor(i / 4)}.${(i % 4) * 64}/26`,
    })),
  };
}

function takesAnyPod(pool: NodePool): boolean {
  return nodeOf(pool).taints.every(({ effect }) => effect === 'PreferNoSchedule');
}
