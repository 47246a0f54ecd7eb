import { Duration, Size } from 'cdk8s';
import { type BucketProps, External, type MinIOProps } from '../../../../lib';
import { prometheus } from '../program';
import {
  BUCKETS,
  FIRST_BACKUP,
  IMMUTABLE_STATEFUL_SET,
  INSTALLATION,
  MINIO,
  MINT,
  MLFLOW,
  placement,
  POSTGRES,
  type Table,
  WIRING,
} from './change';

export const minio: Table<MinIOProps> = {
  namespace: INSTALLATION,
  crds: 'it has none',
  servers: [
    {
      what: '4 -> 8',
      tuning: { minio: { servers: 8 } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
    {
      what: '4 -> 2, which stop when one is down',
      tuning: { minio: { servers: 2 } },
      refusedBy: 'synth',
      says: 'stop writing when one server is down',
    },
  ],
  drivesPerServer: [
    {
      what: '1 -> 2',
      tuning: { minio: { drivesPerServer: 2 } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
  ],
  driveSize: [
    {
      what: '1 -> 2 TiB without saying that they have grown',
      tuning: { minio: { driveSize: Size.tebibytes(2) } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
  ],
  encrypted: [{ what: 'off -> on', tuning: { minio: { encrypted: true } }, restarts: [MINIO], jobs: [MINT] }],
  grownFrom: [
    {
      what: 'drives grow from 1 to 2 TiB',
      tuning: { minio: { driveSize: Size.tebibytes(2), grownFrom: Size.tebibytes(1) } },
      restarts: [],
    },
    {
      what: 'drives shrink from 1 TiB to 500 GiB',
      tuning: { minio: { driveSize: Size.gibibytes(500), grownFrom: Size.tebibytes(1) } },
      refusedBy: 'synth',
      says: "driveSize must be larger than grownFrom, got 500Gi and 1Ti; drives can't shrink",
    },
  ],
  expansions: [
    {
      what: 'none -> a second pool',
      tuning: { minio: { expansions: [{ servers: 4, driveSize: Size.tebibytes(2) }] } },
      restarts: [MINIO],
    },
  ],
  parity: [{ what: 'half of the drives -> one', tuning: { minio: { parity: 1 } }, restarts: [MINIO] }],
  storageClass: [
    {
      what: 'to another',
      tuning: { minio: { storageClass: 'nvme-local' } },
      refusedBy: 'cluster',
      says: IMMUTABLE_STATEFUL_SET,
    },
  ],
  memory: [{ what: '4 -> 6 GiB', tuning: { minio: { memory: Size.gibibytes(6) } }, restarts: [MINIO] }],
  cpu: [{ what: '2 -> 3 cores', tuning: { minio: { cpu: 3 } }, restarts: [MINIO] }],
  ...placement('minio', { restarts: [MINIO], jobs: BUCKETS }),
  certificates: [
    {
      what: 'TLS within the cluster',
      tuning: { wired: { minio: ({ certificates }) => ({ certificates }) } },
      restarts: [MINIO, POSTGRES, MLFLOW],
      jobs: [...BUCKETS, FIRST_BACKUP],
    },
  ],
  gateway: [
    {
      what: 'reached within the cluster only',
      tuning: { wired: { minio: () => ({ gateway: undefined }) } },
      restarts: [MINIO],
    },
  ],
  host: [{ what: 'minio -> s3', tuning: { minio: { host: 's3.dgx-lab.example' } }, restarts: [MINIO] }],
  consoleHost: [
    {
      what: 'minio-console -> objects',
      tuning: { minio: { consoleHost: 'objects.dgx-lab.example' } },
      restarts: [MINIO],
    },
  ],
  virtualHosts: [{ what: 'on -> off', tuning: { minio: { virtualHosts: false } }, restarts: [MINIO] }],
  identity: WIRING,
  audit: [
    {
      what: 'sent to a collector elsewhere',
      tuning: {
        wired: {
          minio: ({ platform }) => ({
            audit: External.auditSink(platform, {
              webhook: { host: 'audit.corp.example', port: 443, credentials: { name: 'audit-token' } },
            }),
          }),
        },
      },
      restarts: [MINIO],
    },
  ],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { minio: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
      jobs: ['minio/metrics-token', MINT],
    },
  ],
};

const BUCKET = { restarts: [], jobs: [BUCKETS[0]] } as const;

export const bucket: Table<BucketProps> = {
  versioning: [{ what: 'off -> on', tuning: { bucket: { versioning: true } }, ...BUCKET }],
  expireAfter: [{ what: 'never -> 90 days', tuning: { bucket: { expireAfter: Duration.days(90) } }, ...BUCKET }],
  expireNoncurrentAfter: [
    {
      what: 'never -> 30 days',
      tuning: { bucket: { versioning: true, expireNoncurrentAfter: Duration.days(30) } },
      ...BUCKET,
    },
  ],
  quota: [
    { what: 'none -> 500 GiB', tuning: { bucket: { quota: Size.gibibytes(500) } }, ...BUCKET },
    {
      what: 'none -> more than the drives hold',
      tuning: { bucket: { quota: Size.tebibytes(3) } },
      refusedBy: 'synth',
      says: 'quota must be at most what all drives hold, 2Ti, got 3Ti',
    },
  ],
};

/** What a platform gets more of. */
export const more = {
  bucket: [
    {
      what: 'one more',
      tuning: { more: ({ objects }) => void objects.addBucket('features') },
      restarts: [],
      jobs: ['minio/bucket-features', MINT],
    },
    {
      what: 'a reader of one',
      tuning: { more: ({ objects }) => void objects.addBucket('features').addReader('dashboards') },
      restarts: [],
      jobs: ['minio/bucket-features', 'minio/reader-features-dashboards-ac8b', MINT],
    },
  ],
  database: [
    {
      what: 'one more',
      tuning: { more: ({ postgres }) => void postgres.addDatabase('features') },
      restarts: [],
      jobs: ['postgres/database-features', MINT],
    },
  ],
  route: [
    {
      what: 'one more host',
      tuning: {
        more: ({ gateway, mlflow, platform }) =>
          void gateway.addRoute(platform, { host: platform.site.host('tracking'), to: mlflow.endpoint }),
      },
      restarts: [],
    },
  ],
} satisfies Table<{ bucket: never; database: never; route: never }>;
