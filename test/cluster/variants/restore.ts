import { join } from 'node:path';
import { Size } from 'cdk8s';
import { App, CertManager, HAProxy, MetalLB, MinIO, MLflow, Platform, Postgres, Site } from '../../../lib';
import { REPOSITORY } from '../paths';

export interface RestoreProps {
  /** Where the platform's folder is written. */
  readonly outdir: string;
  /** Path of the backups in the bucket. */
  readonly path: string;
  /** Path of the restored instance's own. */
  readonly backupPath: string;
}

/** The platform of blueprints/main.ts, with PostgreSQL filled from backups that are in its bucket. */
export function synthRestored({ outdir, path, backupPath }: RestoreProps): void {
  const app = new App({ outdir });
  const site = Site.fromFile(join(REPOSITORY, 'blueprints/sites/dgx-lab.yaml'));
  const lab = new Platform(app, 'experiment-tracking', { site });
  const addresses = new MetalLB(lab, 'metallb');
  const certificates = new CertManager(lab, 'cert-manager');
  const gateway = new HAProxy(lab, 'gateway', { replicas: 2, addresses, certificates });
  const objects = new MinIO(lab, 'minio', { servers: 4, drivesPerServer: 1, driveSize: Size.tebibytes(1), gateway });
  const backups = objects.addBucket('postgres-backups');
  const postgres = new Postgres(lab, 'postgres', {
    storage: Size.gibibytes(100),
    memory: Size.gibibytes(4),
    cpu: 1,
    backupsKept: 7,
    backups,
    backupPath,
    restore: { from: backups, path },
  });
  new MLflow(lab, 'mlflow', {
    replicas: 2,
    workers: 2,
    scratch: Size.gibibytes(20),
    database: postgres.addDatabase('mlflow'),
    artifacts: objects.addBucket('mlflow'),
    gateway,
    garbageCollection: {},
  });
  app.synth();
}
