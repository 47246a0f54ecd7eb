import { type GrantedRule } from '../../core';
import type * as k8s from '../../core/k8s';

// What the programs ask the API server for, by upstream's config/rbac and charts at v0.16.1, without what minting the
// memberlist Secret elsewhere makes superfluous.

const READ = ['get', 'list', 'watch'];
const METALLB = 'metallb.io';
const FRR = 'frrk8s.metallb.io';
const CONFIGURATION = [
  'ipaddresspools',
  'l2advertisements',
  'bgpadvertisements',
  'bgppeers',
  'bfdprofiles',
  'communities',
];

/** @see https://github.com/metallb/metallb/blob/v0.16.1/config/rbac/role.yaml */
const ON_STATUS =
  "upstream's own role; these objects are where the speaker tells what it announces, it makes and deletes them, and no program acts on them";

/** What a service account may do in MetalLB's namespace, and everywhere. */
interface Rules {
  readonly own: GrantedRule[];
  readonly cluster: GrantedRule[];
}

/** Metrics are given to those only whose token the API server knows and allows to `get /metrics`. */
const AUTHENTICATE: readonly k8s.PolicyRule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];
const EVENTS: k8s.PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };

/** A certificate rotator fills the Secret, and writes its authority into the webhook's configuration. */
function certificateRotation(secret: string, webhook: string): Rules {
  const configurations = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
  };
  return {
    own: [
      { apiGroups: [''], resources: ['secrets'], verbs: READ },
      { apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['update'] },
    ],
    cluster: [
      { ...configurations, verbs: READ },
      { ...configurations, resourceNames: [webhook], verbs: ['update'] },
    ],
  };
}

export function controllerRules(secret: string, webhook: string): Rules {
  const certificate = certificateRotation(secret, webhook);
  const definitions = { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'] };
  return {
    own: [
      ...certificate.own,
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
      { apiGroups: [METALLB], resources: CONFIGURATION, verbs: READ },
      { apiGroups: [METALLB], resources: ['ipaddresspools/status'], verbs: ['update'] },
    ],
    cluster: [
      ...certificate.cluster,
      { ...definitions, verbs: READ },
      { ...definitions, resourceNames: ['bgppeers.metallb.io'], verbs: ['update'] },
      { apiGroups: [''], resources: ['services', 'namespaces'], verbs: READ },
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
      { apiGroups: [''], resources: ['services/status'], verbs: ['update'] },
      EVENTS,
      {
        apiGroups: [METALLB],
        resources: ['configurationstates'],
        verbs: [...READ, 'create', 'update', 'patch', 'delete'],
      },
      { apiGroups: [METALLB], resources: ['configurationstates/status'], verbs: ['get', 'update', 'patch'] },
      ...AUTHENTICATE,
    ],
  };
}

export function speakerRules(withFrr: boolean): Rules {
  return {
    own: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: READ },
      { apiGroups: [METALLB], resources: CONFIGURATION, verbs: READ },
      {
        apiGroups: [METALLB],
        resources: ['servicebgpstatuses', 'servicebgpstatuses/status'],
        verbs: ['*'],
        because: ON_STATUS,
      },
    ],
    cluster: [
      { apiGroups: [''], resources: ['services', 'endpoints', 'nodes', 'namespaces'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      EVENTS,
      {
        apiGroups: [METALLB],
        resources: [
          'servicel2statuses',
          'servicel2statuses/status',
          'configurationstates',
          'configurationstates/status',
        ],
        verbs: ['*'],
        because: ON_STATUS,
      },
      ...(withFrr
        ? [{ apiGroups: [FRR], resources: ['frrconfigurations'], verbs: [...READ, 'create', 'update', 'delete'] }]
        : []),
      ...AUTHENTICATE,
    ],
  };
}

export function frrDaemonRules(): Rules {
  const write = [...READ, 'create', 'update', 'patch', 'delete'];
  return {
    own: [
      { apiGroups: [''], resources: ['secrets', 'pods'], verbs: READ },
      { apiGroups: [FRR], resources: ['frrconfigurations', 'frrk8sconfigurations'], verbs: READ },
      { apiGroups: [FRR], resources: ['bgpsessionstates'], verbs: write },
      { apiGroups: [FRR], resources: ['bgpsessionstates/status'], verbs: ['get', 'update', 'patch'] },
    ],
    cluster: [
      { apiGroups: [''], resources: ['nodes'], verbs: READ },
      { apiGroups: [FRR], resources: ['frrnodestates'], verbs: write },
      { apiGroups: [FRR], resources: ['frrnodestates/status'], verbs: ['get', 'update', 'patch'] },
      ...AUTHENTICATE,
    ],
  };
}

export function frrCleanerRules(secret: string, webhook: string): Rules {
  const certificate = certificateRotation(secret, webhook);
  return {
    own: [
      ...certificate.own,
      { apiGroups: [''], resources: ['pods'], verbs: READ },
      { apiGroups: [FRR], resources: ['frrk8sconfigurations'], verbs: READ },
    ],
    cluster: [
      ...certificate.cluster,
      { apiGroups: [FRR], resources: ['frrconfigurations'], verbs: READ },
      { apiGroups: [''], resources: ['nodes'], verbs: READ },
      { apiGroups: [FRR], resources: ['frrnodestates'], verbs: [...READ, 'delete'] },
    ],
  };
}
