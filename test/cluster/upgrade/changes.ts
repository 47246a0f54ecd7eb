import { blueprint } from './changes/blueprint';
import { certManager } from './changes/cert-manager';
import { type Change, isRefusal, type Refusal } from './changes/change';
import { gateway } from './changes/haproxy';
import { metallb } from './changes/metallb';
import { bucket, minio, more } from './changes/minio';
import { mlflow } from './changes/mlflow';
import { platform } from './changes/platform';
import { postgres } from './changes/postgres';

/** All props of all systems, by system. */
export const TABLES = {
  platform,
  blueprint,
  metallb,
  'cert-manager': certManager,
  gateway,
  minio,
  bucket,
  postgres,
  mlflow,
  more,
} as const;

/** `mlflow: replicas, 2 -> 3` */
export type Named<T> = T & { readonly title: string; readonly system: string };

const ENTRIES: readonly Named<Change | Refusal>[] = Object.entries(TABLES).flatMap(([system, table]) =>
  Object.entries<readonly (Change | Refusal)[] | string>(table).flatMap(([prop, entries]) =>
    typeof entries === 'string'
      ? []
      : entries.map((entry) => ({ ...entry, system, title: `${system}: ${prop}, ${entry.what}` })),
  ),
);

/** The changes of one prop each that a running platform takes. */
export const CHANGES = ENTRIES.filter((entry): entry is Named<Change> => !isRefusal(entry));

/** Those that it refuses. */
export const REFUSALS = ENTRIES.filter((entry): entry is Named<Refusal> => isRefusal(entry));
