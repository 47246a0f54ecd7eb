import { arr, dig, isObj, obj, str, type Obj } from '../link/json';
import { podRequests, type ContainerDefaults } from './requests';
import {
  type FitPod,
  type HostPort,
  type NodeRequirement,
  type NodeTerm,
  type PodTerm,
  type SpreadConstraint,
  type Toleration,
  type Weighted,
} from './types';

/** What is known of a pod beyond its spec. */
export interface PodContext {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of its PriorityClass. @default - the spec's, else 0 */
  readonly priority?: number;
  /** Of its PriorityClass. @default - the spec's */
  readonly preemptionPolicy?: string;
  /** See `FitPod.owners`. */
  readonly owners?: Obj;
  readonly defaults?: ContainerDefaults;
}

/** Reads a PodSpec as the scheduler does once the API server has filled in its defaults. */
export function readPod(spec: Obj, context: PodContext): FitPod {
  const { namespace, labels } = context;
  const { nodeAffinity, podAffinity, podAntiAffinity } = obj(spec.affinity);
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  const terms = (affinity: unknown) => arr(obj(affinity)[required]).map((term) => podTerm(obj(term), context));
  const weighted = (affinity: unknown): Weighted<PodTerm>[] =>
    arr(obj(affinity)[preferred]).map((item) => ({
      weight: Number(obj(item).weight),
      term: podTerm(obj(obj(item).podAffinityTerm), context),
    }));
  const alternatives = obj(obj(nodeAffinity)[required]);
  return {
    namespace,
    labels,
    ...podRequests(spec, context.defaults),
    nodeSelector: strings(spec.nodeSelector),
    ...(isObj(obj(nodeAffinity)[required]) && {
      nodeAffinity: arr(alternatives.nodeSelectorTerms).map((term) => nodeTerm(obj(term))),
    }),
    preferredNodes: arr(obj(nodeAffinity)[preferred]).map((item) => ({
      weight: Number(obj(item).weight),
      term: nodeTerm(obj(obj(item).preference)),
    })),
    tolerations: arr(spec.tolerations).map((item) => obj(item) as Toleration),
    affinity: terms(podAffinity),
    antiAffinity: terms(podAntiAffinity),
    preferredAffinity: weighted(podAffinity),
    preferredAntiAffinity: weighted(podAntiAffinity),
    spread: arr(spec.topologySpreadConstraints).map((item) => spread(obj(item), labels)),
    ...(context.owners && { owners: context.owners }),
    hostPorts: hostPorts(spec),
    priority: context.priority ?? (typeof spec.priority === 'number' ? spec.priority : 0),
    preempts: (context.preemptionPolicy ?? str(spec.preemptionPolicy)) !== 'Never',
  };
}

function nodeTerm({ matchExpressions, matchFields }: Obj): NodeTerm {
  const requirements = (list: unknown): NodeRequirement[] =>
    arr(list).map((item) => {
      const { key, operator, values } = obj(item);
      return { key: String(key), operator: String(operator), values: arr(values).map(String) };
    });
  return { labels: requirements(matchExpressions), fields: requirements(matchFields) };
}

/** @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity */
function podTerm(term: Obj, { namespace, labels }: PodContext): PodTerm {
  const given = arr(term.namespaces).map(String);
  const own = given.length === 0 && !isObj(term.namespaceSelector) ? [namespace] : given;
  return {
    topologyKey: String(term.topologyKey),
    selector: merged(
      isObj(term.labelSelector) ? term.labelSelector : undefined,
      [
        ['In', term.matchLabelKeys],
        ['NotIn', term.mismatchLabelKeys],
      ],
      labels,
    ),
    namespaces: own,
    namespaceSelector: isObj(term.namespaceSelector) ? term.namespaceSelector : undefined,
  };
}

function spread(item: Obj, labels: Readonly<Record<string, string>>): SpreadConstraint {
  return {
    topologyKey: String(item.topologyKey),
    maxSkew: Number(item.maxSkew),
    required: item.whenUnsatisfiable !== 'ScheduleAnyway',
    selector: merged(isObj(item.labelSelector) ? item.labelSelector : undefined, [['In', item.matchLabelKeys]], labels),
    minDomains: typeof item.minDomains === 'number' ? item.minDomains : 1,
    honorsAffinity: item.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: item.nodeTaintsPolicy === 'Honor',
  };
}

/** A selector with what the pod's own labels add to it; keys that the pod lacks add nothing. */
function merged(
  selector: Obj | undefined,
  keys: readonly (readonly [operator: string, keys: unknown])[],
  labels: Readonly<Record<string, string>>,
): Obj | undefined {
  if (selector === undefined) return undefined;
  const added = keys.flatMap(([operator, list]) =>
    arr(list).flatMap((key) => {
      const value = labels[String(key)];
      return value === undefined ? [] : [{ key: String(key), operator, values: [value] }];
    }),
  );
  if (added.length === 0) return selector;
  return { ...selector, matchExpressions: [...arr(selector.matchExpressions), ...added] };
}

/** With `hostNetwork` each port is one of the node's; init containers that end hold none. */
function hostPorts(spec: Obj): HostPort[] {
  const running = [
    ...arr(spec.initContainers).filter((container) => obj(container).restartPolicy === 'Always'),
    ...arr(spec.containers),
  ];
  return running.flatMap((container) =>
    arr(dig(container, 'ports')).flatMap((item) => {
      const { hostPort, containerPort, protocol, hostIP } = obj(item);
      const port = Number(hostPort ?? (spec.hostNetwork === true ? containerPort : 0));
      return port > 0 ? [{ ip: str(hostIP) ?? '0.0.0.0', protocol: str(protocol) ?? 'TCP', port }] : [];
    }),
  );
}

function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(obj(value)).map(([key, text]) => [key, String(text)]));
}
