import { Size } from 'cdk8s';
import { toYaml } from '../../lib/core/output/yaml';
import { MinIO, type MinIOProps } from '../../lib/data/minio';
import { defaultParity, setSizeOf } from '../../lib/data/minio/erasure';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import {
  Consumer,
  job,
  LARGE,
  minio,
  pool,
  POOL_0,
  Recorder,
  server,
  SMALL,
  statements,
  valueOf,
  type Workload,
} from './minio-support';

describe('defaults', () => {
  test('one server with one drive, whole and linked', () => {
    const { lab, store } = minio(SMALL);
    store.addBucket('mlflow');
    expect(findingsOf(lab)).toEqual([]);
    const own = objectsOf(lab).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'minio');
    expectGolden('data/golden/minio.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('offers the S3 API at the URL of its Service', () => {
    const { store } = minio(SMALL);
    expect([store.url, store.endpoint.host, store.endpoint.port, store.externalUrl]).toEqual([
      'http://minio.minio.svc.cluster.local:9000',
      'minio.minio.svc.cluster.local',
      9000,
      undefined,
    ]);
  });

  test('two of them live in one platform', () => {
    const lab = testPlatform();
    new MinIO(lab, 'minio', SMALL).addBucket('mlflow');
    new MinIO(lab, 'archive', LARGE).addBucket('mlflow');
    expect(findingsOf(lab)).toEqual([]);
  });
});

describe('servers and drives', () => {
  test('four servers of four drives form one pool that finds its peers before it is ready', () => {
    const { lab } = minio(LARGE);
    const { spec } = objectOf<Workload>(lab, 'StatefulSet', 'pool-0');
    expect(spec).toMatchObject({
      replicas: 4,
      podManagementPolicy: 'Parallel',
      serviceName: 'pool-0',
      minReadySeconds: 5,
    });
    expect(spec.template.spec.containers[0]).toMatchObject({
      args: [`http://${POOL_0}`],
      readinessProbe: { initialDelaySeconds: 20 },
    });
    expect(spec.volumeClaimTemplates.map(({ metadata }) => metadata.name)).toEqual([
      'drive-0',
      'drive-1',
      'drive-2',
      'drive-3',
    ]);
    expect(objectOf(lab, 'Service', 'pool-0')).toMatchObject({
      spec: { clusterIP: 'None', publishNotReadyAddresses: true },
    });
    expect(objectOf(lab, 'PodDisruptionBudget', 'pool-0')).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('one server with several drives names itself as a pool of one, and can be extended', () => {
    expect(server({ drivesPerServer: 4, driveSize: Size.tebibytes(1) }).args).toEqual([
      'http://pool-0-{0...0}.pool-0.minio.svc.cluster.local:9000/drives/{0...3}',
    ]);
  });

  test('servers with one drive each', () => {
    expect(server({ servers: 3, driveSize: Size.tebibytes(1) }).args).toEqual([
      'http://pool-0-{0...2}.pool-0.minio.svc.cluster.local:9000/drives/0',
    ]);
  });

  test('a single drive is a path', () => expect(server(SMALL).args).toEqual(['/drives/0']));

  test('driveSize is claimed for each drive, of the warm tier unless a class or tier is named', () => {
    const claim = (props: MinIOProps) => pool(props).spec.volumeClaimTemplates[0]!.spec;
    const requests = { storage: '100Gi' };
    expect(claim(SMALL)).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'large',
      resources: { requests },
    });
    expect(claim({ ...SMALL, storageClass: 'hot' })).toMatchObject({ storageClassName: 'fast' });
    expect(claim({ ...SMALL, storageClass: 'fast' })).toMatchObject({ storageClassName: 'fast' });
  });

  test('servers of a pool spread evenly over the nodes', () => {
    const labels = {
      'app.kubernetes.io/component': 'pool-0',
      'app.kubernetes.io/instance': 'minio',
      'app.kubernetes.io/name': 'minio',
    };
    expect(pool(LARGE).spec.template.spec.topologySpreadConstraints).toEqual([
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: 'Honor',
        labelSelector: { matchLabels: labels },
      },
    ]);
    expect(pool(SMALL).spec.template.spec.topologySpreadConstraints).toBeUndefined();
  });

  test('parity, memory, cpu and nodes are as asked', () => {
    const tolerations = [{ key: 'storage', operator: 'Exists' }];
    const { spec } = pool({
      ...LARGE,
      parity: 6,
      memory: Size.gibibytes(16),
      cpu: 8,
      nodeSelector: { storage: 'true' },
      tolerations,
    });
    const [container] = spec.template.spec.containers;
    expect(valueOf(container.env, 'MINIO_STORAGE_CLASS_STANDARD')).toBe('EC:6');
    expect(container.resources).toMatchObject({
      requests: { cpu: '8', memory: '16Gi' },
      limits: { cpu: '32', memory: '16Gi' },
    });
    expect(spec.template.spec).toMatchObject({ nodeSelector: { storage: 'true' }, tolerations });
    expect(valueOf(server(LARGE).env, 'MINIO_STORAGE_CLASS_STANDARD')).toBeUndefined();
    expect(server(SMALL).resources).toMatchObject({ requests: { cpu: '500m', memory: '1Gi' } });
    expect(server(LARGE).resources).toMatchObject({ requests: { cpu: '2', memory: '4Gi' } });
  });

  // The numbers are those of upstream's own tests and of servers that were started.
  test.each([
    [1, 1, 1],
    [1, 4, 4],
    [1, 17, undefined],
    [3, 1, 3],
    [3, 6, 9],
    [4, 1, 4],
    [4, 4, 16],
    [4, 5, 4],
    [4, 12, 16],
    [5, 3, 15],
    [5, 4, 10],
    [16, 1, 16],
    [17, 1, undefined],
    [20, 1, 10],
    [32, 1, 16],
  ])('%d servers with %d drives form sets of %p', (servers, drives, size) =>
    expect(setSizeOf(servers, drives)).toBe(size),
  );

  test("default parity is upstream's", () =>
    expect([1, 2, 3, 4, 5, 6, 7, 8, 16].map(defaultParity)).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4]));
});

describe('security', () => {
  test('pods are restricted, know no token and no Service links, and get the root credential from its Secret', () => {
    const { spec } = pool(LARGE).spec.template;
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true },
    });
    const { env } = spec.containers[0];
    const root = (key: string) => ({ valueFrom: { secretKeyRef: { name: 'root', key } } });
    expect(env).toContainEqual({ name: 'MINIO_ROOT_USER', ...root('username') });
    expect(env).toContainEqual({ name: 'MINIO_ROOT_PASSWORD', ...root('password') });
    expect(env).toContainEqual({ name: 'MINIO_UPDATE', value: 'off' });
  });

  test('the root credential is in its own namespace alone', () => {
    const { lab, store } = minio(SMALL);
    new Consumer(lab, 'consumer', store.addBucket('mlflow'));
    const plan = objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'plan').data.plan!.split('\n');
    expect(plan.find((line) => line.startsWith('root '))).toMatch(/^root minio username=/);
    expect(plan.find((line) => line.startsWith('minio-mlflow '))).toMatch(/^minio-mlflow minio,consumer access-key=/);
  });

  test('with certificates all is TLS: peers, probes, clients and Jobs', () => {
    const certificates = new Recorder();
    const { lab, store } = minio({ ...LARGE, certificates, gateway: certificates });
    const bucket = store.addBucket('mlflow');
    const { spec } = objectOf<Workload>(lab, 'StatefulSet', 'pool-0').spec.template;
    expect(spec.containers[0].args).toEqual([`https://${POOL_0}`]);
    expect(spec.containers[0].livenessProbe.httpGet).toMatchObject({ scheme: 'HTTPS' });
    expect(certificates.dnsNames).toEqual([
      'minio.minio.svc.cluster.local',
      'minio.minio.svc',
      'minio-console.minio.svc.cluster.local',
      '*.pool-0.minio.svc.cluster.local',
    ]);
    expect(spec.volumes).toContainEqual({
      name: 'certificates',
      projected: {
        defaultMode: 0o440,
        sources: [
          {
            secret: {
              name: 'tls',
              items: [
                { key: 'tls.crt', path: 'public.crt' },
                { key: 'tls.key', path: 'private.key' },
              ],
            },
          },
          { secret: { name: 'ca', items: [{ key: 'ca.crt', path: 'CAs/ca.crt' }] } },
        ],
      },
    });
    expect(bucket.url).toBe('https://minio.minio.svc.cluster.local:9000');
    expect(bucket.authority(bucket.readyAfter[0]!)?.name).toBe('ca');
    const { env } = job(lab, /^bucket-mlflow-/);
    expect([valueOf(env, 'ENDPOINT'), valueOf(env, 'SSL_CERT_FILE')]).toEqual([bucket.url, '/authority/ca.crt']);
    expect(certificates.routes.map(({ scheme }) => scheme)).toEqual(['https', 'https', 'https']);
  });
});

describe('gateway', () => {
  test('leads hosts of the site to the S3 API, to its buckets and to the console', () => {
    const gateway = new Recorder();
    const { lab, store } = minio({ ...SMALL, gateway });
    expect(
      gateway.routes.map(({ host, to, scheme, healthPath }) => [host, to.host, to.port, scheme, healthPath]),
    ).toEqual([
      ['minio.test.example', 'minio.minio.svc.cluster.local', 9000, 'http', '/minio/health/live'],
      ['*.minio.test.example', 'minio.minio.svc.cluster.local', 9000, 'http', '/minio/health/live'],
      ['minio-console.test.example', 'minio-console.minio.svc.cluster.local', 9001, 'http', '/'],
    ]);
    const { env } = objectOf<Workload>(lab, 'StatefulSet', 'pool-0').spec.template.spec.containers[0];
    expect(valueOf(env, 'MINIO_DOMAIN')).toBe('minio.test.example');
    expect(valueOf(env, 'MINIO_BROWSER_REDIRECT_URL')).toBe('https://minio-console.test.example');
    expect(store.externalUrl).toBe('https://minio.test.example');
    expect(store.endpoints).toEqual([
      { what: 'S3 API (MinIO)', address: 'https://minio.test.example' },
      { what: 'object browser (MinIO)', address: 'https://minio-console.test.example' },
    ]);
  });

  test("by hosts of one's own, and without those of buckets", () => {
    const gateway = new Recorder();
    const { lab } = minio({
      ...SMALL,
      gateway,
      host: 's3.corp.example',
      consoleHost: 'browse.s3.corp.example',
      virtualHosts: false,
    });
    expect(gateway.routes.map(({ host }) => host)).toEqual(['s3.corp.example', 'browse.s3.corp.example']);
    const { env } = objectOf<Workload>(lab, 'StatefulSet', 'pool-0').spec.template.spec.containers[0];
    expect(valueOf(env, 'MINIO_DOMAIN')).toBeUndefined();
  });

  test('without one there is no Service for the console', () => {
    expect(
      objectsOf(minio(SMALL).lab).filter(
        ({ kind, metadata }) => kind === 'Service' && metadata.name === 'minio-console',
      ),
    ).toEqual([]);
  });
});

describe('metrics', () => {
  test('are scraped with a token that a Job makes', () => {
    const metrics = new Recorder();
    const { lab } = minio({ ...LARGE, metrics });
    expect(
      metrics.scraped.map(({ id, path, scheme, bearer, endpoint }) => [
        id,
        path,
        scheme,
        bearer?.secret.name,
        bearer?.key,
        endpoint.port,
      ]),
    ).toEqual([
      ['minio-cluster', '/minio/v2/metrics/cluster', 'http', 'metrics-token', 'token', 9000],
      ['minio-node', '/minio/v2/metrics/node', 'http', 'metrics-token', 'token', 9000],
    ]);
    expect(statements(lab, /^metrics-token-/)[0]).toEqual({ Effect: 'Allow', Action: ['admin:Prometheus'] });
    expect(objectOf(lab, 'Role', 'metrics-token', 'minio')).toMatchObject({
      rules: [
        { resources: ['secrets'], verbs: ['create'] },
        { resources: ['secrets'], verbs: ['update'], resourceNames: ['metrics-token'] },
      ],
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('are closed to everybody else', () => {
    expect(valueOf(server({ ...LARGE, metrics: new Recorder() }).env, 'MINIO_PROMETHEUS_AUTH_TYPE')).toBeUndefined();
  });
});
