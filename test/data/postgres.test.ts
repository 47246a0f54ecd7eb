import { Duration, Size } from 'cdk8s';
import { External, type IBucket, type k8s, type Platform } from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { Postgres, type PostgresProps } from '../../lib/data/postgres';
import { Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

function bucket(platform: Platform, props: { authority?: string; name?: string } = {}): IBucket {
  return External.bucket(platform, {
    bucket: props.name ?? 'pg',
    host: 's3.corp.example',
    port: 9000,
    credentials: { name: 's3' },
    authority: props.authority ? { name: props.authority } : undefined,
  });
}

/** A platform with one server; the props may need the platform. */
function lab(props: (platform: Platform) => PostgresProps = () => ({}), databases: string[] = []): Platform {
  const platform = testPlatform();
  const postgres = new Postgres(platform, 'postgres', props(platform));
  for (const name of databases) postgres.addDatabase(name);
  return platform;
}

type Pod = { spec: { template: { spec: k8s.PodSpec; metadata: { annotations: Record<string, string> } } } };
type Files = { data: Record<string, string> };

const pod = (platform: Platform) => objectOf<Pod>(platform, 'StatefulSet', 'postgres').spec.template.spec;
const settings = (platform: Platform) => objectOf<Files>(platform, 'ConfigMap', 'config').data['postgresql.conf'];
const container = (spec: k8s.PodSpec, name: string): k8s.Container => {
  const found = [...spec.initContainers!, ...spec.containers].find((one) => one.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
};
const env = (of: k8s.Container): Record<string, unknown> =>
  Object.fromEntries(of.env!.map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.secretKeyRef]));

describe('what it puts in the cluster', () => {
  test('defaults', () => {
    const platform = lab(undefined, ['mlflow']);
    expect(findingsOf(platform)).toEqual([]);
    const own = objectsOf(platform).filter(
      ({ kind, metadata }) => metadata.namespace === 'postgres' && kind !== 'ConfigMap',
    );
    expectGolden('data/golden/postgres.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('everything at once links', () => {
    const platform = lab(
      (p) => ({
        namespace: 'databases',
        backups: bucket(p, { authority: 'corp-ca' }),
        restore: { from: bucket(p, { authority: 'old-ca', name: 'old' }) },
        certificates: External.certificates(p, { tlsSecret: 'tls', authority: { name: 'corp-ca' } }),
      }),
      ['mlflow', 'label_studio'],
    );
    expect(findingsOf(platform)).toEqual([]);
  });

  test('the configuration is that of the memory', () => {
    expect(settings(lab(() => ({ memory: Size.gibibytes(8), storage: Size.gibibytes(100) })))).toMatch(
      /shared_buffers = '2048MB'\n[^]*max_wal_size = '10240MB'/,
    );
    expect(settings(lab(() => ({ connections: 40 })))).toContain('max_connections = 40\n');
  });

  test('memory and cores are those of the server and of its recovery', () => {
    const spec = pod(lab(() => ({ memory: Size.gibibytes(4), cpu: 2 })));
    for (const name of ['bootstrap', 'postgres']) {
      expect(container(spec, name).resources).toMatchObject({
        requests: { cpu: '2', memory: '4Gi' },
        limits: { cpu: '8', memory: '4Gi' },
      });
    }
    expect(spec.volumes).toContainEqual({ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '512Mi' } });
  });

  test('the cost of a page is that of the storage class', () => {
    expect(settings(lab(() => ({ storageClass: 'hot' })))).toContain('random_page_cost = 1.1\n');
    expect(settings(lab(() => ({ storageClass: 'large' })))).toContain('random_page_cost = 4\n');
  });

  test('storage grows in place: no field that Kubernetes forbids to change depends on it', () => {
    const [small, large] = [20, 200].map((size) => lab(() => ({ storage: Size.gibibytes(size) })));
    const claim = (platform: Platform) =>
      objectOf<{ spec: k8s.PersistentVolumeClaimSpec }>(platform, 'PersistentVolumeClaim', 'data').spec;
    expect(claim(large)).toEqual({ ...claim(small), resources: { requests: { storage: '200Gi' } } });
    expect(claim(small)).toMatchObject({ storageClassName: 'fast', accessModes: ['ReadWriteOnce'] });
    const set = (platform: Platform) => ({
      ...objectOf<Pod>(platform, 'StatefulSet', 'postgres').spec,
      template: undefined,
    });
    expect(set(large!)).toEqual(set(small!));
    expect(set(small!)).not.toHaveProperty('volumeClaimTemplates');
  });

  test('without classes in the site the cluster chooses', () => {
    const platform = testPlatform({
      site: new Site({
        name: 's',
        domain: 's.example',
        nodePools: [{ name: 'n', nodes: 1, cpu: { cores: 8 }, memory: Size.gibibytes(32) }],
      }),
    });
    new Postgres(platform, 'postgres');
    expect(objectOf<{ spec: object }>(platform, 'PersistentVolumeClaim', 'data').spec).not.toHaveProperty(
      'storageClassName',
    );
  });

  test('it is stopped fast, given time, and not killed while it recovers', () => {
    const spec = pod(lab());
    const { lifecycle, livenessProbe, readinessProbe } = container(spec, 'postgres');
    expect(spec.terminationGracePeriodSeconds).toBe(300);
    expect(lifecycle!.preStop!.exec!.command).toEqual(expect.arrayContaining(['pg_ctl', 'stop', 'fast', '290']));
    expect(livenessProbe!.exec!.command![2]).toMatch(/pg_isready .* \|\| \[ \$\? -eq 1 \]$/);
    expect(readinessProbe!.exec!.command![0]).toBe('pg_isready');
  });

  test('no password is in the output', () => {
    const platform = lab((p) => ({ backups: bucket(p) }), ['mlflow']);
    expect(env(container(pod(platform), 'bootstrap')).SUPERUSER_PASSWORD).toEqual({
      name: 'postgres-superuser',
      key: 'password',
    });
    expect(objectsOf(platform).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('a change of the configuration restarts the server', () => {
    const digest = (size: number) =>
      objectOf<Pod>(
        lab(() => ({ memory: Size.gibibytes(size) })),
        'StatefulSet',
        'postgres',
      ).spec.template.metadata.annotations;
    expect(digest(1)).not.toEqual(digest(2));
    expect(digest(2)).toEqual(digest(2));
  });
});

describe('databases', () => {
  test('each has its own credentials, Job and wave', () => {
    const platform = testPlatform();
    const postgres = new Postgres(platform, 'postgres');
    const database = postgres.addDatabase('label_studio');
    expect(database).toMatchObject({ name: 'label_studio', sslMode: 'disable' });
    expect(database.endpoint).toMatchObject({ host: 'postgres.postgres.svc.cluster.local', port: 5432 });
    expect(database.credentials.in('postgres')).toMatchObject({
      name: 'postgres-label-studio',
    });
    expect(database.readyAfter[0]!.wave).toBeGreaterThan(postgres.readyAfter[0]!.wave);
    const job = objectOf<Pod>(platform, 'Job', /^database-label-studio-/);
    expect(env(job.spec.template.spec.containers[0]!)).toMatchObject({
      PGHOST: 'postgres.postgres.svc.cluster.local',
      PGPASSWORD: { name: 'postgres-superuser', key: 'password' },
      DATABASE: 'label_studio',
      ROLE: { name: 'postgres-label-studio', key: 'username' },
      ROLE_PASSWORD: { name: 'postgres-label-studio', key: 'password' },
    });
    expect(findingsOf(platform)).toEqual([]);
  });

  test('with certificates clients must verify', () => {
    const platform = testPlatform();
    const certificates = External.certificates(platform, { tlsSecret: 'tls', authority: { name: 'ca' } });
    const database = new Postgres(platform, 'postgres', { certificates }).addDatabase('mlflow');
    expect(database.sslMode).toBe('verify-full');
    expect(database.authority(database.readyAfter[0]!)).toMatchObject({ name: 'ca', namespace: 'postgres' });
    expect(env(objectOf<Pod>(platform, 'Job', /^database-mlflow-/).spec.template.spec.containers[0]!)).toMatchObject({
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/authorities/server/ca.crt',
    });
    expect(container(pod(platform), 'reload').command).toEqual(['bash', '/scripts/reload.sh']);
    expect(objectOf<Files>(platform, 'ConfigMap', 'config').data['pg_hba.conf']).toContain('hostssl all all all');
  });

  test('a certificate of an unknown authority is still asked for', () => {
    const platform = testPlatform();
    const certificates = External.certificates(platform, { tlsSecret: 'tls' });
    const database = new Postgres(platform, 'postgres', { certificates }).addDatabase('mlflow');
    expect(database.sslMode).toBe('require');
    expect(database.authority(database.readyAfter[0]!)).toBeUndefined();
  });

  test('the network is open to the Job and closed to others', () => {
    const platform = lab(undefined, ['mlflow']);
    const { spec } = objectOf<{ spec: k8s.NetworkPolicySpec }>(platform, 'NetworkPolicy', 'postgres');
    expect(spec.ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'postgres' } },
            podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': 'database-mlflow' }) },
          },
        ],
        ports: [{ port: 5432, protocol: 'TCP' }],
      },
    ]);
  });

  test.each([
    ['Mlflow', /^lab\/postgres: a database's name must be .* got "Mlflow"; did you mean "mlflow"\?$/],
    ['ml-flow', /did you mean "ml_flow"\?$/],
    ['1st', /did you mean "st"\?$/],
    ['', /got ""; give it one such as "mlflow"$/],
    ['x'.repeat(33), /up to 31 lower-case/],
    ['postgres', /can't be called "postgres", which PostgreSQL or this system uses itself; choose another name$/],
    ['template1', /can't be called "template1"/],
    ['pg_stats', /can't be called "pg_stats"/],
    ['metrics', /can't be called "metrics"/],
  ])('%p is refused', (name, message) => {
    expect(() => lab(undefined, [name])).toThrow(message);
  });

  test('a database is added once', () => {
    expect(() => lab(undefined, ['mlflow', 'mlflow'])).toThrow('lab/postgres: database "mlflow" was added before');
  });

  test('two servers on one platform keep apart', () => {
    const platform = testPlatform();
    for (const id of ['postgres', 'research-db']) new Postgres(platform, id).addDatabase('mlflow');
    expect(findingsOf(platform)).toEqual([]);
    expect(objectsOf(platform).filter(({ kind }) => kind === 'StatefulSet')).toHaveLength(2);
  });
});

describe('backups', () => {
  const withBackups = (props: PostgresProps = {}) =>
    lab((p) => ({ backups: bucket(p, { authority: 'corp-ca' }), ...props }));

  test('WAL goes to the bucket', () => {
    const platform = withBackups();
    const server = container(pod(platform), 'postgres');
    expect(env(server)).toMatchObject({
      ARCHIVE: 'archive/pg/postgres',
      ARCHIVE_ACCESS_KEY: { name: 's3', key: 'access-key' },
      ARCHIVE_SECRET_KEY: { name: 's3', key: 'secret-key' },
      MC_HOST_archive: 'https://$(ARCHIVE_ACCESS_KEY):$(ARCHIVE_SECRET_KEY)@s3.corp.example:9000',
      SSL_CERT_DIR: '/authorities/archive',
    });
    // Kubernetes fills in only what stands before.
    const order = server.env!.map(({ name }) => name);
    expect(order.indexOf('MC_HOST_archive')).toBeGreaterThan(order.indexOf('ARCHIVE_SECRET_KEY'));
    expect(settings(platform)).toContain(`archive_command = 'bash /scripts/archive.sh "%p" "%f"'\n`);
    expect(settings(platform)).toContain(`archive_timeout = '300s'\n`);
    expect(pod(platform).initContainers!.map(({ name }) => name)).toEqual(['client', 'bootstrap']);
  });

  test('base backups are made at once and by schedule', () => {
    const platform = withBackups({
      backupSchedule: '30 4 * * 0',
      backupsKept: 3,
      backupPath: 'lab/main',
      archiveTimeout: Duration.minutes(1),
    });
    const cron = objectOf<{ spec: { schedule: string; jobTemplate: Pod } }>(platform, 'CronJob', 'backup').spec;
    expect(cron.schedule).toBe('30 4 * * 0');
    const regular = env(container(cron.jobTemplate.spec.template.spec, 'backup'));
    expect(regular).toMatchObject({ KEEP: '3', ARCHIVE: 'archive/pg/lab/main' });
    const first = env(container(objectOf<Pod>(platform, 'Job', /^first-backup-/).spec.template.spec, 'backup'));
    expect(first).toEqual({ ...regular, UNLESS_PRESENT: 'yes' });
    expect(settings(platform)).toContain(`archive_timeout = '60s'\n`);
  });

  test('without a bucket nothing of it is there', () => {
    const platform = lab();
    expect(settings(platform)).toContain(`archive_mode = 'off'\n`);
    expect(pod(platform).initContainers!.map(({ name }) => name)).toEqual(['bootstrap']);
    expect(objectsOf(platform).filter(({ kind }) => kind === 'CronJob')).toEqual([]);
  });

  test('a bucket of another platform is refused', () => {
    const other = testPlatform();
    const elsewhere = new Postgres(other, 'elsewhere');
    const foreign: IBucket = { ...bucket(other), readyAfter: elsewhere.readyAfter };
    expect(() => lab(() => ({ backups: foreign }))).toThrow(
      /lab\/postgres.* needs lab\/elsewhere\/install of platform "lab"/,
    );
  });
});

describe('restore', () => {
  const restored = (
    restore: Partial<PostgresProps['restore']> = {},
    props: PostgresProps = {},
    databases: string[] = [],
  ) => lab((p) => ({ restore: { from: bucket(p), path: 'old', ...restore }, ...props }), databases);

  test('only the bootstrap may read the other archive', () => {
    const spec = pod(restored({ targetTime: '2026-01-31T12:00:00Z', backup: '20260131T020000Z' }));
    expect(env(container(spec, 'bootstrap'))).toMatchObject({
      RESTORE: 'restore/pg/old',
      RESTORE_TIME: '2026-01-31T12:00:00Z',
      RESTORE_BACKUP: '20260131T020000Z',
      MC_HOST_restore: 'https://$(RESTORE_ACCESS_KEY):$(RESTORE_SECRET_KEY)@s3.corp.example:9000',
    });
    expect(Object.keys(env(container(spec, 'postgres'))).filter((name) => /restore/i.test(name))).toEqual([]);
  });

  test('both archives are trusted by their own authorities', () => {
    const platform = lab((p) => ({
      backups: bucket(p, { authority: 'new-ca' }),
      restore: { from: bucket(p, { authority: 'old-ca', name: 'old' }) },
    }));
    expect(env(container(pod(platform), 'bootstrap')).SSL_CERT_DIR).toBe('/authorities/archive:/authorities/restore');
  });

  test('databases are made again in the restored data', () => {
    const name = (platform: Platform) => objectOf(platform, 'Job', /^database-mlflow-/).metadata.name;
    expect(name(restored({}, {}, ['mlflow']))).not.toBe(name(lab(undefined, ['mlflow'])));
    expect(name(restored({}, {}, ['mlflow']))).not.toBe(
      name(restored({ targetTime: '2026-01-31T12:00:00Z' }, {}, ['mlflow'])),
    );
  });

  test.each([
    [{ backup: 'last' }, /restore\.backup must be a backup's name, got "last"; write it as "20260131T030000Z"$/],
    [
      { targetTime: '2026-01-31 12:00' },
      /restore\.targetTime must be a time in UTC to the second, got "2026-01-31 12:00"/,
    ],
    [{ targetTime: '2026-02-31T12:00:00Z' }, /restore\.targetTime must be a time in UTC/],
    [
      { targetTime: '2026-01-01T00:00:00Z', backup: '20260131T020000Z' },
      /must be after the backup "20260131T020000Z" ended/,
    ],
    [{ path: '/old' }, /restore\.path must be lower-case words with "\/" between them, got "\/old"/],
  ])('%p is refused', (restore, message) => {
    expect(() => restored(restore)).toThrow(message);
  });

  test('an instance never continues the archive it came from', () => {
    const same = (props: PostgresProps) => lab((p) => ({ backups: bucket(p), restore: { from: bucket(p) }, ...props }));
    expect(() => same({})).toThrow(
      'lab/postgres: restore and backups are both at "pg/postgres", where the new instance would continue the old one\'s archive; ' +
        'give it a backupPath of its own, such as "postgres-2"',
    );
    expect(findingsOf(same({ backupPath: 'postgres-2' }))).toEqual([]);
  });
});

describe('metrics', () => {
  test('an exporter of the pod is scraped', () => {
    const platform = lab((p) => ({
      metrics: External.prometheus(p, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
    }));
    const exporter = container(pod(platform), 'metrics');
    expect(env(exporter)).toMatchObject({ DATA_SOURCE_PASS: { name: 'postgres-metrics', key: 'password' } });
    expect(env(container(pod(platform), 'bootstrap'))).toMatchObject({
      METRICS_PASSWORD: { name: 'postgres-metrics', key: 'password' },
    });
    expect(
      objectOf<{ spec: { endpoints: object[] } }>(platform, 'ServiceMonitor', 'postgres').spec.endpoints[0],
    ).toMatchObject({ port: 'metrics' });
  });
});

describe('bad input', () => {
  test.each<[string, (platform: Platform) => PostgresProps, string | RegExp]>([
    [
      'memory',
      () => ({ memory: Size.mebibytes(256) }),
      'lab/postgres: memory must be at least 512 MiB, got 256 MiB; give more',
    ],
    [
      'storage',
      () => ({ storage: Size.gibibytes(1) }),
      'lab/postgres: storage must be at least 2 GiB, got 1024 MiB; give more',
    ],
    [
      'cpu',
      () => ({ cpu: 0 }),
      'lab/postgres: cpu must be above 0 and at most 256 cores, got 0; write 0.5 for half a core',
    ],
    [
      'too many clients',
      () => ({ connections: 1000 }),
      'connections must be a whole number from 10 to 204, got 1000; 204 is what 1024 MiB of memory carry',
    ],
    ['no clients', () => ({ connections: 0 }), 'connections must be a whole number from 10 to 204, got 0'],
    [
      'schedule',
      (p) => ({ backups: bucket(p), backupSchedule: 'nightly' }),
      /schedule must be cron's five fields in UTC, got "nightly"/,
    ],
    [
      'no backup kept',
      (p) => ({ backups: bucket(p), backupsKept: 0 }),
      'backupsKept must be a whole number from 1 to 365, got 0; keep at least the last',
    ],
    [
      'archive timeout',
      (p) => ({ backups: bucket(p), archiveTimeout: Duration.seconds(1) }),
      'archiveTimeout must be from 10 seconds to a day, got 1 seconds',
    ],
    [
      'backup path',
      (p) => ({ backups: bucket(p), backupPath: 'Lab/' }),
      'backupPath must be lower-case words with "/" between them, got "Lab/"',
    ],
    [
      'schedule of nothing',
      () => ({ backupSchedule: '0 2 * * *' }),
      'backupSchedule is of no use without backups; pass backups',
    ],
    [
      'storage class',
      () => ({ storageClass: 'hto' }),
      /has no storage class "hto", by name or tier; there is "fast" \(hot\)/,
    ],
  ])('%s', (_what, props, message) => {
    expect(() => lab(props)).toThrow(message);
  });
});
