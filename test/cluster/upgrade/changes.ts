import { blueprint } from './changes/blueprint';
import { certManager } from './changes/cert-manager';
import { entriesOf } from './changes/change';
import { gateway } from './changes/haproxy';
import { metallb } from './changes/metallb';
import { bucket, minio, more } from './changes/minio';
import { mlflow } from './changes/mlflow';
import { platform } from './changes/platform';
import { postgres } from './changes/postgres';
import { type Tuning } from './program';

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

const { changes, refusals } = entriesOf<Tuning, keyof typeof TABLES>(TABLES);

/** The changes of one prop each that a running platform takes. */
export const CHANGES = changes;

/** Those that it refuses. */
export const REFUSALS = refusals;
