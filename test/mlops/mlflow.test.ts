import { Duration, Size } from 'cdk8s';
import { External, type IGateway, type k8s, type Platform } from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { MLflow, type MLflowProps } from '../../lib/mlops/mlflow';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

const prometheus = { namespace: 'monitoring', labels: { app: 'prometheus' } };

function needs(platform: Platform): Pick<MLflowProps, 'database' | 'artifacts' | 'clientNamespaces'> {
  return {
    clientNamespaces: ['research'],
    database: External.postgres(platform, {
      host: 'db.corp.example',
      port: 5432,
      cidr: '10.9.0.5/32',
      database: 'mlflow',
      credentials: { name: 'mlflow-db' },
      sslMode: 'disable',
    }),
    artifacts: External.bucket(platform, {
      host: 's3.corp.example',
      port: 9000,
      cidr: '10.9.0.6/32',
      scheme: 'http',
      bucket: 'mlflow',
      credentials: { name: 'mlflow-bucket' },
    }),
  };
}

function ingress(platform: Platform): IGateway {
  return External.ingress(platform, {
    ingressClassName: 'nginx',
    pods: { namespace: 'ingress', labels: { app: 'nginx' } },
  });
}

function platformWith(props: (platform: Platform) => Partial<MLflowProps> = () => ({})): Platform {
  const platform = testPlatform();
  new MLflow(platform, 'mlflow', { ...needs(platform), ...props(platform) });
  return platform;
}

interface Workload {
  spec: { replicas: number; template: { spec: k8s.PodSpec } };
}

function serverOf(platform: Platform): k8s.PodSpec {
  return objectOf<Workload>(platform, 'Deployment', 'server').spec.template.spec;
}

function envOf(pod: k8s.PodSpec, container = 0): Record<string, string | k8s.EnvVarSource | undefined> {
  return Object.fromEntries(
    (pod.containers[container]!.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );
}

function refused(props: (platform: Platform) => Partial<MLflowProps>): string {
  try {
    platformWith(props);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('MLflow', () => {
  test('is as it was, with its defaults', () => {
    const own = objectsOf(platformWith()).filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] === 'mlflow',
    );
    expectGolden('mlops/golden/mlflow.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('links without a finding, with its defaults and with everything', () => {
    expect(findingsOf(platformWith())).toEqual([]);
    const everything = platformWith((platform) => ({
      gateway: ingress(platform),
      replicas: 3,
      garbageCollection: {},
      metrics: External.prometheus(platform, { pods: prometheus }),
    }));
    expect(findingsOf(everything)).toEqual([]);
  });

  test('puts no secret into a manifest: passwords and keys are read from Secrets', () => {
    const platform = platformWith();
    const env = envOf(serverOf(platform));
    for (const [name, secret, key] of [
      ['PGUSER', 'mlflow-db', 'username'],
      ['PGPASSWORD', 'mlflow-db', 'password'],
      ['AWS_ACCESS_KEY_ID', 'mlflow-bucket', 'access-key'],
      ['AWS_SECRET_ACCESS_KEY', 'mlflow-bucket', 'secret-key'],
      ['MLFLOW_AUTH_ADMIN_USERNAME', 'mlflow-admin', 'username'],
      ['MLFLOW_AUTH_ADMIN_PASSWORD', 'mlflow-admin', 'password'],
      ['MLFLOW_FLASK_SERVER_SECRET_KEY', 'mlflow-keys', 'session-key'],
      ['MLFLOW_CRYPTO_KEK_PASSPHRASE', 'mlflow-keys', 'encryption-passphrase'],
    ] as const) {
      expect([name, env[name]]).toEqual([name, { secretKeyRef: { name: secret, key } }]);
    }
    expect(env.MLFLOW_BACKEND_STORE_URI).toBe('postgresql+psycopg2://db.corp.example:5432/mlflow');
    expect(objectsOf(platform).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('requires a password of every user, and keeps the users in the same database', () => {
    const platform = platformWith();
    expect(serverOf(platform).containers[0]!.args).toContain('--app-name=basic-auth');
    const { data } = objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', 'config', 'mlflow');
    expect(data['auth.ini']).toContain('database_uri = postgresql+psycopg2://db.corp.example:5432/mlflow\n');
    expect(data['auth.ini']).toContain('default_permission = READ\n');
    expect(data['auth.ini']).toContain('auth_cache_ttl_seconds = 60\n');
    expect(data['auth.ini']).not.toMatch(/admin_password/);
  });

  test('brings the schema up to date before each server starts', () => {
    const pod = serverOf(platformWith());
    const [upgrade] = pod.initContainers!;
    expect(upgrade).toMatchObject({ name: 'upgrade', command: ['python3', '/etc/mlflow/upgrade.py'] });
    expect(upgrade!.image).toBe(pod.containers[0]!.image);
    expect(upgrade!.volumeMounts!.map(({ mountPath }) => mountPath)).toContain('/etc/mlflow');
  });

  test('serves artifacts by itself, so that clients need no access to the bucket', () => {
    const platform = platformWith();
    const pod = serverOf(platform);
    expect(envOf(pod)).toMatchObject({
      MLFLOW_ARTIFACTS_DESTINATION: 'proxied-s3://mlflow',
      MLFLOW_S3_ENDPOINT_URL: 'http://s3.corp.example:9000',
      AWS_DEFAULT_REGION: 'us-east-1',
      PYTHONPATH: '/etc/mlflow/python',
    });
    const { data } = objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', 'config', 'mlflow');
    const volume = pod.volumes!.find(({ name }) => name === 'config')!;
    expect(volume.configMap!.items!.map(({ key }) => key).sort()).toEqual(Object.keys(data).sort());
    expect(volume.configMap!.items).toContainEqual({
      key: 'entry_points.txt',
      path: 'python/proxied_s3-1.0.dist-info/entry_points.txt',
    });
    expect(data['entry_points.txt']).toMatch(/^proxied-s3 = proxied_s3:ProxiedS3ArtifactRepository$/m);
    expect(data['proxied_s3.py']).toContain('class ProxiedS3ArtifactRepository(');
  });

  test('answers to the names of its Service, and to the host on the gateway, from a browser too', () => {
    const hosts = (platform: Platform) => String(envOf(serverOf(platform)).MLFLOW_SERVER_ALLOWED_HOSTS).split(',');
    const inside = [
      'mlflow.mlflow.svc.cluster.local:5000',
      'mlflow.mlflow.svc:5000',
      'mlflow.mlflow:5000',
      'mlflow:5000',
      'localhost:*',
    ];
    const alone = platformWith();
    expect(hosts(alone)).toEqual(inside);
    expect(envOf(serverOf(alone))).not.toHaveProperty('MLFLOW_SERVER_CORS_ALLOWED_ORIGINS');
    const routed = platformWith((platform) => ({ gateway: ingress(platform) }));
    expect(hosts(routed)).toEqual(['mlflow.test.example', 'mlflow.test.example:*', ...inside]);
    expect(envOf(serverOf(routed)).MLFLOW_SERVER_CORS_ALLOWED_ORIGINS).toBe('https://mlflow.test.example');
  });

  test('is asked for its health without a password, and differently for life and readiness', () => {
    const { livenessProbe, readinessProbe, startupProbe } = serverOf(platformWith()).containers[0]!;
    expect(livenessProbe!.httpGet!.path).toBe('/health');
    expect(startupProbe!.httpGet!.path).toBe('/health');
    expect(readinessProbe!.httpGet).toMatchObject({
      path: '/api/3.0/mlflow/server-info',
      httpHeaders: [{ name: 'Host', value: 'localhost:5000' }],
    });
  });

  test('lets clients in, and its servers out to the database and the bucket, only', () => {
    const platform = platformWith();
    const { spec } = objectOf<{ spec: k8s.NetworkPolicySpec }>(platform, 'NetworkPolicy', 'server', 'mlflow');
    const ways = spec.egress!.map(({ to, ports }) => [
      to?.map((peer) => peer.ipBlock?.cidr ?? 'dns'),
      ports?.map(({ port }) => port),
    ]);
    expect(ways).toEqual([
      [['dns'], [53, 53]],
      [['10.9.0.5/32'], [5432]],
      [['10.9.0.6/32'], [9000]],
    ]);
    const clients = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'research' } },
      podSelector: {},
    };
    expect(spec.ingress).toEqual([{ from: [clients], ports: [{ port: 5000, protocol: 'TCP' }] }]);
  });

  test('mounts the authorities of a database and a bucket that have one of their own', () => {
    const platform = testPlatform();
    new MLflow(platform, 'mlflow', {
      database: External.postgres(platform, {
        host: 'db.corp.example',
        port: 5432,
        database: 'mlflow',
        credentials: { name: 'mlflow-db' },
        sslMode: 'verify-full',
        authority: { name: 'db-ca' },
      }),
      artifacts: External.bucket(platform, {
        host: 's3.corp.example',
        port: 443,
        bucket: 'mlflow',
        credentials: { name: 'mlflow-bucket' },
        authority: { name: 's3-ca' },
      }),
      garbageCollection: {},
      clientNamespaces: ['research'],
    });
    expect(findingsOf(platform)).toEqual([]);
    const pod = serverOf(platform);
    expect(envOf(pod)).toMatchObject({
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/etc/mlflow-database/ca.crt',
      AWS_CA_BUNDLE: '/etc/mlflow-artifacts/ca.crt',
    });
    const secretOf = (path: string) => {
      const mount = pod.containers[0]!.volumeMounts!.find(({ mountPath }) => mountPath === path)!;
      return pod.volumes!.find(({ name }) => name === mount.name)!.secret!.secretName;
    };
    expect([secretOf('/etc/mlflow-database'), secretOf('/etc/mlflow-artifacts')]).toEqual(['db-ca', 's3-ca']);
  });

  test('verifies a database by the public authorities where it has none of its own', () => {
    const platform = testPlatform();
    const { artifacts } = needs(platform);
    const database = External.postgres(platform, {
      host: 'db.corp.example',
      port: 5432,
      database: 'mlflow',
      credentials: { name: 'mlflow-db' },
      sslMode: 'verify-full',
    });
    new MLflow(platform, 'mlflow', { database, artifacts });
    expect(envOf(serverOf(platform)).PGSSLROOTCERT).toBe('/etc/ssl/certs/ca-certificates.crt');
  });

  test('scales out with workers and replicas, keeps one up while nodes are drained, and shares the connections', () => {
    const platform = platformWith(() => ({ replicas: 2, workers: 4 }));
    const { spec } = objectOf<Workload>(platform, 'Deployment', 'server');
    expect(spec.replicas).toBe(2);
    const [container] = spec.template.spec.containers;
    expect(container!.resources!.limits).toMatchObject({ memory: '2560Mi' });
    // 96 connections are 12 for each of 8 workers: 4 for each of a worker's 3 pools.
    expect(envOf(spec.template.spec)).toMatchObject({
      MLFLOW_WORKERS: '4',
      MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: '2',
      MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: '2',
    });
    expect(objectOf(platform, 'PodDisruptionBudget', 'server')).toMatchObject({ spec: { maxUnavailable: 1 } });
    const few = platformWith(() => ({ replicas: 2, workers: 4, connections: 48 }));
    expect(envOf(serverOf(few))).toMatchObject({
      MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: '1',
      MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: '1',
    });
  });

  test('holds artifacts on their way in scratch space of the size given', () => {
    const pod = serverOf(platformWith(() => ({ scratch: Size.gibibytes(100) })));
    expect(pod.volumes!.find(({ name }) => name === 'tmp')!.emptyDir).toMatchObject({ sizeLimit: '100Gi' });
    expect(pod.containers[0]!.resources!.limits).toMatchObject({ 'ephemeral-storage': '101Gi' });
  });

  test('takes the name of the administrator, the default permission and the time that passwords are remembered', () => {
    const platform = platformWith(() => ({
      administrator: 'ml-ops',
      defaultPermission: 'NO_PERMISSIONS',
      passwordCache: Duration.seconds(0),
    }));
    const { data } = objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', 'config', 'mlflow');
    expect(data['auth.ini']).toContain('default_permission = NO_PERMISSIONS\n');
    expect(data['auth.ini']).toContain('auth_cache_ttl_seconds = 0\n');
    const plan = objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', 'plan').data.plan;
    expect(plan).toContain(
      `mlflow-admin mlflow username=value:${Buffer.from('ml-ops').toString('base64')} password=alphanumeric:32`,
    );
  });

  test('collects garbage, as an option, by the database and the server', () => {
    expect(objectsOf(platformWith()).some(({ kind }) => kind === 'CronJob')).toBe(false);
    const platform = platformWith(() => ({
      garbageCollection: { schedule: '0 1 * * 0', olderThan: Duration.days(7) },
    }));
    const { spec } = objectOf<{ spec: k8s.CronJobSpec }>(platform, 'CronJob', 'gc');
    expect(spec.schedule).toBe('0 1 * * 0');
    const pod = spec.jobTemplate.spec!.template.spec!;
    expect(pod.containers[0]!.args).toEqual([
      '--backend-store-uri=postgresql+psycopg2://db.corp.example:5432/mlflow',
      '--older-than=604800s',
    ]);
    expect(envOf(pod)).toMatchObject({
      MLFLOW_TRACKING_URI: 'http://mlflow.mlflow.svc.cluster.local:5000',
      MLFLOW_TRACKING_PASSWORD: { secretKeyRef: { name: 'mlflow-admin', key: 'password' } },
      PGPASSWORD: { secretKeyRef: { name: 'mlflow-db', key: 'password' } },
    });
    const { spec: server } = objectOf<{ spec: k8s.NetworkPolicySpec }>(platform, 'NetworkPolicy', 'server', 'mlflow');
    const callers = server.ingress![0]!.from!.map(({ podSelector }) => podSelector!.matchLabels);
    expect(callers).toContainEqual(expect.objectContaining({ 'app.kubernetes.io/component': 'gc' }));
  });

  test('has its metrics scraped, with the password that they ask for', () => {
    const platform = platformWith((it) => ({ metrics: External.prometheus(it, { pods: prometheus }) }));
    const env = envOf(serverOf(platform));
    expect(env).toMatchObject({
      MLFLOW_EXPOSE_PROMETHEUS: '/run/prometheus',
      PROMETHEUS_MULTIPROC_DIR: '/run/prometheus',
    });
    expect(String(env.MLFLOW_SERVER_ALLOWED_HOSTS)).toMatch(/,\$\(POD_IP\):5000$/);
    const names = Object.keys(env);
    expect(names.indexOf('POD_IP')).toBeLessThan(names.indexOf('MLFLOW_SERVER_ALLOWED_HOSTS'));
    const { spec } = objectOf<{ spec: { endpoints: object[] } }>(platform, 'ServiceMonitor', 'mlflow');
    expect(spec.endpoints).toEqual([
      expect.objectContaining({
        port: 'http',
        path: '/metrics',
        basicAuth: {
          username: { name: 'mlflow-admin', key: 'username' },
          password: { name: 'mlflow-admin', key: 'password' },
        },
      }),
    ]);
  });

  test('offers itself as experiment tracking', () => {
    const platform = testPlatform();
    const mlflow = new MLflow(platform, 'tracking', {
      ...needs(platform),
      gateway: ingress(platform),
      host: 'runs.corp.example',
    });
    expect(mlflow.trackingUri).toBe('http://tracking.tracking.svc.cluster.local:5000');
    expect(mlflow.externalUrl).toBe('https://runs.corp.example');
    expect(mlflow.credentials.keys).toEqual(['username', 'password']);
    expect(mlflow.endpoints).toEqual([{ what: 'MLflow', address: 'https://runs.corp.example' }]);
    expect(mlflow.credentials.in('notebooks').name).toBe('tracking-admin');
    expect(mlflow.readyAfter).toHaveLength(1);
  });

  test('stands twice in one platform', () => {
    const platform = testPlatform();
    new MLflow(platform, 'mlflow', needs(platform));
    new MLflow(platform, 'mlflow-staging', needs(platform));
    expect(findingsOf(platform)).toEqual([]);
  });

  test.each<[string, (platform: Platform) => object, string]>([
    [
      'no database',
      () => ({ database: undefined }),
      'lab/mlflow: needs a database; pass database: postgres.addDatabase("mlflow")',
    ],
    [
      'no bucket',
      () => ({ artifacts: undefined }),
      'lab/mlflow: needs a bucket for artifacts; pass artifacts: objects.addBucket("mlflow")',
    ],
    [
      'a host without a gateway',
      () => ({ host: 'a.b' }),
      'lab/mlflow: host "a.b" needs a gateway that answers to it; pass gateway, or leave host out',
    ],
    [
      'a host that is a URL',
      (platform) => ({ gateway: ingress(platform), host: 'https://mlflow.test.example' }),
      'lab/mlflow: host must be a host name of lower-case labels such as "mlflow.lab.example", got "https://mlflow.test.example"; write it so',
    ],
    [
      'zero replicas',
      () => ({ replicas: 0 }),
      'lab/mlflow: replicas must be a whole number from 1 to 20, got 0; give the number of servers',
    ],
    [
      'half a worker',
      () => ({ workers: 0.5 }),
      'lab/mlflow: workers must be a whole number from 1 to 32, got 0.5; give the number of processes of each server',
    ],
    [
      'too few connections',
      () => ({ replicas: 2, workers: 2, connections: 20 }),
      'lab/mlflow: connections of 2 x 2 workers must be a whole number from 24 to 10000, got 20; give at least 6 for each worker, or fewer workers',
    ],
    [
      'too little scratch',
      () => ({ scratch: Size.mebibytes(100) }),
      'lab/mlflow: scratch must be at least 1 GiB, got 100Mi; it holds artifacts on their way',
    ],
    [
      'an administrator with a colon',
      () => ({ administrator: 'a:b' }),
      'lab/mlflow: administrator must be 1 to 64 letters, digits, ".", "_", "@" and "-", got "a:b"; rename it',
    ],
    [
      'an unknown permission',
      () => ({ defaultPermission: 'read' }),
      'lab/mlflow: defaultPermission "read" is none; did you mean "READ"?',
    ],
    [
      'a day of remembered passwords',
      () => ({ passwordCache: Duration.days(1) }),
      'lab/mlflow: passwordCache must be at most an hour, got 1 day; changed passwords stay good for as long',
    ],
    [
      'garbage collected at once',
      () => ({ garbageCollection: { olderThan: Duration.seconds(0) } }),
      "lab/mlflow/install/gc: olderThan must be at least an hour, got 0 seconds; what is removed can't be restored",
    ],
    [
      'a schedule in words',
      () => ({ garbageCollection: { schedule: 'every night' } }),
      'lab/mlflow/install/gc: schedule must be cron\'s five fields in UTC, got "every night"; write "0 3 * * *" for every day at three',
    ],
  ])('refuses %s', (_what, props, message) => {
    expect(refused((platform) => props(platform))).toBe(message);
  });

  test("refuses a database of another platform's", () => {
    const other = testPlatform();
    const readyAfter = [other.foundation];
    expect(refused((platform) => ({ database: { ...needs(platform).database, readyAfter } }))).toMatch(
      /^lab\/mlflow\/install: needs lab\/foundation of platform "lab"/,
    );
  });
});
