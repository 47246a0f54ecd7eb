import type * as k8s from '../../core/k8s';
import { frameworkOf, type KueueFramework } from './frameworks';

// What Kueue asks the API server for, by its markers at v0.19.2 (config/components/rbac is made of them), without what is off here: other
// clusters (MultiKueue), and frameworks that aren't asked for.

const READ = ['get', 'list', 'watch'];
const STATUS = ['get', 'update', 'patch'];
const KUEUE = 'kueue.x-k8s.io';

/** The lease by which one pod leads. The controller's own default. */
export const LEASE = 'c1f6bfd2.kueue.x-k8s.io';
/** CRDs whose older version a webhook converts, and into which Kueue writes the webhook's authority. */
export const CONVERTED = ['clusterqueues', 'cohorts', 'localqueues', 'multikueueclusters', 'workloads'] as const;

/** In its own namespace: the lease, the certificate. Neither a list nor a creation can be limited by name. */
export function ownRules(secret: string): k8s.PolicyRule[] {
  return [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [LEASE], verbs: STATUS },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: [''], resources: ['secrets'], verbs: READ },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['update'] },
  ];
}

export interface ClusterRulesProps {
  readonly frameworks: readonly KueueFramework[];
  readonly visibility: boolean;
  readonly mutatingWebhook: string;
  readonly validatingWebhook: string;
}

export function clusterRules(props: ClusterRulesProps): k8s.PolicyRule[] {
  return [
    ...kueueRules(),
    ...certificateRules(props),
    { apiGroups: [''], resources: ['limitranges', 'namespaces', 'nodes'], verbs: READ },
    // Pods are let go one by one where they are placed by topology, counted by themselves, or of a job that grows.
    { apiGroups: [''], resources: ['pods'], verbs: [...READ, 'update', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['pods/status'], verbs: ['get', 'patch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'watch', 'update', 'patch'] },
    { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: READ },
    { apiGroups: ['scheduling.k8s.io'], resources: ['priorityclasses'], verbs: READ },
    {
      apiGroups: ['resource.k8s.io'],
      resources: ['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices'],
      verbs: READ,
    },
    // Watched wherever a cluster autoscaler has brought the kind; nothing here has one made.
    { apiGroups: ['autoscaling.x-k8s.io'], resources: ['provisioningrequests'], verbs: READ },
    // Who asks for metrics or for what is pending shows a token, and must be allowed to.
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ...(props.visibility ? visibilityRules : []),
    ...props.frameworks.flatMap((name) => frameworkOf(name).rules),
  ];
}

function kueueRules(): k8s.PolicyRule[] {
  const finalized = ['admissionchecks', 'clusterqueues', 'resourceflavors', 'topologies'];
  return [
    { apiGroups: [KUEUE], resources: finalized, verbs: [...READ, 'update'] },
    {
      apiGroups: [KUEUE],
      resources: [...finalized, 'workloads'].map((resource) => `${resource}/finalizers`),
      verbs: ['update'],
    },
    {
      apiGroups: [KUEUE],
      resources: ['cohorts', 'localqueues', 'provisioningrequestconfigs', 'workloadpriorityclasses'],
      verbs: READ,
    },
    {
      apiGroups: [KUEUE],
      resources: ['workloads'],
      verbs: [...READ, 'create', 'update', 'patch', 'delete'],
    },
    {
      apiGroups: [KUEUE],
      resources: ['admissionchecks', 'clusterqueues', 'cohorts', 'localqueues', 'workloads'].map(
        (resource) => `${resource}/status`,
      ),
      verbs: STATUS,
    },
  ];
}

/** Kueue makes the webhooks' certificate itself, and writes its authority to where the API server looks for it. */
function certificateRules({ mutatingWebhook, validatingWebhook }: ClusterRulesProps): k8s.PolicyRule[] {
  const places: readonly [group: string, resource: string, names: readonly string[]][] = [
    ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations', [mutatingWebhook]],
    ['admissionregistration.k8s.io', 'validatingwebhookconfigurations', [validatingWebhook]],
    ['apiextensions.k8s.io', 'customresourcedefinitions', CONVERTED.map((plural) => `${plural}.${KUEUE}`)],
  ];
  return places.flatMap(([group, resource, names]) => [
    { apiGroups: [group], resources: [resource], verbs: ['list', 'watch'] },
    { apiGroups: [group], resources: [resource], resourceNames: [...names], verbs: ['get', 'update'] },
  ]);
}

/** An aggregated API server queues requests by the cluster's rules for fairness. */
const visibilityRules: readonly k8s.PolicyRule[] = [
  {
    apiGroups: ['flowcontrol.apiserver.k8s.io'],
    resources: ['flowschemas', 'prioritylevelconfigurations'],
    verbs: ['list', 'watch'],
  },
  { apiGroups: ['flowcontrol.apiserver.k8s.io'], resources: ['flowschemas/status'], verbs: ['patch'] },
];
