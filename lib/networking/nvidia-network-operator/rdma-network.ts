import { fail, type IRdmaNetwork, show, type Stage } from '../../core';
import { type Network, type NodePool } from '../../site';
import { type VirtualFunctions } from './sriov-plan';

/** What the network operator makes of one of the site's networks. */
export interface RdmaNetworkPlan {
  readonly network: Network;
  readonly mode: 'shared' | 'host-device' | 'sriov';
  /** The pools that are plugged into it, with the ports of a node. */
  readonly pools: ReadonlyMap<NodePool, number>;
  /** Network interfaces of the nodes, where they are known. */
  readonly interfaces?: readonly string[];
  /** RDMA devices of the nodes, where they are known. */
  readonly devices?: readonly string[];
  /** Pods of one node that use it at a time; of one port, where it has virtual functions. */
  readonly podsPerNode: number;
  /** How its ports are divided, with `sriov`. */
  readonly functions?: VirtualFunctions;
  /** Addresses of the network that are the pods'. Without, they have none there. */
  readonly addresses?: string;
  readonly gateway?: string;
  readonly routes?: readonly string[];
  readonly mtu?: number;
  readonly gidIndex?: number;
  readonly gdrLevel?: string;
}

/**
 * What adapters are asked for by that pods share, or share the ports of: the shared device plugin's own prefix. The SR-IOV operator is told it too, because
 * by its prefix it tells the pods that it evicts: with upstream's, `nvidia.com`, each change of a port would end all pods with GPUs.
 *
 * @see https://github.com/Mellanox/sriov-network-operator/blob/network-operator-26.4.x/pkg/drain/drainer.go (createDrainHelper)
 */
export const RESOURCE_PREFIX = 'rdma';

/** A network's extended resource, without its prefix. The device plugin takes letters, digits and `_` alone. */
export function resourceName({ network }: RdmaNetworkPlan): string {
  return network.name.replaceAll('-', '_');
}

/** What a pod is plugged into, one for each of its further interfaces. */
export function attachmentNames({ mode, network, pools, interfaces, addresses }: RdmaNetworkPlan): readonly string[] {
  // One device of the node, or function of a port, for each time that the network is named; all pools have as many.
  if (mode !== 'shared') return Array.from({ length: Math.max(...pools.values()) }, () => network.name);
  // Over InfiniBand, RDMA needs no interface of the pod's own: addresses are the fabric's.
  return addresses === undefined ? [] : interfaces!.map((_, i) => `${network.name}-${i}`);
}

/** One of the site's networks, as jobs use it by RDMA. */
export class RdmaNetwork implements IRdmaNetwork {
  readonly network: Network;
  readonly resource: string;
  readonly attachments: readonly { readonly namespace: string; readonly name: string }[];
  readonly nccl: Readonly<Record<string, string>>;

  constructor(
    private readonly path: string,
    private readonly plan: RdmaNetworkPlan,
    /** Where its NetworkAttachmentDefinitions are. */
    namespace: string,
    readonly readyAfter: readonly Stage[],
  ) {
    this.network = plan.network;
    this.resource = `${plan.mode === 'host-device' ? 'nvidia.com' : RESOURCE_PREFIX}/${resourceName(plan)}`;
    this.attachments = attachmentNames(plan).map((name) => ({ namespace, name }));
    this.nccl = ncclEnvironment(plan);
  }

  perNode(pool: NodePool): number {
    const ports = this.plan.pools.get(pool);
    if (ports === undefined) {
      const others = [...this.plan.pools.keys()].map(({ name }) => name).join(', ');
      fail(
        this.path,
        `node pool ${show(pool.name)} has no ports on network ${this.network.name}; those of ${others} have`,
      );
    }
    // One of the shared resource brings all of the node's devices on the network.
    return this.plan.mode === 'shared' ? 1 : ports;
  }
}

/**
 * How NCCL, and RCCL alike, finds the network. What isn't set here is decided better by NCCL itself, by the topology that it sees: the GID (since
 * 2.21), and how far from a GPU an adapter may be to read its memory.
 *
 * @see https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html
 */
function ncclEnvironment(plan: RdmaNetworkPlan): Record<string, string> {
  const { network, devices, gidIndex, gdrLevel } = plan;
  const ethernet = network.type === 'ethernet';
  return {
    // Ranks find each other over the pods' own network; without, NCCL might take an interface whose name looks like InfiniBand's.
    NCCL_SOCKET_IFNAME: '=eth0',
    // Exactly these: `mlx5_1` alone would be mlx5_10 too. Where they aren't known, those count that the pod may open: the plugin gives it no others.
    ...(devices && { NCCL_IB_HCA: `=${devices.join(',')}` }),
    // By these NCCL looks for a GID among those of the pod's interfaces, whose index differs from pod to pod.
    ...(ethernet && {
      NCCL_IB_ROCE_VERSION_NUM: '2',
      NCCL_IB_ADDR_FAMILY: network.ipVersion === 4 ? 'AF_INET' : 'AF_INET6',
    }),
    ...(gidIndex !== undefined && { NCCL_IB_GID_INDEX: String(gidIndex) }),
    ...(gdrLevel !== undefined && { NCCL_NET_GDR_LEVEL: gdrLevel }),
    // Port 1: NVIDIA's adapters have a device for each port. @see https://openucx.readthedocs.io/en/master/faq.html
    ...(devices && { UCX_NET_DEVICES: devices.map((device) => `${device}:1`).join(',') }),
  };
}
