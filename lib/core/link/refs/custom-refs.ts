import { type Entry } from '../entry';
import { dig, each, obj, str } from '../json';
import { PRIORITY_CLASS, STORAGE_CLASS, groupOf, typeOf } from '../kinds';
import { commonRefs } from './object-refs';
import { type Ref } from './ref';

type Add = (ref: Ref) => void;

/** Where the named object is: beside the one that names it, cluster-wide, or in any namespace. */
type Where = 'own' | 'cluster' | 'any';

/** What the fields of well-known custom kinds name: type, path of the name, type of what it names, where that is. */
const FIELDS: readonly (readonly [type: string, path: string, target: string, where?: Where])[] = [
  ['L2Advertisement.metallb.io', 'spec.ipAddressPools[]', 'IPAddressPool.metallb.io'],
  ['BGPAdvertisement.metallb.io', 'spec.ipAddressPools[]', 'IPAddressPool.metallb.io'],
  ['BGPAdvertisement.metallb.io', 'spec.peers[]', 'BGPPeer.metallb.io'],
  ['BGPAdvertisement.metallb.io', 'spec.communities[]', 'Community.metallb.io', 'any'],
  ['BGPPeer.metallb.io', 'spec.bfdProfile', 'BFDProfile.metallb.io'],
  ['BGPPeer.metallb.io', 'spec.passwordSecret.name', 'Secret'],
  ['LocalQueue.kueue.x-k8s.io', 'spec.clusterQueue', 'ClusterQueue.kueue.x-k8s.io', 'cluster'],
  ['ClusterQueue.kueue.x-k8s.io', 'spec.resourceGroups[].flavors[].name', 'ResourceFlavor.kueue.x-k8s.io', 'cluster'],
  ['ClusterQueue.kueue.x-k8s.io', 'spec.admissionChecks[]', 'AdmissionCheck.kueue.x-k8s.io', 'cluster'],
  [
    'ClusterQueue.kueue.x-k8s.io',
    'spec.admissionChecksStrategy.admissionChecks[].name',
    'AdmissionCheck.kueue.x-k8s.io',
    'cluster',
  ],
  ['ResourceFlavor.kueue.x-k8s.io', 'spec.topologyName', 'Topology.kueue.x-k8s.io', 'cluster'],
  ['DeviceConfig.amd.com', 'spec.configManager.config.name', 'ConfigMap'],
  ['DeviceConfig.amd.com', 'spec.driver.imageRegistrySecret.name', 'Secret'],
  ['DeviceConfig.amd.com', 'spec.driver.imageSign.keySecret.name', 'Secret'],
  ['DeviceConfig.amd.com', 'spec.driver.imageSign.certSecret.name', 'Secret'],
  ['Issuer.cert-manager.io', 'spec.ca.secretName', 'Secret'],
  ['Certificate.cert-manager.io', 'spec.keystores.jks.passwordSecretRef.name', 'Secret'],
  ['Certificate.cert-manager.io', 'spec.keystores.pkcs12.passwordSecretRef.name', 'Secret'],
  ['Gateway.gateway.networking.k8s.io', 'spec.gatewayClassName', 'GatewayClass.gateway.networking.k8s.io', 'cluster'],
  ['Gateway.gateway.networking.k8s.io', 'spec.listeners[].tls.certificateRefs[].name', 'Secret'],
  ['HTTPRoute.gateway.networking.k8s.io', 'spec.parentRefs[].name', 'Gateway.gateway.networking.k8s.io', 'any'],
  ['InferenceService.serving.kserve.io', 'spec.predictor.model.runtime', 'ServingRuntime.serving.kserve.io', 'any'],
  ...['devicePlugin', 'dcgmExporter', 'migManager'].map(
    (operand) => ['ClusterPolicy.nvidia.com', `spec.${operand}.config.name`, 'ConfigMap', 'any'] as const,
  ),
  ...[
    'driver',
    'toolkit',
    'devicePlugin',
    'gfd',
    'dcgm',
    'dcgmExporter',
    'migManager',
    'nodeStatusExporter',
    'validator',
  ].map((operand) => ['ClusterPolicy.nvidia.com', `spec.${operand}.imagePullSecrets[]`, 'Secret', 'any'] as const),
  ['NVIDIADriver.nvidia.com', 'spec.imagePullSecrets[]', 'Secret', 'any'],
  ['ClusterPolicy.nvidia.com', 'spec.driver.kernelModuleConfig.name', 'ConfigMap', 'any'],
  ['ClusterPolicy.nvidia.com', 'spec.driver.repoConfig.configMapName', 'ConfigMap', 'any'],
  ['ClusterPolicy.nvidia.com', 'spec.driver.certConfig.name', 'ConfigMap', 'any'],
  ['ClusterPolicy.nvidia.com', 'spec.daemonsets.priorityClassName', PRIORITY_CLASS, 'cluster'],
  ...['kernelModuleConfig', 'repoConfig', 'certConfig'].map(
    (config) => ['NVIDIADriver.nvidia.com', `spec.${config}.name`, 'ConfigMap', 'any'] as const,
  ),
  ['NVIDIADriver.nvidia.com', 'spec.priorityClassName', PRIORITY_CLASS, 'cluster'],
  ['TrainJob.trainer.kubeflow.org', 'metadata.labels.kueue\\.x-k8s\\.io/queue-name', 'LocalQueue.kueue.x-k8s.io'],
  [
    'TrainJob.trainer.kubeflow.org',
    'metadata.labels.kueue\\.x-k8s\\.io/priority-class',
    'WorkloadPriorityClass.kueue.x-k8s.io',
    'cluster',
  ],
  ['PersistentVolumeClaim', 'spec.volumeName', 'PersistentVolume', 'cluster'],
  [
    'VolumeSnapshot.snapshot.storage.k8s.io',
    'spec.volumeSnapshotClassName',
    'VolumeSnapshotClass.snapshot.storage.k8s.io',
    'cluster',
  ],
  ['VolumeSnapshot.snapshot.storage.k8s.io', 'spec.source.persistentVolumeClaimName', 'PersistentVolumeClaim'],
  ['Cluster.postgresql.cnpg.io', 'spec.storage.storageClass', STORAGE_CLASS, 'cluster'],
  ['Cluster.postgresql.cnpg.io', 'spec.walStorage.storageClass', STORAGE_CLASS, 'cluster'],
  ['Cluster.postgresql.cnpg.io', 'spec.superuserSecret.name', 'Secret'],
  ['Cluster.postgresql.cnpg.io', 'spec.bootstrap.initdb.secret.name', 'Secret'],
  ['Cluster.postgresql.cnpg.io', 'spec.managed.roles[].passwordSecret.name', 'Secret'],
  ['Database.postgresql.cnpg.io', 'spec.cluster.name', 'Cluster.postgresql.cnpg.io'],
  ['ScheduledBackup.postgresql.cnpg.io', 'spec.cluster.name', 'Cluster.postgresql.cnpg.io'],
  ['Backup.postgresql.cnpg.io', 'spec.cluster.name', 'Cluster.postgresql.cnpg.io'],
  ['Pooler.postgresql.cnpg.io', 'spec.cluster.name', 'Cluster.postgresql.cnpg.io'],
  ['BackupStorageLocation.velero.io', 'spec.credential.name', 'Secret'],
  ['Schedule.velero.io', 'spec.template.storageLocation', 'BackupStorageLocation.velero.io'],
  ['KafkaTopic.kafka.strimzi.io', 'metadata.labels.strimzi\\.io/cluster', 'Kafka.kafka.strimzi.io'],
  ['CephObjectStoreUser.ceph.rook.io', 'spec.store', 'CephObjectStore.ceph.rook.io'],
  ['ScaledObject.keda.sh', 'spec.triggers[].authenticationRef.name', 'TriggerAuthentication.keda.sh'],
  ['DestinationRule.networking.istio.io', 'spec.trafficPolicy.tls.credentialName', 'Secret'],
  ['DestinationRule.networking.istio.io', 'spec.trafficPolicy.portLevelSettings[].tls.credentialName', 'Secret'],
  ['Gateway.networking.istio.io', 'spec.servers[].tls.credentialName', 'Secret'],
  ['ServersTransport.traefik.io', 'spec.rootCAsSecrets[]', 'Secret'],
  ['IngressRoute.traefik.io', 'spec.tls.secretName', 'Secret'],
];

const BY_TYPE = new Map<string, (typeof FIELDS)[number][]>();
for (const row of FIELDS) BY_TYPE.set(row[0], [...(BY_TYPE.get(row[0]) ?? []), row]);

/** What a custom resource names. */
export function customRefs(entry: Entry, add: Add, issuerNamespace: string): void {
  for (const [, path, type, where = 'own'] of BY_TYPE.get(entry.type) ?? []) {
    each(entry.object, path, (value, field) => {
      const name = str(value);
      if (name !== undefined && !name.includes(':'))
        add({ from: entry, field, type, namespace: place(entry, where), name, hard: false });
    });
  }
  COLLECT[entry.type]?.(entry, add, issuerNamespace);
  commonRefs(entry, add);
}

function place(entry: Entry, where: Where): string {
  return where === 'own' ? entry.namespace : where === 'cluster' ? '' : '*';
}

const COLLECT: Readonly<Record<string, (entry: Entry, add: Add, issuerNamespace: string) => void>> = {
  'Certificate.cert-manager.io': (e, add) => {
    const ref = obj(e.spec.issuerRef);
    const kind = str(ref.kind) ?? 'Issuer';
    const group = str(ref.group) ?? 'cert-manager.io';
    const name = str(ref.name);
    if (name === undefined) return;
    const namespace = kind.startsWith('Cluster') ? '' : e.namespace;
    add({ from: e, field: 'spec.issuerRef.name', type: typeOf(kind, group), namespace, name, hard: true });
  },
  /** Its Secret is in cert-manager's own namespace. @see https://cert-manager.io/docs/configuration/#cluster-resource-namespace */
  'ClusterIssuer.cert-manager.io': (e, add, namespace) => {
    const name = str(dig(e.spec, 'ca', 'secretName'));
    if (name !== undefined) add({ from: e, field: 'spec.ca.secretName', type: 'Secret', namespace, name, hard: false });
    vaultIssuerRefs(e, add, namespace);
  },
  'Issuer.cert-manager.io': (e, add) => vaultIssuerRefs(e, add, e.namespace),
  'ExternalSecret.external-secrets.io': (e, add) => store(e, add, 'spec.secretStoreRef', e.namespace),
  'SecretStore.external-secrets.io': (e, add) => vaultRefs(e, add),
  'PushSecret.external-secrets.io': (e, add) => {
    each(e.object, 'spec.secretStoreRefs[]', (ref, at) => storeRef(e, add, ref, at, e.namespace));
    const name = str(dig(e.spec, 'selector', 'secret', 'name'));
    if (name)
      add({ from: e, field: 'spec.selector.secret.name', type: 'Secret', namespace: e.namespace, name, hard: false });
  },
  'ClusterExternalSecret.external-secrets.io': (e, add) => store(e, add, 'spec.externalSecretSpec.secretStoreRef', ''),
  /** What is permitted must exist, or the permission is for nobody. */
  'ReferenceGrant.gateway.networking.k8s.io': (e, add) => {
    each(e.object, 'spec.to[]', (to, at) => {
      const { group, kind, name } = obj(to);
      if (group !== '' || kind !== 'Service' || typeof name !== 'string') return;
      add({ from: e, field: `${at}.name`, type: 'Service', namespace: e.namespace, name, hard: false });
    });
  },
  'ScaledObject.keda.sh': (e, add) => scaleTarget(e, add),
  'VerticalPodAutoscaler.autoscaling.k8s.io': (e, add) => typed(e, add, 'spec.targetRef'),
  /** The webhook refuses a TrainJob whose runtime isn't there. */
  'TrainJob.trainer.kubeflow.org': (e, add) => {
    const { name, kind = 'ClusterTrainingRuntime', apiGroup = 'trainer.kubeflow.org' } = obj(e.spec.runtimeRef);
    if (typeof name !== 'string') return;
    const type = typeOf(String(kind), String(apiGroup));
    const namespace = String(kind).startsWith('Cluster') ? '' : e.namespace;
    add({ from: e, field: 'spec.runtimeRef.name', type, namespace, name, hard: true });
  },
};

/** What an issuer needs to ask Vault. @see https://cert-manager.io/docs/configuration/vault/ */
function vaultIssuerRefs(e: Entry, add: Add, namespace: string): void {
  const vault = 'spec.vault';
  each(e.object, `${vault}.auth.kubernetes.serviceAccountRef.name`, (value, field) => {
    const name = str(value);
    if (name) add({ from: e, field, type: 'ServiceAccount', namespace, name, hard: false });
  });
  for (const [path, otherwise] of [
    ['caBundleSecretRef', 'ca.crt'],
    ['auth.tokenSecretRef', 'token'],
    ['auth.appRole.secretRef', undefined],
  ] as const) {
    each(e.object, `${vault}.${path}`, (value, at) => {
      const { name, key } = obj(value);
      if (typeof name !== 'string') return;
      const keys = { key: str(key) ?? otherwise, keyField: `${at}.key` };
      add({ from: e, field: `${at}.name`, type: 'Secret', namespace, name, ...keys, hard: false });
    });
  }
}

/** What a store names of its own namespace to sign in to Vault. @see https://external-secrets.io/latest/provider/hashicorp-vault/ */
function vaultRefs(e: Entry, add: Add): void {
  const vault = 'spec.provider.vault';
  each(e.object, `${vault}.auth.kubernetes.serviceAccountRef.name`, (value, field) => {
    const name = str(value);
    if (name) add({ from: e, field, type: 'ServiceAccount', namespace: e.namespace, name, hard: false });
  });
  each(e.object, `${vault}.caProvider`, (value, at) => {
    const { type, name, key } = obj(value);
    if (typeof type !== 'string' || typeof name !== 'string') return;
    const place = { field: `${at}.name`, type, namespace: e.namespace, name, key: str(key), keyField: `${at}.key` };
    add({ from: e, ...place, hard: false });
  });
}

function store(e: Entry, add: Add, path: string, namespace: string): void {
  each(e.object, path, (ref, at) => storeRef(e, add, ref, at, namespace));
}

function storeRef(e: Entry, add: Add, ref: unknown, at: string, namespace: string): void {
  const { kind = 'SecretStore', name } = obj(ref);
  if (typeof kind !== 'string' || typeof name !== 'string') return;
  const type = typeOf(kind, 'external-secrets.io');
  add({
    from: e,
    field: `${at}.name`,
    type,
    namespace: kind.startsWith('Cluster') ? '' : namespace,
    name,
    hard: false,
  });
}

function typed(e: Entry, add: Add, path: string): void {
  each(e.object, path, (ref, at) => {
    const { apiVersion, kind, name } = obj(ref);
    if (typeof kind !== 'string' || typeof name !== 'string') return;
    const type = typeOf(kind, groupOf(str(apiVersion) ?? 'apps/v1'));
    add({ from: e, field: `${at}.name`, type, namespace: e.namespace, name, hard: false });
  });
}

function scaleTarget(e: Entry, add: Add): void {
  const { apiVersion = 'apps/v1', kind = 'Deployment', name } = obj(e.spec.scaleTargetRef);
  if (typeof name !== 'string') return;
  const type = typeOf(String(kind), groupOf(String(apiVersion)));
  add({ from: e, field: 'spec.scaleTargetRef.name', type, namespace: e.namespace, name, hard: false });
}
