import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster } from '../../cluster';
import { KEPT } from '../../paths';
import { Kept } from '../support/kept';
import { BUCKETS, type LivePlatform } from '../support/platform';

/** The copy that an operator keeps in another place. */
const OFFSITE = join(KEPT, 'offsite');
/** Experiments of client/writer.py. */
const EXPERIMENTS = 'writer-';
const LONGEST = 600;

/** Runs by their ids: parameters, metrics, digest of the artifact. */
export type Runs = Readonly<Record<string, readonly [Record<string, string>, Record<string, number>, string]>>;

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface OffsiteRecord {
  readonly runs: Runs;
  /** MLflow's administrator, as of the platform that the copy is from. */
  readonly administrator: Login;
  /** MLflow's user of the database, likewise. */
  readonly database: Login;
}

/** What belongs to the copy. */
export const offsiteRecord = new Kept<OffsiteRecord>('offsite', '15-backup');

/** What MLflow has of the writer's experiments. */
export async function runsOf(platform: LivePlatform): Promise<Runs> {
  const client = await platform.client();
  return client.run<Runs>('offsite.py', {
    args: ['runs', EXPERIMENTS],
    env: await platform.mlflowEnv(),
    timeout: LONGEST,
  });
}

/** Makes a base backup, and copies all buckets out through the gateway. @returns the runs that were there before */
export async function saveOffsite(platform: LivePlatform): Promise<Runs> {
  const { cluster } = platform;
  const runs = await runsOf(platform);
  await cluster.kubectl('delete', 'job', '-n', 'postgres', 'backup-now', '--ignore-not-found');
  await cluster.kubectl('create', 'job', '-n', 'postgres', '--from=cronjob/backup', 'backup-now');
  await cluster.kubectl('wait', '-n', 'postgres', 'job/backup-now', '--for=condition=Complete', '--timeout=180s');
  rmSync(OFFSITE, { recursive: true, force: true });
  mkdirSync(OFFSITE, { recursive: true });
  const client = await platform.client();
  for (const bucket of BUCKETS) {
    const env = await platform.s3Env(bucket);
    await client.run('offsite.py', { args: ['save', bucket], env, shared: OFFSITE, timeout: LONGEST });
  }
  offsiteRecord.keep({
    runs,
    administrator: await login(cluster, 'mlflow', 'mlflow-admin'),
    database: await login(cluster, 'mlflow', 'postgres-mlflow'),
  });
  return runs;
}

/** User and password of a Secret. */
export async function login(cluster: Cluster, namespace: string, secret: string): Promise<Login> {
  return {
    username: await cluster.secret(namespace, secret, 'username'),
    password: await cluster.secret(namespace, secret, 'password'),
  };
}

/** Puts the copy into the buckets of the platform; the backups at another path than their own, where this platform's are. */
export async function loadOffsite(platform: LivePlatform, path: string, newPath: string): Promise<void> {
  const client = await platform.client();
  for (const bucket of BUCKETS) {
    const args = ['load', bucket, ...(bucket === 'postgres-backups' ? [`${path}/`, `${newPath}/`] : [])];
    const env = await platform.s3Env(bucket);
    await client.run('offsite.py', { args, env, shared: OFFSITE, timeout: LONGEST });
  }
}
