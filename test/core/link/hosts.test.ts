import { CONTAINER, object, shop } from './shop';

const ARG = 'Deployment/web: spec.template.spec.containers[0].args[1]';
const arg = (text: string) =>
  shop()
    .set('Deployment/web', [...CONTAINER, 'args', 1], text)
    .findings();

describe('a host in an argument', () => {
  test.each([
    'https://kubernetes.default.svc',
    'db.shop.svc.cluster.local:5432',
    'postgresql://db:5432/shop',
    'db-1.db.shop.svc:5432',
    'http://web.shop.svc/',
    'https://example.org:9000/db.shop',
    'http://$(SOMEWHERE).shop.svc:80',
    '*.db.shop.svc.cluster.local',
    '.svc,.cluster.local,localhost:80',
    's3://bucket/path',
  ])('%s is right', (text) => {
    expect(arg(text)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['http://wep.shop.svc:80', 'wep.shop.svc:80', 'names no Service in namespace shop; did you mean "web"?'],
    ['http://web.shob.svc', 'web.shob.svc', 'is in namespace shob, which doesn\'t exist; did you mean "shop"?'],
    ['http://web.shop.svc:8080', 'web.shop.svc:8080', 'names no port of Service shop/web; there is "80"'],
    [
      'https://web.shop.svc/',
      'web.shop.svc',
      'names no port of Service shop/web (port 443, by https://); there is "80"',
    ],
    ['http://wep:80', 'http://wep:80', 'names no Service in namespace shop; did you mean "web"?'],
    ['http://web.shop:81/x', 'http://web.shop:81', 'names no port of Service shop/web; did you mean "80"?'],
    ['--db-address=dbs:5432', 'dbs:5432', 'names no Service in namespace shop; did you mean "db"?'],
    ['db-2.db.shop.svc:5432', 'db-2.db.shop.svc:5432', 'names no pod of Service shop/db; there is "db-0" to "db-1"'],
    [
      'http://web.shop.svc.cluster.locl',
      'web.shop.svc.cluster.locl',
      'ends in cluster.locl, which isn\'t the cluster\'s domain; did you mean "cluster.local"?',
    ],
  ])('%s', (text, host, message) => {
    expect(arg(text)[0]).toBe(`${ARG} "${host}" ${message}`);
  });

  test('ends in the domain that the cluster has', () => {
    const bundle = () =>
      shop()
        .set('ConfigMap/web', ['data', 'web.conf'], 'x')
        .set('Deployment/web', [...CONTAINER, 'args', 1], 'db.shop.svc.lab.example:5433');
    expect(bundle().findings({ clusterDomain: 'lab.example' })[0]).toBe(
      `${ARG} "db.shop.svc.lab.example:5433" names no port of Service shop/db; did you mean "5432"?`,
    );
    expect(bundle().findings()).toEqual([]);
  });

  test('may be declared external', () => {
    const bundle = () => shop().set('Deployment/web', [...CONTAINER, 'args', 1], 'http://minio.storage.svc:9000');
    expect(bundle().findings({ external: [{ kind: 'Service', namespace: 'storage', name: 'minio' }] })).toEqual([]);
    expect(bundle().findings()).toHaveLength(1);
  });

  test('may be served by what a controller makes', () => {
    const cluster = object('postgresql.cnpg.io/v1', 'Cluster', 'pg', 'shop', { spec: { instances: 3 } });
    const external = [{ kind: 'CustomResourceDefinition', name: 'postgresql.cnpg.io' }];
    const uses = (text: string) =>
      shop()
        .add(cluster)
        .set('Deployment/web', [...CONTAINER, 'args', 1], text)
        .findings({ external });
    expect(uses('postgresql://pg-rw.shop.svc:5432/app')).toEqual([]);
    expect(uses('postgresql://pg-rw.shop.svc:5433/app')).toEqual([
      `${ARG} "pg-rw.shop.svc:5433" names no port of Service shop/pg-rw; did you mean "5432"?`,
    ]);
    expect(uses('postgresql://pg-rx.shop.svc:5432/app')).toEqual([
      `${ARG} "pg-rx.shop.svc:5432" names no Service in namespace shop; did you mean "pg-rw"?`,
    ]);
  });
});

describe('a host in a variable', () => {
  const env = (i: number, value: string) =>
    shop()
      .set('Deployment/web', [...CONTAINER, 'env', i, 'value'], value)
      .findings();
  const at = 'Deployment/web: spec.template.spec.containers[0].env';

  test('is checked with the port of the variable beside it', () => {
    expect(env(2, 'dbb')).toEqual([`${at}[2].value "dbb" names no Service in namespace shop; did you mean "db"?`]);
    expect(env(3, '5433')).toEqual([
      `${at}[2].value "db" names no port of Service shop/db (port 5433, by PGPORT); did you mean "5432"?`,
    ]);
  });

  test('may be made of other variables', () => {
    const bundle = (text: string) =>
      shop()
        .set('Deployment/web', [...CONTAINER, 'env', 4], { name: 'DSN', value: text })
        .findings();
    expect(bundle('postgresql://$(PGHOST).shop.svc:$(PGPORT)/shop')).toEqual([]);
    expect(bundle('postgresql://$(PGHOST)s.shop.svc:$(PGPORT)/shop')).toEqual([
      `${at}[4].value "dbs.shop.svc:5432" names no Service in namespace shop; did you mean "db"?`,
    ]);
  });
});

describe('a host in a configuration file', () => {
  const file = (text: string) => shop().set('ConfigMap/web', ['data', 'web.conf'], text).findings();

  test('is checked, but not in comments', () => {
    expect(file('# like wep.shop.svc:80\nserver db.shop.svc:5432\n')).toEqual([]);
    expect(file('server wep.shop.svc:80\n')).toEqual([
      'ConfigMap/web: data["web.conf"] "wep.shop.svc:80" names no Service in namespace shop; did you mean "web"?',
    ]);
  });

  test('may be anything where it is bare, unless a Service has that name', () => {
    expect(file('url: http://somewhere:80\n')).toEqual([]);
    expect(file('url: http://web:81\n')).toEqual([
      'ConfigMap/web: data["web.conf"] "http://web:81" names no port of Service shop/web; did you mean "80"?',
    ]);
  });

  test("stands for each of a range of a StatefulSet's pods", () => {
    expect(file('http://db-{0...1}.db.shop.svc:5432/x\n')).toEqual([]);
    expect(file('http://db-{0...3}.db.shop.svc:5432/x\n')).toEqual([
      'ConfigMap/web: data["web.conf"] "db-3.db.shop.svc:5432" names no pod of Service shop/db; there is "db-0" to "db-1"',
    ]);
  });
});
