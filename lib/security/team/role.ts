import { type ITraining, type k8s } from '../../core';

const READ = ['get', 'list', 'watch'];
/** What may be looked at and ended, not made. */
const STOP = [...READ, 'delete'];
const WRITE = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];

export interface RoleOptions {
  readonly queue: boolean;
  /** Whether members may make pods that wait in no queue. */
  readonly unqueued: boolean;
  readonly training?: ITraining;
}

/**
 * What members may do in their team's namespace: run, look into and stop what is theirs. Less than Kubernetes' own `edit`: nothing of what keeps
 * teams apart (roles, policies, quotas, service accounts), and nothing that is reached from outside past the gateway.
 */
export function memberRules({ queue, unqueued, training }: RoleOptions): k8s.PolicyRule[] {
  return [
    {
      apiGroups: [''],
      resources: ['configmaps', 'secrets', 'services', 'persistentvolumeclaims'],
      verbs: WRITE,
    },
    { apiGroups: [''], resources: ['pods'], verbs: unqueued ? WRITE : STOP },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods/exec', 'pods/attach', 'pods/portforward'], verbs: ['get', 'create'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: READ },
    { apiGroups: [''], resources: ['resourcequotas', 'limitranges', 'serviceaccounts'], verbs: READ },
    { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: WRITE },
    { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: unqueued ? WRITE : STOP },
    ...(unqueued
      ? [
          {
            apiGroups: ['apps'],
            resources: ['deployments/scale', 'statefulsets/scale'],
            verbs: ['get', 'update', 'patch'],
          },
        ]
      : []),
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: READ },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
    ...(queue ? [{ apiGroups: ['kueue.x-k8s.io'], resources: ['localqueues', 'workloads'], verbs: READ }] : []),
    ...(training ? trainingRules(training) : []),
  ];
}

function trainingRules({ trainJobApiVersion }: ITraining): k8s.PolicyRule[] {
  const group = trainJobApiVersion.split('/')[0]!;
  return [
    { apiGroups: [group], resources: ['trainjobs', 'trainingruntimes'], verbs: WRITE },
    { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets'], verbs: READ },
  ];
}
