import { isEmptySelector, selects } from '../link/selectors';
import { Counter, type DomainCount, type Topology } from './counters';
import { nodeProfile, profileKey, type NodeProfile } from './profiles';
import { type FitGroup, type FitInput, type FitNode, type FitPod, type PodTerm, type SpreadConstraint } from './types';

export const HOSTNAME = 'kubernetes.io/hostname';
export const ZONE = 'topology.kubernetes.io/zone';

/** Pods a node takes where it isn't said. @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
const MAX_PODS = 110;

/** What the scheduler spreads by where a pod doesn't say. @see pkg/scheduler/framework/plugins/podtopologyspread/plugin.go of Kubernetes 1.36 */
const DEFAULT_SPREAD = [
  [HOSTNAME, 3],
  [ZONE, 5],
] as const;

/** Indices of resources that are looked at by name. */
export const CPU = 0;
export const MEMORY = 1;
export const PODS = 2;

/** A required spread: no domain may have more than `maxSkew` pods above the emptiest. */
export interface HardSpread {
  readonly constraint: SpreadConstraint;
  readonly count: DomainCount;
  /** Domains that have a node whose pods count. */
  readonly domains: readonly number[];
  /** 1 where the pod itself is one of those that it counts. */
  readonly self: number;
}

/** A spread that counts in the choice. */
export interface SoftSpread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly count: DomainCount;
}

/** A term of another's or one's own, by which a domain is better or worse. */
export interface Attraction {
  readonly weight: number;
  readonly count: DomainCount;
}

/** A kind of pod, with all that its placing looks at. */
export interface Template {
  readonly index: number;
  readonly group: FitGroup;
  readonly pod: FitPod;
  readonly profile: NodeProfile;
  /** Resources asked for, by index; a pod's own place, as `pods`, among them. */
  readonly asks: readonly (readonly [resource: number, amount: number])[];
  readonly hard: readonly HardSpread[];
  readonly soft: readonly SoftSpread[];
  /** A node without one of the keys takes no part in the soft spread. The scheduler's own constraints don't ask for that. */
  readonly softNeedsKeys: boolean;
  readonly affinity: readonly DomainCount[];
  /** Whether it is itself what it wants to be near, so that the first of them needs nobody. */
  readonly attractsItself: boolean;
  readonly antiAffinity: readonly DomainCount[];
  /** Pods that don't want it near. */
  readonly unwanted: readonly DomainCount[];
  readonly attractions: readonly Attraction[];
  /** What counts it once it is placed. */
  readonly counters: readonly Counter[];
  /** Part of the mark of a node that has it. */
  readonly mark: number;
}

type Labels = Readonly<Record<string, string>>;

/** A term, and the counters of the pods that it is about and of those that have it. */
interface KnownTerm {
  readonly term: PodTerm;
  readonly holders: Counter;
  readonly kind: 'anti' | number;
}

/** Nodes and groups, made ready for any number of tries: what can be known beforehand is. */
export class Model {
  readonly nodes: readonly FitNode[];
  readonly templates: readonly Template[];
  readonly resources: readonly string[];
  /** Allocatable, node after node. */
  readonly allocatable: Float64Array;
  /** Nodes with the same number differ only by name. */
  readonly classes: Int32Array;
  /** The order in which the scheduler walks: zones in turn. @see pkg/scheduler/backend/cache/node_tree.go of Kubernetes 1.36 */
  readonly order: Int32Array;
  private readonly topologies = new Map<string, Topology>();
  private readonly profiles = new Map<string, NodeProfile>();
  private readonly counterOf = new Map<
    string,
    { readonly counter: Counter; readonly counts: (pod: FitPod) => boolean }
  >();
  private readonly eligibility = new Map<string, Uint8Array>();
  private readonly terms = new Map<string, KnownTerm>();
  private readonly namespaces: ReadonlyMap<string, Labels>;

  constructor(input: FitInput) {
    this.nodes = input.nodes.map((node) =>
      node.labels[HOSTNAME] === undefined ? { ...node, labels: { [HOSTNAME]: node.name, ...node.labels } } : node,
    );
    this.namespaces = input.namespaces ?? new Map();
    const names = new Set(['cpu', 'memory', 'pods']);
    for (const { allocatable } of this.nodes) for (const name of allocatable.keys()) names.add(name);
    for (const { pod } of input.groups) for (const name of pod.requests.keys()) names.add(name);
    this.resources = [...names];
    this.allocatable = this.readAllocatable();
    this.classes = this.classify();
    this.order = zonesInTurn(this.nodes);
    this.templates = this.compile(input.groups);
  }

  topology(key: string): Topology {
    let topology = this.topologies.get(key);
    if (!topology) {
      const domains = new Map<string, number>();
      const domainOf = Int32Array.from(this.nodes, ({ labels }) => {
        const value = labels[key];
        if (value === undefined) return -1;
        if (!domains.has(value)) domains.set(value, domains.size);
        return domains.get(value)!;
      });
      this.topologies.set(key, (topology = { key, domainOf, size: domains.size }));
    }
    return topology;
  }

  /** Forgets all pods that were placed. */
  reset(): void {
    for (const { counter } of this.counterOf.values()) counter.reset();
    for (const { holders } of this.terms.values()) holders.reset();
  }

  private readAllocatable(): Float64Array {
    const width = this.resources.length;
    const all = new Float64Array(this.nodes.length * width);
    this.nodes.forEach(({ allocatable }, node) =>
      this.resources.forEach((name, i) => {
        const unsaid = name === 'pods' ? MAX_PODS : name === 'ephemeral-storage' ? Infinity : 0;
        all[node * width + i] = allocatable.get(name) ?? unsaid;
      }),
    );
    return all;
  }

  private classify(): Int32Array {
    const classes = new Map<string, number>();
    return Int32Array.from(this.nodes, ({ name, labels, taints, allocatable }) => {
      const known = Object.entries(labels)
        .filter(([key, value]) => key !== HOSTNAME || value !== name)
        .sort();
      const key = JSON.stringify([known, taints, [...allocatable].sort()]);
      if (!classes.has(key)) classes.set(key, classes.size);
      return classes.get(key)!;
    });
  }

  private compile(groups: readonly FitGroup[]): Template[] {
    for (const { pod } of groups) {
      for (const term of pod.antiAffinity) this.known('anti', term);
      for (const { weight, term } of pod.preferredAffinity) this.known(weight, term);
      for (const { weight, term } of pod.preferredAntiAffinity) this.known(-weight, term);
      // A required affinity attracts in the choice, with the weight of hardPodAffinityWeight.
      for (const term of pod.affinity) this.known(1, term);
    }
    const random = marks();
    const drafts = groups.map((group, index) => this.template(group, index, random()));
    return drafts.map((draft) => ({ ...draft, counters: this.countersOf(draft.pod) }));
  }

  private template(group: FitGroup, index: number, mark: number): Omit<Template, 'counters'> {
    const { pod } = group;
    const profile = this.profile(pod);
    const asks = [...pod.requests]
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]): [number, number] => [this.resources.indexOf(name), amount]);
    const required = pod.spread.filter((constraint) => constraint.required);
    const preferred = pod.spread.filter((constraint) => !constraint.required);
    const all = (terms: readonly PodTerm[]) => (other: FitPod) => terms.every((term) => this.matches(term, other));
    const near = this.counter(`all ${JSON.stringify(pod.affinity)}`, all(pod.affinity));
    const known = [...this.terms.values()];
    return {
      index,
      group,
      pod,
      profile,
      asks: [[PODS, 1], ...asks],
      hard: required.map((constraint) => this.hardSpread(constraint, required, pod)),
      soft:
        pod.spread.length === 0 ? this.defaultSpread(pod) : preferred.map((c) => this.softSpread(c, preferred, pod)),
      softNeedsKeys: pod.spread.length > 0,
      affinity: pod.affinity.map(({ topologyKey }) => near.by(this.topology(topologyKey))),
      attractsItself: all(pod.affinity)(pod),
      antiAffinity: pod.antiAffinity.map((term) => this.matching(term)),
      unwanted: known
        .filter(({ kind, term }) => kind === 'anti' && this.matches(term, pod))
        .map(({ holders, term }) => holders.by(this.topology(term.topologyKey))),
      attractions: [
        ...pod.preferredAffinity.map(({ weight, term }) => ({ weight, count: this.matching(term) })),
        ...pod.preferredAntiAffinity.map(({ weight, term }) => ({ weight: -weight, count: this.matching(term) })),
        ...known.flatMap(({ kind, holders, term }) =>
          kind !== 'anti' && this.matches(term, pod)
            ? [{ weight: kind, count: holders.by(this.topology(term.topologyKey)) }]
            : [],
        ),
      ],
      mark,
    };
  }

  /** Counters that a pod of this kind adds to. What it holds twice counts twice. */
  private countersOf(pod: FitPod): Counter[] {
    const counted = [...this.counterOf.values()].filter(({ counts }) => counts(pod)).map(({ counter }) => counter);
    const held = [
      ...pod.antiAffinity.map((term) => this.known('anti', term)),
      ...pod.preferredAffinity.map(({ weight, term }) => this.known(weight, term)),
      ...pod.preferredAntiAffinity.map(({ weight, term }) => this.known(-weight, term)),
      ...pod.affinity.map((term) => this.known(1, term)),
    ];
    return [...counted, ...held.map(({ holders }) => holders)];
  }

  private known(kind: 'anti' | number, term: PodTerm): KnownTerm {
    const key = `${kind} ${JSON.stringify(term)}`;
    let known = this.terms.get(key);
    if (!known) this.terms.set(key, (known = { kind, term, holders: new Counter() }));
    return known;
  }

  private matching(term: PodTerm): DomainCount {
    const { selector, namespaces, namespaceSelector } = term;
    const key = JSON.stringify(['term', selector, namespaces, namespaceSelector]);
    return this.counter(key, (pod) => this.matches(term, pod)).by(this.topology(term.topologyKey));
  }

  private counter(key: string, counts: (pod: FitPod) => boolean): Counter {
    let known = this.counterOf.get(key);
    if (!known) this.counterOf.set(key, (known = { counter: new Counter(), counts }));
    return known.counter;
  }

  private matches(term: PodTerm, { namespace, labels }: FitPod): boolean {
    if (term.selector === undefined) return false;
    const inNamespace =
      term.namespaces.includes(namespace) ||
      (term.namespaceSelector !== undefined &&
        selects(term.namespaceSelector, {
          'kubernetes.io/metadata.name': namespace,
          ...this.namespaces.get(namespace),
        }));
    return inNamespace && selects(term.selector, labels);
  }

  private hardSpread(constraint: SpreadConstraint, beside: readonly SpreadConstraint[], pod: FitPod): HardSpread {
    const eligible = this.eligible(constraint, beside, pod);
    const topology = this.topology(constraint.topologyKey);
    const domains = new Set<number>();
    eligible.forEach((yes, node) => yes && domains.add(topology.domainOf[node]));
    const { selector } = constraint;
    return {
      constraint,
      count: this.spreadCount(selector, pod.namespace, topology, eligible),
      domains: [...domains],
      self: selector !== undefined && selects(selector, pod.labels) ? 1 : 0,
    };
  }

  private softSpread(constraint: SpreadConstraint, beside: readonly SpreadConstraint[], pod: FitPod): SoftSpread {
    const { topologyKey, maxSkew, selector } = constraint;
    // By host names, a node's own pods are counted, whether the constraint counts the node or not.
    const eligible = topologyKey === HOSTNAME ? undefined : this.eligible(constraint, beside, pod);
    return {
      topologyKey,
      maxSkew,
      count: this.spreadCount(
        selector,
        pod.namespace,
        topologyKey === HOSTNAME ? this.eachNode() : this.topology(topologyKey),
        eligible,
      ),
    };
  }

  private defaultSpread(pod: FitPod): SoftSpread[] {
    const { owners } = pod;
    if (owners === undefined || isEmptySelector(owners)) return [];
    return DEFAULT_SPREAD.map(([topologyKey, maxSkew]) =>
      this.softSpread(
        {
          topologyKey,
          maxSkew,
          required: false,
          selector: owners,
          minDomains: 1,
          honorsAffinity: true,
          honorsTaints: false,
        },
        [],
        pod,
      ),
    );
  }

  /** Each node for itself, by whatever name. */
  private eachNode(): Topology {
    const key = '';
    let topology = this.topologies.get(key);
    if (!topology) {
      topology = { key, domainOf: Int32Array.from(this.nodes, (_, i) => i), size: this.nodes.length };
      this.topologies.set(key, topology);
    }
    return topology;
  }

  /** An empty selector matches the pod itself but counts none. */
  private spreadCount(
    selector: SpreadConstraint['selector'],
    namespace: string,
    topology: Topology,
    eligible: Uint8Array | undefined,
  ): DomainCount {
    const counts = (pod: FitPod) =>
      selector !== undefined &&
      !isEmptySelector(selector) &&
      pod.namespace === namespace &&
      selects(selector, pod.labels);
    return this.counter(JSON.stringify(['spread', namespace, selector ?? null]), counts).by(topology, eligible);
  }

  /** Nodes whose pods a constraint counts: with the keys of all constraints beside it, and as its policies say. */
  private eligible(constraint: SpreadConstraint, beside: readonly SpreadConstraint[], pod: FitPod): Uint8Array {
    const { honorsAffinity, honorsTaints } = constraint;
    const keys = beside.map(({ topologyKey }) => topologyKey);
    const key = JSON.stringify([honorsAffinity, honorsTaints, keys, profileKey(pod)]);
    let eligible = this.eligibility.get(key);
    if (!eligible) {
      const { matched, tolerated } = this.profile(pod);
      eligible = Uint8Array.from(this.nodes, ({ labels }, node) =>
        keys.every((name) => labels[name] !== undefined) &&
        (!honorsAffinity || matched[node] === 1) &&
        (!honorsTaints || tolerated[node] === 1)
          ? 1
          : 0,
      );
      this.eligibility.set(key, eligible);
    }
    return eligible;
  }

  private profile(pod: FitPod): NodeProfile {
    const key = profileKey(pod);
    let profile = this.profiles.get(key);
    if (!profile) this.profiles.set(key, (profile = nodeProfile(pod, this.nodes)));
    return profile;
  }
}

/** Numbers far apart, the same in each run: a node's mark is their sum over its pods. */
function marks(): () => number {
  let state = 0x2545f491;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return () => next() * 256 + (next() & 255);
}

function zonesInTurn(nodes: readonly FitNode[]): Int32Array {
  const zones = new Map<string, number[]>();
  nodes.forEach(({ labels }, i) => {
    const zone = `${labels['topology.kubernetes.io/region'] ?? ''}:${labels[ZONE] ?? ''}`;
    const list = zones.get(zone);
    if (list) list.push(i);
    else zones.set(zone, [i]);
  });
  const order: number[] = [];
  for (let row = 0; order.length < nodes.length; row++) {
    for (const zone of zones.values()) if (row < zone.length) order.push(zone[row]);
  }
  return Int32Array.from(order);
}
