import type * as k8s from '../../core/k8s';

// By upstream's config/components/rbac at v0.12.0, without what the program doesn't do: it creates and changes no JobSets, and makes no pods itself.

const READ = ['get', 'list', 'watch'];

/** What the manager may do in all namespaces: a JobSet may be in any, and its Jobs, Service and volumes are made next to it. */
export function clusterRules(webhookConfigurations: string[]): k8s.PolicyRule[] {
  const configurations = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  };
  return [
    // Finished JobSets are deleted when their time to live is over.
    { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets'], verbs: [...READ, 'delete'] },
    { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets/status'], verbs: ['get', 'update', 'patch'] },
    // Where the API server checks who may block an owner's deletion, an owner reference needs this.
    { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets/finalizers'], verbs: ['update'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: [...READ, 'create', 'update', 'patch', 'delete'] },
    { apiGroups: ['batch'], resources: ['jobs/status'], verbs: ['get', 'update', 'patch'] },
    { apiGroups: [''], resources: ['services'], verbs: [...READ, 'create'] },
    { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...READ, 'create'] },
    // Where a JobSet asks for a rack or a node of its own (alpha.jobset.sigs.k8s.io/exclusive-topology), its pods follow their leader's node.
    { apiGroups: [''], resources: ['nodes'], verbs: READ },
    { apiGroups: [''], resources: ['pods'], verbs: [...READ, 'delete'] },
    { apiGroups: [''], resources: ['pods/status'], verbs: ['update'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
    { ...configurations, verbs: READ },
    { ...configurations, resourceNames: webhookConfigurations, verbs: ['update'] },
  ];
}

/** Metrics are given to those only whose token the API server knows and allows to `get /metrics`. */
export const metricsRules: k8s.PolicyRule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];

/** What it may do in its own namespace: elect a leader, and keep the webhook's certificate. Creation can't be limited by name. */
export function ownRules(lease: string, secret: string): k8s.PolicyRule[] {
  return [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: [lease],
      verbs: ['get', 'update', 'patch'],
    },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: READ },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['update'] },
  ];
}

/** What people with the built-in roles may see and do. */
export const userRules: Record<'view' | 'edit', k8s.PolicyRule[]> = {
  view: [{ apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets', 'jobsets/status'], verbs: READ }],
  edit: [
    {
      apiGroups: ['jobset.x-k8s.io'],
      resources: ['jobsets'],
      verbs: ['create', 'delete', 'deletecollection', 'patch', 'update'],
    },
  ],
};
