import { Size } from 'cdk8s';
import {
  External,
  type IRedisDatabases,
  type k8s,
  type Platform,
  Deployment,
  type Stage,
  System,
  tools,
} from '../../lib/core';
import { toYaml } from '../../lib/core/output/yaml';
import { Redis, type RedisProps } from '../../lib/data/redis';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

/** Connects to its databases, by the sentinels too where there are some. */
class Client extends System {
  readonly stage: Stage;

  constructor(scope: Platform, id: string, databases: IRedisDatabases) {
    super(scope, id, { name: 'client', version: '1' }, {});
    this.stage = this.addStage('install', [databases]);
    const secret = databases.credentials.in(this.namespace);
    const pod = new Deployment(this.stage, 'client', {
      containers: [
        {
          name: 'client',
          image: tools.curl,
          env: {
            USERNAME: secret.env('username'),
            PASSWORD: secret.env('password'),
            REDIS_URL: `redis://$(USERNAME):$(PASSWORD)@${databases.endpoint.host}:${databases.endpoint.port}/${databases.numbers[0]}`,
          },
          resources: { cpu: 0.1, memory: Size.mebibytes(32) },
        },
      ],
    });
    pod.connectTo(databases.endpoint, databases.sentinels?.endpoint);
  }
}

function lab(props: RedisProps | ((platform: Platform) => RedisProps) = {}, clients: readonly string[] = []): Platform {
  const platform = testPlatform();
  const redis = new Redis(platform, 'redis', typeof props === 'function' ? props(platform) : props);
  for (const name of clients) new Client(platform, name, redis.addDatabases(name));
  return platform;
}

function prometheus(platform: Platform) {
  return External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
}

type Set = { spec: k8s.StatefulSetSpec };
type Files = { data: Record<string, string> };

const set = (platform: Platform) => objectOf<Set>(platform, 'StatefulSet', 'redis').spec;
const files = (platform: Platform) => objectOf<Files>(platform, 'ConfigMap', 'config').data;
const claims = (platform: Platform) =>
  objectsOf(platform)
    .filter(({ kind }) => kind === 'PersistentVolumeClaim')
    .map(({ metadata, spec }) => [metadata.name, (spec as k8s.PersistentVolumeClaimSpec).resources?.requests?.storage]);

describe('what it puts in the cluster', () => {
  test('three servers', () => {
    const platform = lab({ replicas: 3 }, ['harbor']);
    expect(findingsOf(platform)).toEqual([]);
    const own = objectsOf(platform).filter(
      ({ kind, metadata }) => metadata.namespace === 'redis' && ['StatefulSet', 'Service'].includes(kind),
    );
    expectGolden('data/golden/redis.yaml', toYaml(own.map((object) => ({ object }))));
  });

  test('one server', () => {
    const platform = lab({}, ['harbor']);
    expect(findingsOf(platform)).toEqual([]);
    expect(set(platform)).toMatchObject({ replicas: 1 });
    expect(set(platform).template.spec!.containers.map(({ name }) => name)).toEqual(['redis']);
    expect(objectsOf(platform).filter(({ kind }) => kind === 'Deployment')).toHaveLength(1);
    expect(files(platform)['redis.conf']).not.toContain('min-replicas');
    expect(Object.keys(files(platform))).toEqual(['redis.conf', 'users']);
  });

  test('everything at once links', () => {
    const platform = lab(
      (p) => ({
        namespace: 'caches',
        replicas: 5,
        certificates: External.certificates(p, { tlsSecret: 'tls', authority: { name: 'ca' } }),
        metrics: prometheus(p),
      }),
      ['harbor', 'label-studio'],
    );
    expect(findingsOf(platform)).toEqual([]);
    const [server, sentinel, exporter] = set(platform).template.spec!.containers;
    expect(server!.env).toContainEqual({ name: 'QUORUM', value: '3' });
    expect(sentinel!.env).toContainEqual({ name: 'TLS', value: 'yes' });
    expect(exporter!.env).toContainEqual({ name: 'REDIS_ADDR', value: 'rediss://localhost:6379' });
    expect(files(platform)['redis.conf']).toMatch(/^port 0\ntls-port 6379\n[^]*tls-replication yes\n/);
    expect(objectOf<Files>(platform, 'ConfigMap', 'haproxy').data['haproxy.cfg']).toMatch(
      /tcp-check connect ssl\n[^]*check-ssl verify required ca-file \/authority\/ca.crt/,
    );
  });

  test('no secret value is in a manifest, and none of the passwords is an argument', () => {
    const text = JSON.stringify(objectsOf(lab({ replicas: 3 }, ['harbor'])));
    expect(text).not.toMatch(/"(stringData|data)":\{[^}]*password/i);
    expect(text).not.toMatch(/ -a |--pass/);
  });
});

describe('servers', () => {
  test('data take six tenths of the memory, and what is full refuses to write', () => {
    const platform = lab({ memory: Size.gibibytes(4), cpu: 2 });
    expect(files(platform)['redis.conf']).toMatch(/maxmemory 2457mb\nmaxmemory-policy noeviction\nappendonly yes\n/);
    expect(set(platform).template.spec!.containers[0]!.resources).toMatchObject({
      requests: { cpu: '2', memory: '4Gi' },
      limits: { memory: '4Gi' },
    });
  });

  test('volumes grow, the templates stay', () => {
    const platform = lab({ replicas: 3, storage: Size.gibibytes(40), grownFrom: Size.gibibytes(10) });
    expect(claims(platform)).toEqual([0, 1, 2].map((i) => [`data-redis-${i}`, '40Gi']));
    expect(set(platform).volumeClaimTemplates![0]!.spec!.resources!.requests).toEqual({ storage: '10Gi' });
  });

  test('one becomes three in place: the volume and all that can not change stay', () => {
    const fixed = (platform: Platform) => {
      const { serviceName, selector, podManagementPolicy, volumeClaimTemplates } = set(platform);
      return { serviceName, selector, podManagementPolicy, volumeClaimTemplates };
    };
    const [one, three] = [lab(), lab({ replicas: 3 })];
    // The new ones must be in step with the single server before it restarts.
    expect(files(one).users).toBe(files(three).users);
    expect(fixed(three)).toEqual(fixed(one));
    expect(claims(three)).toEqual(expect.arrayContaining(claims(one)));
  });

  test('by default three times the memory, and on the fast class', () => {
    expect(claims(lab({ memory: Size.gibibytes(16) }))).toEqual([['data-redis-0', '48Gi']]);
    expect(set(lab()).volumeClaimTemplates![0]!.spec).toMatchObject({ storageClassName: 'fast' });
    expect(set(lab({ storageClass: 'large' })).volumeClaimTemplates![0]!.spec).toMatchObject({
      storageClassName: 'large',
    });
  });

  test('a master hands over before it stops; a single server has nobody to hand over to', () => {
    const lifecycle = (props: RedisProps) => set(lab(props)).template.spec!.containers[0]!.lifecycle;
    expect(lifecycle({ replicas: 3 })).toEqual({ preStop: { exec: { command: ['/bin/sh', '/scripts/stop.sh'] } } });
    expect(lifecycle({})).toBeUndefined();
  });

  test('one server a node, one drained at a time', () => {
    const platform = lab({ replicas: 3 });
    expect(set(platform).template.spec!.topologySpreadConstraints).toMatchObject([
      { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', maxSkew: 1 },
    ]);
    expect(objectOf(platform, 'PodDisruptionBudget', 'redis').spec).toMatchObject({ maxUnavailable: 1 });
  });

  test('the proxies ask all servers who is the master', () => {
    const config = objectOf<Files>(lab({ replicas: 3 }), 'ConfigMap', 'haproxy').data['haproxy.cfg']!;
    for (const i of [0, 1, 2]) {
      expect(config).toContain(`server redis-${i} redis-${i}.redis-pods.redis.svc.cluster.local:6379\n`);
    }
    expect(config).toContain('expect min-recv 40 string role:master');
  });

  test('metrics come with alerts, those of replicas where there are some', () => {
    const alerts = (props: RedisProps) => {
      const rule = objectOf(
        lab((p) => ({ ...props, metrics: prometheus(p) })),
        'PrometheusRule',
        'redis',
      );
      return JSON.stringify(rule.spec).match(/"alert":"\w+"/g);
    };
    expect(alerts({})).toHaveLength(3);
    expect(alerts({ replicas: 3 })).toEqual(expect.arrayContaining(['"alert":"RedisMasterMissing"']));
  });
});

describe('databases', () => {
  test('a user of its own on servers and sentinels, and what it may do', () => {
    const { users, 'sentinel-users': sentinels } = files(lab({ replicas: 3 }, ['harbor']));
    expect(users).toMatch(/^harbor ~\* &\* \+@all -@admin -@dangerous /m);
    expect(sentinels).toMatch(/^harbor [^\n]*\+sentinel -sentinel\|failover/m);
    const { sources } = set(lab({ replicas: 3 }, ['harbor'])).template.spec!.volumes!.find(
      ({ name }) => name === 'passwords',
    )!.projected!;
    expect(sources).toContainEqual({ secret: { name: 'redis-harbor', items: [{ key: 'password', path: 'harbor' }] } });
  });

  test('one more user restarts the servers and changes no number', () => {
    const numbers = (names: string[]) => {
      const redis = new Redis(testPlatform(), 'redis');
      return Object.fromEntries(names.map((name) => [name, redis.addDatabases(name, 2).numbers]));
    };
    expect(numbers(['label-studio', 'harbor'])).toEqual({ ...numbers(['harbor']), ...numbers(['label-studio']) });
    const pod = (clients: string[]) => set(lab({}, clients)).template.metadata!.annotations;
    expect(pod(['harbor', 'label-studio'])).not.toEqual(pod(['harbor']));
  });

  test('where they are, and the way there', () => {
    const redis = new Redis(testPlatform(), 'redis', { replicas: 3, firstDatabase: { harbor: 4 } });
    const { numbers, endpoint, sentinels, tls, credentials } = redis.addDatabases('harbor', 3);
    expect(numbers).toEqual([4, 5, 6]);
    expect(endpoint).toMatchObject({ host: 'redis.redis.svc.cluster.local', port: 6379 });
    expect(sentinels).toMatchObject({
      masterName: 'redis',
      endpoint: { host: 'redis-sentinels.redis.svc.cluster.local', port: 26379 },
    });
    expect(tls).toBe(false);
    expect(credentials.keys).toEqual(['username', 'password']);
    // A client is sent from the sentinels to a server.
    expect(sentinels!.endpoint.allow({ namespace: 'x', podLabels: {} }).ports).toEqual([
      { port: 26379 },
      { port: 6379 },
    ]);
  });

  test('clients of a single server are let in there, those of several at the proxies', () => {
    const ingress = (props: RedisProps, name: string) =>
      JSON.stringify(objectOf(lab(props, ['harbor']), 'NetworkPolicy', name, 'redis').spec);
    expect(ingress({}, 'redis')).toContain('"kubernetes.io/metadata.name":"harbor"');
    expect(ingress({ replicas: 3 }, 'proxy')).toContain('"kubernetes.io/metadata.name":"harbor"');
  });
});

test.each<[string, RedisProps | ((platform: Platform) => RedisProps), string]>([
  [
    'replicas',
    { replicas: 2 as 3 },
    'lab/redis: replicas must be 1, 3 or 5, so that more than half of the sentinels agree when one is gone, got 2; choose 3',
  ],
  ['memory', { memory: Size.mebibytes(64) }, 'lab/redis: memory must be at least 128Mi, got 64Mi; give more'],
  [
    'storage',
    { memory: Size.gibibytes(8), storage: Size.gibibytes(10) },
    'lab/redis: storage must be at least twice the memory of 8Gi, for the log and the one that replaces it, got 10Gi; give more',
  ],
  [
    'grownFrom',
    { storage: Size.gibibytes(10), grownFrom: Size.gibibytes(20) },
    'lab/redis: storage must not be less than grownFrom, 20Gi, got 10Gi; a volume never shrinks',
  ],
  [
    'databases',
    { databases: 8 },
    'lab/redis: databases must be a whole number from 16 to 16384, got 8; each that is used takes memory',
  ],
  [
    'certificates',
    (p) => ({ certificates: External.certificates(p, { tlsSecret: 'tls' }) }),
    'lab/redis: certificates must be of a private authority, got a public one, which issues none for names of the cluster; use a CertManager with its own',
  ],
])('%s out of bounds', (_, props, message) => {
  expect(() => lab(props)).toThrow(message);
});

test.each<[string, (redis: Redis) => unknown, string]>([
  [
    'a user twice',
    (r) => [r.addDatabases('a'), r.addDatabases('a')],
    'lab/redis: user "a" was added before; pass on what addDatabases returned then, or take another name',
  ],
  [
    'a taken name',
    (r) => r.addDatabases('sentinel'),
    `lab/redis: a user can't be called "sentinel", which Redis or this system uses itself; choose another name`,
  ],
  ['an illegal name', (r) => r.addDatabases('My App'), 'did you mean "my-app"?'],
  [
    'too many',
    (r) => r.addDatabases('a', 17),
    'lab/redis: user "a": count must be a whole number from 1 to 16, got 17; raise databases for more',
  ],
  [
    'numbers of another',
    (r) => [r.addDatabases('first', 2), r.addDatabases('second')],
    'lab/redis: user "second" must have databases of its own, got 1 to 1, of which "first" has 0 to 1; choose others by firstDatabase: { "second": ... }',
  ],
  [
    'numbers beyond the last',
    (r) => r.addDatabases('late', 2),
    'lab/redis: firstDatabase.late must be a whole number from 0 to 14, got 15; there are 16 databases, and 2 are asked for',
  ],
])('%s is refused', (_, ask, message) => {
  const redis = new Redis(testPlatform(), 'redis', { databases: 16, firstDatabase: { first: 0, second: 1, late: 15 } });
  expect(() => ask(redis)).toThrow(message);
});
