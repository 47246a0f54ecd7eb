import { type FitGroup, type FitInput } from '../fit/types';
import { readPod } from '../fit/read-pod';
import { type ContainerDefaults } from '../fit/requests';
import { type Bundle } from './bundle';
import { CUSTOM_DEMAND } from './custom-demand';
import { type Entry } from './entry';
import { arr, dig, isObj, obj, str, type Obj } from './json';
import { PRIORITY_CLASS } from './kinds';
import { covers } from './selectors';

/** Pods that are alike, which a controller makes for an object. */
export interface Demand {
  readonly labels: Obj;
  /** Their PodSpec, as the controller makes it. */
  readonly spec: Obj;
  readonly count: number;
  /** Where the number of pods is said: `spec.replicas`. */
  readonly field: string;
  /** One on each node that the pod may run on, as a DaemonSet has it. @default false */
  readonly onEachNode?: boolean;
  /** Those of the same object with the same gang must run together. @default - each for itself */
  readonly gang?: string;
  /** Doesn't run all the time, but on top of all that do, one gang at a time: what waits in a queue. @default false */
  readonly inTurn?: boolean;
  /** The selector of a ReplicaSet, StatefulSet or ReplicationController, by which the scheduler spreads of itself. @default - none */
  readonly selector?: Obj;
  /** Whether it is the one pod more that an update needs. @default false */
  readonly isUpdate?: boolean;
}

/** The pods that the controller of a kind makes for an object of it. */
export type DemandOf = (entry: Entry, bundle: Bundle) => readonly Demand[];

/** What a bundle asks of the nodes, and for whom. */
export interface BundleDemand {
  readonly input: FitInput;
  readonly sources: ReadonlyMap<string, { readonly entry: Entry; readonly demand: Demand }>;
}

/** All pods of a bundle that run at a time. */
export function demandOf(bundle: Bundle): BundleDemand {
  const sources = new Map<string, { readonly entry: Entry; readonly demand: Demand }>();
  const groups: FitGroup[] = [];
  for (const entry of bundle.entries) {
    const demands = (KINDS[entry.type] ?? CUSTOM_DEMAND[entry.type])?.(entry, bundle) ?? [];
    demands.forEach((demand, i) => {
      // Another scheduler has other rules.
      if ((str(demand.spec.schedulerName) ?? 'default-scheduler') !== 'default-scheduler') return;
      const name = `${entry.order} ${i}`;
      const { count, onEachNode, gang, inTurn } = demand;
      sources.set(name, { entry, demand });
      groups.push({
        name,
        count,
        onEachNode,
        inTurn,
        gang: gang === undefined ? undefined : `${entry.order} ${gang}`,
        wave: entry.wave ?? 0,
        madeAgain: entry.type !== 'Pod',
        pod: podOf(entry, demand, bundle),
      });
    });
  }
  const namespaces = new Map<string, Readonly<Record<string, string>>>();
  for (const { name, labels } of bundle.ofType('Namespace')) namespaces.set(name, labels as Record<string, string>);
  return { input: { nodes: bundle.options.nodes ?? [], groups, namespaces }, sources };
}

function podOf(entry: Entry, { labels, spec, selector }: Demand, bundle: Bundle): FitGroup['pod'] {
  const { namespace } = entry;
  const { value, policy } = priorityOf(spec, bundle);
  return readPod(withRuntimeClass(spec, bundle), {
    namespace,
    labels: labels as Record<string, string>,
    priority: value,
    preemptionPolicy: str(spec.preemptionPolicy) ?? policy,
    owners: ownersOf(namespace, labels, selector, bundle),
    defaults: containerDefaults(namespace, bundle),
  });
}

/** What each of Kubernetes' own kinds makes. */
const KINDS: Readonly<Record<string, DemandOf>> = {
  Pod: (entry) => [{ labels: entry.labels, spec: entry.spec, count: 1, field: 'spec' }],
  ReplicationController: (entry) => [replicated(entry, { matchLabels: obj(entry.spec.selector) })],
  'ReplicaSet.apps': (entry) => [replicated(entry, obj(entry.spec.selector))],
  'StatefulSet.apps': (entry) => [replicated(entry, obj(entry.spec.selector))],
  'Deployment.apps': deployment,
  'DaemonSet.apps': daemonSet,
  'Job.batch': (entry) => [job(entry, entry.spec, entry.object, 'spec')],
  'CronJob.batch': (entry) => {
    const template = obj(entry.spec.jobTemplate);
    const one = job(entry, obj(template.spec), template, 'spec.jobTemplate.spec');
    // Runs that follow each other need one place, however many there are.
    return [entry.spec.suspend === true ? { ...one, inTurn: true } : one];
  },
};

/** Labels that tell the pods of one template from those of the next; their values are made by the controllers. */
const HASH = 'pod-template-hash';
const REVISION = 'controller-revision-hash';

function templateOf(spec: Obj): { readonly labels: Obj; readonly spec: Obj } {
  return { labels: obj(dig(spec, 'template', 'metadata', 'labels')), spec: obj(dig(spec, 'template', 'spec')) };
}

function replicated({ spec, type }: Entry, selector: Obj): Demand {
  const template = templateOf(spec);
  const labels = type === 'StatefulSet.apps' ? { [REVISION]: 'current', ...template.labels } : template.labels;
  return { ...template, labels, count: number(spec.replicas, 1), field: 'spec.replicas', selector };
}

function deployment(entry: Entry): Demand[] {
  const of = replicated(entry, obj(entry.spec.selector));
  const revision = (hash: string): Demand => {
    const matchLabels = { ...obj(of.selector?.matchLabels), [HASH]: hash };
    return { ...of, labels: { ...of.labels, [HASH]: hash }, selector: { ...of.selector, matchLabels } };
  };
  const all = [revision('current')];
  if (of.count > 0 && needsOneMore(obj(entry.spec.strategy), of.count)) {
    all.push({
      ...revision('next'),
      count: 1,
      field: 'spec.strategy',
      gang: 'update',
      inTurn: true,
      isUpdate: true,
    });
  }
  return all;
}

/**
 * Whether an update starts by a pod above the number: where none may be missing.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable
 */
function needsOneMore({ type, rollingUpdate }: Obj, count: number): boolean {
  if (type === 'Recreate') return false;
  const { maxSurge = '25%', maxUnavailable = '25%' } = obj(rollingUpdate);
  const share = (value: unknown) =>
    typeof value === 'string' && value.endsWith('%') ? (count * Number.parseFloat(value)) / 100 : Number(value);
  return Math.floor(share(maxUnavailable)) === 0 && Math.ceil(share(maxSurge)) > 0;
}

/** What the controller has each of its pods tolerate. @see https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations */
const DAEMON_TAINTS = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
] as const;

function daemonSet({ spec }: Entry): Demand[] {
  const template = templateOf(spec);
  const taints = [
    ...DAEMON_TAINTS,
    ...(template.spec.hostNetwork === true ? [['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const] : []),
  ];
  const tolerations = [
    ...arr(template.spec.tolerations),
    ...taints.map(([key, effect]) => ({ key, operator: 'Exists', effect })),
  ];
  return [
    {
      labels: { [REVISION]: 'current', ...template.labels },
      spec: { ...template.spec, tolerations },
      count: 0,
      field: 'spec.template.spec',
      onEachNode: true,
    },
  ];
}

/** A Job's pods at a time. Who waits in a queue, or to be resumed, takes turns with others. */
function job(entry: Entry, spec: Obj, { metadata }: Obj, at: string): Demand {
  const parallelism = number(spec.parallelism, 1);
  const template = templateOf(spec);
  const isQueued = isObj(metadata) && QUEUE in obj(metadata.labels);
  return {
    spec: template.spec,
    labels: {
      ...(entry.type === 'Job.batch' && { 'job-name': entry.name, 'batch.kubernetes.io/job-name': entry.name }),
      ...template.labels,
    },
    count: Math.min(parallelism, number(spec.completions, parallelism)),
    field: spec.parallelism === undefined ? `${at}.template.spec` : `${at}.parallelism`,
    inTurn: isQueued || spec.suspend === true,
    gang: isQueued ? 'job' : undefined,
  };
}

/** @see https://kueue.sigs.k8s.io/docs/reference/labels-and-annotations/ */
const QUEUE = 'kueue.x-k8s.io/queue-name';

/** Of the classes that each cluster has. @see https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/ */
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function priorityOf(spec: Obj, bundle: Bundle): { readonly value: number; readonly policy?: string } {
  const classes = bundle.ofType(PRIORITY_CLASS);
  const name = str(spec.priorityClassName);
  if (name !== undefined && name in SYSTEM_PRIORITIES) return { value: SYSTEM_PRIORITIES[name] };
  const found =
    name === undefined
      ? classes.find(({ object }) => object.globalDefault === true)
      : classes.find((entry) => entry.name === name);
  if (!found) return { value: 0 };
  return { value: number(found.object.value, 0), policy: str(found.object.preemptionPolicy) };
}

/** A RuntimeClass adds what its pods cost, and where they may run. @see https://kubernetes.io/docs/concepts/containers/runtime-class/ */
function withRuntimeClass(spec: Obj, bundle: Bundle): Obj {
  const name = str(spec.runtimeClassName);
  const found = name === undefined ? undefined : bundle.ofType('RuntimeClass.node.k8s.io').find((e) => e.name === name);
  if (!found) return spec;
  const { overhead, scheduling } = found.object;
  const { nodeSelector, tolerations } = obj(scheduling);
  return {
    ...spec,
    overhead: spec.overhead ?? obj(overhead).podFixed,
    nodeSelector: { ...obj(nodeSelector), ...obj(spec.nodeSelector) },
    tolerations: [...arr(spec.tolerations), ...arr(tolerations)],
  };
}

/** What the scheduler spreads by: the selectors of the Services that select the pod, and of what owns it. */
function ownersOf(namespace: string, labels: Obj, selector: Obj | undefined, bundle: Bundle): Obj | undefined {
  let matchLabels: Obj = {};
  for (const service of bundle.ofType('Service')) {
    if (service.namespace !== namespace || !isObj(service.spec.selector)) continue;
    if (covers(service.spec.selector, labels)) matchLabels = { ...matchLabels, ...service.spec.selector };
  }
  matchLabels = { ...matchLabels, ...obj(selector?.matchLabels) };
  const matchExpressions = arr(selector?.matchExpressions);
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return { matchLabels, matchExpressions };
}

/** @see https://kubernetes.io/docs/concepts/policy/limit-range/ */
function containerDefaults(namespace: string, bundle: Bundle): ContainerDefaults | undefined {
  const ranges = bundle.ofType('LimitRange').filter((entry) => entry.namespace === namespace);
  if (ranges.length === 0) return undefined;
  let [limits, requests]: [Obj, Obj] = [{}, {}];
  for (const { spec } of ranges) {
    for (const item of arr(spec.limits)) {
      const limit = obj(item);
      if (limit.type !== 'Container') continue;
      limits = { ...obj(limit.max), ...obj(limit.default), ...limits };
      requests = { ...obj(limit.defaultRequest), ...requests };
    }
  }
  return { limits, requests };
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
