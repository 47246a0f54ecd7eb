import { type CpuProps, type GpuVendor, type LocalDiskProps, type NetworkPortProps, type NodeArch } from '../node-pool';
import { type Size } from 'cdk8s';

/** Where a fact of the catalogue is written. */
export interface Source {
  readonly title: string;
  readonly url: string;
}

/** For each fact of an entry, where it is written: several where it takes them together. */
export type Sources<Facts extends string> = { readonly [F in Facts]?: Source | readonly Source[] };

/** What brings a GPU to pods. */
export type GpuReach =
  /** NVIDIA's GPU operator, or its device plugin alone. */
  | 'nvidia-gpu-operator'
  /** NVIDIA's device plugin alone: the operator doesn't drive GPUs that are part of a Jetson's processor. */
  | 'nvidia-device-plugin'
  /** AMD's GPU operator, or its device plugin alone. */
  | 'amd-gpu-operator';

/** A way in which several pods share a GPU. */
export type GpuSharingWay = 'mig' | 'time-slicing' | 'mps';

/** One way to cut a GPU by MIG. */
export interface MigProfile {
  /** `3g.20gb`, as the resource `nvidia.com/mig-3g.20gb` names it. */
  readonly name: string;
  /** Instances of it that one GPU holds where all are of this profile. */
  readonly instances: number;
  /** Memory of one instance, as the profile's name says it. */
  readonly memory: Size;
}

/** A model of GPU. A fact that is absent isn't known here, which doesn't mean that the GPU lacks it. */
export interface GpuModel {
  /** Short name: `a100-sxm4-40gb`. */
  readonly id: string;
  /** The name that the maker's driver reports, and of which its discovery makes a label: `NVIDIA A100-SXM4-40GB`. */
  readonly name: string;
  readonly vendor: GpuVendor;
  readonly reach: GpuReach;
  /** Memory of one GPU, as the maker states it. Absent where it is that of the machine. */
  readonly memory?: Size;
  /** As NVIDIA's discovery labels it (`ampere`), or AMD names it (`cdna3`). */
  readonly architecture?: string;
  /** NVIDIA's: `8.0`. */
  readonly computeCapability?: string;
  /** Empty where it can't be cut by MIG. */
  readonly mig: readonly MigProfile[];
  /** Other ways of sharing it that its maker's device plugin knows. */
  readonly sharing: readonly GpuSharingWay[];
  /** Generation of NVLink between GPUs. */
  readonly nvlink?: number;
  /** Watts. */
  readonly maxPower?: number;
  readonly sources: Sources<
    'name' | 'memory' | 'architecture' | 'computeCapability' | 'mig' | 'sharing' | 'nvlink' | 'maxPower'
  >;
}

/** What a machine has, as a site may also say it of a machine of its own. */
export interface MachineFacts {
  readonly arch?: NodeArch;
  readonly cpu?: CpuProps;
  readonly memory?: Size;
  readonly gpus?: {
    readonly model: string;
    readonly count: number;
    readonly memory?: Size;
    readonly vendor?: GpuVendor;
  };
  readonly localDisks?: readonly LocalDiskProps[];
  readonly networkPorts?: readonly NetworkPortProps[];
  /** The disk that the system is on, as the node sees it: the size of one where two mirror each other. */
  readonly systemDisk?: Size;
}

/** A model of server, workstation or board. What is sold with a choice of is absent: the pool must say it. */
export interface MachineModel extends MachineFacts {
  /** Short name: `dgx-a100-320`. */
  readonly id: string;
  readonly name: string;
  /** Accelerators that are no GPUs and that no operator here drives. */
  readonly accelerator?: string;
  /** Chips that join all GPUs by NVLink. */
  readonly nvswitches?: number;
  /** Watts of the whole machine. */
  readonly maxPower?: number;
  /** A price that was published. */
  readonly listPrice?: { readonly usd: number; readonly date: string };
  readonly sources: Sources<keyof MachineFacts | 'accelerator' | 'nvswitches' | 'maxPower' | 'listPrice'>;
}
