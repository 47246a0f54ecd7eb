import type * as k8s from '../../core/k8s';

// What the operator asks the API server for, read from its controllers, its states and the manifests that it renders at v26.4.1
// (github.com/Mellanox/network-operator), and from NVIDIA/k8s-operator-libs pkg/upgrade at the commit in its go.mod. Upstream's ClusterRole
// lets it write all of this in every namespace, Secrets and Leases among it, and binds that to every account of the namespace.

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete'];
const MELLANOX = 'mellanox.com';
const NETWORKS = ['hostdevicenetworks', 'ipoibnetworks', 'macvlannetworks'];
const POLICIES = ['nicclusterpolicies', 'nicnodepolicies'];
const ATTACHMENTS = 'network-attachment-definitions';
/** What its parts have of each, by name. */
const CLUSTER_ROLES = ['multus', 'nv-ipam-controller', 'nv-ipam-node', 'ofed-driver'];
const DEFINITIONS = ['ippools.nv-ipam.nvidia.com', 'cidrpools.nv-ipam.nvidia.com'];

/** Which of its parts the operator rolls out, and where. */
export interface Parts {
  readonly multus: boolean;
  readonly ipam: boolean;
  readonly driver: boolean;
  /** On OpenShift: its parts may run privileged only by a SecurityContextConstraints. */
  readonly scc: boolean;
}

/** In the operator's own namespace: what it makes there for its parts. */
export function ownRules({ scc }: Parts): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['serviceaccounts', 'configmaps'], verbs: WRITE },
    { apiGroups: [''], resources: ['services', 'persistentvolumeclaims'], verbs: ['delete'] },
    // It restarts the driver's pods, and marks those of older releases.
    { apiGroups: [''], resources: ['pods'], verbs: ['patch', 'delete'] },
    { apiGroups: ['apps'], resources: ['daemonsets', 'deployments'], verbs: WRITE },
    { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['get', 'list'] },
    // Only on OpenShift it makes Roles, for that one right, which it must have itself to give it.
    ...(scc
      ? [
          { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: WRITE },
          {
            apiGroups: ['security.openshift.io'],
            resources: ['securitycontextconstraints'],
            resourceNames: ['privileged'],
            verbs: ['use'],
          },
        ]
      : []),
    // Leader election.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'patch'] },
  ];
}

/** In all namespaces, and of what belongs to none. */
export function clusterRules(parts: Parts): k8s.PolicyRule[] {
  return [
    { apiGroups: [MELLANOX], resources: [...POLICIES, ...NETWORKS], verbs: [...READ, 'update', 'patch'] },
    {
      apiGroups: [MELLANOX],
      resources: [...POLICIES, ...NETWORKS].map((name) => `${name}/status`),
      verbs: ['get', 'update', 'patch'],
    },
    {
      apiGroups: [MELLANOX],
      resources: [...POLICIES, ...NETWORKS].map((name) => `${name}/finalizers`),
      verbs: ['update'],
    },
    { apiGroups: ['k8s.cni.cncf.io'], resources: [ATTACHMENTS], verbs: [...READ, ...WRITE] },
    // It marks nodes as ready for the device plugins, and cordons those whose driver it exchanges.
    { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'update', 'patch'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
    // What a part left behind is looked for in all namespaces, of each kind that any part has.
    {
      apiGroups: [''],
      resources: ['pods', 'configmaps', 'serviceaccounts', 'services', 'persistentvolumeclaims'],
      verbs: READ,
    },
    { apiGroups: ['apps'], resources: ['daemonsets', 'deployments'], verbs: READ },
    { apiGroups: ['batch'], resources: ['cronjobs'], verbs: READ },
    { apiGroups: ['cert-manager.io'], resources: ['issuers', 'certificates'], verbs: READ },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      verbs: READ,
    },
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: READ },
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
    // What a part may do is in a ClusterRole that the operator makes; it can't give rights that it hasn't, so they follow below.
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles', 'clusterrolebindings'],
      verbs: [...READ, 'create'],
    },
    // Also of a part that is no longer wanted, which it takes away.
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles', 'clusterrolebindings'],
      resourceNames: CLUSTER_ROLES,
      verbs: ['update', 'patch', 'delete'],
    },
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      resourceNames: DEFINITIONS,
      verbs: ['update', 'patch', 'delete'],
    },
    ...(parts.multus ? multusRules() : []),
    ...(parts.ipam ? ipamRules() : []),
    ...(parts.driver ? driverRules(parts.scc) : []),
    ...(parts.scc
      ? [{ apiGroups: ['config.openshift.io'], resources: ['clusterversions', 'proxies'], verbs: READ }]
      : []),
  ];
}

/** @see https://github.com/Mellanox/network-operator/blob/v26.4.1/manifests/state-multus-cni/0010-cluter_role.yml */
function multusRules(): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['pods', 'pods/status'], verbs: ['get', 'update'] },
    {
      apiGroups: ['resource.k8s.io'],
      resources: ['resourceclaims', 'resourceclaims/status', 'resourceslices'],
      verbs: ['get', 'list'],
    },
  ];
}

/** @see https://github.com/Mellanox/network-operator/blob/v26.4.1/manifests/state-nv-ipam-cni/020-cluster-role.yaml */
function ipamRules(): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['delete'] },
    { apiGroups: ['nv-ipam.nvidia.com'], resources: ['ippools', 'cidrpools'], verbs: [...READ, 'create'] },
    {
      apiGroups: ['nv-ipam.nvidia.com'],
      resources: ['ippools/status', 'cidrpools/status'],
      verbs: ['get', 'update', 'patch'],
    },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...READ, ...WRITE] },
    // The operator brings the definitions of both kinds along.
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['create'] },
  ];
}

/** To exchange the driver of a node, its pods are evicted. */
function driverRules(scc: boolean): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    // The image in which OpenShift has what a driver of its kernel is built with.
    ...(scc ? [{ apiGroups: ['image.openshift.io'], resources: ['imagestreams'], verbs: READ }] : []),
  ];
}
