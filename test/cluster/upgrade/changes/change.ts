import { type Placement, type SystemProps } from '../../../../lib';
import { type SystemName, type Tuning } from '../program';

/** A change of one prop, and what it may restart. */
export interface Change<T = Tuning> {
  /** From what to what. */
  readonly what: string;
  readonly tuning: T;
  /** Workloads whose pods are replaced: `Deployment mlflow/server`. No others are. */
  readonly restarts: readonly string[];
  /** Jobs that run again, without the digest of their names: `minio/bucket-mlflow`. @default - none */
  readonly jobs?: readonly string[];
}

/** A change that is refused on purpose. */
export interface Refusal<T = Tuning> {
  readonly what: string;
  readonly tuning: T;
  /** What is there before, where that isn't the platform as it is installed. */
  readonly from?: T;
  /** `synth`: before anything is written. `cluster`: by the API server, which knows what is installed; a dry run shows it too. */
  readonly refusedBy: 'synth' | 'cluster';
  /** Part of the message. */
  readonly says: string;
}

/**
 * All props of a system: what changing them does, or why they aren't changed over a running platform. A prop that is missing here, or is no
 * longer, fails the type check.
 */
export type Table<Props, T = Tuning> = { readonly [P in keyof Props]-?: readonly (Change<T> | Refusal<T>)[] | string };

export function isRefusal<T>(entry: Change<T> | Refusal<T>): entry is Refusal<T> {
  return 'refusedBy' in entry;
}

/** `mlflow: replicas, 2 -> 3` */
export type Named<E, S extends string = string> = E & { readonly title: string; readonly system: S };

/** What is done with the props of several systems: the changes that a running platform takes, and those that it refuses. */
export function entriesOf<T, S extends string>(
  tables: Readonly<Record<S, Readonly<Record<string, readonly (Change<T> | Refusal<T>)[] | string>>>>,
): { readonly changes: readonly Named<Change<T>, S>[]; readonly refusals: readonly Named<Refusal<T>, S>[] } {
  const systems = Object.keys(tables) as S[];
  const entries = systems.flatMap((system) =>
    Object.entries(tables[system]).flatMap(([prop, all]) =>
      typeof all === 'string'
        ? []
        : all.map((entry) => ({ ...entry, system, title: `${system}: ${prop}, ${entry.what}` })),
    ),
  );
  return {
    changes: entries.filter((entry): entry is Named<Change<T>, S> => !isRefusal(entry)),
    refusals: entries.filter((entry): entry is Named<Refusal<T>, S> => isRefusal(entry)),
  };
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
  return placed((place): Tuning => ({ [system]: place }), runsIn, tolerating);
}

/** The same, for what is tuned by other words. */
export function placed<T>(
  tuning: (place: Placement) => T,
  runsIn: Pick<Change, 'restarts' | 'jobs'>,
  tolerating = runsIn,
): Table<Pick<SystemProps, 'nodeSelector' | 'tolerations'>, T> {
  const nodeSelector = { 'onprem-ml.example/pool': 'storage' };
  const tolerations = [{ key: 'onprem-ml.example/storage', operator: 'Exists' }];
  return {
    nodeSelector: [{ what: 'any node -> those of one pool', tuning: tuning({ nodeSelector }), ...runsIn }],
    tolerations: [{ what: 'none -> a taint of storage nodes', tuning: tuning({ tolerations }), ...tolerating }],
  };
}

/** The API server's words for a field that can't change. */
export const IMMUTABLE_STATEFUL_SET = 'updates to statefulset spec for fields other than';

export const INSTALLATION =
  'part of what the installation is: with another, a second one would be made next to the first';
export const WIRING = 'wiring: which system is given to which';
