import { ApiObject } from 'cdk8s';
import { External } from '../../lib/core/external';
import { Deployment } from '../../lib/core/workload';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

test('a database elsewhere: a Secret of the user, and the way out', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const database = External.postgres(platform, {
    host: 'db.corp.example',
    port: 5433,
    cidr: '10.9.0.5/32',
    database: 'mlflow',
    credentials: { name: 'mlflow-db' },
  });
  const client = demo.deployment('client', {
    containers: [container({ env: { P: database.credentials.in('demo').env('password') } })],
  });
  client.connectTo(database.endpoint);
  expect(database).toMatchObject({ name: 'mlflow', sslMode: 'require', readyAfter: [] });
  expect(JSON.stringify(objectOf(platform, 'NetworkPolicy', 'client').spec)).toContain(
    '{"ports":[{"port":5433,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.9.0.5/32"}}]}',
  );
  expect(findingsOf(platform)).toEqual([]);
});

test('a database elsewhere has an account that makes users where one is named', () => {
  const platform = testPlatform();
  const props = { host: 'db.corp.example', port: 5432, database: 'runs', credentials: { name: 'runs-db' } };
  const userAdministrator = { credentials: { name: 'runs-users' }, owner: 'runs', reader: 'runs_reader' };
  const given = External.postgres(platform, { ...props, userAdministrator }).userAdministrator();
  expect(given).toMatchObject({ owner: 'runs', reader: 'runs_reader', readyAfter: [] });
  expect(given.credentials.in('vault')).toMatchObject({ namespace: 'vault', name: 'runs-users' });
  expect(() => External.postgres(platform, props).userAdministrator()).toThrow(
    'lab: nobody may make users of database "runs" of db.corp.example; have an account made there that may, and pass it as userAdministrator',
  );
});

test('a bucket elsewhere, with its authority', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const props = {
    host: 's3.corp.example',
    port: 443,
    bucket: 'b',
    credentials: { name: 's3' },
    authority: { name: 'corp-ca' },
  };
  const bucket = External.bucket(platform, props);
  expect(bucket).toMatchObject({ name: 'b', url: 'https://s3.corp.example:443', region: 'us-east-1' });
  expect(bucket.authority(demo.stage)!.env('ca.crt')).toEqual({ secretKeyRef: { name: 'corp-ca', key: 'ca.crt' } });
  expect(platform.externals).toContainEqual({ kind: 'Secret', namespace: 'demo', name: 'corp-ca', keys: ['ca.crt'] });
  expect(() => External.bucket(platform, { ...props, scheme: 'http' })).toThrow(
    'lab: bucket "b" has an authority but speaks http; leave authority out or use https',
  );
  expect(() => External.bucket(platform, { ...props, host: 'https://s3' })).toThrow(
    'lab: host of an external endpoint must be a host name',
  );
  expect(() => External.bucket(platform, { ...props, port: 70000 })).toThrow(
    'lab: port of s3.corp.example must be a port from 1 to 65535, got 70000',
  );
});

test('an ingress controller that is there: routes are Ingresses', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const { http } = demo.deployment('web').addService({ ports: { http: { port: 80, target: 8080 } } });
  const gateway = External.ingress(platform, {
    ingressClassName: 'nginx',
    pods: { namespace: 'ingress', labels: { app: 'nginx' } },
    tlsSecret: 'tls',
  });
  expect(gateway.addRoute(demo, { host: 'a.test.example', to: http }).url).toBe('https://a.test.example');
  expect(gateway.addRoute(demo, { host: 'a.test.example', path: '/api', to: http }).url).toBe(
    'https://a.test.example/api',
  );
  const ingresses = objectsOf(platform).filter(({ kind }) => kind === 'Ingress');
  expect(new Set(ingresses.map(({ metadata }) => metadata.name)).size).toBe(2);
  expect(JSON.stringify(objectOf(platform, 'NetworkPolicy', 'web').spec)).toContain(
    '"kubernetes.io/metadata.name":"ingress"',
  );
  const { endpoint } = gateway.addRoute(demo, { host: 'b.test.example', to: http });
  expect(endpoint).toMatchObject({ host: 'b.test.example', port: 443 });
  expect(endpoint.allow({ namespace: 'clients', podLabels: {} })).toEqual({
    peer: { namespace: 'ingress', podLabels: { app: 'nginx' } },
    ports: [{ port: 443 }],
  });
  expect(() => gateway.addRoute(demo, { host: 'a.test.example', to: http })).toThrow(
    'lab/demo: https://a.test.example/ is taken by lab/demo; give another host or path',
  );
  expect(() => gateway.addRoute(demo, { host: 'A.example', to: http })).toThrow('lab/demo: host must be a host name');
});

test('a Prometheus operator that is there: endpoints have a ServiceMonitor, and it may come in', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const web = new Deployment(demo.stage, 'web', { containers: [container({ ports: { metrics: 9090 } })] });
  const { metrics } = web.addService({ ports: { metrics: 9090 } });
  External.prometheus(platform, {
    pods: { namespace: 'monitoring', labels: { app: 'prometheus' } },
    monitorLabels: { release: 'x' },
  }).scrape(demo.stage, 'web', { endpoint: metrics });
  expect(objectOf(platform, 'ServiceMonitor', 'web')).toMatchObject({
    metadata: { namespace: 'demo', labels: { release: 'x' } },
    spec: { endpoints: [{ port: 'metrics', path: '/metrics', scheme: 'http', interval: '30s' }] },
  });
  expect(findingsOf(platform)).toEqual([]);
});

test('certificates and load balancers of others', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const issuer = External.certificates(platform, { tlsSecret: 'wildcard' });
  expect(issuer.issue(demo.stage, 'any', { dnsNames: ['a.test.example'] })).toMatchObject({
    namespace: 'demo',
    name: 'wildcard',
  });
  expect(issuer.authority(demo.stage)).toBeUndefined();
  expect(() => issuer.webhookAnnotations(issuer.issue(demo.stage, 'any', { dnsNames: ['a.test.example'] }))).toThrow(
    `lab: nobody puts the authority of "wildcard", which is issued elsewhere, into a webhook's configuration; use an issuer within the platform`,
  );
  expect(External.loadBalancer({ a: 'b' }).addAddress(demo, { address: '10.0.0.1' })).toEqual({
    annotations: { a: 'b' },
    address: '10.0.0.1',
  });
});

test('a tracking server elsewhere', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo');
  const tracking = External.experimentTracking(platform, {
    host: 'mlflow.corp.example',
    port: 443,
    credentials: { name: 'mlflow' },
  });
  expect(tracking).toMatchObject({ trackingUri: 'https://mlflow.corp.example:443', readyAfter: [] });
  expect(tracking.credentials.in('demo').env('password')).toEqual({
    secretKeyRef: { name: 'mlflow', key: 'password' },
  });
  expect(tracking.endpoint.allow({ namespace: 'demo', podLabels: {} })).toEqual({
    peer: 'anywhere',
    ports: [{ port: 443 }],
  });
});

test('a queue of a Kueue that is there: jobs may name it, and its pods are let in', () => {
  const platform = testPlatform();
  const demo = new Demo(platform, 'demo');
  const queue = External.queue(platform, { name: 'research', namespace: 'team-a' });
  expect(queue).toMatchObject({ name: 'research', namespace: 'team-a', pools: [], readyAfter: [] });
  const web = new Deployment(demo.stage, 'web', { containers: [container({ ports: { http: 8080 } })] });
  const { http } = web.addService({ ports: { http: { port: 80, target: 8080 } } });
  queue.connectTo(http, undefined);
  expect(objectOf(platform, 'NetworkPolicy', 'web')).toMatchObject({
    spec: {
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'team-a' } }, podSelector: {} }],
        },
      ],
    },
  });
  const job = (name: string, labels: Readonly<Record<string, string>>) =>
    new ApiObject(demo.stage, name, {
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      metadata: { name, namespace: queue.namespace, labels: { ...labels } },
    });
  platform.addExternal({ kind: 'CustomResourceDefinition', name: 'jobsets.jobset.x-k8s.io' });
  job('right', queue.jobLabels);
  expect(findingsOf(platform)).toEqual([]);
  job('wrong', { 'kueue.x-k8s.io/queue-name': 'reserch' });
  expect(findingsOf(platform)).toEqual([expect.stringContaining('"reserch" names no LocalQueue')]);
  expect(() => External.queue(platform, { name: 'Research' })).toThrow('the name of a queue must be of lower-case');
});

test('databases of a Redis elsewhere, and what a hurried person gets wrong', () => {
  const platform = testPlatform();
  new Demo(platform, 'demo');
  const props = { host: 'redis.corp.example', port: 6380, numbers: [2, 3], credentials: { name: 'redis' } };
  const redis = External.redis(platform, { ...props, authority: { name: 'corp-ca' } });
  expect(redis).toMatchObject({ numbers: [2, 3], tls: true, endpoint: { host: 'redis.corp.example', port: 6380 } });
  expect(redis.sentinels).toBeUndefined();
  expect(redis.credentials.in('demo').env('username')).toEqual({ secretKeyRef: { name: 'redis', key: 'username' } });
  for (const numbers of [[], [3, 2], [-1], [1.5]]) {
    expect(() => External.redis(platform, { ...props, numbers })).toThrow(
      'must be whole, from 0 on and in ascending order',
    );
  }
  expect(() => External.redis(platform, { ...props, tls: false, authority: { name: 'corp-ca' } })).toThrow(
    'Redis "redis.corp.example" has an authority but no TLS; leave authority out or tls: false',
  );
});
