import { Duration, Size } from 'cdk8s';
import { combine, type Tuning } from './program';

/** Longest time, in seconds, in which no write of a kind is acknowledged. */
export interface Gaps {
  readonly run: number;
  readonly object: number;
}

export interface Step {
  readonly title: string;
  readonly tuning: Tuning;
  /** Made by a later release of the library. @default false */
  readonly later?: boolean;
  readonly gaps: Gaps;
  /** What SQL shows once it is done. */
  readonly settings: Readonly<Record<string, string>>;
}

const LARGER: Tuning = {
  metallb: { logLevel: 'debug' },
  certManager: { replicas: 3, logLevel: 4 },
  gateway: { replicas: 3, maxConnections: 8000, threads: 4, logLevel: 'warning' },
  minio: { driveSize: Size.tebibytes(2), grownFrom: Size.tebibytes(1) },
  bucket: { quota: Size.gibibytes(500) },
  postgres: {
    storage: Size.gibibytes(200),
    memory: Size.gibibytes(5),
    cpu: 2,
    backupsKept: 14,
    settings: { log_min_duration_statement: '1s' },
  },
  mlflow: { garbageCollection: { olderThan: Duration.days(90) } },
};

const LATER: Tuning = {
  minio: { memory: Size.gibibytes(6), cpu: 3 },
  postgres: { connections: 150 },
  mlflow: { memory: Size.gibibytes(2), logLevel: 'warning' },
};

/** Each is applied over the one before, the first over the unchanged platform. */
export const STEPS: readonly Step[] = [
  {
    title: 'larger volumes, more pods, cores and memory',
    tuning: LARGER,
    gaps: { run: 45, object: 15 },
    settings: { shared_buffers: '1280MB', max_connections: '256', log_min_duration_statement: '1s' },
  },
  {
    title: 'a later release, with other tags of all images',
    later: true,
    tuning: combine([LARGER, LATER]),
    gaps: { run: 45, object: 15 },
    settings: { shared_buffers: '1280MB', max_connections: '150', log_min_duration_statement: '1s' },
  },
];
