import { Duration, Size } from 'cdk8s';
import { CronJob, Job, type Stage, type WorkloadProps } from '../../core';
import { type Archive, archiveAccess, copyClient } from './bucket-access';
import { clientContainer, type ServerAccess } from './server-client';

/** How long one transfer of a base backup, or its reading back, may take. */
export const TRANSFER_TIMEOUT = Duration.hours(12);

export interface BackupsProps {
  readonly archive: Archive;
  readonly server: ServerAccess;
  readonly schedule: string;
  readonly kept: number;
}

/**
 * Base backups: one by a Job as soon as the server is up, since WAL is worth nothing without, then by schedule. The Job does nothing where
 * the archive has a backup already, so that an upgrade isn't held up.
 */
export function addBackups(stage: Stage, { archive, server, schedule, kept }: BackupsProps): void {
  const pod = (env: Record<string, string>): WorkloadProps => {
    const access = archiveAccess(stage, { archive });
    return {
      terminationGracePeriod: Duration.seconds(10),
      initContainers: [copyClient()],
      containers: [
        clientContainer(server, {
          name: 'backup',
          script: 'backup.sh',
          cpu: 0.25,
          memory: Size.mebibytes(512),
          scratch: Size.gibibytes(1),
          env: { ...access.env, KEEP: String(kept), BACKUP_TIMEOUT: String(TRANSFER_TIMEOUT.toSeconds()), ...env },
          mounts: access.mounts,
        }),
      ],
    };
  };
  const first = new Job(stage, 'first-backup', pod({ UNLESS_PRESENT: 'yes' }));
  const regular = new CronJob(stage, 'backup', { ...pod({}), schedule });
  for (const job of [first, regular]) job.connectTo(server.endpoint, archive.bucket.endpoint);
}
