import { ApiObject, Size } from 'cdk8s';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExperimentTracking, type ExperimentTrackingProps } from '../../../blueprints';
import {
  App,
  type BucketProps,
  CertManager,
  type CertManagerProps,
  External,
  HAProxy,
  type HAProxyProps,
  MetalLB,
  type MetalLBProps,
  MinIO,
  type MinIOBucket,
  type MinIOProps,
  MLflow,
  type MLflowProps,
  Platform,
  type PlatformProps,
  Postgres,
  type PostgresProps,
  Site,
} from '../../../lib';
import { type KubeObject } from '../../../lib/core/link/types';
import { linked } from '../../../lib/core/output/linked';
import { type OutputFile } from '../../../lib/core/output/folder';
import { platformFiles } from '../../../lib/core/output/platform-files';
import { REPOSITORY } from '../paths';
import { matters } from './compare';

const NAME = 'experiment-tracking';
const SITE = readFileSync(join(REPOSITORY, 'blueprints/sites/dgx-lab.yaml'), 'utf8');

/** Changes against what `blueprints/experiment-tracking.ts` makes of dgx-lab.yaml in the size `team`: the systems' props, laid over its. */
export interface Tuning {
  /** Edits the site's file. */
  readonly site?: (text: string) => string;
  readonly platform?: Partial<Omit<PlatformProps, 'site'>>;
  readonly metallb?: Partial<MetalLBProps>;
  readonly certManager?: Partial<CertManagerProps>;
  readonly gateway?: Partial<HAProxyProps>;
  readonly minio?: Partial<MinIOProps>;
  readonly postgres?: Partial<PostgresProps>;
  readonly mlflow?: Partial<MLflowProps>;
  /** Of the bucket `mlflow`. */
  readonly bucket?: BucketProps;
  /** Props that take what only the platform itself has: laid over the others. */
  readonly wired?: Partial<{ [S in SystemName]: (made: Made) => Partial<SystemTunings[S]> }>;
  /** Props of the blueprint itself, which makes the platform then. */
  readonly blueprint?: Partial<ExperimentTrackingProps>;
  /** What is added once all systems are there. */
  readonly more?: (made: Systems) => void;
}

export type SystemName = 'metallb' | 'certManager' | 'gateway' | 'minio' | 'postgres' | 'mlflow';
type SystemTunings = Required<Pick<Tuning, SystemName>>;

export interface Systems {
  readonly platform: Platform;
  readonly certificates: CertManager;
  readonly gateway: HAProxy;
  readonly objects: MinIO;
  /** The bucket of the database's backups. */
  readonly backups: MinIOBucket;
  readonly postgres: Postgres;
  readonly mlflow: MLflow;
}

/** Those that are there when a system is made. */
export type Made = Pick<Systems, 'platform'> & Partial<Systems>;

/** The platform of the blueprint, by the systems' own classes so that each of their props can be changed. */
export function compose(tuning: Tuning = {}): Platform {
  const app = new App({ outdir: '/nonexistent' });
  const props = platformProps(tuning);
  if (tuning.blueprint) return new ExperimentTracking(app, NAME, { ...props, ...tuning.blueprint });
  const platform = new Platform(app, NAME, props);
  const made = addTracking(platform, tuning);
  tuning.more?.(made);
  return platform;
}

/** The site's and the platform's own. */
export function platformProps({ site, platform }: Pick<Tuning, 'site' | 'platform'>): PlatformProps {
  return { site: Site.fromYaml(site?.(SITE) ?? SITE), ...platform };
}

/** Makes the systems of experiment tracking. */
export function addTracking(platform: Platform, tuning: Tuning = {}): Systems {
  const { wired = {} } = tuning;
  const first = { platform };
  const addresses = new MetalLB(platform, 'metallb', { ...tuning.metallb, ...wired.metallb?.(first) });
  const certificates = new CertManager(platform, 'cert-manager', {
    ...tuning.certManager,
    ...wired.certManager?.(first),
  });
  const gateway = new HAProxy(platform, 'gateway', {
    replicas: 2,
    addresses,
    certificates,
    ...tuning.gateway,
    ...wired.gateway?.({ platform, certificates }),
  });
  const objects = new MinIO(platform, 'minio', {
    servers: 4,
    drivesPerServer: 1,
    driveSize: Size.tebibytes(1),
    gateway,
    ...tuning.minio,
    ...wired.minio?.({ platform, certificates, gateway }),
  });
  const backups = objects.addBucket('postgres-backups');
  const postgres = new Postgres(platform, 'postgres', {
    storage: Size.gibibytes(100),
    memory: Size.gibibytes(4),
    cpu: 1,
    backupsKept: 7,
    backups,
    ...tuning.postgres,
    ...wired.postgres?.({ platform, certificates, gateway, objects, backups }),
  });
  const mlflow = new MLflow(platform, 'mlflow', {
    replicas: 2,
    workers: 2,
    scratch: Size.gibibytes(20),
    database: postgres.addDatabase('mlflow'),
    artifacts: objects.addBucket('mlflow', tuning.bucket),
    gateway,
    garbageCollection: {},
    ...tuning.mlflow,
    ...wired.mlflow?.({ platform, certificates, gateway, objects, backups, postgres }),
  });
  return { platform, certificates, gateway, objects, backups, postgres, mlflow };
}

/** A Prometheus that is there already, to collect metrics. */
export const prometheus = (platform: Platform) =>
  External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });

/** What a platform becomes, in the order it is applied. @throws with all that a synthesis would refuse it for */
export function objectsOf(platform: Platform): readonly KubeObject[] {
  const errors = platform.node.findAll().flatMap(({ node }) => node.validate());
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return linked(platform).bundle.objects.map(({ object }) => object);
}

/** Of what a platform becomes, that which a change may restart or be refused for. It isn't linked: this is done hundreds of times. */
export function riskyObjectsOf(platform: Platform): readonly KubeObject[] {
  return platform.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .filter(({ kind }) => matters(kind))
    .map((object) => object.toJson() as KubeObject);
}

/** The files of a platform's folder. */
export function filesOf(platform: Platform): readonly OutputFile[] {
  return platformFiles(linked(platform).bundle);
}

/** Several tunings as one; of two values for one prop the later holds. */
export function combine(tunings: readonly Tuning[]): Tuning {
  return tunings.reduce((all, one) => {
    const layer = <K extends keyof Tuning>(key: K) => (one[key] ? { [key]: { ...all[key], ...one[key] } } : {});
    return {
      ...all,
      ...one,
      ...layer('platform'),
      ...layer('metallb'),
      ...layer('certManager'),
      ...layer('gateway'),
      ...layer('minio'),
      ...layer('postgres'),
      ...layer('mlflow'),
      ...layer('bucket'),
      ...layer('wired'),
    };
  }, {});
}
