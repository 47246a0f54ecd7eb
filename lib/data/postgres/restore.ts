import { fail, type IBucket, show } from '../../core';
import { type Archive } from './bucket-access';

/** Where a new instance takes its data from. */
export interface PostgresRestore {
  /** The bucket that an instance wrote its backups to. */
  readonly from: IBucket;
  /** That instance's `backupPath`. @default - the id of this system */
  readonly path?: string;
  /** A certain base backup, by the time it was begun: `20260131T030000Z`. @default - the last that was complete at `targetTime` */
  readonly backup?: string;
  /** The moment to go back to, in UTC: `2026-01-31T12:00:00Z`. @default - the end of the archive */
  readonly targetTime?: string;
}

const BACKUP = /^\d{8}T\d{6}Z$/;
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;
const PATH = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(\/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$/;

/** @throws when it can't be a path within a bucket */
export function checkArchivePath(path: string, what: string, value: string): void {
  if (typeof value !== 'string' || !PATH.test(value) || value.length > 200) {
    fail(
      path,
      `${what} must be lower-case words with "/" between them, got ${show(value)}; write it as "postgres" or "lab/postgres"`,
    );
  }
}

/** Checks a restore against where this instance's own backups go. */
export function checkRestore(
  path: string,
  restore: PostgresRestore,
  source: Archive,
  backups: Archive | undefined,
): void {
  const { backup, targetTime } = restore;
  if (backup !== undefined && !BACKUP.test(backup)) {
    fail(path, `restore.backup must be a backup's name, got ${show(backup)}; write it as "20260131T030000Z"`);
  }
  if (targetTime !== undefined && !isTime(targetTime)) {
    fail(
      path,
      `restore.targetTime must be a time in UTC to the second, got ${show(targetTime)}; write it as "2026-01-31T12:00:00Z"`,
    );
  }
  if (backup !== undefined && targetTime !== undefined && backup >= targetTime.replace(/[-:]/g, '')) {
    fail(
      path,
      `restore.targetTime must be after the backup ${show(backup)} ended, got ${show(targetTime)}; name an earlier backup or none`,
    );
  }
  if (
    backups &&
    source.bucket.name === backups.bucket.name &&
    source.bucket.url === backups.bucket.url &&
    source.path === backups.path
  ) {
    fail(
      path,
      `restore and backups are both at ${show(`${source.bucket.name}/${source.path}`)}, where the new instance would continue the old one's archive; ` +
        `give it a backupPath of its own, such as ${show(`${source.path}-2`)}`,
    );
  }
}

/** Written as it must be, and a day that there is. */
function isTime(value: string): boolean {
  if (!TIME.test(value)) return false;
  const milliseconds = Date.parse(value);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === value.replace('Z', '.000Z');
}
