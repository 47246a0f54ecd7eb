import type * as k8s from '../../core/k8s';

// What the operator does and what it grants its operands, by the chart and the operands' roles at v26.7.0. A right that it grants it must have
// itself. Left out of the chart's: what Dynamic Resource Allocation (GPUCluster) needs, whose objects aren't made here, and writing CRDs, which
// upstream's upgrade hook does.

const READ = ['get', 'list', 'watch'];
const WRITE = [...READ, 'create', 'update', 'patch', 'delete'];
const RBAC = 'rbac.authorization.k8s.io';

export const operatorRules: k8s.PolicyRule[] = [
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: WRITE },
  { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: READ },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments'], verbs: WRITE },
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'pods',
      'pods/eviction',
      'secrets',
      'services',
      'services/finalizers',
      'serviceaccounts',
    ],
    verbs: WRITE,
  },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: WRITE },
  {
    apiGroups: ['monitoring.coreos.com'],
    resources: ['servicemonitors', 'prometheusrules'],
    verbs: [...READ, 'create', 'update', 'delete'],
  },
  // GPU feature discovery writes what it finds into a NodeFeature of this namespace.
  { apiGroups: ['nfd.k8s-sigs.io'], resources: ['nodefeatures'], verbs: [...READ, 'create', 'update'] },
];

export const operatorClusterRules: k8s.PolicyRule[] = [
  // Granted to operands on every distribution, though only OpenShift has these kinds.
  { apiGroups: ['config.openshift.io'], resources: ['clusterversions', 'proxies'], verbs: READ },
  {
    apiGroups: ['security.openshift.io'],
    resources: ['securitycontextconstraints'],
    verbs: [...WRITE, 'use'],
  },
  { apiGroups: ['image.openshift.io'], resources: ['imagestreams'], verbs: READ },
  { apiGroups: [RBAC], resources: ['clusterroles', 'clusterrolebindings'], verbs: WRITE },
  { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'update', 'patch'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: [...READ, 'update', 'patch'] },
  { apiGroups: [''], resources: ['events'], verbs: [...READ, 'create', 'delete'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  // While a driver is replaced: pods with GPUs, in all namespaces, are looked for and evicted.
  { apiGroups: [''], resources: ['pods'], verbs: READ },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: ['daemonsets'], verbs: READ },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceclaims'], verbs: READ },
  {
    apiGroups: ['nvidia.com'],
    resources: ['clusterpolicies', 'gpuclusters', 'nvidiadrivers'].flatMap((kind) => [
      kind,
      `${kind}/finalizers`,
      `${kind}/status`,
    ]),
    verbs: [...WRITE, 'deletecollection'],
  },
  { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: [...READ, 'create'] },
  {
    apiGroups: ['node.k8s.io'],
    resources: ['runtimeclasses'],
    verbs: [...READ, 'create', 'update', 'delete'],
  },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
];

/** Labels of nodes can't be told apart from the rest of them by a rule. */
export const labelerRules: k8s.PolicyRule[] = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'patch'] }];
