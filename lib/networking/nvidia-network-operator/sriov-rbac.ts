import type * as k8s from '../../core/k8s';

// What the SR-IOV operator and its daemon ask the API server for, read from controllers/, pkg/drain, pkg/daemon, cmd/ and bindata/ on branch network-operator-26.4.x
// (github.com/Mellanox/sriov-network-operator), with what is used here: device plugin, no webhooks, no metrics exporter, no Dynamic Resource
// Allocation, no OpenShift. Upstream's roles have wildcards on pods, namespaces, service accounts, cluster roles and webhook configurations, and all verbs on Secrets.

const READ = ['get', 'list', 'watch'];
const SRIOV = 'sriovnetwork.openshift.io';
const RBAC = 'rbac.authorization.k8s.io';
/** The parts for Dynamic Resource Allocation, which the operator deletes at each turn, looking or not looking whether they are there. */
const DRA = 'sriov-dra-driver';
const DRA_PODS = 'sriov-dra-driver-pod-access';
const DEVICE_CLASS = 'sriovnetwork.k8snetworkplumbingwg.io';
/** Of each part that is switched off it looks whether something is left: both webhooks, the metrics exporter. */
const OFF = {
  clusterRoles: ['network-resources-injector', 'operator-webhook', 'sriov-metrics-kube-rbac-role'],
  bindings: [
    'network-resources-injector-role-binding',
    'operator-webhook-role-binding',
    'sriov-metrics-kube-rbac-rolebinding',
  ],
  webhooks: ['network-resources-injector-config', 'sriov-operator-webhook-config'],
};

/** The operator's, in its own namespace: what it makes there for its parts. */
export function sriovOwnRules(): k8s.PolicyRule[] {
  return [
    { apiGroups: [SRIOV], resources: ['sriovoperatorconfigs'], verbs: [...READ, 'update', 'patch'] },
    // It is the owner of what it makes, and holds up its deletion.
    { apiGroups: [SRIOV], resources: ['sriovoperatorconfigs/finalizers'], verbs: ['update'] },
    { apiGroups: [SRIOV], resources: ['sriovnetworknodepolicies'], verbs: READ },
    {
      apiGroups: [SRIOV],
      resources: ['sriovnetworknodestates'],
      verbs: [...READ, 'create', 'update', 'patch', 'delete'],
    },
    { apiGroups: [DEVICE_CLASS], resources: ['sriovresourcepolicies', 'deviceattributes'], verbs: ['list', 'watch'] },
    { apiGroups: ['apps'], resources: ['daemonsets'], verbs: [...READ, 'create', 'update'] },
    { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: [DRA], verbs: ['delete'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: [...READ, 'create', 'update'] },
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get', 'create', 'update'] },
    { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: [DRA], verbs: ['delete'] },
    { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['get', 'create', 'update'] },
    { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], resourceNames: [DRA_PODS], verbs: ['delete'] },
    // Left of parts that are switched off.
    { apiGroups: [''], resources: ['services'], verbs: ['get'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get'] },
    // Both it gives to the device plugin, and nobody can give what he hasn't; the second has no meaning but on OpenShift.
    { apiGroups: [''], resources: ['pods'], verbs: [...READ, 'update', 'patch'] },
    {
      apiGroups: ['security.openshift.io'],
      resources: ['securitycontextconstraints'],
      resourceNames: ['privileged'],
      verbs: ['use'],
    },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ];
}

/** The operator's, in all namespaces, and of what belongs to none. */
export function sriovClusterRules(): k8s.PolicyRule[] {
  return [
    {
      apiGroups: [SRIOV],
      resources: ['sriovnetworks', 'sriovibnetworks', 'ovsnetworks'],
      verbs: [...READ, 'update', 'patch'],
    },
    // To drain, it looks for those of all namespaces.
    { apiGroups: [SRIOV], resources: ['sriovnetworkpoolconfigs'], verbs: READ },
    {
      apiGroups: ['k8s.cni.cncf.io'],
      resources: ['network-attachment-definitions'],
      verbs: [...READ, 'create', 'update', 'delete'],
    },
    { apiGroups: [''], resources: ['namespaces'], verbs: READ },
    // It says on nodes what is to be done, labels those with functions, cordons those that are changed.
    { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['get'] },
    { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: OFF.clusterRoles, verbs: ['get'] },
    { apiGroups: [RBAC], resources: ['clusterrolebindings'], resourceNames: OFF.bindings, verbs: ['get'] },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
      resourceNames: OFF.webhooks,
      verbs: ['get'],
    },
    {
      apiGroups: [RBAC],
      resources: ['clusterroles', 'clusterrolebindings'],
      resourceNames: [DRA],
      verbs: ['delete'],
    },
    { apiGroups: ['resource.k8s.io'], resources: ['deviceclasses'], verbs: ['list'] },
    {
      apiGroups: ['resource.k8s.io'],
      resources: ['deviceclasses'],
      resourceNames: [DEVICE_CLASS],
      verbs: ['delete'],
    },
  ];
}

/** The daemon's, in the operator's namespace. @param adapters the ConfigMap that it reads */
export function sriovDaemonRules(adapters: string): k8s.PolicyRule[] {
  return [
    { apiGroups: [SRIOV], resources: ['sriovoperatorconfigs'], verbs: READ },
    { apiGroups: [SRIOV], resources: ['sriovnetworknodestates'], verbs: [...READ, 'patch'] },
    { apiGroups: [SRIOV], resources: ['sriovnetworknodestates/status'], verbs: ['patch'] },
    // It restarts the node's device plugin, and tells it to begin.
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [adapters], verbs: ['get'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ];
}

/** The daemon's, of nodes: it asks for its own to be drained, by an annotation. */
export function sriovDaemonClusterRules(): k8s.PolicyRule[] {
  return [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] }];
}

/** Of the Job that waits for functions: why there are none. */
export function sriovReadyRules(): k8s.PolicyRule[] {
  return [{ apiGroups: [SRIOV], resources: ['sriovnetworknodestates'], verbs: ['list'] }];
}

/** Whether there are some. */
export function sriovReadyClusterRules(): k8s.PolicyRule[] {
  return [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
}
