import { type Size } from 'cdk8s';
import { type NetworkType } from './network';
import { gigabitsPerSecond, type LinkSpeed, sum } from './quantity';

/** What a node does: run the control plane, take workloads, or both. */
export type NodeRole = 'control-plane' | 'worker';

/** How a disk is made. */
export type DiskType = 'nvme' | 'ssd' | 'hdd';

/** The maker of a GPU: which operator serves it, and what resource a pod asks for. */
export type GpuVendor = 'nvidia' | 'amd';

/** The architecture of the processors, as Kubernetes names it. */
export type NodeArch = 'amd64' | 'arm64';

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
  /**
   * The model: one of the catalogue by the name that its driver reports (`NVIDIA A100-SXM4-40GB`) or by its short name
   * (`a100-sxm4-40gb`), or any other in free text.
   */
  readonly model: string;
  /** GPUs of one node, 1 to 64. */
  readonly count: number;
  /**
   * Memory of one GPU.
   * @default - the catalogue's; required for a model that isn't there
   */
  readonly memory?: Size;
  /** @default - the catalogue's, else 'nvidia' */
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

/** What a node keeps back from pods for its system. */
export interface ReservedProps {
  /**
   * CPUs, 0 or more and less than the node has: `0.5`.
   * @default - the distribution's
   */
  readonly cpu?: number;
  /**
   * Memory. What the kubelet's eviction threshold takes comes on top.
   * @default - the distribution's
   */
  readonly memory?: Size;
}

/** Memory of one node in huge pages, by their size. */
export interface HugepagesProps {
  /** @default - none */
  readonly '2Mi'?: Size;
  /** @default - none */
  readonly '1Gi'?: Size;
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
   * The model of the servers: one of the catalogue, or of the site's `machines`, by name (`NVIDIA DGX A100 320GB`) or short name
   * (`dgx-a100-320`). It gives what the pool doesn't say itself: `arch` to `systemDisk` below.
   * @default - none: the pool says all itself
   */
  readonly hardware?: string;
  /** @default - the hardware's, else 'amd64' */
  readonly arch?: NodeArch;
  /** @default - the hardware's; required where there is none, or it is sold with different processors */
  readonly cpu?: CpuProps;
  /**
   * Memory of one node.
   * @default - the hardware's; required where there is none, or it is sold with different amounts
   */
  readonly memory?: Size;
  /** @default - the hardware's, else no GPUs */
  readonly gpus?: GpuProps;
  /** @default - the hardware's, else none but the system's own */
  readonly localDisks?: readonly LocalDiskProps[];
  /** @default - the hardware's, else not said */
  readonly networkPorts?: readonly NetworkPortProps[];
  /**
   * Size of the disk that the kubelet and the container runtime keep their files on: what pods have as `ephemeral-storage`.
   * @default - the hardware's, else not said
   */
  readonly systemDisk?: Size;
  /** @default - the distribution's */
  readonly reserved?: ReservedProps;
  /** @default - none */
  readonly hugepages?: HugepagesProps;
  /**
   * Pods that a node bears, 1 to 1000.
   * @default - the distribution's, 110 with most
   */
  readonly maxPods?: number;
  /**
   * Labels that the nodes have in the cluster, by which workloads choose them.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none but those that the distribution sets on its control plane */
  readonly taints?: readonly TaintProps[];
  /**
   * Name of the network segment that the nodes are in. Pods of the queues and trainings that use them may then talk only among
   * themselves, to DNS and to what they are wired to, never to any address; link insists on it. The pool must have a taint that keeps other
   * pods off, of effect `NoSchedule` or `NoExecute`.
   * @default - none
   */
  readonly segment?: string;
}

/** The GPUs of one node. */
export interface Gpus {
  /** As its driver names it, where the catalogue knows it. */
  readonly model: string;
  readonly count: number;
  /** Memory of one GPU. */
  readonly memory: Size;
  readonly vendor: GpuVendor;
}

/** What a node is made of, by its pool's own word and its hardware's. */
export interface PoolHardware {
  readonly name?: string;
  readonly arch: NodeArch;
  readonly cpu: CpuProps;
  readonly memory: Size;
  readonly gpus?: Gpus;
  readonly localDisks: readonly LocalDiskProps[];
  readonly networkPorts: readonly NetworkPortProps[];
  readonly systemDisk?: Size;
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
  /** The full name of the model of the servers. */
  readonly hardware?: string;
  readonly arch: NodeArch;
  readonly coresPerNode: number;
  /** CPUs as Kubernetes counts them: hardware threads. */
  readonly cpusPerNode: number;
  readonly memory: Size;
  readonly gpus?: Gpus;
  readonly localDisks: readonly LocalDiskProps[];
  readonly networkPorts: readonly NetworkPort[];
  readonly systemDisk?: Size;
  readonly reserved?: ReservedProps;
  readonly hugepages?: HugepagesProps;
  readonly maxPods?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintProps[];
  readonly segment?: string;

  /** @internal Made by `Site`, which has checked the props and knows what the hardware gives. */
  constructor(props: NodePoolProps, { cpu, memory, ...hardware }: PoolHardware) {
    this.name = props.name;
    this.roles = props.roles ?? ['worker'];
    this.nodes = props.nodes;
    this.hardware = hardware.name;
    this.arch = hardware.arch;
    this.coresPerNode = 'cores' in cpu ? cpu.cores : cpu.sockets * cpu.coresPerSocket;
    this.cpusPerNode = this.coresPerNode * (cpu.threadsPerCore ?? 1);
    this.memory = memory;
    this.gpus = hardware.gpus;
    this.localDisks = hardware.localDisks;
    this.networkPorts = hardware.networkPorts.map((port) => ({
      ...port,
      count: port.count ?? 1,
      gigabitsPerSecond: gigabitsPerSecond(port.speed),
    }));
    this.systemDisk = hardware.systemDisk;
    this.reserved = props.reserved;
    this.hugepages = props.hugepages;
    this.maxPods = props.maxPods;
    this.labels = props.labels ?? {};
    this.taints = props.taints ?? [];
    this.segment = props.segment;
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
