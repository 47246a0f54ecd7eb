import { type Size } from 'cdk8s';
import { type NetworkProps } from './network';
import {
  type CpuProps,
  type GpuProps,
  type LocalDiskProps,
  type NetworkPortProps,
  type NodeArch,
  type NodePoolProps,
} from './node-pool';
import { type StorageClassProps } from './storage-class';

/** A model of server that the site has and the catalogue hasn't, for the `hardware` of its pools. */
export interface MachineProps {
  /** Its name, which pools give as their `hardware`: `Team server 2024`. No machine of the catalogue has it. */
  readonly name: string;
  /**
   * A machine of the catalogue, or one that stands before this one, that gives what is not said here.
   * @default - none
   */
  readonly like?: string;
  /** @default - that of `like` */
  readonly arch?: NodeArch;
  /** @default - those of `like`, else each pool says them */
  readonly cpu?: CpuProps;
  /** @default - that of `like`, else each pool says it */
  readonly memory?: Size;
  /** @default - those of `like`, else none */
  readonly gpus?: GpuProps;
  /** @default - those of `like`, else none */
  readonly localDisks?: readonly LocalDiskProps[];
  /** @default - those of `like`, else not said */
  readonly networkPorts?: readonly NetworkPortProps[];
  /** @default - that of `like`, else not said */
  readonly systemDisk?: Size;
}

/** What is in the racks. A site file has the very same keys; there a size is text with its unit (`1TiB`, `15TB`). */
export interface SiteProps {
  /** A DNS label: `dgx-lab`. */
  readonly name: string;
  /** The DNS domain under which what is deployed gets its host names: `dgx-lab.example`. */
  readonly domain: string;
  /** At least one that takes workloads. */
  readonly nodePools: readonly NodePoolProps[];
  /** @default - none: pools choose from the catalogue, or say all themselves */
  readonly machines?: readonly MachineProps[];
  /** @default - none: load balancers then have no addresses to hand out */
  readonly networks?: readonly NetworkProps[];
  /** @default - none: volumes then take the cluster's default class */
  readonly storageClasses?: readonly StorageClassProps[];
}
