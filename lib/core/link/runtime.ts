import { CREATES } from '../labels';
import { type Entry } from './entry';
import { arr, dig, each, isObj, obj, str, type Obj } from './json';
import { type ContainerPort } from './pods';
import { CLUSTER_ROLE, PRIORITY_CLASS, ROLE, STATEFUL_SET, INGRESS } from './kinds';

/** Something that exists at run time though no manifest has it, and why. */
export interface Made {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Keys of a Secret or ConfigMap. @default - not known */
  readonly keys?: ReadonlySet<string>;
  /** Ports of a Service. @default - not known */
  readonly ports?: readonly number[];
}

interface Given {
  readonly type: string;
  readonly namespace?: string;
  readonly name: string;
  readonly keys?: ReadonlySet<string>;
}

/** What each cluster has. ClusterRoles and Roles that begin with `system:` are known by that. */
export const GIVEN: readonly Given[] = [
  ...['system-cluster-critical', 'system-node-critical'].map((name) => ({ type: PRIORITY_CLASS, name })),
  ...['cluster-admin', 'admin', 'edit', 'view'].map((name) => ({ type: CLUSTER_ROLE, name })),
  { type: ROLE, namespace: 'kube-system', name: 'extension-apiserver-authentication-reader' },
  { type: 'Service', namespace: 'default', name: 'kubernetes' },
  { type: 'Service', namespace: 'kube-system', name: 'kube-dns' },
  { type: 'ConfigMap', namespace: 'kube-system', name: 'extension-apiserver-authentication' },
  { type: 'ConfigMap', namespace: 'kube-system', name: 'coredns' },
];

/** Labels of Services that a cluster has, by which monitors select them: the API server's, and the one that the operator makes for kubelets. */
export const SYSTEM_SERVICES: ReadonlyMap<string, readonly Obj[]> = new Map<string, readonly Obj[]>([
  ['default', [{ component: 'apiserver', provider: 'kubernetes' }]],
  [
    'kube-system',
    [
      {
        'k8s-app': 'kubelet',
        'app.kubernetes.io/name': 'kubelet',
        'app.kubernetes.io/managed-by': 'prometheus-operator',
      },
      { 'k8s-app': 'kube-dns' },
    ],
  ],
]);

/** Ports of the Services in GIVEN. */
export const GIVEN_PORTS: ReadonlyMap<string, readonly number[]> = new Map([
  ['default/kubernetes', [443]],
  ['kube-system/kube-dns', [53, 9153]],
]);

/** Labels of the pods that a cluster runs in kube-system, by one of which Services and policies select them. */
export const SYSTEM_POD_LABELS: readonly (readonly [key: string, values: readonly string[]])[] = [
  ['k8s-app', ['kube-dns', 'kube-proxy', 'metrics-server']],
  ['component', ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']],
  ['app.kubernetes.io/name', ['kube-dns', 'coredns']],
  ['tier', ['control-plane']],
];

type Maker = (entry: Entry) => readonly Made[];

const secret = (
  entry: Entry,
  name: string | undefined,
  keys?: readonly string[],
  namespace = entry.namespace,
): Made[] => (name === undefined ? [] : [{ type: 'Secret', namespace, name, keys: keys && new Set(keys) }]);

const service = (entry: Entry, name: string | undefined, ...ports: number[]): Made[] =>
  name === undefined
    ? []
    : [{ type: 'Service', namespace: entry.namespace, name, ports: ports.length > 0 ? ports : undefined }];

/** Who makes what at run time, by the type of the object that asks for it. */
const MAKERS: Readonly<Record<string, Maker>> = {
  /** @see https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec */
  'Certificate.cert-manager.io': (e) => secret(e, str(e.spec.secretName), certificateKeys(e.spec)),
  'Issuer.cert-manager.io': (e) => acmeKeys(e, e.namespace),
  'ClusterIssuer.cert-manager.io': (e) => acmeKeys(e, 'cert-manager'),
  /** @see https://external-secrets.io/latest/api/externalsecret/ */
  'ExternalSecret.external-secrets.io': (e) =>
    secret(e, str(dig(e.spec, 'target', 'name')) ?? e.name, externalSecretKeys(e.spec)),
  'SealedSecret.bitnami.com': (e) =>
    secret(e, str(dig(e.spec, 'template', 'metadata', 'name')) ?? e.name, Object.keys(obj(e.spec.encryptedData))),
  'VaultStaticSecret.secrets.hashicorp.com': (e) => secret(e, str(dig(e.spec, 'destination', 'name'))),
  'VaultDynamicSecret.secrets.hashicorp.com': (e) => secret(e, str(dig(e.spec, 'destination', 'name'))),
  'VaultPKISecret.secrets.hashicorp.com': (e) => secret(e, str(dig(e.spec, 'destination', 'name'))),
  /** The Service and the claims' names follow from the StatefulSet's. */
  [STATEFUL_SET]: (e) => claims(e),
  [INGRESS]: (e) => shimSecrets(e, 'spec.tls[].secretName'),
  'Gateway.gateway.networking.k8s.io': (e) => [
    ...shimSecrets(e, 'spec.listeners[].tls.certificateRefs[].name'),
    // One whose address is the name of a Service has its pods from there, and istiod makes none.
    ...(arr(e.spec.addresses).some((address) => obj(address).type === 'Hostname') ? [] : service(e, `${e.name}-istio`)),
  ],
  /** @see https://cloudnative-pg.io/documentation/current/applications/ */
  'Cluster.postgresql.cnpg.io': (e) => [
    ...['rw', 'ro', 'r'].flatMap((suffix) => service(e, `${e.name}-${suffix}`, 5432)),
    ...['app', 'superuser'].flatMap((suffix) => secret(e, `${e.name}-${suffix}`, POSTGRES_KEYS)),
    ...secret(e, `${e.name}-ca`, ['ca.crt', 'ca.key']),
    ...['server', 'replication'].flatMap((suffix) => secret(e, `${e.name}-${suffix}`, ['tls.crt', 'tls.key'])),
    { type: 'ServiceAccount', namespace: e.namespace, name: e.name },
  ],
  'Pooler.postgresql.cnpg.io': (e) => service(e, e.name, 5432),
  'postgresql.acid.zalan.do': (e) => [
    ...service(e, e.name, 5432),
    ...service(e, `${e.name}-repl`, 5432),
    ...['postgres', 'standby', ...Object.keys(obj(e.spec.users))].flatMap((user) =>
      secret(e, `${user.replaceAll('_', '-')}.${e.name}.credentials.postgresql.acid.zalan.do`, [
        'username',
        'password',
      ]),
    ),
  ],
  /** @see https://strimzi.io/docs/operators/latest/deploying.html */
  'Kafka.kafka.strimzi.io': (e) => [
    ...service(e, `${e.name}-kafka-bootstrap`),
    ...service(e, `${e.name}-kafka-brokers`),
    ...secret(e, `${e.name}-cluster-ca-cert`),
    ...secret(e, `${e.name}-clients-ca-cert`),
  ],
  'KafkaUser.kafka.strimzi.io': (e) => secret(e, e.name),
  'RabbitmqCluster.rabbitmq.com': (e) => [...service(e, e.name), ...secret(e, `${e.name}-default-user`)],
  'Elasticsearch.elasticsearch.k8s.elastic.co': (e) => [
    ...service(e, `${e.name}-es-http`, 9200),
    ...secret(e, `${e.name}-es-elastic-user`),
    ...secret(e, `${e.name}-es-http-certs-public`),
  ],
  'Kibana.kibana.k8s.elastic.co': (e) => service(e, `${e.name}-kb-http`, 5601),
  /** @see https://github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/platform/operator.md */
  'Prometheus.monitoring.coreos.com': (e) => service(e, 'prometheus-operated', 9090, 10901),
  'Alertmanager.monitoring.coreos.com': (e) => service(e, 'alertmanager-operated', 9093, 9094),
  'ThanosRuler.monitoring.coreos.com': (e) => service(e, 'thanos-ruler-operated'),
  'OpenTelemetryCollector.opentelemetry.io': (e) => [
    ...['collector', 'collector-headless', 'collector-monitoring'].flatMap((suffix) =>
      service(e, `${e.name}-${suffix}`),
    ),
    { type: 'ServiceAccount', namespace: e.namespace, name: `${e.name}-collector` },
  ],
  /** @see https://jobset.sigs.k8s.io/docs/concepts/#stable-hostnames */
  'JobSet.jobset.x-k8s.io': (e) => service(e, str(dig(e.spec, 'network', 'subdomain')) ?? e.name),
  'TrainJob.trainer.kubeflow.org': (e) => service(e, e.name),
  /** @see https://github.com/Mellanox/network-operator/tree/v26.4.1/manifests (state-*-network) */
  'HostDeviceNetwork.mellanox.com': (e) => attachment(e),
  'IPoIBNetwork.mellanox.com': (e) => attachment(e),
  'MacvlanNetwork.mellanox.com': (e) => attachment(e),
  /** @see https://github.com/k8snetworkplumbingwg/sriov-network-operator/blob/v1.6.0/api/v1/helper.go (RenderNetAttDef) */
  'SriovNetwork.sriovnetwork.openshift.io': (e) => attachment(e, e.namespace),
  'SriovIBNetwork.sriovnetwork.openshift.io': (e) => attachment(e, e.namespace),
  'OVSNetwork.sriovnetwork.openshift.io': (e) => attachment(e, e.namespace),
  'RayCluster.ray.io': (e) => service(e, `${e.name}-head-svc`),
  'RayService.ray.io': (e) => [...service(e, `${e.name}-head-svc`), ...service(e, `${e.name}-serve-svc`, 8000)],
  'InferenceService.serving.kserve.io': (e) => [...service(e, e.name), ...service(e, `${e.name}-predictor`)],
  'Service.serving.knative.dev': (e) => service(e, e.name),
  'Notebook.kubeflow.org': (e) => service(e, e.name, 80),
  'Tenant.minio.min.io': (e) => [
    ...service(e, 'minio'),
    ...service(e, `${e.name}-hl`),
    ...service(e, `${e.name}-console`),
  ],
  /** @see https://github.com/NVIDIA/gpu-operator/tree/v26.7.0/assets/pre-requisites */
  'ClusterPolicy.nvidia.com': (e) =>
    [str(dig(e.spec, 'operator', 'runtimeClass')) ?? 'nvidia', 'nvidia-cdi', 'nvidia-legacy'].map((name) => ({
      type: 'RuntimeClass.node.k8s.io',
      namespace: '',
      name,
    })),
  /** @see https://github.com/rook/rook/blob/master/pkg/operator/ceph/csi/secrets.go */
  'CephCluster.ceph.rook.io': (e) =>
    ['rbd-provisioner', 'rbd-node', 'cephfs-provisioner', 'cephfs-node'].flatMap((user) =>
      secret(e, `rook-csi-${user}`),
    ),
  'CephObjectStore.ceph.rook.io': (e) => service(e, `rook-ceph-rgw-${e.name}`),
  'CephObjectStoreUser.ceph.rook.io': (e) =>
    secret(e, `rook-ceph-object-user-${String(e.spec.store)}-${e.name}`, ['AccessKey', 'SecretKey', 'Endpoint']),
  'ObjectBucketClaim.objectbucket.io': (e) => [
    ...secret(e, e.name, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']),
    { type: 'ConfigMap', namespace: e.namespace, name: e.name },
  ],
};

/** @param otherwise where it is, unless the network says so */
function attachment(e: Entry, otherwise = 'default'): Made[] {
  const namespace = str(e.spec.networkNamespace) ?? otherwise;
  return [{ type: 'NetworkAttachmentDefinition.k8s.cni.cncf.io', namespace, name: e.name }];
}

const POSTGRES_KEYS = [
  ...['username', 'user', 'password', 'dbname', 'host', 'port', 'pgpass'],
  ...['uri', 'jdbc-uri', 'fqdn-uri', 'fqdn-jdbc-uri'],
];

/** What the pods look like that a controller makes for an object, where the object itself doesn't show it. */
export interface MadePod {
  readonly labels: Obj;
  readonly ports: readonly ContainerPort[];
}

const reloader: ContainerPort = { name: 'reloader-web', number: 8080, protocol: 'TCP' };

function monitoringPod(e: Entry, name: string, ports: readonly ContainerPort[]): MadePod {
  const labels = {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/managed-by': 'prometheus-operator',
    'app.kubernetes.io/instance': e.name,
    'operator.prometheus.io/name': e.name,
    [name]: e.name,
    ...obj(dig(e.spec, 'podMetadata', 'labels')),
  };
  return { labels, ports: [...ports, reloader] };
}

/** @see https://github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/platform/operator.md */
const POD_MAKERS: Readonly<Record<string, (entry: Entry) => MadePod>> = {
  'Prometheus.monitoring.coreos.com': (e) =>
    monitoringPod(e, 'prometheus', [
      { name: str(e.spec.portName) ?? 'web', number: 9090, protocol: 'TCP' },
      { name: 'grpc', number: 10901, protocol: 'TCP' },
      { name: 'http', number: 10902, protocol: 'TCP' },
    ]),
  'Alertmanager.monitoring.coreos.com': (e) =>
    monitoringPod(e, 'alertmanager', [
      { name: str(e.spec.portName) ?? 'web', number: 9093, protocol: 'TCP' },
      { name: 'mesh-tcp', number: 9094, protocol: 'TCP' },
      { name: 'mesh-udp', number: 9094, protocol: 'UDP' },
    ]),
};

/** The pods that a controller makes for an object; undefined where none is known. */
export function madePod(entry: Entry): MadePod | undefined {
  return POD_MAKERS[entry.type]?.(entry);
}

/** What exists at run time because of an object: what its controller makes, and what its annotation says it makes itself. */
export function madeBy(entry: Entry): readonly Made[] {
  const made = MAKERS[entry.type]?.(entry) ?? [];
  const declared = str(entry.annotations[CREATES]);
  return declared === undefined ? made : [...made, ...parseCreates(declared, entry.namespace)];
}

/** The annotation's JSON list; empty where it isn't one. */
export function parseCreates(text: string, namespace: string): readonly Made[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return arr(value).flatMap((item): Made[] => {
    const { kind, name, keys, namespace: given } = obj(item);
    if (typeof kind !== 'string' || typeof name !== 'string') return [];
    const names = Array.isArray(keys) ? new Set(keys.map(String)) : undefined;
    return [{ type: kind, namespace: str(given) ?? namespace, name, keys: names }];
  });
}

/** What a controller puts into every namespace, once it runs. */
export function madeInEachNamespace(entry: Entry): readonly Made[] {
  if (entry.type !== 'Deployment.apps') return [];
  const ours = entry.labels['app.kubernetes.io/name'] === 'istio' && entry.name.startsWith('istiod');
  if (!ours && entry.labels.app !== 'istiod') return [];
  return [{ type: 'ConfigMap', namespace: '', name: 'istio-ca-root-cert', keys: new Set(['root-cert.pem']) }];
}

/** @see https://cert-manager.io/docs/usage/certificate/ */
function certificateKeys(spec: Obj): string[] {
  const keys = ['tls.crt', 'tls.key', 'ca.crt'];
  if (isObj(dig(spec, 'keystores', 'jks'))) keys.push('keystore.jks', 'truststore.jks');
  if (isObj(dig(spec, 'keystores', 'pkcs12'))) keys.push('keystore.p12', 'truststore.p12');
  for (const format of arr(spec.additionalOutputFormats)) {
    keys.push(obj(format).type === 'DER' ? 'key.der' : 'tls-combined.pem');
  }
  return keys;
}

function acmeKeys(entry: Entry, namespace: string): Made[] {
  return secret(entry, str(dig(entry.spec, 'acme', 'privateKeySecretRef', 'name')), ['tls.key'], namespace);
}

function externalSecretKeys(spec: Obj): string[] | undefined {
  if (arr(spec.dataFrom).length > 0) return undefined;
  // A template that says nothing of the data leaves the keys as they are.
  const { data, templateFrom } = obj(dig(spec, 'target', 'template'));
  if (isObj(data) || arr(templateFrom).length > 0) return undefined;
  return arr(spec.data).map((item) => String(obj(item).secretKey));
}

function claims(entry: Entry): Made[] {
  const replicas = typeof entry.spec.replicas === 'number' ? entry.spec.replicas : 1;
  return arr(entry.spec.volumeClaimTemplates).flatMap((template) => {
    const name = str(dig(template, 'metadata', 'name'));
    return Array.from({ length: replicas }, (_, i) => ({
      type: 'PersistentVolumeClaim',
      namespace: entry.namespace,
      name: `${name}-${entry.name}-${i}`,
    }));
  });
}

/** cert-manager makes the certificates of an annotated Ingress or Gateway. @see https://cert-manager.io/docs/usage/ingress/ */
function shimSecrets(entry: Entry, path: string): Made[] {
  const annotations = Object.keys(entry.annotations);
  if (!annotations.some((key) => SHIM.has(key))) return [];
  const made: Made[] = [];
  each(entry.object, path, (name) => made.push(...secret(entry, str(name), ['tls.crt', 'tls.key', 'ca.crt'])));
  return made;
}

const SHIM = new Set([
  'cert-manager.io/issuer',
  'cert-manager.io/cluster-issuer',
  'kubernetes.io/tls-acme',
  'acme.cert-manager.io/http01-ingress-class',
]);
