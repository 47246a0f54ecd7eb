import { Duration, Size } from 'cdk8s';
import { join } from 'node:path';
import { ExperimentTracking, type ExperimentTrackingProps } from '../../blueprints/experiment-tracking';
import { App, External, type k8s, type NodePoolProps, Site } from '../../lib';
import { findingsOf, objectOf, objectsOf } from '../support';

const site = (name: string) => Site.fromFile(join(__dirname, '../../blueprints/sites', `${name}.yaml`));
const lab = site('dgx-lab');
const edge = site('edge');

function make(props: Partial<ExperimentTrackingProps> = {}): ExperimentTracking {
  return new ExperimentTracking(new App({ outdir: '/nonexistent' }), 'lab', { site: lab, ...props });
}

function refused(props: Partial<ExperimentTrackingProps>): string {
  try {
    make(props);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

interface Claim {
  spec: { resources: { requests: { storage: string } } };
}

interface Workload {
  spec: {
    replicas: number;
    template: { spec: k8s.PodSpec };
    volumeClaimTemplates: Claim[];
  };
}

function shape(platform: ExperimentTracking) {
  const minio = objectOf<Workload>(platform, 'StatefulSet', 'pool-0', 'minio').spec;
  const data = objectOf<Claim>(platform, 'PersistentVolumeClaim', /.*/, 'postgres');
  const mlflow = objectOf<Workload>(platform, 'Deployment', 'server', 'mlflow').spec;
  const envOf = (name: string) => mlflow.template.spec.containers[0]!.env!.find((item) => item.name === name)?.value;
  const drives = minio.volumeClaimTemplates.map(({ spec }) => spec.resources.requests.storage);
  return {
    minio: `${minio.replicas} x ${drives.join(' ')}`,
    postgres: data.spec.resources.requests.storage,
    mlflow: `${mlflow.replicas} x ${envOf('MLFLOW_WORKERS')}`,
    s3: envOf('MLFLOW_S3_ENDPOINT_URL')!.split(':')[0],
    sql: envOf('PGSSLMODE'),
  };
}

describe('ExperimentTracking', () => {
  test.each<[string, Partial<ExperimentTrackingProps>]>([
    ['a lab', {}],
    ['a lab, small', { size: 'edge' }],
    ['a lab, large', { size: 'production' }],
    ['a box in a branch office', { site: edge, distribution: 'k3s' }],
    [
      'a lab whose metrics are collected and whose jobs call it',
      {
        clientNamespaces: ['research'],
        metrics: (platform) =>
          External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
      },
    ],
  ])('links without a finding for %s', (_what, props) => {
    expect(findingsOf(make(props))).toEqual([]);
  });

  test('is as large as asked for', () => {
    expect(shape(make({ size: 'edge' }))).toEqual({
      minio: '1 x 200Gi',
      postgres: '20Gi',
      mlflow: '1 x 2',
      s3: 'http',
      sql: 'disable',
    });
    expect(shape(make({ size: 'team' }))).toEqual({
      minio: '4 x 1Ti',
      postgres: '100Gi',
      mlflow: '2 x 2',
      s3: 'http',
      sql: 'disable',
    });
    expect(shape(make({ size: 'production' }))).toEqual({
      minio: '4 x 3Ti 3Ti 3Ti 3Ti',
      postgres: '500Gi',
      mlflow: '3 x 4',
      s3: 'https',
      sql: 'verify-full',
    });
  });

  test('takes the size that the site has nodes for, when none is given', () => {
    expect(make().size).toBe('team');
    expect(make({ site: edge }).size).toBe('edge');
    const node: NodePoolProps = { name: 'a', nodes: 3, cpu: { cores: 8 }, memory: Size.gibibytes(64) };
    const tainted: NodePoolProps = { ...node, name: 'b', nodes: 9, taints: [{ key: 'gpu', effect: 'NoSchedule' }] };
    const networks = [{ name: 'n', cidr: '10.0.0.0/24', loadBalancerRanges: ['10.0.0.9-10.0.0.19'] }];
    const few = new Site({ name: 'few', domain: 'few.example', nodePools: [node, tainted], networks });
    expect(make({ site: few }).size).toBe('edge');
    expect(refused({ site: few, size: 'production' })).toBe(
      'lab: size "production" needs 4 nodes that take pods without a toleration, but site few has 3; choose "edge", or add nodes',
    );
  });

  test('takes the sizes of its volumes and the address of its gateway', () => {
    const platform = make({
      driveSize: Size.gibibytes(500),
      databaseStorage: Size.gibibytes(50),
      address: '10.20.19.10',
    });
    expect(shape(platform)).toMatchObject({ minio: '4 x 500Gi', postgres: '50Gi' });
    const gateways = objectsOf(platform).filter(
      ({ kind, spec }) => kind === 'Service' && (spec as k8s.ServiceSpec).type === 'LoadBalancer',
    );
    expect(gateways.map(({ metadata }) => Object.values(metadata.annotations ?? {}))).toEqual([
      expect.arrayContaining(['10.20.19.10']),
    ]);
  });

  test("takes each system's own props, over those of the size", () => {
    const platform = make({
      driveSize: Size.tebibytes(2),
      certManager: { logLevel: 4 },
      haproxy: { replicas: undefined, logLevel: 'warning' },
      minio: { grownFrom: Size.tebibytes(1), memory: Size.gibibytes(8) },
      postgres: { backupsKept: undefined, settings: { log_min_duration_statement: '1s' } },
      mlflow: { workers: 4, garbageCollection: { schedule: '0 1 * * *' } },
    });
    expect(findingsOf(platform)).toEqual([]);
    expect(shape(platform)).toEqual({ ...shape(make()), mlflow: '2 x 4' });
    const container = (kind: string, name: string, namespace: string) =>
      objectOf<Workload>(platform, kind, name, namespace).spec.template.spec.containers[0]!;
    expect(container('Deployment', 'cert-manager', 'cert-manager').args).toContain('--v=4');
    expect(container('StatefulSet', 'pool-0', 'minio').resources!.limits).toMatchObject({ memory: '8Gi' });
    expect(objectOf<Workload>(platform, 'Deployment', 'haproxy').spec.replicas).toBe(2);
    const file = (name: string, namespace: string, key: string) =>
      objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', name, namespace).data[key];
    expect(file('configuration', 'gateway', 'haproxy.cfg')).toContain('local0 warning\n');
    expect(file('config', 'postgres', 'postgresql.conf')).toContain("log_min_duration_statement = '1s'\n");
    const kept = objectOf<{ spec: k8s.CronJobSpec }>(platform, 'CronJob', 'backup').spec.jobTemplate.spec!.template
      .spec!.containers[0]!.env!;
    expect(kept.find(({ name }) => name === 'KEEP')!.value).toBe('7');
    expect(objectOf(platform, 'CronJob', 'gc')).toMatchObject({ spec: { schedule: '0 1 * * *' } });
  });

  test('has all pods of a system, those of its Jobs too, where the system is told to go', () => {
    const place = {
      nodeSelector: { 'onprem-ml.example/pool': 'storage' },
      tolerations: [{ key: 'infra', operator: 'Exists' }],
    };
    const platform = make({
      metallb: place,
      certManager: place,
      haproxy: place,
      minio: place,
      postgres: place,
      mlflow: place,
    });
    expect(findingsOf(platform)).toEqual([]);
    const pods = objectsOf(platform).flatMap((object) => {
      const spec = object.spec as { template?: k8s.PodTemplateSpec; jobTemplate?: k8s.JobTemplateSpec } | undefined;
      const template = spec?.jobTemplate?.spec?.template ?? spec?.template;
      const own = object.metadata.namespace !== 'platform-credentials' && object.kind !== 'DaemonSet';
      return template?.spec && own ? [template.spec] : [];
    });
    expect(pods.length).toBeGreaterThan(12);
    for (const pod of pods) {
      expect(pod.nodeSelector).toMatchObject(place.nodeSelector);
      expect(pod.tolerations).toContainEqual(place.tolerations[0]);
    }
  });

  test('is reached over HTTPS by the hosts of the site', () => {
    const platform = make();
    expect(platform.mlflow.externalUrl).toBe('https://mlflow.dgx-lab.example');
    expect(platform.objects.externalUrl).toBe('https://minio.dgx-lab.example');
  });

  test('backs the database up into a bucket, and keeps former versions of artifacts in production', () => {
    const versioning = (platform: ExperimentTracking) =>
      Object.fromEntries(
        objectsOf(platform)
          .filter(({ kind, metadata }) => kind === 'Job' && metadata.namespace === 'minio')
          .map(({ spec }) => (spec as k8s.JobSpec).template.spec!.containers[0]!.env!)
          .map((env) => ['BUCKET', 'VERSIONING'].map((key) => env.find(({ name }) => name === key)!.value)),
      );
    expect(versioning(make())).toEqual({ mlflow: 'off', 'postgres-backups': 'off' });
    expect(versioning(make({ size: 'production' }))).toEqual({ mlflow: 'on', 'postgres-backups': 'off' });
    const schedules = objectsOf(make())
      .filter(({ kind }) => kind === 'CronJob')
      .map(({ metadata }) => metadata.namespace);
    expect(schedules.sort()).toEqual(['mlflow', 'postgres']);
  });

  test('goes on from its public fields', () => {
    const jobs = (platform: ExperimentTracking) => objectsOf(platform).filter(({ kind }) => kind === 'Job').length;
    const platform = make();
    platform.postgres.addDatabase('features');
    platform.objects.addBucket('features', { expireAfter: Duration.days(7) });
    platform.gateway.addRoute(platform, { host: lab.host('tracking'), to: platform.mlflow.endpoint });
    expect(findingsOf(platform)).toEqual([]);
    expect(jobs(platform)).toBe(jobs(make()) + 2);
  });

  test('is applied in an order in which each system finds what it needs', () => {
    const { addresses, certificates, gateway, objects, postgres, mlflow } = make({ size: 'production' });
    const wave = ({ readyAfter }: { readyAfter: readonly { wave: number }[] }) =>
      Math.max(...readyAfter.map((stage) => stage.wave));
    expect(wave(gateway)).toBeGreaterThan(Math.max(wave(addresses), wave(certificates)));
    expect(wave(objects)).toBeGreaterThan(wave(certificates));
    expect(wave(postgres)).toBeGreaterThan(wave(objects));
    expect(wave(mlflow)).toBeGreaterThan(wave(postgres));
  });

  test("has its certificates signed by an authority of its own, or by the company's", () => {
    expect(objectOf(make(), 'ClusterIssuer', 'private-ca')).toMatchObject({ spec: { ca: { secretName: 'root-ca' } } });
    const company = make({ authority: { name: 'company-ca' } });
    expect(objectOf(company, 'ClusterIssuer', 'private-ca')).toMatchObject({
      spec: { ca: { secretName: 'company-ca' } },
    });
    expect(findingsOf(company)).toEqual([]);
  });

  test('refuses an unknown size', () => {
    expect(refused({ size: 'large' as ExperimentTrackingProps['size'] & string })).toBe(
      'lab: size must be one of "edge", "team", "production", got "large"; choose one',
    );
  });
});
