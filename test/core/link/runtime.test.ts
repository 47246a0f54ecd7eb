import { object, shop, TEMPLATE, CONTAINER } from './shop';

/** What each of these makes when it runs; a name beside it stays a finding. */
describe.each<[apiVersion: string, kind: string, spec: object, secrets: string[], hosts: string[]]>([
  [
    'acid.zalan.do/v1',
    'postgresql',
    { users: { app_user: [] } },
    ['app-user.x.credentials.postgresql.acid.zalan.do'],
    ['x', 'x-repl'],
  ],
  ['postgresql.cnpg.io/v1', 'Cluster', {}, ['x-app', 'x-superuser', 'x-ca'], ['x-rw', 'x-ro', 'x-r']],
  ['kafka.strimzi.io/v1beta2', 'Kafka', {}, ['x-cluster-ca-cert'], ['x-kafka-bootstrap']],
  ['kafka.strimzi.io/v1beta2', 'KafkaUser', {}, ['x'], []],
  ['rabbitmq.com/v1beta1', 'RabbitmqCluster', {}, ['x-default-user'], ['x']],
  ['elasticsearch.k8s.elastic.co/v1', 'Elasticsearch', {}, ['x-es-elastic-user'], ['x-es-http']],
  ['ray.io/v1', 'RayCluster', {}, [], ['x-head-svc']],
  ['ceph.rook.io/v1', 'CephObjectStore', {}, [], ['rook-ceph-rgw-x']],
  ['ceph.rook.io/v1', 'CephCluster', {}, ['rook-csi-rbd-node'], []],
  ['bitnami.com/v1alpha1', 'SealedSecret', { encryptedData: { a: 'b' } }, ['x'], []],
  ['secrets.hashicorp.com/v1beta1', 'VaultStaticSecret', { destination: { name: 'made' } }, ['made'], []],
  ['opentelemetry.io/v1beta1', 'OpenTelemetryCollector', {}, [], ['x-collector']],
  ['monitoring.coreos.com/v1', 'Alertmanager', {}, [], ['alertmanager-operated']],
])('%s %s', (apiVersion, kind, spec, secrets, hosts) => {
  const [group] = apiVersion.split('/');
  const external = [{ kind: 'CustomResourceDefinition', name: group }];
  const open = (names: { secrets: string[]; hosts: string[] }) =>
    shop()
      .set('Namespace/shop', ['metadata', 'labels'], {})
      .add(object(apiVersion, kind, 'x', 'shop', { spec }))
      .set(
        'Deployment/web',
        [...CONTAINER, 'envFrom'],
        names.secrets.map((name) => ({ secretRef: { name } })),
      )
      .set('Deployment/web', [...TEMPLATE, 'hostAliases'], [])
      .set(
        'Deployment/web',
        [...CONTAINER, 'args', 2],
        names.hosts.map((name) => `tcp://${name}.shop.svc`).join(' ') || 'none',
      )
      .findings({ external, strict: false });

  test('makes its Secrets and Services', () => {
    expect(open({ secrets, hosts })).toEqual([]);
  });

  test('and no others', () => {
    expect(
      open({ secrets: secrets.map((name) => `${name}-zzzz`), hosts: hosts.map((name) => `${name}-zzzz`) }),
    ).toHaveLength(secrets.length + hosts.length);
  });
});

test('istiod puts its certificate into every namespace', () => {
  const istiod = object('apps/v1', 'Deployment', 'istiod', 'default', {
    metadata: { labels: { app: 'istiod' } },
    spec: {
      selector: { matchLabels: { app: 'istiod' } },
      template: {
        metadata: { labels: { app: 'istiod' } },
        spec: { containers: [{ name: 'discovery', image: 'pilot:1' }] },
      },
    },
  });
  const uses = () =>
    shop().set('Deployment/web', [...CONTAINER, 'env', 4], {
      name: 'CA',
      valueFrom: { configMapKeyRef: { name: 'istio-ca-root-cert', key: 'root-cert.pem' } },
    });
  expect(uses().add(istiod).findings()).toEqual([]);
  expect(uses().findings()).toEqual([
    'Deployment/web: spec.template.spec.containers[0].env[4].valueFrom.configMapKeyRef.name "istio-ca-root-cert" names no ConfigMap in namespace shop; there is "web"',
  ]);
});

test('an annotated Ingress gets its certificate', () => {
  const ingress = (annotations: object) =>
    object('networking.k8s.io/v1', 'Ingress', 'web', 'shop', {
      metadata: { annotations },
      spec: { tls: [{ secretName: 'web-tls' }] },
    });
  const external = [{ kind: 'ClusterIssuer', name: 'ca' }];
  expect(
    shop()
      .add(ingress({ 'cert-manager.io/cluster-issuer': 'ca' }))
      .findings({ external }),
  ).toEqual([]);
  expect(shop().add(ingress({})).findings({ external })).toEqual([
    'Ingress/web: spec.tls[0].secretName "web-tls" names no Secret in namespace shop; there is "db"',
  ]);
});

test.each([
  ['SriovNetwork', {}, 'shop'],
  ['SriovIBNetwork', { networkNamespace: 'shop' }, 'shop'],
  ['OVSNetwork', { networkNamespace: 'elsewhere' }, 'elsewhere'],
])('%s %j makes an attachment in namespace %s', (kind, spec, namespace) => {
  const found = (name: string) =>
    shop()
      .add(object('sriovnetwork.openshift.io/v1', kind, 'fabric', 'shop', { spec }))
      .set('Deployment/web', [...TEMPLATE.slice(0, -1), 'metadata', 'annotations'], {
        'k8s.v1.cni.cncf.io/networks': `${namespace}/${name}`,
      })
      .findings({
        external: [
          { kind: 'CustomResourceDefinition', name: 'sriovnetwork.openshift.io' },
          { kind: 'Namespace', name: 'elsewhere' },
        ],
        strict: false,
      });
  expect(found('fabric')).toEqual([]);
  expect(found('another').join()).toContain('NetworkAttachmentDefinition');
});
