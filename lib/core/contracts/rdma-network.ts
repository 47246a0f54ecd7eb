import { type Network, type NodePool } from '../../site';
import { type IReady } from '../stage';

/** A network of the site on which pods talk by RDMA, past the kernel: InfiniBand, or Ethernet with RoCE. */
export interface IRdmaNetwork extends IReady {
  /** The site's network. */
  readonly network: Network;
  /** Extended resource that gives a pod its RDMA devices: `rdma/infiniband`. */
  readonly resource: string;
  /**
   * How many of it a pod asks for that has a whole node's GPUs.
   * @throws when the pool has no ports on the network
   */
  perNode(pool: NodePool): number;
  /**
   * The pod's further network interfaces: NetworkAttachmentDefinitions in their namespace, as the annotation `k8s.v1.cni.cncf.io/networks`
   * names them, and named as often as they stand here. Pods of every namespace may name them. Empty where RDMA needs none.
   */
  readonly attachments: readonly { readonly namespace: string; readonly name: string }[];
  /** Environment by which NCCL finds the network: `NCCL_IB_HCA`, `NCCL_SOCKET_IFNAME`, and the like. */
  readonly nccl: Readonly<Record<string, string>>;
}

/** Brings the site's RDMA networks to pods. */
export interface IRdmaNetworks extends IReady {
  /** @throws when the site has no such network, or no node is on it with ports that do RDMA */
  network(name: string): IRdmaNetwork;
}
