import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkCpu,
  checkDuration,
  checkInteger,
  checkSchedule,
  checkSize,
  ConfigFiles,
  fail,
  type IBucket,
  type ICertificateIssuer,
  type IEndpoint,
  type IMetrics,
  type IPostgres,
  type IPostgresDatabase,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { type StorageClass } from '../../site';
import { addBackups } from './backup';
import { type Archive } from './bucket-access';
import { baseSettings, hostBasedAuthentication } from './configuration';
import { checkDatabaseName, Database } from './database';
import { images } from './images';
import { checkArchivePath, checkRestore, type PostgresRestore } from './restore';
import { SCRIPTS } from './scripts';
import { addServer } from './server';
import { type ServerAccess } from './server-client';
import { ownSettings, type PostgresSettings } from './settings';
import { mebibytes, renderConfiguration, tune } from './tuning';
import { addUserAdministrator, userRoles } from './users';

/** Props of `Postgres`. */
export interface PostgresProps extends SystemProps {
  /**
   * Size of the volume for data and WAL, at least 2 GiB. May grow later where the storage class allows it, never shrink.
   * @default 20 GiB
   */
  readonly storage?: Size;
  /** Tier or name of the site's storage class. Can't change once the volume exists. @default - the tier `hot`, else the site's default, else the cluster's */
  readonly storageClass?: string;
  /** Memory of the server, at least 512 MiB; its buffers, sort memory and number of clients follow from it. @default 1 GiB */
  readonly memory?: Size;
  /** Cores requested; it may use four times as many, and at least one, when the node has them. @default 0.5 */
  readonly cpu?: number;
  /** Clients at a time, from 10 to one for each 5 MiB of memory. @default - one for each 20 MiB of memory, from 25 to 400 */
  readonly connections?: number;
  /**
   * Further settings, over those that follow from memory, cores and storage: `{ log_min_duration_statement: '1s', log_min_messages: 'info',
   * work_mem: '64MB' }`. Texts with PostgreSQL's units, numbers, booleans. An unknown name keeps the server from starting. Those that other
   * props or the system itself decide are an error, which says what to do instead: where files are, `max_connections`, `archive_*`, `ssl*`
   * and the like. A change restarts the server, as each change of its configuration does.
   * @default - none
   * @see https://www.postgresql.org/docs/17/runtime-config.html
   */
  readonly settings?: PostgresSettings;
  /** Bucket for the WAL archive and base backups, by which any moment can be restored. @default - no backups */
  readonly backups?: IBucket;
  /** Path of this instance within the bucket; no two instances may ever share one. @default - the system's id */
  readonly backupPath?: string;
  /** When base backups are made, in cron's five fields, UTC. @default '0 2 * * *' */
  readonly backupSchedule?: string;
  /** Base backups kept, 1 to 365; WAL older than the oldest goes with those that are removed. @default 7 */
  readonly backupsKept?: number;
  /** Longest that a committed transaction may be missing from the archive, from 10 seconds to a day. @default 5 minutes */
  readonly archiveTimeout?: Duration;
  /** Takes the data of a new instance from another's backups. Does nothing once this instance has data. @default - an empty server */
  readonly restore?: PostgresRestore;
  /** Issues the server's certificate: clients must use TLS then, and can verify the server. @default - no TLS */
  readonly certificates?: ICertificateIssuer;
  /** Collects the server's metrics, by an exporter in its pod. @default - none */
  readonly metrics?: IMetrics;
}

/**
 * One PostgreSQL server of the official image: a StatefulSet of one pod with a volume, tuned from its memory, cores and storage.
 *
 * Puts into the cluster: the server, a Job for each database that makes it and its role, and with `backups` a WAL archive and base
 * backups in a bucket. Needs nothing; takes a bucket, a certificate issuer, metrics. Offers databases (`IPostgres`).
 */
export class Postgres extends System implements IPostgres {
  readonly endpoint: IEndpoint;
  readonly readyAfter: readonly Stage[];
  private readonly install: Stage;
  private readonly props: PostgresProps;
  private readonly server: ServerAccess;
  private readonly databases = new Map<string, Database>();
  private configure?: Stage;

  constructor(scope: Construct, id: string, props: PostgresProps = {}) {
    super(scope, id, { name: 'postgresql', version: images.postgres.tag }, props);
    const path = this.node.path;
    const memory = props.memory ?? Size.gibibytes(1);
    const storage = props.storage ?? Size.gibibytes(20);
    const cpu = props.cpu ?? 0.5;
    const cpuLimit = Math.max(1, cpu * 4);
    check(path, props, memory, storage, cpu);
    const archive = props.backups && { bucket: props.backups, path: props.backupPath ?? id };
    const restore = props.restore && { source: sourceOf(path, id, props.restore, archive), props: props.restore };
    const storageClass = this.storageClass(props.storageClass);
    this.props = props;

    const credentials = this.platform.credentials;
    const superuser = credentials.generate(this, `${id}-superuser`, {
      username: { value: 'postgres' },
      password: { length: 32 },
    });
    const exporter =
      props.metrics &&
      credentials.generate(this, `${id}-metrics`, { username: { value: 'metrics' }, password: { length: 32 } });

    const identity = props.certificates && this.addStage('certificate', [props.certificates]);
    const install = this.addStage('install', [
      superuser,
      exporter,
      props.backups,
      props.restore?.from,
      identity,
      props.metrics,
    ]);
    this.install = install;
    this.readyAfter = install.readyAfter;
    const tls = props.certificates !== undefined;
    const config = new ConfigFiles(install, 'config', {
      'postgresql.conf': renderConfiguration({
        ...baseSettings({ tls, archiveTimeout: archive && (props.archiveTimeout ?? Duration.minutes(5)) }),
        ...tune({ memory, cpu: cpuLimit, storage, connections: props.connections, fastStorage: isFast(storageClass) }),
        ...ownSettings(path, props.settings),
      }),
      'pg_hba.conf': hostBasedAuthentication(tls),
    });
    const scripts = new ConfigFiles(install, 'scripts', SCRIPTS);
    const { endpoint, metrics } = addServer(install, id, {
      memory,
      cpu,
      cpuLimit,
      storage,
      storageClassName: storageClass?.name,
      config,
      scripts,
      superuser: superuser.in(this.namespace),
      archive,
      restore,
      certificate:
        identity &&
        props.certificates?.issue(identity, `${id}-certificate`, {
          dnsNames: hostNames(id, this.namespace, this.platform.distribution.clusterDomain),
        }),
      metricsCredentials: exporter?.in(this.namespace),
    });
    this.endpoint = endpoint;
    this.server = {
      endpoint,
      superuser: superuser.in(this.namespace),
      scripts,
      tls,
      authority: props.certificates?.authority(install),
    };
    if (metrics) props.metrics?.scrape(install, id, { endpoint: metrics });
    this.addEndpoint('PostgreSQL', `${endpoint.host}:${endpoint.port}`);
    if (archive) {
      const schedule = props.backupSchedule ?? '0 2 * * *';
      addBackups(this.addStage('backup', [install]), {
        archive,
        server: this.server,
        schedule,
        kept: props.backupsKept ?? 7,
      });
    }
  }

  addDatabase(name: string): IPostgresDatabase {
    const path = this.node.path;
    checkDatabaseName(path, name);
    if (this.databases.has(name)) {
      fail(path, `database "${name}" was added before; use what addDatabase returned then, or choose another name`);
    }
    const credentials = this.platform.credentials.generate(this, `${this.node.id}-${name.replaceAll('_', '-')}`, {
      username: { value: name },
      password: { length: 32 },
    });
    this.configure ??= this.addStage('configure', [this.install, credentials]);
    const { restore, certificates } = this.props;
    const origin =
      restore &&
      [restore.from.name, restore.path ?? this.node.id, restore.backup, restore.targetTime].filter(Boolean).join(' ');
    const database: Database = new Database({
      name,
      stage: this.configure,
      server: this.server,
      credentials,
      certificates,
      origin,
      addUserAdministrator: () => this.addUserAdministrator(database, origin),
    });
    this.databases.set(name, database);
    return database;
  }

  private addUserAdministrator({ name, credentials: owner, readyAfter }: Database, origin?: string) {
    const id = `users-${name.replaceAll('_', '-')}`;
    const credentials = this.platform.credentials.generate(this, `${this.node.id}-${id}`, {
      username: { value: userRoles(name).administrator },
      password: { length: 32 },
    });
    const stage = this.addStage(id, [{ readyAfter }, credentials]);
    return addUserAdministrator(stage, id, { name, owner, credentials, server: this.server, origin });
  }

  private storageClass(nameOrTier: string | undefined): StorageClass | undefined {
    const { site } = this.platform;
    if (nameOrTier !== undefined) return site.storageClass(nameOrTier);
    return site.hasTier('hot') ? site.storageClass('hot') : site.defaultStorageClass;
  }
}

/** @throws when a prop is out of its bounds, or is of no use without another */
function check(path: string, props: PostgresProps, memory: Size, storage: Size, cpu: number): void {
  checkSize(path, 'memory', memory);
  checkSize(path, 'storage', storage);
  checkDuration(path, 'archiveTimeout', props.archiveTimeout);
  const memorySize = mebibytes(memory);
  if (memorySize < 512) fail(path, `memory must be at least 512 MiB, got ${memorySize} MiB; give more`);
  if (mebibytes(storage) < 2048) fail(path, `storage must be at least 2 GiB, got ${mebibytes(storage)} MiB; give more`);
  checkCpu(path, 'cpu', cpu);
  if (props.connections !== undefined) {
    const most = Math.floor(memorySize / 5);
    checkInteger(path, 'connections', props.connections, 10, most, `${most} is what ${memorySize} MiB of memory carry`);
  }
  if (!props.backups) {
    const useless = (['backupPath', 'backupSchedule', 'backupsKept', 'archiveTimeout'] as const).find(
      (prop) => props[prop] !== undefined,
    );
    if (useless)
      fail(path, `${useless} is of no use without backups; pass backups: objects.addBucket("postgres-backups")`);
    return;
  }
  if (props.backupPath !== undefined) checkArchivePath(path, 'backupPath', props.backupPath);
  if (props.backupSchedule !== undefined) checkSchedule(path, props.backupSchedule);
  if (props.backupsKept !== undefined)
    checkInteger(path, 'backupsKept', props.backupsKept, 1, 365, 'keep at least the last');
  const timeout = props.archiveTimeout?.toSeconds();
  if (timeout !== undefined && (timeout < 10 || timeout > 86400)) {
    fail(path, `archiveTimeout must be from 10 seconds to a day, got ${timeout} seconds; write Duration.minutes(5)`);
  }
}

function sourceOf(path: string, id: string, restore: PostgresRestore, backups: Archive | undefined): Archive {
  const source = { bucket: restore.from, path: restore.path ?? id };
  checkArchivePath(path, 'restore.path', source.path);
  checkRestore(path, restore, source, backups);
  return source;
}

/** The names by which the Service is reached. */
function hostNames(service: string, namespace: string, clusterDomain: string): string[] {
  return ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.${clusterDomain}`].map(
    (domain) => `${service}${domain}`,
  );
}

function isFast(storageClass: StorageClass | undefined): boolean {
  if (!storageClass) return false;
  return storageClass.media ? storageClass.media !== 'hdd' : storageClass.tier === 'hot';
}
