import { type Tuning } from './program';

/** Path of the lost instance's backups in the bucket. */
export const LOST = 'offsite';

/** The platform with PostgreSQL filled from the backups of a lost one, which were brought into its bucket. */
export const RESTORED: Tuning = {
  wired: { postgres: ({ backups }) => ({ backupPath: 'postgres-2', restore: { from: backups!, path: LOST } }) },
};
