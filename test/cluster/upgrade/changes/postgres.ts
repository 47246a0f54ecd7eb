import { Duration, Size } from 'cdk8s';
import { type PostgresProps } from '../../../../lib';
import { prometheus } from '../program';
import { DATABASE, FIRST_BACKUP, INSTALLATION, MINT, MLFLOW, placement, POSTGRES, type Table } from './change';

export const postgres: Table<PostgresProps> = {
  namespace: INSTALLATION,
  crds: 'it has none',
  ...placement('postgres', { restarts: [POSTGRES], jobs: [DATABASE, FIRST_BACKUP] }),
  storage: [
    {
      what: '100 -> 200 GiB, and room for WAL with it',
      tuning: { postgres: { storage: Size.gibibytes(200) } },
      restarts: [POSTGRES],
    },
    {
      what: '100 -> 50 GiB',
      tuning: { postgres: { storage: Size.gibibytes(50) } },
      refusedBy: 'cluster',
      says: 'field can not be less than status.capacity',
    },
  ],
  storageClass: [
    {
      what: 'to another',
      tuning: { postgres: { storageClass: 'nvme-local' } },
      refusedBy: 'cluster',
      says: 'spec is immutable after creation except resources.requests',
    },
  ],
  memory: [{ what: '4 -> 5 GiB', tuning: { postgres: { memory: Size.gibibytes(5) } }, restarts: [POSTGRES] }],
  cpu: [{ what: '1 -> 2 cores', tuning: { postgres: { cpu: 2 } }, restarts: [POSTGRES] }],
  connections: [{ what: '204 -> 150', tuning: { postgres: { connections: 150 } }, restarts: [POSTGRES] }],
  settings: [
    {
      what: 'slow statements are logged',
      tuning: { postgres: { settings: { log_min_duration_statement: '1s' } } },
      restarts: [POSTGRES],
    },
    {
      what: 'one that another prop decides',
      tuning: { postgres: { settings: { max_connections: 500 } } },
      refusedBy: 'synth',
      says: "settings: max_connections can't be set here; pass connections",
    },
  ],
  backups: [
    {
      what: 'on -> off',
      tuning: { postgres: { backupsKept: undefined }, wired: { postgres: () => ({ backups: undefined }) } },
      restarts: [POSTGRES],
      jobs: [MINT],
    },
  ],
  backupPath: [
    {
      what: 'postgres -> postgres-2',
      tuning: { postgres: { backupPath: 'postgres-2' } },
      restarts: [POSTGRES],
      jobs: [FIRST_BACKUP],
    },
  ],
  backupSchedule: [{ what: 'at 2 -> at 4', tuning: { postgres: { backupSchedule: '0 4 * * *' } }, restarts: [] }],
  backupsKept: [{ what: '7 -> 14', tuning: { postgres: { backupsKept: 14 } }, restarts: [], jobs: [FIRST_BACKUP] }],
  archiveTimeout: [
    {
      what: '5 -> 1 minutes',
      tuning: { postgres: { archiveTimeout: Duration.minutes(1) } },
      restarts: [POSTGRES],
    },
  ],
  restore: [
    {
      what: "from another's backups, which does nothing where there are data",
      tuning: {
        postgres: { backupPath: 'postgres-2' },
        wired: {
          postgres: ({ objects }) => ({ restore: { from: objects!.addBucket('old-backups'), path: 'postgres' } }),
        },
      },
      restarts: [POSTGRES],
      jobs: [DATABASE, FIRST_BACKUP, MINT, 'minio/bucket-old-backups'],
    },
  ],
  certificates: [
    {
      what: 'TLS for all clients',
      tuning: { wired: { postgres: ({ certificates }) => ({ certificates }) } },
      restarts: [POSTGRES, MLFLOW],
      jobs: [DATABASE, FIRST_BACKUP],
    },
  ],
  metrics: [
    {
      what: 'none -> collected, by an exporter in the pod',
      tuning: { wired: { postgres: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [POSTGRES],
      jobs: [MINT],
    },
  ],
};
