/**
 * Kubernetes' own kinds: `Kind` is namespaced, `*Kind` is not. A kind's name in this linker (its type) is `Kind.group`, or `Kind` in the core group.
 * @see https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/
 */
const GROUPS: Readonly<Record<string, readonly [versions: string, kinds: string]>> = {
  '': [
    'v1',
    'Binding ConfigMap Endpoints Event LimitRange *Namespace *Node *PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount',
  ],
  'admissionregistration.k8s.io': [
    'v1 v1beta1 v1alpha1',
    '*MutatingAdmissionPolicy *MutatingAdmissionPolicyBinding *MutatingWebhookConfiguration *ValidatingAdmissionPolicy *ValidatingAdmissionPolicyBinding *ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io': ['v1', '*CustomResourceDefinition'],
  'apiregistration.k8s.io': ['v1', '*APIService'],
  apps: ['v1', 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet'],
  'authentication.k8s.io': ['v1', '*SelfSubjectReview *TokenReview'],
  'authorization.k8s.io': [
    'v1',
    'LocalSubjectAccessReview *SelfSubjectAccessReview *SelfSubjectRulesReview *SubjectAccessReview',
  ],
  autoscaling: ['v2 v1', 'HorizontalPodAutoscaler'],
  batch: ['v1', 'CronJob Job'],
  'certificates.k8s.io': ['v1 v1beta1 v1alpha1', '*CertificateSigningRequest *ClusterTrustBundle'],
  'coordination.k8s.io': ['v1 v1beta1 v1alpha2', 'Lease LeaseCandidate'],
  'discovery.k8s.io': ['v1', 'EndpointSlice'],
  'events.k8s.io': ['v1', 'Event'],
  'flowcontrol.apiserver.k8s.io': ['v1', '*FlowSchema *PriorityLevelConfiguration'],
  'internal.apiserver.k8s.io': ['v1alpha1', '*StorageVersion'],
  'networking.k8s.io': ['v1 v1beta1', 'Ingress *IngressClass *IPAddress NetworkPolicy *ServiceCIDR'],
  'node.k8s.io': ['v1', '*RuntimeClass'],
  policy: ['v1', 'PodDisruptionBudget'],
  'rbac.authorization.k8s.io': ['v1', '*ClusterRole *ClusterRoleBinding Role RoleBinding'],
  'resource.k8s.io': ['v1 v1beta2 v1beta1', '*DeviceClass ResourceClaim ResourceClaimTemplate *ResourceSlice'],
  'scheduling.k8s.io': ['v1', '*PriorityClass'],
  'storage.k8s.io': [
    'v1 v1beta1',
    '*CSIDriver *CSINode CSIStorageCapacity *StorageClass *VolumeAttachment *VolumeAttributesClass',
  ],
  'storagemigration.k8s.io': ['v1beta1 v1alpha1', '*StorageVersionMigration'],
};

/** Groups that were Kubernetes' own, with the versions it has stopped to serve. */
const REMOVED_GROUPS = new Set(['extensions']);

export interface BuiltInKind {
  readonly namespaced: boolean;
  readonly versions: readonly string[];
}

export const BUILT_IN: ReadonlyMap<string, BuiltInKind> = new Map(
  Object.entries(GROUPS).flatMap(([group, [versions, kinds]]) =>
    kinds.split(' ').map((word): [string, BuiltInKind] => {
      const kind = word.replace('*', '');
      return [typeOf(kind, group), { namespaced: !word.startsWith('*'), versions: versions.split(' ') }];
    }),
  ),
);

/** True for a group whose kinds come with Kubernetes, not with a CRD. */
export function isBuiltInGroup(group: string): boolean {
  return group in GROUPS || REMOVED_GROUPS.has(group);
}

/** Kinds of a group of Kubernetes' own, for suggestions. */
export function kindsOf(group: string): string[] {
  return (GROUPS[group]?.[1] ?? '').split(' ').map((word) => word.replace('*', ''));
}

/** The groups that have a kind of that name, as apiVersions. */
export function apiVersionsOf(kind: string): string[] {
  return Object.entries(GROUPS)
    .filter(([, [, kinds]]) => kinds.replaceAll('*', '').split(' ').includes(kind))
    .map(([group, [versions]]) => `${group === '' ? '' : `${group}/`}${versions.split(' ')[0]}`);
}

export function typeOf(kind: string, group: string): string {
  return group === '' ? kind : `${kind}.${group}`;
}

/** Kinds whose names don't say that they are cluster-wide, for where their definitions aren't among the objects. */
const CLUSTER_WIDE = new Set(
  Object.entries({
    'gateway.networking.k8s.io': 'GatewayClass',
    'kueue.x-k8s.io':
      'AdmissionCheck Cohort MultiKueueCluster MultiKueueConfig ProvisioningRequestConfig ResourceFlavor Topology WorkloadPriorityClass',
    'mellanox.com': 'HostDeviceNetwork IPoIBNetwork MacvlanNetwork NicClusterPolicy NicNodePolicy',
    'nfd.k8s-sigs.io': 'NodeFeatureRule',
    'nvidia.com': 'GPUCluster NVIDIADriver',
    'snapshot.storage.k8s.io': 'VolumeSnapshotClass',
  }).flatMap(([group, kinds]) => kinds.split(' ').map((kind) => typeOf(kind, group))),
);

/** Whether objects of a custom kind are cluster-wide, as far as its name tells. */
export function isClusterWide(type: string): boolean {
  return type.startsWith('Cluster') || CLUSTER_WIDE.has(type);
}

/** The group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The kind of a type. */
export function kindOf(type: string): string {
  const dot = type.indexOf('.');
  return dot < 0 ? type : type.slice(0, dot);
}

export const CRD = 'CustomResourceDefinition.apiextensions.k8s.io';
export const HTTP_ROUTE = 'HTTPRoute.gateway.networking.k8s.io';
export const INGRESS = 'Ingress.networking.k8s.io';
export const NETWORK_POLICY = 'NetworkPolicy.networking.k8s.io';
export const STATEFUL_SET = 'StatefulSet.apps';
export const STORAGE_CLASS = 'StorageClass.storage.k8s.io';
export const PRIORITY_CLASS = 'PriorityClass.scheduling.k8s.io';
export const ROLE = 'Role.rbac.authorization.k8s.io';
export const CLUSTER_ROLE = 'ClusterRole.rbac.authorization.k8s.io';
