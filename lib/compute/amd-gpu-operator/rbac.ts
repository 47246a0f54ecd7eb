import type * as k8s from '../../core/k8s';

// What the programs ask the API server for, by upstream's roles at v1.5.1 and its code. Both controllers keep what they read of all namespaces in
// a cache, hence the rights to read there; they write in their own alone. Left out are remediation by Argo Workflows, Prometheus' ServiceMonitors,
// and the deletion of CustomResourceDefinitions.

const READ = ['get', 'list', 'watch'];
const EVENTS: k8s.PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'get', 'list', 'update'] };

/** Events about nodes are in the namespace `default`. */
const RECORD: k8s.PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };

/** What a service account may do in the operator's namespace, and everywhere. */
interface Rules {
  readonly own: k8s.PolicyRule[];
  readonly cluster: k8s.PolicyRule[];
}

/** Leader election. Creation can't be limited by name. */
function lease(name: string): k8s.PolicyRule[] {
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    { ...leases, resourceNames: [name], verbs: ['get', 'update', 'patch'] },
    { ...leases, verbs: ['create'] },
  ];
}

/**
 * @param driver whether drivers come as images
 * @param upgrade whether it drains nodes to upgrade them
 */
export function operatorRules(election: string, driver: boolean, upgrade: boolean): Rules {
  return {
    own: [
      ...lease(election),
      { apiGroups: [''], resources: ['configmaps', 'services'], verbs: ['create', 'patch', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete'] },
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['create', 'patch', 'delete'] },
      // An owner that blocks its deletion, where the API server checks who may say so.
      { apiGroups: ['amd.com'], resources: ['deviceconfigs/finalizers'], verbs: ['update'] },
      ...(driver
        ? [{ apiGroups: ['kmm.sigs.x-k8s.io'], resources: ['modules'], verbs: ['create', 'update', 'patch', 'delete'] }]
        : []),
    ],
    cluster: [
      RECORD,
      { apiGroups: [''], resources: ['configmaps', 'secrets', 'services', 'pods'], verbs: READ },
      { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'patch'] },
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: READ },
      { apiGroups: ['amd.com'], resources: ['deviceconfigs'], verbs: [...READ, 'update', 'patch'] },
      { apiGroups: ['amd.com'], resources: ['deviceconfigs/status'], verbs: ['get', 'update', 'patch'] },
      { apiGroups: ['amd.com'], resources: ['remediationworkflowstatuses'], verbs: READ },
      // It looks whether there is one of its own to delete.
      { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: READ },
      ...(driver
        ? [{ apiGroups: ['kmm.sigs.x-k8s.io'], resources: ['modules', 'nodemodulesconfigs'], verbs: READ }]
        : []),
      ...(upgrade
        ? [
            { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
            { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
          ]
        : []),
    ],
  };
}

/** Kernel Module Management's controller: it makes pods that load modules next to the resources that ask for them, all in this namespace. */
export function kmmRules(election: string): Rules {
  const group = { apiGroups: ['kmm.sigs.x-k8s.io'] };
  return {
    own: [...lease(election), { apiGroups: [''], resources: ['pods'], verbs: ['create', 'patch', 'delete'] }],
    cluster: [
      RECORD,
      { apiGroups: [''], resources: ['configmaps', 'secrets', 'serviceaccounts', 'pods'], verbs: READ },
      { apiGroups: [''], resources: ['nodes', 'namespaces'], verbs: [...READ, 'patch'] },
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: READ },
      { ...group, resources: ['modules'], verbs: [...READ, 'update', 'patch'] },
      { ...group, resources: ['modules/status', 'preflightvalidations/status'], verbs: ['get', 'update', 'patch'] },
      { ...group, resources: ['nodemodulesconfigs'], verbs: [...READ, 'create', 'patch', 'delete'] },
      { ...group, resources: ['nodemodulesconfigs/status'], verbs: ['patch'] },
      { ...group, resources: ['preflightvalidations'], verbs: [...READ, 'update', 'patch'] },
      // Metrics are given to those only whose token the API server knows and allows to `get /metrics`.
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  };
}

/** What the pods on the nodes may do in all namespaces. */
export const operandRules = {
  nodeLabeller: [{ apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'update'] }],
  /** Says of each GPU which pod has it, and labels the node whose GPU is unhealthy. */
  metricsExporter: [
    { apiGroups: [''], resources: ['pods'], verbs: READ },
    { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'update'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
  ],
  testRunner: [EVENTS, { apiGroups: [''], resources: ['nodes'], verbs: ['patch'] }],
  /** Has Kernel Module Management load the driver anew after a change of memory partitions, hence the last. */
  configManager: [
    EVENTS,
    { apiGroups: [''], resources: ['nodes'], verbs: [...READ, 'update', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: READ },
    { apiGroups: ['apps'], resources: ['daemonsets'], verbs: READ },
    { apiGroups: ['kmm.sigs.x-k8s.io'], resources: ['nodemodulesconfigs'], verbs: ['get', 'delete'] },
  ],
} satisfies Record<string, k8s.PolicyRule[]>;
