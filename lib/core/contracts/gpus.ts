import { type NodePool } from '../../site';
import { type IReady } from '../stage';
import { type Placement } from '../workload/placement';

/** What a pod asks for to get a GPU or a part of one, and how many of them a node has. */
export interface GpuResource {
  /** Extended resource: `nvidia.com/gpu`, `nvidia.com/mig-3g.20gb`, `amd.com/gpu`. */
  readonly name: string;
  /** How many a node of the pool offers. */
  readonly perNode: number;
  /** Whether one of them is a whole GPU, which alone talks to its neighbours by NVLink and to other nodes by RDMA. */
  readonly whole: boolean;
}

/** How the GPUs of a pool are shared; one way a pool. */
export type GpuSharing =
  /** MIG: each GPU is cut into as many instances of this profile as it holds: `3g.20gb`. */
  | { readonly mig: string }
  /** Time-slicing: this many pods take turns on a GPU, 2 to 64, without a bound on each other's memory. */
  | { readonly timeSlices: number }
  /** Multi-Process Service: this many pods, 2 to 48, compute at a time on a GPU, each with an equal part of its memory. */
  | { readonly mps: number };

/** The GPUs of one node pool of the site, as pods get them. */
export interface IGpuPool extends IReady {
  /** The site's pool. */
  readonly nodes: NodePool;
  /** What pods ask for. Changed by `share`: read it when all sharing is said, or by a Lazy. */
  readonly resource: GpuResource;
  /** Labels that tell the pool's nodes apart from all others, and the taints that its pods bear. */
  readonly placement: Required<Placement>;
  /** The RuntimeClass of its pods. @default - the cluster's own */
  readonly runtimeClassName?: string;
  /**
   * Has each GPU shared, and returns what a pod then asks for.
   * @throws when the pool is shared in another way already, or its GPUs can't be shared so: with the profiles that they have
   */
  share(sharing: GpuSharing): GpuResource;
}

/** Drives the GPUs of the site's pools. */
export interface IGpus extends IReady {
  /** All pools whose GPUs it drives, in the site's order. */
  readonly pools: readonly IGpuPool[];
  /** @throws when the site has no such pool, or the pool has none of the GPUs that are driven here */
  pool(name: string): IGpuPool;
}
