import { fail, show } from '../errors';

/** How much of a request is recorded: nothing, who did what to which object, the body too, the answer too. */
export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';

const LEVELS: readonly AuditLevel[] = ['None', 'Metadata', 'Request', 'RequestResponse'];

/** Resources of one API group. */
export interface AuditResources {
  /** @default '' - the core group */
  readonly group?: string;
  /** `pods` without its parts, `pods/log`, `pods/*` for all parts. @default - all of the group, with their parts */
  readonly resources?: readonly string[];
  /** Needs `resources`. @default - of any name */
  readonly resourceNames?: readonly string[];
}

/**
 * Which requests are recorded at which level; a request must meet all that is said. Of several rules the first that is met counts.
 *
 * @see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-PolicyRule
 */
export interface AuditRule {
  readonly level: AuditLevel;
  /** @default - anybody */
  readonly users?: readonly string[];
  /** @default - of any group */
  readonly userGroups?: readonly string[];
  /** @default - any */
  readonly verbs?: readonly string[];
  /** Not together with `nonResourceURLs`. @default - all */
  readonly resources?: readonly AuditResources[];
  /** `''` is what has none. @default - any */
  readonly namespaces?: readonly string[];
  /** Paths that are no objects: `/healthz*`. @default - all, where neither resources nor namespaces are said */
  readonly nonResourceURLs?: readonly string[];
}

/** The file that `--audit-policy-file` names. */
export interface AuditPolicy {
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly kind: 'Policy';
  readonly omitStages: readonly string[];
  readonly omitManagedFields: boolean;
  readonly rules: readonly AuditRule[];
}

export interface AuditProps {
  /** Further rules, which come after that for secrets, whose bodies therefore are never recorded, and before all others. @default - none */
  readonly rules?: readonly AuditRule[];
  /** Days that a log is kept, 1 to 3650. @default 90 */
  readonly days?: number;
  /** Logs that are kept on each node of the control plane, 1 to 1000. @default 20 */
  readonly files?: number;
  /** Megabytes that a log may have before the next is begun, 1 to 10000. @default 200 */
  readonly megabytes?: number;
}

const all = (group: string): AuditResources => ({ group });
const core = (...resources: string[]): AuditResources => ({ group: '', resources });

/** What holds secrets, or tokens in its body or answer. */
const SECRETS: readonly AuditResources[] = [
  core('secrets', 'serviceaccounts/token'),
  all('authentication.k8s.io'),
  all('external-secrets.io'),
  all('generators.external-secrets.io'),
];

/** Models and data: what trains and serves them, where they lie, and the ways into the pods that have them. Bodies hold environments, and so stay out. */
const MODELS_AND_DATA: readonly AuditResources[] = [
  core(
    'persistentvolumeclaims',
    'persistentvolumes',
    'configmaps',
    'pods/exec',
    'pods/attach',
    'pods/portforward',
    'pods/proxy',
    'pods/ephemeralcontainers',
    'services/proxy',
    'nodes/proxy',
  ),
  all('batch'),
  all('storage.k8s.io'),
  all('snapshot.storage.k8s.io'),
  all('trainer.kubeflow.org'),
  all('kubeflow.org'),
  all('jobset.x-k8s.io'),
  all('kueue.x-k8s.io'),
  all('serving.kserve.io'),
  all('ray.io'),
  all('sparkoperator.k8s.io'),
  all('postgresql.cnpg.io'),
];

/** Who may do what: the body says what was granted, and holds no secret. */
const RIGHTS: readonly AuditResources[] = [
  all('rbac.authorization.k8s.io'),
  all('networking.k8s.io'),
  all('admissionregistration.k8s.io'),
  all('certificates.k8s.io'),
  core('namespaces', 'serviceaccounts', 'resourcequotas', 'limitranges'),
];

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const READS = ['get', 'list', 'watch'];
/** What the control plane and the nodes do all the time. */
const COMPONENTS = {
  users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy'],
  userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'],
};

/**
 * Records every request that touches secrets, models and data, changes of rights with their bodies, and who did what to all else. The bodies of
 * secrets are never recorded. Left out are leases, events, what pods are asked for their rights, health checks, and what the control plane reads of
 * other kinds.
 *
 * @throws where a rule is one that the API server refuses
 */
export function auditPolicy(path: string, rules: readonly AuditRule[] = []): AuditPolicy {
  rules.forEach((rule, i) => checkRule(path, `audit.rules[${i}]`, rule));
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // Each request would be recorded twice.
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'Metadata', resources: SECRETS },
      ...rules,
      { level: 'Metadata', resources: MODELS_AND_DATA },
      { level: 'Request', verbs: WRITES, resources: RIGHTS },
      { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
      { level: 'None', resources: [core('events'), all('events.k8s.io')] },
      { level: 'None', verbs: ['create'], resources: [all('authorization.k8s.io')] },
      {
        level: 'None',
        nonResourceURLs: [
          '/healthz*',
          '/livez*',
          '/readyz*',
          '/version',
          '/openapi*',
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
        ],
      },
      { level: 'None', users: COMPONENTS.users, verbs: READS },
      { level: 'None', userGroups: COMPONENTS.userGroups, verbs: READS },
      { level: 'None', userGroups: ['system:nodes'], resources: [core('nodes/status', 'pods/status')] },
      { level: 'Metadata' },
    ],
  };
}

const GROUP = /^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/;

/** @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/apis/audit/validation/validation.go */
function checkRule(path: string, at: string, rule: AuditRule): void {
  if (!LEVELS.includes(rule.level))
    fail(path, `${at}.level must be one of ${LEVELS.map(show).join(', ')}, got ${show(rule.level)}; choose one`);
  const urls = rule.nonResourceURLs ?? [];
  if (urls.length > 0 && (rule.resources?.length || rule.namespaces?.length))
    fail(path, `${at} has nonResourceURLs beside resources or namespaces; make two rules of it`);
  for (const url of urls) {
    if (url !== '*' && (!url.startsWith('/') || url.slice(0, -1).includes('*')))
      fail(
        path,
        `${at}.nonResourceURLs must begin with "/" and have "*" at the end only, got ${show(url)}; write it as "/metrics*"`,
      );
  }
  for (const { group = '', resources = [], resourceNames = [] } of rule.resources ?? []) {
    if (!GROUP.test(group))
      fail(path, `${at}: the group must be an API group without its version, got ${show(group)}; write "apps"`);
    if (resourceNames.length > 0 && resources.length === 0)
      fail(path, `${at} has resourceNames ${show(resourceNames)} of no resources; name the resources`);
  }
}
