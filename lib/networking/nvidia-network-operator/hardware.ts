import { type NodePool } from '../../site';

/** A port as the kernel of a server calls it. */
export interface KnownPort {
  /** Its network interface. */
  readonly interface: string;
  /** Its RDMA device. */
  readonly device: string;
}

/**
 * InfiniBand ports of the compute fabric by the server's model, in the order of their GPUs, as the servers come from the factory.
 *
 * @see https://docs.nvidia.com/dgx/dgxh100-user-guide/introduction-to-dgxh100.html (table "Network Modules")
 */
const SERVERS: readonly { readonly model: RegExp; readonly ports: readonly KnownPort[] }[] = [
  {
    model: /\bDGX[ -]?H[12]00\b/i,
    ports: [
      { interface: 'ibp24s0', device: 'mlx5_0' },
      { interface: 'ibp64s0', device: 'mlx5_3' },
      { interface: 'ibp79s0', device: 'mlx5_4' },
      { interface: 'ibp94s0', device: 'mlx5_5' },
      { interface: 'ibp154s0', device: 'mlx5_6' },
      { interface: 'ibp192s0', device: 'mlx5_9' },
      { interface: 'ibp206s0', device: 'mlx5_10' },
      { interface: 'ibp220s0', device: 'mlx5_11' },
    ],
  },
];

/** The ports of a pool's servers that are on an InfiniBand network, where the model says what they are: all of its compute fabric, or none. */
export function knownPorts(pool: NodePool, ports: number): readonly KnownPort[] | undefined {
  const server = SERVERS.find(({ model }) => model.test(pool.hardware ?? ''));
  return server?.ports.length === ports ? server.ports : undefined;
}

/** An adapter that can be divided into virtual functions: the PCI devices of its ports, and of their functions. */
export interface DivisibleAdapter {
  readonly name: string;
  readonly device: string;
  readonly virtualDevice: string;
}

/**
 * The vendor's adapters whose functions the SR-IOV operator manages; others it refuses.
 *
 * @see https://github.com/Mellanox/network-operator/blob/v26.4.1/deployment/network-operator/charts/sriov-network-operator/templates/configmap.yaml
 */
export const ADAPTERS: readonly DivisibleAdapter[] = [
  { name: 'ConnectX-4', device: '1013', virtualDevice: '1014' },
  { name: 'ConnectX-4_Lx', device: '1015', virtualDevice: '1016' },
  { name: 'ConnectX-5', device: '1017', virtualDevice: '1018' },
  { name: 'ConnectX-5_Ex', device: '1019', virtualDevice: '101a' },
  { name: 'ConnectX-6', device: '101b', virtualDevice: '101c' },
  { name: 'ConnectX-6_Dx', device: '101d', virtualDevice: '101e' },
  { name: 'ConnectX-6_Lx', device: '101f', virtualDevice: '101e' },
  { name: 'ConnectX-7', device: '1021', virtualDevice: '101e' },
  { name: 'ConnectX-8', device: '1023', virtualDevice: '101e' },
  { name: 'ConnectX-9', device: '1025', virtualDevice: '101e' },
  { name: 'BlueField-2', device: 'a2d6', virtualDevice: '101e' },
  { name: 'BlueField-3', device: 'a2dc', virtualDevice: '101e' },
];
