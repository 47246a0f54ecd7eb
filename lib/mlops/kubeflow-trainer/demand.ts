import { Size, SizeRoundingBehavior } from 'cdk8s';
import { checkInteger, fail, type IGpuPool, type IQueue, type IRdmaNetwork, type Placement, show } from '../../core';

/** What a training asks of the nodes. */
export interface DemandProps {
  readonly queue?: IQueue;
  readonly pool?: IGpuPool;
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly network?: IRdmaNetwork;
}

/** What each of its pods asks for. */
export interface Demand {
  /** GPUs and RDMA devices, by the name of the resource. */
  readonly devices: Readonly<Record<string, number>>;
  readonly placement: Placement;
  readonly runtimeClassName?: string;
  /** A fifth of the node stays for the kubelet and the pods that every node runs. Undefined without GPUs, where there is no node to go by. */
  readonly share?: { readonly cpu: number; readonly memory: Size };
}

const SHARE = 0.8;

/**
 * Checks what is asked for against the pools, and says what each pod is to have. How a pool is shared may be said after the training is, hence
 * this is asked once more at synthesis.
 *
 * @throws when no pool can run it
 */
export function demand(path: string, props: DemandProps): Demand {
  const { nodes, gpusPerNode, network } = props;
  checkInteger(path, 'nodes', nodes, 1, 1000, 'give the number of pods that train together');
  checkInteger(path, 'gpusPerNode', gpusPerNode, 0, 64, 'give the GPUs of each pod, or 0 to train on CPUs');
  if (gpusPerNode === 0) {
    if (props.pool)
      fail(path, `pool ${show(props.pool.nodes.name)} is given, but gpusPerNode is 0; give the GPUs of each pod`);
    if (network) {
      fail(
        path,
        `network ${show(network.network.name)} is between GPUs, but gpusPerNode is 0; leave one of the two out`,
      );
    }
    return { devices: {}, placement: {} };
  }
  const pools = candidates(path, props);
  for (const pool of pools) check(path, pool, props);
  const [first] = pools;
  const { name } = first.resource;
  const other = pools.find((pool) => pool.resource.name !== name || pool.runtimeClassName !== first.runtimeClassName);
  if (other) {
    fail(
      path,
      `the queue's pools ${show(first.nodes.name)} (${name}) and ${show(other.nodes.name)} (${other.resource.name}) are not asked for in the same way; choose one by pool`,
    );
  }
  // Of several pools the queue chooses one, and says so to the pods.
  const single = pools.length === 1;
  return {
    devices: {
      [name]: gpusPerNode,
      ...(network && { [network.resource]: Math.max(...pools.map((pool) => network.perNode(pool.nodes))) }),
    },
    placement: {
      nodeSelector: single ? first.placement.nodeSelector : undefined,
      tolerations: distinct(pools.flatMap((pool) => pool.placement.tolerations)),
    },
    runtimeClassName: first.runtimeClassName,
    share: share(pools, gpusPerNode),
  };
}

function candidates(path: string, { queue, pool, gpusPerNode }: DemandProps): readonly [IGpuPool, ...IGpuPool[]] {
  if (pool) {
    if (queue && !queue.pools.includes(pool)) {
      const there = queue.pools.map(({ nodes }) => show(nodes.name)).join(', ') || 'none';
      fail(
        path,
        `pool ${show(pool.nodes.name)} is not one of queue ${show(queue.name)}, which has ${there}; give the queue a quota of it`,
      );
    }
    return [pool];
  }
  const [first, ...rest] = queue?.pools ?? [];
  if (!first) {
    const whose = queue ? `queue ${show(queue.name)} has no pool with GPUs` : 'there is no queue to have GPUs';
    return fail(
      path,
      `gpusPerNode is ${gpusPerNode}, but ${whose}; give ${queue ? 'the queue a quota' : 'pool'}, or 0`,
    );
  }
  return [first, ...rest];
}

function check(path: string, pool: IGpuPool, { nodes, gpusPerNode, network }: DemandProps): void {
  const { resource } = pool;
  const called = `pool ${show(pool.nodes.name)}`;
  if (!resource.whole && (gpusPerNode > 1 || nodes > 1 || network)) {
    const what = network
      ? `network ${show(network.network.name)}`
      : gpusPerNode > 1
        ? `gpusPerNode ${gpusPerNode}`
        : `nodes ${nodes}`;
    fail(
      path,
      `${called} is shared in parts (${resource.name}), which don't reach each other by NVLink or RDMA, got ${what}; train on one part, or choose another pool`,
    );
  }
  if (gpusPerNode > resource.perNode) {
    fail(
      path,
      `gpusPerNode must be at most the ${resource.perNode} of ${resource.name} that a node of ${called} has, got ${gpusPerNode}; use more nodes`,
    );
  }
  const room = Math.floor(resource.perNode / gpusPerNode) * pool.nodes.schedulableNodes;
  if (nodes > room) {
    fail(
      path,
      `${nodes} nodes with ${gpusPerNode} GPUs each don't fit ${called}, which has ${pool.nodes.schedulableNodes} nodes with ${resource.perNode} each: at most ${room}; ask for less, or choose another pool`,
    );
  }
  if (network && pool.nodes.networkPorts.every((port) => port.network !== network.network.name)) {
    fail(
      path,
      `network ${show(network.network.name)} is not one that the nodes of ${called} are plugged into; choose another network, or say so in the site's networkPorts`,
    );
  }
}

/** The part of the smallest node that goes with the GPUs. */
function share(pools: readonly IGpuPool[], gpusPerNode: number): Demand['share'] {
  const parts = pools.map(({ resource }) => (SHARE * gpusPerNode) / resource.perNode);
  const cpu = Math.min(...pools.map(({ nodes }, i) => Math.floor(nodes.cpusPerNode * parts[i]!)));
  const mebibytes = pools.map(({ nodes }, i) =>
    Math.floor(nodes.memory.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR }) * parts[i]!),
  );
  return { cpu: Math.max(1, cpu), memory: Size.mebibytes(Math.min(...mebibytes)) };
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
