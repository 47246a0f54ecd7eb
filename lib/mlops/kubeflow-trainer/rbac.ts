import type * as k8s from '../../core/k8s';

// By upstream's manifests/base/rbac at v2.3.0, without what the program doesn't do.

const READ = ['get', 'list', 'watch'];
const GROUP = 'trainer.kubeflow.org';

/** What the manager may do in all namespaces: a TrainJob may be in any. */
export function clusterRules(webhookConfigurations: string[]): k8s.PolicyRule[] {
  const configurations = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  };
  return [
    { apiGroups: [GROUP], resources: ['trainjobs'], verbs: READ },
    { apiGroups: [GROUP], resources: ['trainjobs/status'], verbs: ['get', 'patch', 'update'] },
    // It takes away a finalizer that versions before 2.3 put on runtimes in use.
    { apiGroups: [GROUP], resources: ['trainingruntimes', 'clustertrainingruntimes'], verbs: [...READ, 'patch'] },
    // Where the API server checks who may block an owner's deletion, an owner reference needs this.
    {
      apiGroups: [GROUP],
      resources: ['trainjobs/finalizers', 'trainingruntimes/finalizers', 'clustertrainingruntimes/finalizers'],
      verbs: ['update'],
    },
    { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets'], verbs: [...READ, 'create', 'patch', 'delete'] },
    // Next to each TrainJob: the runtime as it was when the job began; for MPI also the list of hosts and the ssh key, which is made
    // here, hence the right to Secrets. The program watches both kinds in all namespaces from its start.
    { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: [...READ, 'create', 'patch'] },
    // Gangs of other schedulers, watched from the start where their definitions are in the cluster.
    { apiGroups: ['scheduling.x-k8s.io', 'scheduling.volcano.sh'], resources: ['podgroups'], verbs: READ },
    { apiGroups: [''], resources: ['limitranges'], verbs: READ },
    { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: READ },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
    { ...configurations, verbs: READ },
    { ...configurations, resourceNames: webhookConfigurations, verbs: ['update'] },
  ];
}

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
    { apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['update'] },
  ];
}

/** What people with the built-in roles may see and do. Runtimes for all namespaces are the platform's alone. */
export const userRules: Record<'view' | 'edit', k8s.PolicyRule[]> = {
  view: [{ apiGroups: [GROUP], resources: ['trainjobs', 'trainingruntimes', 'clustertrainingruntimes'], verbs: READ }],
  edit: [
    {
      apiGroups: [GROUP],
      resources: ['trainjobs', 'trainingruntimes'],
      verbs: ['create', 'delete', 'deletecollection', 'patch', 'update'],
    },
  ],
};
