import { type NetworkProps } from './network';
import { type NodePoolProps } from './node-pool';
import { type StorageClassProps } from './storage-class';

/** What is in the racks. A site file has the very same keys; there a size is text with its unit (`1TiB`, `15TB`). */
export interface SiteProps {
  /** A DNS label: `dgx-lab`. */
  readonly name: string;
  /** The DNS domain under which what is deployed gets its host names: `dgx-lab.example`. */
  readonly domain: string;
  /** At least one that takes workloads. */
  readonly nodePools: readonly NodePoolProps[];
  /** @default - none: load balancers then have no addresses to hand out */
  readonly networks?: readonly NetworkProps[];
  /** @default - none: volumes then take the cluster's default class */
  readonly storageClasses?: readonly StorageClassProps[];
}
