import { CONTAINER, object, shop, TEMPLATE } from './shop';

describe('a selector', () => {
  test("matches its workload's template", () => {
    expect(shop().set('Deployment/web', ['spec', 'selector', 'matchLabels'], { app: 'shop' }).findings()).toEqual([
      'Deployment/web: spec.selector "app=shop" doesn\'t match spec.template.metadata.labels, which are app=web; make them agree',
    ]);
    expect(shop().set('StatefulSet/db', ['spec', 'selector'], undefined).findings()).toEqual([
      'StatefulSet/db: spec.selector is missing; give it matchLabels that spec.template.metadata.labels has',
    ]);
  });

  test('of a budget or policy selects pods', () => {
    const budget = (app: string) =>
      object('policy/v1', 'PodDisruptionBudget', 'x', 'shop', { spec: { selector: { matchLabels: { app } } } });
    const line =
      'PodDisruptionBudget/x: spec.selector "app=wep" selects no pod in namespace shop; add the pods, or correct the selector';
    expect(shop().add(budget('web')).findings()).toEqual([]);
    expect(shop().add(budget('wep')).findings()).toEqual([line]);
    // Outside strict mode only what is a letter away from pods that exist.
    expect(shop().add(budget('other-app')).findings({ strict: false })).toEqual([]);
  });

  test('of an affinity selects something', () => {
    const term = (app: string) => ({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } },
        ],
      },
    });
    const bundle = (app: string, strict = true) =>
      shop()
        .set('Deployment/web', [...TEMPLATE, 'affinity'], term(app))
        .findings({ strict });
    expect(bundle('web')).toEqual([]);
    expect(bundle('wed')).toEqual([
      'Deployment/web: spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector "app=wed" selects no pod in namespace shop; add the pods, or correct the selector',
    ]);
    expect(bundle('wed', false)).toEqual([]);
  });
});

describe('volumes', () => {
  test('are there for each mount', () => {
    expect(
      shop()
        .set('Deployment/web', [...TEMPLATE, 'volumes', 0, 'name'], 'configs')
        .findings(),
    ).toEqual([
      'Deployment/web: spec.template.spec.containers[0].volumeMounts[0].name "config" names no volume of the pod; did you mean "configs"?',
    ]);
    expect(
      shop().set('StatefulSet/db', ['spec', 'volumeClaimTemplates', 0, 'metadata', 'name'], 'dat').findings(),
    ).toEqual([
      'StatefulSet/db: spec.template.spec.containers[0].volumeMounts[0].name "data" names no volume of the pod; did you mean "dat"?',
    ]);
  });

  test('may be unused, but not mounted twice at one place', () => {
    const unused = { name: 'spare', emptyDir: {} };
    const mounts = [
      { name: 'spare', mountPath: '/etc/web/' },
      { name: 'config', mountPath: '/etc/web' },
    ];
    expect(
      shop()
        .set('Deployment/web', [...TEMPLATE, 'volumes', 1], unused)
        .findings(),
    ).toEqual([]);
    const bundle = shop()
      .set('Deployment/web', [...TEMPLATE, 'volumes', 1], unused)
      .set('Deployment/web', [...CONTAINER, 'volumeMounts'], mounts);
    expect(bundle.findings()).toEqual([
      'Deployment/web: spec.template.spec.containers[0].volumeMounts[1].mountPath "/etc/web" is mounted twice in container web; choose another path',
    ]);
  });
});

describe('duplicates', () => {
  test('of an object', () => {
    const copy = object('v1', 'ConfigMap', 'web', 'shop', { data: {} });
    expect(shop().add(copy).findings()).toEqual([
      'ConfigMap/web: metadata.name "web" is also the name of the ConfigMap in namespace shop at ConfigMap/web; rename one, or leave one out',
    ]);
    expect(
      shop()
        .add(object('v1', 'ConfigMap', 'web', 'default', { data: {} }))
        .findings(),
    ).toEqual([]);
  });

  test('of a port', () => {
    const ports = [
      { name: 'a', port: 80, targetPort: 'http' },
      { name: 'b', port: 80, targetPort: 'http' },
    ];
    expect(shop().set('Service/web', ['spec', 'ports'], ports).findings()).toEqual([
      'Service/web: spec.ports[1].port "80/TCP" is also that of spec.ports[0]; change one',
    ]);
    expect(
      shop()
        .set('Service/web', ['spec', 'ports', 1], { ...ports[1], port: 81 })
        .findings(),
    ).toEqual([]);
  });

  test('of a container or a variable', () => {
    const container = { name: 'web', image: 'registry.example/web:1.2' };
    expect(
      shop()
        .set('Deployment/web', [...TEMPLATE, 'initContainers'], [container])
        .findings(),
    ).toEqual([
      'Deployment/web: spec.template.spec.containers[0].name "web" is also the name of spec.template.spec.initContainers[0]; rename one',
    ]);
    expect(
      shop()
        .set('Deployment/web', [...CONTAINER, 'env', 4], { name: 'PGHOST', value: 'db' })
        .findings(),
    ).toEqual([
      'Deployment/web: spec.template.spec.containers[0].env[4].name "PGHOST" is also that of spec.template.spec.containers[0].env[2]; change one',
    ]);
  });
});

describe('names', () => {
  test.each<[string, readonly (string | number)[], unknown, string]>([
    [
      'Service/web',
      ['metadata', 'name'],
      'Web',
      'Service/Web: metadata.name "Web" must be of lower-case letters, digits and "-" between them; rename it',
    ],
    [
      'StatefulSet/db',
      ['metadata', 'name'],
      'd'.repeat(53),
      `StatefulSet/${'d'.repeat(53)}: metadata.name "${'d'.repeat(53)}" has 53 characters, and a StatefulSet may have 52; shorten it`,
    ],
    [
      'ConfigMap/web',
      ['metadata', 'labels'],
      { 'app/x/y': 'a' },
      'ConfigMap/web: metadata.labels["app/x/y"] "app/x/y" is no label key: "[domain/]name", the name of at most 63 letters, digits, "-", "_", "."; correct it',
    ],
    [
      'ConfigMap/web',
      ['metadata', 'labels'],
      { app: 'a b' },
      'ConfigMap/web: metadata.labels.app "a b" is no label value: at most 63 letters, digits, "-", "_", "."; correct it',
    ],
    [
      'Deployment/web',
      [...CONTAINER, 'ports', 0, 'name'],
      'a-name-that-is-long',
      'Deployment/web: spec.template.spec.containers[0].ports[0].name "a-name-that-is-long" must be of at most 15 lower-case letters, digits and single "-", with a letter; rename it',
    ],
    [
      'Deployment/web',
      [...CONTAINER, 'env', 3, 'value'],
      5432,
      'Deployment/web: spec.template.spec.containers[0].env[3].value "5432" must be a string; quote it',
    ],
    [
      'ConfigMap/web',
      ['data', 'a b'],
      'x',
      'ConfigMap/web: data["a b"] "a b" is no key: letters, digits, "-", "_" and "."; rename it',
    ],
  ])('%s %j', (id, path, value, line) => {
    expect(shop().set(id, path, value).findings()).toContain(line);
  });

  test('of roles may hold colons', () => {
    const role = (name: string) =>
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', name, undefined, {
        metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      });
    expect(shop().add(role('shop:Reader')).findings()).toEqual([]);
    expect(shop().add(role('shop/reader')).findings()).toEqual([
      'ClusterRole/shop/reader: metadata.name "shop/reader" must hold no "/" or "%"; rename it',
    ]);
  });
});

test('a role that is put together of others waits for people to be bound to it', () => {
  const selector = { clusterRoleSelectors: [{ matchLabels: { 'shop.example/staff': 'true' } }] };
  const role = (name: string, fields: object) =>
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', name, undefined, { rules: [], ...fields });
  const part = role('staff-pods', { metadata: { labels: { 'shop.example/staff': 'true' } } });
  expect(shop().add(part).findings()).toEqual([
    expect.stringContaining('"staff-pods" is a ClusterRole that no binding gives to anybody'),
  ]);
  expect(
    shop()
      .add(part)
      .add(role('staff', { aggregationRule: selector }))
      .findings(),
  ).toEqual([]);
});

describe('namespaces', () => {
  test('exist', () => {
    expect(shop().set('ServiceAccount/web', ['metadata', 'namespace'], 'shup').findings()).toEqual(
      [
        'ServiceAccount/web: metadata.namespace "shup" names no Namespace; did you mean "shop"?',
        'Deployment/web: spec.template.spec.serviceAccountName "web" names no ServiceAccount in namespace shop; there is none',
      ].map((line) => line.replace('; there is none', '; add it, or declare it external: ServiceAccount/shop/web')),
    );
  });

  test('may be given, or declared', () => {
    const map = object('v1', 'ConfigMap', 'x', 'tools', { data: {} });
    const bare = object('v1', 'ConfigMap', 'y', undefined, { data: {} });
    expect(shop().add(map, bare).findings({ namespace: 'tools' })).toEqual([]);
    expect(
      shop()
        .add(map, bare)
        .findings({ external: [{ kind: 'Namespace', name: 'tools' }] }),
    ).toEqual([]);
    expect(shop().add(map, bare).findings()).toHaveLength(1);
  });
});
