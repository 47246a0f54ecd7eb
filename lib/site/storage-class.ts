import { type DiskType } from './node-pool';

/** How fast storage is: `hot` for what is worked on, `warm` for what is kept at hand, `cold` for what is kept. */
export type StorageTier = 'hot' | 'warm' | 'cold';

/** A StorageClass that is in the cluster. */
export interface StorageClassProps {
  /** Its name in the cluster, a DNS subdomain. A class named like a tier must be of that tier. */
  readonly name: string;
  readonly tier: StorageTier;
  /** @default - not said */
  readonly media?: DiskType;
  /**
   * Whether a volume outlives its node: systems that replicate by themselves prefer classes that don't.
   * @default false
   */
  readonly replicated?: boolean;
  /**
   * Whether a volume may grow.
   * @default false
   */
  readonly expandable?: boolean;
  /**
   * Whether what is written to its volumes is encrypted on the disk: by its driver, or by the disks below it. The site's word: no object
   * of the platform shows it. docs/security.md says which drivers can, and how to see that they do.
   * @default false
   */
  readonly encrypted?: boolean;
  /**
   * Whether it is the cluster's default, and the choice where its tier has several. One class at most.
   * @default false
   */
  readonly default?: boolean;
}

/** A StorageClass that is in the cluster. */
export class StorageClass {
  readonly name: string;
  readonly tier: StorageTier;
  readonly media?: DiskType;
  readonly replicated: boolean;
  readonly expandable: boolean;
  readonly encrypted: boolean;
  readonly isDefault: boolean;

  /** @internal Made by `Site`, which has checked the props. */
  constructor(props: StorageClassProps) {
    this.name = props.name;
    this.tier = props.tier;
    this.media = props.media;
    this.replicated = props.replicated ?? false;
    this.expandable = props.expandable ?? false;
    this.encrypted = props.encrypted ?? false;
    this.isDefault = props.default ?? false;
  }
}
