import type * as k8s from '../../core/k8s';

// What the programs ask the API server for, by upstream's chart at v0.19.0. The election's Lease is in the master's own
// namespace, so that its Role is enough; the chart grants it everywhere.

const READ = ['get', 'list', 'watch'];
const NFD = 'nfd.k8s-sigs.io';
const TOPOLOGY = 'topology.node.k8s.io';

export const masterRules: k8s.PolicyRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: ['nfd-master.nfd.kubernetes.io'],
    verbs: ['get', 'update'],
  },
];

export const masterClusterRules: k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['nodes', 'nodes/status'], verbs: ['get', 'list', 'patch', 'update'] },
  { apiGroups: [NFD], resources: ['nodefeatures', 'nodefeaturerules', 'nodefeaturegroups'], verbs: READ },
  { apiGroups: [NFD], resources: ['nodefeaturegroups/status'], verbs: ['patch', 'update'] },
];

/** NodeFeatures of the system's own namespace alone; that of its node names the pod as its owner. */
export const workerRules: k8s.PolicyRule[] = [
  { apiGroups: [NFD], resources: ['nodefeatures'], verbs: ['create', 'get', 'update', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
];

export const collectorRules: k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] },
  { apiGroups: [NFD], resources: ['nodefeatures'], verbs: ['list', 'delete'] },
  { apiGroups: [TOPOLOGY], resources: ['noderesourcetopologies'], verbs: ['list', 'delete'] },
];

export const topologyUpdaterRules: k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['nodes/configz'], verbs: ['get'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  { apiGroups: [''], resources: ['pods'], verbs: READ },
  { apiGroups: [TOPOLOGY], resources: ['noderesourcetopologies'], verbs: ['create', 'get', 'update'] },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
];
