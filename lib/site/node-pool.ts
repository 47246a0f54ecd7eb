import { type Size } from 'cdk8s';
import { gigabitsPerSecond, type LinkSpeed, sum } from './quantity';
import { type NetworkType } from './network';

/** What a node does: run the control plane, take workloads, or both. */
export type NodeRole = 'control-plane' | 'worker';

/** How a disk is made. */
export type DiskType = 'nvme' | 'ssd' | 'hdd';

/** The maker of a GPU: which operator serves it, and what resource a pod asks for. */
export type GpuVendor = 'nvidia' | 'amd';

/** The processors of one node, by sockets or as a number of cores. */
export type CpuProps = CpuSockets | CpuCores;

/** The processors of one node by sockets. */
export interface CpuSockets {
  /** Sockets with a processor, 1 to 16. */
  readonly sockets: number;
  /** Cores of one processor, 1 to 1024. */
  readonly coresPerSocket: number;
  /**
   * Hardware threads of a core, 1 to 8: Kubernetes counts each as one CPU.
   * @default 1 - as if simultaneous multithreading were off
   */
  readonly threadsPerCore?: number;
}

/** The processors of one node as a number of cores. */
export interface CpuCores {
  /** Cores of all processors together, 1 to 16384. */
  readonly cores: number;
  /**
   * Hardware threads of a core, 1 to 8: Kubernetes counts each as one CPU.
   * @default 1 - as if simultaneous multithreading were off
   */
  readonly threadsPerCore?: number;
}

/** The GPUs of one node, all of one model. */
export interface GpuProps {
  /** The model, in free text: `NVIDIA A100-SXM4-40GB`. */
  readonly model: string;
  /** GPUs of one node, 1 to 64. */
  readonly count: number;
  /** Memory of one GPU. */
  readonly memory: Size;
  /** @default 'nvidia' */
  readonly vendor?: GpuVendor;
}

/** Disks of one node that are alike. The system's own disk is left out. */
export interface LocalDiskProps {
  readonly type: DiskType;
  /** Disks of one node, 1 to 256. */
  readonly count: number;
  /** Size of one disk. */
  readonly size: Size;
}

/** Network ports of one node that are alike. */
export interface NetworkPortProps {
  readonly type: NetworkType;
  /** Speed of one port: `100Gb/s`. */
  readonly speed: LinkSpeed;
  /**
   * Ports of one node, 1 to 64.
   * @default 1
   */
  readonly count?: number;
  /**
   * The network that they are plugged into, by name. It must be of the same type.
   * @default - not said
   */
  readonly network?: string;
}

/** What keeps pods away from a node unless they tolerate it. */
export interface TaintProps {
  readonly key: string;
  /** @default - no value */
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Nodes that are alike. */
export interface NodePoolProps {
  /** A DNS label, unique among the pools. */
  readonly name: string;
  /** @default ['worker'] */
  readonly roles?: readonly NodeRole[];
  /** How many nodes there are, 1 to 5000. */
  readonly nodes: number;
  /**
   * The model of the servers, in free text: `NVIDIA DGX A100`.
   * @default - not said
   */
  readonly hardware?: string;
  readonly cpu: CpuProps;
  /** Memory of one node. */
  readonly memory: Size;
  /** @default - no GPUs */
  readonly gpus?: GpuProps;
  /** @default - none but the system's own */
  readonly localDisks?: readonly LocalDiskProps[];
  /** @default - not said */
  readonly networkPorts?: readonly NetworkPortProps[];
  /**
   * Labels that the nodes have in the cluster, by which workloads choose them.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none but those that the distribution sets on its control plane */
  readonly taints?: readonly TaintProps[];
}

/** The GPUs of one node. */
export interface Gpus extends GpuProps {
  readonly vendor: GpuVendor;
}

/** Network ports of one node that are alike. */
export interface NetworkPort extends NetworkPortProps {
  readonly count: number;
  readonly gigabitsPerSecond: number;
}

/** Nodes that are alike. What is said of a node is said of each; what begins with `total` is the sum over all of them. */
export class NodePool {
  readonly name: string;
  readonly roles: readonly NodeRole[];
  readonly nodes: number;
  readonly hardware?: string;
  readonly coresPerNode: number;
  /** CPUs as Kubernetes counts them: hardware threads. */
  readonly cpusPerNode: number;
  readonly memory: Size;
  readonly gpus?: Gpus;
  readonly localDisks: readonly LocalDiskProps[];
  readonly networkPorts: readonly NetworkPort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintProps[];

  /** @internal Made by `Site`, which has checked the props. */
  constructor(props: NodePoolProps) {
    this.name = props.name;
    this.roles = props.roles ?? ['worker'];
    this.nodes = props.nodes;
    this.hardware = props.hardware;
    this.coresPerNode = 'cores' in props.cpu ? props.cpu.cores : props.cpu.sockets * props.cpu.coresPerSocket;
    this.cpusPerNode = this.coresPerNode * (props.cpu.threadsPerCore ?? 1);
    this.memory = props.memory;
    this.gpus = props.gpus && { ...props.gpus, vendor: props.gpus.vendor ?? 'nvidia' };
    this.localDisks = props.localDisks ?? [];
    this.networkPorts = (props.networkPorts ?? []).map((port) => ({
      ...port,
      count: port.count ?? 1,
      gigabitsPerSecond: gigabitsPerSecond(port.speed),
    }));
    this.labels = props.labels ?? {};
    this.taints = props.taints ?? [];
  }

  /** Whether the nodes are part of the control plane. */
  get isControlPlane(): boolean {
    return this.roles.includes('control-plane');
  }

  /** Nodes that take workloads: all with the role `worker`, else none. A pod must still tolerate the taints. */
  get schedulableNodes(): number {
    return this.roles.includes('worker') ? this.nodes : 0;
  }

  /** GPUs of one node, 0 where there are none. */
  get gpusPerNode(): number {
    return this.gpus?.count ?? 0;
  }

  get totalCpus(): number {
    return this.cpusPerNode * this.nodes;
  }

  get totalMemory(): Size {
    return sum([[this.memory, this.nodes]]);
  }

  get totalGpus(): number {
    return this.gpusPerNode * this.nodes;
  }

  /** The local disks of all nodes, of one type or of all. */
  totalLocalStorage(type?: DiskType): Size {
    return sum(
      this.localDisks.filter((disk) => !type || disk.type === type).map((disk) => [disk.size, disk.count * this.nodes]),
    );
  }
}
