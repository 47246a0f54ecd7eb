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
