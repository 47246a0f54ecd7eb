import { External, type k8s, type Platform } from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { linked } from '../../lib/core/output/linked';
import { Redis } from '../../lib/data/redis';
import { type Harbor, type HarborProps } from '../../lib/registry/harbor';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';
import { Identity, lab, prometheus } from './harbor-support';

type Workload = { spec: { replicas: number; template: { spec: k8s.PodSpec } } };

const pod = (platform: Platform, name: string) =>
  objectOf<Workload>(platform, 'Deployment', name, 'harbor').spec.template.spec;
const env = (platform: Platform, name: string, container = 0): Record<string, unknown> =>
  Object.fromEntries(
    pod(platform, name).containers[container]!.env!.map((one) => [one.name, one.value ?? one.valueFrom?.secretKeyRef]),
  );
const config = (platform: Platform, name: string) =>
  objectOf<{ data: Record<string, string> }>(platform, 'ConfigMap', name, 'harbor').data;
const policy = (platform: Platform, name: string) =>
  JSON.stringify(objectOf(platform, 'NetworkPolicy', name, 'harbor').spec);
const deployments = (platform: Platform, namespace = 'harbor') =>
  objectsOf(platform)
    .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === namespace)
    .map(({ metadata }) => metadata.name);

describe('what it puts in the cluster', () => {
  test('its parts, without a volume', () => {
    const { platform } = lab();
    expect(findingsOf(platform)).toEqual([]);
    expect(deployments(platform)).toEqual(['core', 'portal', 'registry', 'jobservice', 'trivy']);
    expect(
      objectsOf(platform).filter(
        ({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.namespace === 'harbor',
      ),
    ).toEqual([]);
    const own = objectsOf(platform).filter(
      ({ kind, metadata }) => metadata.namespace === 'harbor' && kind === 'Deployment' && metadata.name === 'registry',
    );
    expectGolden('registry/golden/harbor.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('everything at once links', () => {
    const { platform, harbor } = lab((p) => ({
      namespace: 'images',
      host: 'registry.corp.example',
      certificates: External.certificates(p, { tlsSecret: 'tls', authority: { name: 'ca' } }),
      metrics: prometheus(p),
      proxies: ['docker.io', 'nvcr.io'],
      proxyCredentials: { 'nvcr.io': External.credentials(p, { name: 'ngc' }, ['username', 'password']) },
      replicas: 3,
      connections: 60,
    }));
    harbor.addProject('vision', { quota: 100, keepLast: 5 }).addRobot('ci', 'push').in('redis');
    harbor.addReplication('branch', {
      url: 'https://harbor.branch.example',
      repositories: 'vision/**',
      schedule: '0 4 * * *',
    });
    expect(findingsOf(platform)).toEqual([]);
    expect(deployments(platform, 'images')).toContain('exporter');
  });

  test('no secret value is in a manifest', () => {
    const { platform, harbor } = lab();
    harbor.addProject('vision').addRobot('ci', 'push').in('harbor');
    expect(objectsOf(platform).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test("the parts run without upstream's entrypoints, which write to the root file system", () => {
    const { platform } = lab();
    for (const name of deployments(platform)) {
      for (const { command, securityContext } of pod(platform, name!).containers) {
        expect(command![0]).not.toMatch(/entrypoint|start\.sh/);
        expect(securityContext!.readOnlyRootFilesystem).toBe(true);
      }
    }
  });
});

describe('what it needs', () => {
  test('each use has a database of Redis of its own, with user and password', () => {
    const { platform } = lab();
    const host = 'redis.redis.svc.cluster.local:6379';
    const url = (number: number, query = '?idle_timeout_seconds=30') =>
      `redis://$(REDIS_USERNAME):$(REDIS_PASSWORD)@${host}/${number}${query}`;
    expect(env(platform, 'core')).toMatchObject({
      REDIS_PASSWORD: { name: 'redis-harbor', key: 'password' },
      _REDIS_URL_CORE: url(0),
      _REDIS_URL_REG: url(2),
    });
    expect(env(platform, 'jobservice')).toMatchObject({ JOB_SERVICE_POOL_REDIS_URL: url(1, '') });
    expect(env(platform, 'trivy')).toMatchObject({ SCANNER_REDIS_URL: url(3) });
    expect(config(platform, 'registry-config')['config.yml']).toMatch(
      /\nredis:\n {2}addr: redis\.redis\.svc\.cluster\.local:6379\n {2}db: 2\n {2}enableTLS: false\n/,
    );
  });

  test('the registry takes user and password from a file in memory, to which its init container appends them', () => {
    const { platform } = lab();
    const [init] = pod(platform, 'registry').initContainers!;
    expect(init!.command![2]).toContain(
      `printf '  username: %s\\n  password: %s\\n' "$REDIS_USERNAME" "$REDIS_PASSWORD" >>`,
    );
    expect(config(platform, 'registry-config')['config.yml']).toMatch(/\n {4}idletimeout: 60s\n$/);
  });

  test('authorities of database, Redis, bucket and provider are trusted by those who connect there', () => {
    const { platform } = lab((p) => ({
      identity: new Identity(p),
      database: External.postgres(p, {
        host: 'db.corp.example',
        port: 5432,
        database: 'harbor',
        credentials: { name: 'db' },
        sslMode: 'verify-full',
        authority: { name: 'db-ca' },
      }),
      storage: External.bucket(p, {
        bucket: 'b',
        host: 's3.corp.example',
        port: 443,
        credentials: { name: 's3' },
        authority: { name: 's3-ca' },
      }),
      redis: new Redis(p, 'cache', {
        certificates: External.certificates(p, { tlsSecret: 'tls', authority: { name: 'redis-ca' } }),
      }).addDatabases('harbor', 4),
    }));
    expect(findingsOf(platform)).toEqual([]);
    expect(env(platform, 'core')).toMatchObject({
      SSL_CERT_DIR: '/authorities/database:/authorities/redis:/authorities/identity',
      PGSSLROOTCERT: '/authorities/database/ca.crt',
      POSTGRESQL_SSLMODE: 'verify-full',
      _REDIS_URL_CORE: expect.stringMatching(/^rediss:/) as string,
    });
    expect(env(platform, 'registry')).toMatchObject({ SSL_CERT_DIR: '/authorities/storage:/authorities/redis' });
    expect(env(platform, 'jobservice')).toMatchObject({ PGSSLROOTCERT: '/authorities/database/ca.crt' });
    expect(config(platform, 'registry-config')['config.yml']).toContain('enableTLS: true');
  });

  test('a Redis elsewhere will do', () => {
    const { platform } = lab((p) => ({
      redis: External.redis(p, {
        host: 'redis.corp.example',
        port: 6380,
        numbers: [4, 5, 6, 7],
        credentials: { name: 'corp-redis' },
        authority: { name: 'corp-ca' },
      }),
    }));
    expect(findingsOf(platform)).toEqual([]);
    expect(env(platform, 'jobservice').JOB_SERVICE_POOL_REDIS_URL).toMatch(/^rediss:.*@redis\.corp\.example:6380\/5$/);
  });

  test('connections are divided among the pods', () => {
    expect(env(lab().platform, 'core').POSTGRESQL_MAX_OPEN_CONNS).toBe('9');
    expect(env(lab({ connections: 103, replicas: 5 }).platform, 'core').POSTGRESQL_MAX_OPEN_CONNS).toBe('10');
  });

  test("the bucket is the registry's alone: layers go through it", () => {
    const { platform } = lab();
    expect(config(platform, 'registry-config')['config.yml']).toMatch(
      /regionendpoint: https:\/\/s3\.corp\.example:443\n {4}secure: true\n[^]*redirect:\n {4}disable: true\n/,
    );
    expect(env(platform, 'registry', 1)).toMatchObject({
      REGISTRY_STORAGE_S3_ACCESSKEY: { name: 's3', key: 'access-key' },
    });
  });
});

describe('ways in and out', () => {
  test("the gateway leads to core what is core's, and the rest to the user interface", () => {
    const { platform, harbor } = lab();
    const paths = objectsOf(platform)
      .filter(({ kind }) => kind === 'Ingress')
      .map(({ spec }) => (spec as k8s.IngressSpec).rules![0]!.http!.paths[0]!)
      .map(({ path, backend }) => `${path} ${backend.service!.name}`);
    expect(paths.sort()).toEqual(['/ portal', '/api core', '/c core', '/service core', '/v2 core']);
    expect(harbor).toMatchObject({ host: 'harbor.test.example', url: 'https://harbor.test.example' });
    expect(harbor.endpoint).toMatchObject({ host: 'harbor.test.example', port: 443 });
    expect(env(platform, 'core').EXT_ENDPOINT).toBe('https://harbor.test.example');
  });

  test('nothing gets out but the scanner, until there is something beyond', () => {
    const out = '"ports":[{"port":443,"protocol":"TCP"}]}';
    const without = lab({ scanner: false }).platform;
    for (const name of ['core', 'jobservice']) {
      expect(policy(without, name)).not.toContain(`{${out}`);
      expect(policy(lab({ proxies: ['quay.io'] }).platform, name)).toContain(`{${out}`);
    }
    expect(policy(lab().platform, 'trivy')).toContain(`{${out}`);
  });

  test('without the scanner there is none, and nobody asks for it', () => {
    const { platform, harbor } = lab({ scanner: false });
    harbor.addProject('vision');
    expect(deployments(platform)).not.toContain('trivy');
    expect(env(platform, 'core').WITH_TRIVY).toBe('false');
    expect(config(platform, 'plan')['project.vision.create.json']).toContain('"auto_scan":"false"');
  });

  test("what the scanner knows comes from the platform's mirror, and is on the list to be mirrored", () => {
    const { platform } = lab();
    expect(env(platform, 'trivy').SCANNER_TRIVY_DB_REPOSITORY).toBe('ghcr.io/aquasecurity/trivy-db:2');
    expect(linked(platform).findings).toEqual([]);
  });

  test('people are led back to the host', () => {
    let identity: Identity | undefined;
    lab((p) => ({ identity: (identity = new Identity(p)) }));
    expect(identity!.clients).toEqual({ harbor: ['https://harbor.test.example/c/oidc/callback'] });
  });
});

describe('projects', () => {
  test('the contract: prefix, robots and authority', () => {
    const { harbor, platform } = lab((p) => ({
      certificates: External.certificates(p, { tlsSecret: 'tls', authority: { name: 'ca' } }),
    }));
    const project = harbor.addProject('vision');
    expect(project.prefix).toBe('harbor.test.example/vision');
    const robot = project.addRobot('ci', 'push');
    expect(robot.keys).toEqual(['username', 'password', '.dockerconfigjson']);
    const { name } = robot.in('redis');
    expect(robot.readyAfter).toEqual(harbor.readyAfter);
    expect(harbor.authority(project.readyAfter[0]!)).toMatchObject({ name: 'ca' });
    const job = objectOf(platform, 'Job', /^configure-/, 'harbor');
    expect(JSON.parse(job.metadata.annotations!['onprem-ml.io/creates']!)).toEqual([
      { kind: 'Secret', namespace: 'redis', name, keys: ['username', 'password', '.dockerconfigjson'] },
    ]);
    expect(objectOf(platform, 'Role', 'harbor-configure', 'redis').rules).toEqual([
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['update'], resourceNames: [name] },
    ]);
  });

  test('a change of a project runs the Job again', () => {
    const job = (quota: number) => {
      const { harbor, platform } = lab();
      harbor.addProject('vision', { quota });
      return objectOf(platform, 'Job', /^configure-/, 'harbor').metadata.name;
    };
    expect(job(1)).toBe(job(1));
    expect(job(1)).not.toBe(job(2));
  });

  test('metrics of each part, with alerts', () => {
    const { platform } = lab((p) => ({ metrics: prometheus(p) }));
    const monitors = objectsOf(platform).filter(
      ({ kind, metadata }) => kind === 'ServiceMonitor' && metadata.namespace === 'harbor',
    );
    expect(monitors.map(({ metadata }) => metadata.name).sort()).toEqual([
      'core',
      'exporter',
      'jobservice',
      'registry',
    ]);
    expect(JSON.stringify(objectOf(platform, 'PrometheusRule', 'harbor').spec)).toContain('"alert":"HarborPartDown"');
  });
});

test.each<[string, Partial<HarborProps> | ((p: Platform) => Partial<HarborProps>), string]>([
  [
    'replicas',
    { replicas: 0 },
    'lab/harbor: replicas must be a whole number from 1 to 10, got 0; two on different nodes outlive one of them',
  ],
  [
    'workers',
    { workers: 0 },
    'lab/harbor: workers must be a whole number from 1 to 100, got 0; each takes connections and memory',
  ],
  [
    'connections',
    { replicas: 5, connections: 40 },
    'lab/harbor: connections must be a whole number from 53 to 1000, got 40; five for each pod of core and of jobs, 53 in all, are the least',
  ],
  ['host', { host: 'Harbor' }, 'lab/harbor: host must be a host name of lower-case labels'],
  [
    'redis',
    (p) => ({ redis: new Redis(p, 'cache').addDatabases('harbor', 2) }),
    'lab/harbor: redis must have 4 logical databases, got 2; pass redis.addDatabases("harbor", 4)',
  ],
  [
    'administrators',
    { administrators: 'admins' },
    `lab/harbor: administrators are a group of the identity provider's, and there is none, got "admins"; pass identity`,
  ],
  ['proxies', { proxies: ['docker.com' as 'docker.io'] }, 'lab/harbor: proxies must be of "docker.io", "quay.io"'],
  ['proxies twice', { proxies: ['quay.io', 'quay.io'] }, 'lab/harbor: proxies has "quay.io" twice; leave one out'],
  [
    'proxyCredentials',
    (p) => ({ proxyCredentials: { 'nvcr.io': External.credentials(p, { name: 'ngc' }, ['username', 'password']) } }),
    `lab/harbor: proxyCredentials has "nvcr.io", which isn't among proxies; add it there`,
  ],
  ['garbageCollection', { garbageCollection: 'nightly' }, 'lab/harbor: schedule must be cron'],
])('%s out of bounds', (_, props, message) => {
  expect(() => lab(props)).toThrow(message);
});

test.each<[string, (harbor: Harbor) => unknown, string]>([
  ['a project twice', (h) => [h.addProject('a'), h.addProject('a')], 'lab/harbor: project "a" was asked for before'],
  ['an illegal project', (h) => h.addProject('Team Vision'), 'did you mean "team-vision"?'],
  [
    'a quota of nothing',
    (h) => h.addProject('a', { quota: 0 }),
    'lab/harbor: project "a": quota must be a whole number from 1',
  ],
  [
    'a schedule of nothing',
    (h) => h.addProject('a', { keepSchedule: '@daily' }),
    'keepSchedule is of no use without keepLast; say how many are kept',
  ],
  [
    'a scan without the scanner',
    (h) => h.addProject('a', { preventVulnerable: 'high' }),
    'preventVulnerable needs the scanner, which is off',
  ],
  [
    'a robot twice',
    (h) => {
      const p = h.addProject('a');
      p.addRobot('ci', 'pull');
      p.addRobot('ci', 'pull');
    },
    'robot "ci" was asked for before',
  ],
  [
    'an illegal robot',
    (h) => h.addProject('a').addRobot('CI_1', 'pull'),
    `a robot's name must be of lower-case letters`,
  ],
  [
    'an unknown access',
    (h) => h.addProject('a').addRobot('ci', 'write' as 'push'),
    'robot "ci": access must be one of "pull", "push", "maintain", got "write"',
  ],
  [
    'a group of nobody',
    (h) => h.addProject('a').allowGroup('team', 'pull'),
    'group "team" is known to nobody, since Harbor has no identity provider',
  ],
  ['no such proxy', (h) => h.proxy('quay.io'), 'lab/harbor: nothing stands before "quay.io"; add it to proxies'],
  [
    'a replication by http',
    (h) => h.addReplication('a', { url: 'http://x.example', repositories: '**' }),
    'replication "a": url must be https',
  ],
  [
    'a replication of words',
    (h) => h.addReplication('a', { url: 'https://x.example', repositories: 'a b' }),
    'type and repositories must be one word each',
  ],
])('%s is refused', (_, ask, message) => {
  const { harbor } = lab({ scanner: false });
  expect(() => ask(harbor)).toThrow(message);
});

test('a group twice, or with an illegal name, is refused', () => {
  const project = lab((p) => ({ identity: new Identity(p) })).harbor.addProject('a');
  project.allowGroup('team', 'pull');
  expect(() => project.allowGroup('team', 'push')).toThrow('group "team" was given a role before; give it one');
  expect(() => project.allowGroup('a"b', 'pull')).toThrow('the name of a group must be text without quotes');
});
