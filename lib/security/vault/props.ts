import { type Size } from 'cdk8s';
import {
  type IAuditSink,
  type IBucket,
  type ICertificateIssuer,
  type IGateway,
  type IIdentityProvider,
  type IMetrics,
  type SystemProps,
} from '../../core';
import { type VaultUnseal } from './unseal';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type VaultLogLevel = (typeof LOG_LEVELS)[number];

export interface VaultProps extends SystemProps {
  /** Issues the servers' certificate, for names within the cluster and 127.0.0.1. Nothing is spoken without TLS. */
  readonly certificates: ICertificateIssuer;
  /**
   * Who gives the servers the key to their storage when they start. It can't be changed by this alone once Vault is initialized: upstream
   * calls that a seal migration.
   * @default - people, with 3 of 5 shares
   * @see https://developer.hashicorp.com/vault/docs/v1.21.x/concepts/seal
   */
  readonly unseal?: VaultUnseal;
  /**
   * Servers, 1, 3 or 5, each on a node of its own: 3 go on without one, 5 without two. A change restarts them one by one. Before fewer,
   * `vault operator raft remove-peer` takes the last ones out.
   * @default - 3, or 1 where the site has fewer nodes for workloads
   */
  readonly servers?: 1 | 3 | 5;
  /** Size of each server's volume, at least 1 GiB. May grow later where the storage class allows it, never shrink. @default 10 GiB */
  readonly storage?: Size;
  /**
   * Size of each server's volume for its audit log, at least 1 GiB. Ten files take four fifths of it; then the oldest goes. May grow later
   * where the storage class allows it, never shrink.
   * @default 10 GiB
   */
  readonly auditStorage?: Size;
  /** Tier or name of the site's storage class, for both. Can't change once the volumes exist. @default - the tier `hot`, else the site's default, else the cluster's */
  readonly storageClass?: string;
  /** Memory of each server, at least 256 MiB. @default 1 GiB */
  readonly memory?: Size;
  /** Cores of each server, requested; it may use four times as many, and at least one. @default 0.25 */
  readonly cpu?: number;
  /** The least important messages that are logged. A change restarts the servers one by one. @default 'info' */
  readonly logLevel?: VaultLogLevel;
  /** Bucket for snapshots, by which all of Vault can be restored. @default - no snapshots */
  readonly snapshots?: IBucket;
  /** Path of this Vault within the bucket. @default - the system's id */
  readonly snapshotPath?: string;
  /** When snapshots are made, in cron's five fields, UTC. @default '0 0,6,12,18 * * *' */
  readonly snapshotSchedule?: string;
  /** Snapshots kept, 1 to 1000. @default 28 */
  readonly snapshotsKept?: number;
  /** Leads `vault.<site's domain>` to the user interface and the API. @default - reached within the cluster only */
  readonly gateway?: IGateway;
  /** Host on the gateway. @default - the system's id in the site's domain */
  readonly host?: string;
  /** Has people sign in with the company's directory, on the gateway's host. @default - tokens alone */
  readonly identity?: IIdentityProvider;
  /**
   * Who gets the audit log: a container beside each server sends what is in its files. To give or take it restarts the servers one by one; each is
   * sealed then, unless it unseals itself.
   * @default - it stays on the servers' volumes and in their output
   */
  readonly audit?: IAuditSink;
  /** Collects the servers' metrics, and says when they are sealed, without a leader, or not saved. @default - nobody does */
  readonly metrics?: IMetrics;
}
