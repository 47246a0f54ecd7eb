import { type GrantedRule } from '../../core';
import { definitions } from './crds';

type Rules = GrantedRule[];

const ALL_OF_GATEWAY_API =
  'istiod watches each kind of Gateway API that the cluster has, and is never ready where it may not read one that somebody else defines';

const READ = ['get', 'list', 'watch'];
const WRITE_STATUS = ['update', 'patch'];

/** istiod's own resources, by group. Upstream's role says `*`; these are all that it has. */
function istioResources(): Rules {
  const groups = new Map<string, string[]>();
  for (const { group, plural } of definitions) groups.set(group, [...(groups.get(group) ?? []), plural]);
  return [...groups].map(([group, resources]) => ({ apiGroups: [group], resources, verbs: READ }));
}

/**
 * What istiod does in its own namespace: keeps its authority's key in a Secret, elects who writes status by ConfigMaps and Leases, and tries by
 * a dry run whether its webhook refuses what is wrong.
 */
export const istiodRules: Rules = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: ['istio-ca-secret'],
    verbs: ['get', 'update', 'delete'],
  },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['delete'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update', 'patch', 'create'] },
  { apiGroups: ['networking.istio.io'], resources: ['gateways'], verbs: ['create', 'update'] },
];

/**
 * What istiod does in all namespaces. Without injection, other clusters and gateways that it makes itself, and writing no Ingress' status, it has
 * less than upstream's chart gives it: no right to workloads, Services and service accounts, to webhooks that change pods, to certificate requests.
 *
 * Secrets are watched in all namespaces, as its cache of gateway certificates is made for the whole cluster; ConfigMaps are written in all, since
 * each gets the authority's certificate (`istio-ca-root-cert`).
 *
 * @param webhook name of the one webhook configuration that it fills in
 * @see https://github.com/istio/istio/blob/1.30.3/manifests/charts/istio-control/istio-discovery/templates/clusterrole.yaml
 */
export function istiodClusterRules(webhook: string): Rules {
  const webhooks = { apiGroups: ['admissionregistration.k8s.io'] };
  return [
    // The mutating ones say which revision a tag stands for.
    {
      ...webhooks,
      resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      verbs: READ,
    },
    { ...webhooks, resources: ['validatingwebhookconfigurations'], resourceNames: [webhook], verbs: ['update'] },
    ...istioResources(),
    {
      apiGroups: ['networking.istio.io'],
      resources: ['serviceentries/status', 'workloadentries/status'],
      verbs: WRITE_STATUS,
    },
    { apiGroups: ['security.istio.io'], resources: ['authorizationpolicies/status'], verbs: WRITE_STATUS },
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
    { apiGroups: [''], resources: ['pods', 'nodes', 'services', 'namespaces', 'secrets'], verbs: READ },
    { apiGroups: [''], resources: ['services/status'], verbs: WRITE_STATUS },
    { apiGroups: [''], resources: ['configmaps'], verbs: [...READ, 'create', 'update'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
    // It is not ready before it has them all, even where it makes nothing of them (`ingressControllerMode: OFF`).
    // https://github.com/istio/istio/blob/1.30.3/pilot/pkg/bootstrap/configcontroller.go#L428
    { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['*'], verbs: READ, because: ALL_OF_GATEWAY_API },
    {
      apiGroups: ['gateway.networking.k8s.io'],
      resources: ['*/status'],
      verbs: WRITE_STATUS,
      because: ALL_OF_GATEWAY_API,
    },
  ];
}

/** The agent that puts pods into the mesh: it learns of them, and says on each that it did. */
export function cniClusterRules(daemonSet: string): Rules {
  return [
    { apiGroups: [''], resources: ['pods', 'nodes', 'namespaces'], verbs: READ },
    { apiGroups: [''], resources: ['pods/status'], verbs: WRITE_STATUS },
    // Whether it stops for good, and takes the plugin away, or for an update.
    { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: [daemonSet], verbs: ['get'] },
  ];
}
