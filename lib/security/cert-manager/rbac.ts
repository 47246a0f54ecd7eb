import type * as k8s from '../../core/k8s';

const READ = ['get', 'list', 'watch'];
const EVENTS: k8s.PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };

/**
 * What the controller may do in all namespaces, by the parts of it that need it. A Certificate may be in any namespace and its
 * Secret is made next to it, hence the right to Secrets.
 */
export const controllerRules = {
  issuers: [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['issuers', 'issuers/status', 'clusterissuers', 'clusterissuers/status'],
      verbs: ['update', 'patch'],
    },
    { apiGroups: ['cert-manager.io'], resources: ['issuers', 'clusterissuers'], verbs: READ },
    EVENTS,
  ],
  certificates: [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['certificates', 'certificates/status', 'certificaterequests', 'certificaterequests/status'],
      verbs: ['update', 'patch'],
    },
    { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: ['create', 'delete'] },
    { apiGroups: ['cert-manager.io'], resources: ['certificates', 'certificaterequests'], verbs: READ },
    // Where the API server checks who may block an owner's deletion, an owner reference needs this.
    {
      apiGroups: ['cert-manager.io'],
      resources: ['certificates/finalizers', 'certificaterequests/finalizers'],
      verbs: ['update'],
    },
    // The metrics count them, whether ACME is used or not.
    { apiGroups: ['acme.cert-manager.io'], resources: ['orders', 'challenges'], verbs: READ },
    { apiGroups: [''], resources: ['secrets'], verbs: [...READ, 'create', 'update', 'patch', 'delete'] },
  ],
  approval: [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['signers'],
      resourceNames: ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'],
      verbs: ['approve'],
    },
  ],
} satisfies Record<string, k8s.PolicyRule[]>;

/** What an ACME issuer needs besides. */
export const acmeRules: k8s.PolicyRule[] = [
  {
    apiGroups: ['acme.cert-manager.io'],
    resources: ['orders', 'challenges'],
    verbs: ['create', 'delete', 'update', 'patch'],
  },
  {
    apiGroups: ['acme.cert-manager.io'],
    resources: ['orders/status', 'challenges/status'],
    verbs: ['update', 'patch'],
  },
  {
    apiGroups: ['acme.cert-manager.io'],
    resources: ['orders/finalizers', 'challenges/finalizers'],
    verbs: ['update'],
  },
  { apiGroups: ['cert-manager.io'], resources: ['issuers/finalizers', 'clusterissuers/finalizers'], verbs: ['update'] },
  // Watched from the start, though only an HTTP-01 proof makes one.
  { apiGroups: [''], resources: ['pods', 'services'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
];

/** What HTTP-01 proofs need besides: a pod that answers, and the way to it. */
export const http01Rules: k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['create', 'delete'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['create', 'update', 'delete'] },
  { apiGroups: ['route.openshift.io'], resources: ['routes/custom-host'], verbs: ['create'] },
  {
    apiGroups: ['gateway.networking.k8s.io'],
    resources: ['httproutes'],
    verbs: [...READ, 'create', 'update', 'delete'],
  },
];

/** Leader election, in the own namespace. Creation can't be limited by name. */
export function leaseRules(...names: string[]): k8s.PolicyRule[] {
  return [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: names,
      verbs: ['get', 'update', 'patch'],
    },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  ];
}

/** The CA injector puts the authority's certificate where an annotation asks for it. */
export const cainjectorRules: k8s.PolicyRule[] = [
  { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: READ },
  { apiGroups: [''], resources: ['secrets'], verbs: READ },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'update', 'patch'] },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
    verbs: [...READ, 'update', 'patch'],
  },
  { apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: [...READ, 'update', 'patch'] },
  {
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    verbs: [...READ, 'update', 'patch'],
  },
];

/** The webhook asks whether who approves a request may do so. */
export const webhookClusterRules: k8s.PolicyRule[] = [
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];

/** The webhook makes its own authority and keeps it in a Secret. Creation can't be limited by name. */
export function webhookRules(secret: string): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: [...READ, 'update'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  ];
}

/** What people with the built-in roles may see and do. Orders and Challenges are the controller's alone to make: GHSA-8rvj-mm4h-c258. */
export const userRules: Record<'view' | 'edit', k8s.PolicyRule[]> = {
  view: [
    { apiGroups: ['cert-manager.io'], resources: ['certificates', 'certificaterequests', 'issuers'], verbs: READ },
    { apiGroups: ['acme.cert-manager.io'], resources: ['challenges', 'orders'], verbs: READ },
  ],
  edit: [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['certificates', 'certificaterequests', 'issuers'],
      verbs: ['create', 'delete', 'deletecollection', 'patch', 'update'],
    },
    { apiGroups: ['cert-manager.io'], resources: ['certificates/status'], verbs: ['update'] },
    {
      apiGroups: ['acme.cert-manager.io'],
      resources: ['challenges'],
      verbs: ['delete', 'deletecollection', 'patch', 'update'],
    },
    { apiGroups: ['acme.cert-manager.io'], resources: ['orders'], verbs: ['delete', 'deletecollection'] },
  ],
};
