import { type SystemProps } from '../../../../lib';
import { type SystemName, type Tuning } from '../program';

/** A change of one prop, and what it may restart. */
export interface Change {
  /** From what to what. */
  readonly what: string;
  readonly tuning: Tuning;
  /** Workloads whose pods are replaced: `Deployment mlflow/server`. No others are. */
  readonly restarts: readonly string[];
  /** Jobs that run again, without the digest of their names: `minio/bucket-mlflow`. @default - none */
  readonly jobs?: readonly string[];
}

/** A change that is refused on purpose. */
export interface Refusal {
  readonly what: string;
  readonly tuning: Tuning;
  /** `synth`: before anything is written. `cluster`: by the API server, which knows what is installed; a dry run shows it too. */
  readonly refusedBy: 'synth' | 'cluster';
  /** Part of the message. */
  readonly says: string;
}

/**
 * All props of a system: what changing them does, or why they aren't changed over a running platform. A prop that is missing here, or is no
 * longer, fails the type check.
 */
export type Table<Props> = { readonly [P in keyof Props]-?: readonly (Change | Refusal)[] | string };

export function isRefusal(entry: Change | Refusal): entry is Refusal {
  return 'refusedBy' in entry;
}

/** Workloads of the platform, as `restarts` names them. */
export const METALLB = ['Deployment metallb/controller', 'DaemonSet metallb/speaker'] as const;
export const CERT_MANAGER = [
  'Deployment cert-manager/cert-manager',
  'Deployment cert-manager/cert-manager-cainjector',
  'Deployment cert-manager/cert-manager-webhook',
] as const;
export const GATEWAY = 'Deployment gateway/haproxy';
export const MINIO = 'StatefulSet minio/pool-0';
export const POSTGRES = 'StatefulSet postgres/postgres';
export const MLFLOW = 'Deployment mlflow/server';

export const MINT = 'platform-credentials/mint';
export const BUCKETS = ['minio/bucket-mlflow', 'minio/bucket-postgres-backups'] as const;
export const DATABASE = 'postgres/database-mlflow';
export const FIRST_BACKUP = 'postgres/first-backup';

/** Where a system's pods go, those of its Jobs too. */
export function placement(
  system: SystemName,
  runsIn: Pick<Change, 'restarts' | 'jobs'>,
  tolerating = runsIn,
): Table<Pick<SystemProps, 'nodeSelector' | 'tolerations'>> {
  const nodeSelector = { 'onprem-ml.example/pool': 'storage' };
  const tolerations = [{ key: 'onprem-ml.example/storage', operator: 'Exists' }];
  return {
    nodeSelector: [{ what: 'any node -> those of one pool', tuning: { [system]: { nodeSelector } }, ...runsIn }],
    tolerations: [{ what: 'none -> a taint of storage nodes', tuning: { [system]: { tolerations } }, ...tolerating }],
  };
}

/** The API server's words for a field that can't change. */
export const IMMUTABLE_STATEFUL_SET = 'updates to statefulset spec for fields other than';

export const INSTALLATION =
  'part of what the installation is: with another, a second one would be made next to the first';
export const WIRING = 'wiring: which system is given to which';
