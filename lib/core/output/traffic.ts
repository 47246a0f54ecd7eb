import { ISOLATED, LABEL } from '../labels';
import { Bundle } from '../link/bundle';
import { arr, isObj, obj, str, type Obj } from '../link/json';
import { namedPorts, type Pod } from '../link/pods';
import { isDefaultDeny, PolicyIndex, type Direction, type Policy } from '../link/policies';
import { isEmptySelector, selects, showSelector } from '../link/selectors';
import { type LinkObject, type LinkOptions } from '../link/types';

/** Who may be at an end of a connection. */
export interface Party {
  /** `pods`: of the platform. `outside`: pods that its policies name and that are somebody else's. `range`: addresses. */
  readonly kind: 'pods' | 'outside' | 'range' | 'anywhere';
  /** @default - none: addresses, or pods of any namespace */
  readonly namespace?: string;
  /** `minio/pool-0`, `kube-system (k8s-app=kube-dns)`, `10.20.0.0/24`, `anywhere`. */
  readonly title: string;
}

/** Ports of one protocol; all of them where no number is said. */
export interface Ports {
  /** Undefined for any protocol. */
  readonly protocol?: string;
  readonly first: number;
  readonly last: number;
}

/** One party may connect to another's ports. */
export interface Way {
  readonly from: Party;
  readonly to: Party;
  readonly ports: readonly Ports[];
}

/** All connections that the NetworkPolicies of a bundle let through. */
export interface Traffic {
  readonly ways: readonly Way[];
  /** Pods on their node's own network, for which no policy holds. */
  readonly onNodes: readonly string[];
  /** Pods that no policy isolates. */
  readonly open: readonly string[];
}

export const ANYWHERE: Party = { kind: 'anywhere', title: 'anywhere' };
const ALL: Ports = { first: 1, last: 65535 };

/** Pods that the policies treat alike. */
interface Subject {
  readonly party: Party;
  readonly namespace: string;
  readonly labels: Obj;
  /** For the numbers of named ports. */
  readonly pod?: Pod;
  /** What its policies say, by direction; undefined where none isolates it. */
  readonly rules: Readonly<Record<Direction, readonly Rule[] | undefined>>;
}

interface Rule {
  readonly ports: readonly unknown[];
  /** Empty for everybody. */
  readonly peers: readonly Obj[];
  /** Namespace of the policy. */
  readonly namespace: string;
}

/**
 * Computes who may talk to whom from the NetworkPolicies alone. A connection between pods of the platform is one that both ends let through; where
 * the other end is somebody else's, or an address, it is what this end says.
 */
export function trafficOf(objects: readonly LinkObject[], options: LinkOptions): Traffic {
  const bundle = new Bundle(objects, options);
  const policies = new PolicyIndex(bundle);
  const subjects = subjectsOf(bundle, policies);
  const ways = [...betweenPods(subjects, bundle), ...subjects.flatMap((subject) => withOthers(subject, bundle))];
  const real = bundle.pods.filter(({ entry }) => entry.kind !== 'PodTemplate');
  return {
    ways,
    onNodes: unique(real.filter(({ spec }) => spec.hostNetwork === true).map(titleOf)),
    open: unique(subjects.filter(({ rules }) => !rules.ingress || !rules.egress).map(({ party }) => party.title)),
  };
}

function subjectsOf(bundle: Bundle, policies: PolicyIndex): Subject[] {
  // A template of no namespace is for pods of other namespaces, whose policies they then have.
  const known = bundle.pods
    .filter(({ spec, namespace }) => spec.hostNetwork !== true && namespace !== '')
    .map((pod): Subject => ({
      party: { kind: 'pods', namespace: pod.namespace, title: titleOf(pod) },
      namespace: pod.namespace,
      labels: pod.labels,
      pod,
      rules: rulesOf(policies.of(pod)),
    }));
  // What a controller makes at run time, and jobs that people send, no object shows: their policy does.
  const made = policies.all
    .filter((policy) => !isDefaultDeny(policy))
    .filter(({ entry, pods }) => pods.size === 0 || isEmptySelector(entry.spec.podSelector))
    .map(({ entry }): Subject => {
      const selector = entry.spec.podSelector;
      const labels = obj(obj(selector).matchLabels);
      const of = policies
        .in(entry.namespace)
        .filter((policy) => policy.entry === entry || selects(policy.entry.spec.podSelector, labels));
      return {
        party: { kind: 'pods', namespace: entry.namespace, title: madeTitle(entry.namespace, entry.name, selector) },
        namespace: entry.namespace,
        labels,
        rules: rulesOf(of),
      };
    });
  const byTitle = new Map(made.map((subject) => [subject.party.title, subject]));
  return [...known, ...byTitle.values()];
}

function rulesOf(policies: readonly Policy[]): Subject['rules'] {
  const of = (direction: Direction): readonly Rule[] | undefined => {
    const isolating = policies.filter((policy) => policy[direction]);
    if (isolating.length === 0) return undefined;
    return isolating.flatMap(({ entry }) =>
      arr(entry.spec[direction]).map((item) => ({
        ports: arr(obj(item).ports),
        peers: arr(obj(item)[direction === 'ingress' ? 'from' : 'to']).map(obj),
        namespace: entry.namespace,
      })),
    );
  };
  return { ingress: of('ingress'), egress: of('egress') };
}

function betweenPods(subjects: readonly Subject[], bundle: Bundle): Way[] {
  return subjects.flatMap((from) =>
    subjects.flatMap((to): Way[] => {
      if (!from.rules.egress && !to.rules.ingress) return [];
      const ports = intersect(openTo(from.rules.egress, to, to, bundle), openTo(to.rules.ingress, from, to, bundle));
      return ports.length === 0 ? [] : [{ from: from.party, to: to.party, ports }];
    }),
  );
}

/** The listener's ports that one end's rules open to the other end. */
function openTo(rules: readonly Rule[] | undefined, other: Subject, listener: Subject, bundle: Bundle): Ports[] {
  if (!rules) return [ALL];
  return rules
    .filter(
      ({ peers, namespace }) => peers.length === 0 || peers.some((peer) => isPeer(peer, other, namespace, bundle)),
    )
    .flatMap(({ ports }) => portsOf(ports, listener.pod));
}

/** Whether an address range holds pods too is the network plugin's matter: it is told as a range. */
function isPeer(peer: Obj, { namespace, labels }: Subject, own: string, bundle: Bundle): boolean {
  if (isObj(peer.ipBlock)) return false;
  if (!isObj(peer.namespaceSelector)) return namespace === own && selects(peer.podSelector, labels);
  return selects(peer.namespaceSelector, bundle.namespaceLabels(namespace)) && selects(peer.podSelector, labels);
}

/** Ways that lead beyond the platform's pods. */
function withOthers({ party, pod, rules }: Subject, bundle: Bundle): Way[] {
  const ways: Way[] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    for (const { ports, peers, namespace } of rules[direction] ?? []) {
      const open = portsOf(ports, direction === 'ingress' ? pod : undefined);
      const others = peers.length === 0 ? [ANYWHERE] : peers.flatMap((peer) => strangers(peer, namespace, bundle));
      for (const other of others)
        ways.push(
          direction === 'ingress' ? { from: other, to: party, ports: open } : { from: party, to: other, ports: open },
        );
    }
  }
  return ways;
}

/** The part of a peer that is not the platform's own. */
function strangers(peer: Obj, own: string, bundle: Bundle): Party[] {
  const block = obj(peer.ipBlock);
  if (isObj(peer.ipBlock)) {
    const except = arr(block.except);
    const cidr = String(block.cidr);
    if (EVERYTHING.has(cidr) && except.length === 0) return [ANYWHERE];
    return [{ kind: 'range', title: except.length > 0 ? `${cidr} without ${except.join(', ')}` : cidr }];
  }
  if (!isObj(peer.namespaceSelector)) return [];
  const { matchLabels, matchExpressions } = peer.namespaceSelector;
  const name = str(obj(matchLabels)[NAMESPACE_NAME]);
  if (name !== undefined && Object.keys(obj(matchLabels)).length === 1 && matchExpressions === undefined) {
    if (name === own || isOurs(name, bundle)) return [];
    return [{ kind: 'outside', namespace: name, title: podsTitle(name, peer.podSelector) }];
  }
  const where = isEmptySelector(peer.namespaceSelector)
    ? 'any namespace'
    : `namespaces ${showSelector(peer.namespaceSelector)}`;
  return [{ kind: 'outside', title: podsTitle(where, peer.podSelector) }];
}

const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
const EVERYTHING = new Set(['0.0.0.0/0', '::/0']);

function isOurs(namespace: string, bundle: Bundle): boolean {
  return bundle.namespaceEntry(namespace)?.labels[ISOLATED] === 'true';
}

function portsOf(ports: readonly unknown[], listener: Pod | undefined): Ports[] {
  if (ports.length === 0) return [ALL];
  return ports.flatMap((item): Ports[] => {
    const { port, endPort, protocol = 'TCP' } = obj(item);
    const of = { protocol: String(protocol) };
    if (port === undefined || port === null) return [{ ...of, first: ALL.first, last: ALL.last }];
    if (typeof port === 'string' && !/^\d+$/.test(port)) {
      const numbers = listener ? namedPorts(listener.ports, port, of.protocol) : [];
      return numbers.map((number) => ({ ...of, first: number, last: number }));
    }
    return [{ ...of, first: Number(port), last: typeof endPort === 'number' ? endPort : Number(port) }];
  });
}

function intersect(some: readonly Ports[], others: readonly Ports[]): Ports[] {
  const found = new Map<string, Ports>();
  for (const a of some) {
    for (const b of others) {
      if (a.protocol !== undefined && b.protocol !== undefined && a.protocol !== b.protocol) continue;
      const both = {
        protocol: a.protocol ?? b.protocol,
        first: Math.max(a.first, b.first),
        last: Math.min(a.last, b.last),
      };
      if (both.first <= both.last) found.set(JSON.stringify(both), both);
    }
  }
  return [...found.values()];
}

/** The workload's name without the digest that a Job or a runtime bears. */
function titleOf({ entry, namespace, labels }: Pod): string {
  const bare = entry.name.replace(/-[0-9a-f]{8}$/, '');
  const isMeant = [labels[LABEL.component], labels[LABEL.instance]].includes(bare);
  return `${namespace}/${isMeant ? bare : entry.name}`;
}

/** Pods that no object shows are known by the policy that selects them. */
function madeTitle(namespace: string, policy: string, selector: unknown): string {
  return isEmptySelector(selector) ? `${namespace}/*` : `${namespace} (policy ${policy})`;
}

function podsTitle(where: string, selector: unknown): string {
  return isEmptySelector(selector) ? `${where}/*` : `${where} (${showSelector(selector)})`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
