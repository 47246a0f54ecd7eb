import { checkChoice, fail } from '../../core';
import type * as k8s from '../../core/k8s';

const READ = ['get', 'list', 'watch'];

/** One kind that a webhook of Kueue's looks at. */
export interface Reviewed {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  /** Kind in lower case, as it stands in the webhook's path and name. */
  readonly kind: string;
  /** When its defaults are set. @default - never: it is only validated */
  readonly defaulted?: readonly ('CREATE' | 'UPDATE')[];
  /** Resources that are validated. @default - the resource itself */
  readonly validated?: readonly string[];
}

interface Framework {
  readonly reviewed: Reviewed;
  /** What Kueue may do to hold it back and let it go. */
  readonly rules: readonly k8s.PolicyRule[];
  /** Its pods are counted one by one, which is the framework `pod`. */
  readonly byPods?: boolean;
  /** What people of a queue may make and see, as the names of its resource and its roles. @default - not by Kueue's roles */
  readonly users?: { readonly group: string; readonly resource: string; readonly role: string };
}

/** Stops it, marks it, and makes Workloads that belong to it. */
function holdBack(group: string, resource: string, verbs: readonly string[]): k8s.PolicyRule[] {
  const apiGroups = [group];
  return [
    { apiGroups, resources: [resource], verbs: [...READ, ...verbs] },
    { apiGroups, resources: [`${resource}/status`], verbs: ['get', 'update', 'patch'] },
    { apiGroups, resources: [`${resource}/finalizers`], verbs: ['get', 'update'] },
  ];
}

/** The kinds of jobs that Kueue may manage here, from its markers for webhooks and roles at v0.19.2 (pkg/controller/jobs). */
const FRAMEWORKS = {
  'batch/job': {
    reviewed: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'job', defaulted: ['CREATE'] },
    rules: holdBack('batch', 'jobs', ['update', 'patch', 'delete']),
    users: { group: 'batch', resource: 'jobs', role: 'job' },
  },
  'jobset.x-k8s.io/jobset': {
    reviewed: {
      group: 'jobset.x-k8s.io',
      version: 'v1alpha2',
      resource: 'jobsets',
      kind: 'jobset',
      defaulted: ['CREATE'],
    },
    rules: holdBack('jobset.x-k8s.io', 'jobsets', ['update', 'patch', 'delete']),
    users: { group: 'jobset.x-k8s.io', resource: 'jobsets', role: 'jobset' },
  },
  'trainer.kubeflow.org/trainjob': {
    reviewed: {
      group: 'trainer.kubeflow.org',
      version: 'v1alpha1',
      resource: 'trainjobs',
      kind: 'trainjob',
      defaulted: ['CREATE'],
    },
    rules: [
      ...holdBack('trainer.kubeflow.org', 'trainjobs', ['update', 'patch']),
      // What its pods will be follows from its runtime; the JobSet that is made of it is watched.
      {
        apiGroups: ['trainer.kubeflow.org'],
        resources: ['trainingruntimes', 'clustertrainingruntimes'],
        verbs: READ,
      },
      { apiGroups: ['jobset.x-k8s.io'], resources: ['jobsets'], verbs: READ },
    ],
    users: { group: 'trainer.kubeflow.org', resource: 'trainjobs', role: 'trainjob' },
  },
  pod: {
    reviewed: { group: '', version: 'v1', resource: 'pods', kind: 'pod', defaulted: ['CREATE'] },
    rules: [{ apiGroups: [''], resources: ['pods/finalizers'], verbs: ['get', 'update'] }],
  },
  deployment: {
    reviewed: {
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      kind: 'deployment',
      defaulted: ['CREATE', 'UPDATE'],
    },
    rules: [{ apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: READ }],
    byPods: true,
  },
  statefulset: {
    reviewed: {
      group: 'apps',
      version: 'v1',
      resource: 'statefulsets',
      kind: 'statefulset',
      defaulted: ['CREATE', 'UPDATE'],
    },
    rules: [{ apiGroups: ['apps'], resources: ['statefulsets'], verbs: READ }],
    byPods: true,
  },
} as const satisfies Record<string, Framework>;

/** A kind of jobs that waits in queues, by upstream's name for it. */
export type KueueFramework = keyof typeof FRAMEWORKS;

export const JOBS: readonly KueueFramework[] = ['batch/job', 'jobset.x-k8s.io/jobset', 'trainer.kubeflow.org/trainjob'];

/** The frameworks that are asked for and those that they can't do without, each once, in the order above. */
export function checkedFrameworks(path: string, wanted: readonly KueueFramework[]): readonly KueueFramework[] {
  const all = Object.keys(FRAMEWORKS) as KueueFramework[];
  for (const framework of wanted) checkChoice(path, 'a framework', framework, all);
  if (wanted.length === 0) fail(path, 'frameworks must name at least one, got []; leave it out for all kinds of jobs');
  const byPods = wanted.some((name) => frameworkOf(name).byPods);
  return all.filter((name) => wanted.includes(name) || (name === 'pod' && byPods));
}

export function frameworkOf(name: KueueFramework): Framework {
  return FRAMEWORKS[name];
}
