import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { arr, isObj, obj, str, type Obj } from './json';
import { NETWORK_POLICY } from './kinds';
import { namedPorts, type Pod } from './pods';
import { isEmptySelector, selects } from './selectors';

export interface Policy {
  readonly entry: Entry;
  readonly ingress: boolean;
  readonly egress: boolean;
  readonly pods: ReadonlySet<Pod>;
}

export type Direction = 'ingress' | 'egress';

/** A port that somebody connects to. */
export interface Socket {
  readonly port: number;
  readonly protocol: string;
}

/** Which NetworkPolicies select which pods, and what they let through. */
export class PolicyIndex {
  readonly all: readonly Policy[];
  private readonly byNamespace = new Map<string, Policy[]>();
  private readonly byPod = new Map<Pod, Policy[]>();

  constructor(private readonly bundle: Bundle) {
    this.all = bundle.ofType(NETWORK_POLICY).map((entry) => {
      const pods = bundle.podIndex(entry.namespace).select(entry.spec.podSelector);
      const types = arr(entry.spec.policyTypes);
      const egress = types.length > 0 ? types.includes('Egress') : entry.spec.egress !== undefined;
      return { entry, ingress: types.length === 0 || types.includes('Ingress'), egress, pods: new Set(pods) };
    });
    for (const policy of this.all) {
      const { namespace } = policy.entry;
      this.byNamespace.set(namespace, [...(this.byNamespace.get(namespace) ?? []), policy]);
      for (const pod of policy.pods) {
        const list = this.byPod.get(pod);
        if (list) list.push(policy);
        else this.byPod.set(pod, [policy]);
      }
    }
  }

  /** The policies of a namespace. */
  in(namespace: string): readonly Policy[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  of(pod: Pod): readonly Policy[] {
    return this.byPod.get(pod) ?? [];
  }

  /** The policies that isolate a pod in a direction; empty where nothing does. A pod on its node's network is beyond any. */
  isolating(pod: Pod, direction: Direction): readonly Policy[] {
    if (pod.spec.hostNetwork === true) return [];
    return this.of(pod).filter((policy) => policy[direction]);
  }

  /** True where a pod may connect to another one's port, as far as the policies of that end are concerned. */
  allows(direction: Direction, pod: Pod, other: Pod, socket: Socket): boolean {
    const policies = this.isolating(pod, direction);
    const listener = direction === 'ingress' ? pod : other;
    return (
      policies.length === 0 ||
      rulesOf(policies, direction).some(
        ({ rule, policy }) =>
          portsAllow(rule, socket, listener) && this.peersAllow(rule, direction, policy.entry.namespace, other),
      )
    );
  }

  /** True where a pod may connect to, or be reached from, an address that is no pod's that the bundle knows. */
  allowsOutside(direction: Direction, pod: Pod, socket: Socket): boolean {
    const policies = this.isolating(pod, direction);
    return (
      policies.length === 0 ||
      rulesOf(policies, direction).some(({ rule }) => {
        const peers = arr(rule[direction === 'ingress' ? 'from' : 'to']);
        return portsAllow(rule, socket, pod) && (peers.length === 0 || peers.some((peer) => isObj(obj(peer).ipBlock)));
      })
    );
  }

  /** True where a pod may connect to that port of some pod in a namespace that the bundle doesn't show. */
  allowsNamespace(pod: Pod, namespace: string, socket: Socket): boolean {
    const policies = this.isolating(pod, 'egress');
    return (
      policies.length === 0 ||
      rulesOf(policies, 'egress').some(({ rule, policy }) => {
        const peers = arr(rule.to);
        if (!portsAllow(rule, socket, pod)) return false;
        return peers.length === 0 || peers.some((peer) => this.mayBeIn(obj(peer), namespace, policy.entry.namespace));
      })
    );
  }

  /** The bundle's pods that a rule's peers are. */
  peerPods(peers: unknown, own: string): Pod[] {
    return arr(peers).flatMap((item) => {
      const { namespaceSelector, podSelector, ipBlock } = obj(item);
      if (ipBlock !== undefined) return [];
      const places = isObj(namespaceSelector) ? this.bundle.selectNamespaces(namespaceSelector) : [own];
      return places.flatMap((name) => [...this.bundle.podIndex(name).select(podSelector)]);
    });
  }

  /** True where all peers are pods of that namespace. */
  isOnly(peers: unknown, namespace: string): boolean {
    const all = arr(peers).map((peer) => obj(obj(peer).namespaceSelector).matchLabels);
    return all.length > 0 && all.every((labels) => obj(labels)['kubernetes.io/metadata.name'] === namespace);
  }

  /** True where somebody, whoever it is, may reach that port of the pod. */
  opens(pod: Pod, socket: Socket): boolean {
    const policies = this.isolating(pod, 'ingress');
    return policies.length === 0 || rulesOf(policies, 'ingress').some(({ rule }) => portsAllow(rule, socket, pod));
  }

  private peersAllow(rule: Obj, direction: Direction, own: string, other: Pod): boolean {
    const peers = arr(rule[direction === 'ingress' ? 'from' : 'to']);
    if (peers.length === 0) return true;
    return peers.some((item) => {
      const peer = obj(item);
      if (isObj(peer.ipBlock)) return coversPods(peer.ipBlock) || other.spec.hostNetwork === true;
      if (isObj(peer.namespaceSelector)) {
        if (!selects(peer.namespaceSelector, this.bundle.namespaceLabels(other.namespace))) return false;
      } else if (other.namespace !== own) {
        return false;
      }
      return !isObj(peer.podSelector) || selects(peer.podSelector, other.labels);
    });
  }

  private mayBeIn(peer: Obj, namespace: string, own: string): boolean {
    if (isObj(peer.ipBlock)) return coversPods(peer.ipBlock);
    if (isObj(peer.namespaceSelector)) return selects(peer.namespaceSelector, this.bundle.namespaceLabels(namespace));
    return own === namespace;
  }
}

function rulesOf(policies: readonly Policy[], direction: Direction): { rule: Obj; policy: Policy }[] {
  return policies.flatMap((policy) => arr(policy.entry.spec[direction]).map((rule) => ({ rule: obj(rule), policy })));
}

/** A port of a policy is the pod's own, and its name one of the pod that listens. */
function portsAllow(rule: Obj, socket: Socket, listener: Pod): boolean {
  const ports = arr(rule.ports);
  if (ports.length === 0) return true;
  return ports.some((item) => {
    const { port, endPort, protocol } = obj(item);
    if ((str(protocol) ?? 'TCP') !== socket.protocol) return false;
    if (port === undefined || port === null) return true;
    if (typeof port === 'string' && !/^\d+$/.test(port)) {
      return namedPorts(listener.ports, port, socket.protocol).includes(socket.port);
    }
    const first = Number(port);
    return socket.port >= first && socket.port <= (typeof endPort === 'number' ? endPort : first);
  });
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** True where a block of addresses holds those that pods have: everything, or a private range, without exceptions. */
function coversPods(block: Obj): boolean {
  const cidr = str(block.cidr) ?? '';
  const except = arr(block.except);
  if (cidr === '0.0.0.0/0') return !PRIVATE.some((range) => except.includes(range));
  return PRIVATE.includes(cidr) && except.length === 0;
}

/** True for a policy that selects every pod of its namespace and lets nothing in or out. */
export function isDefaultDeny({ entry, ingress, egress }: Policy): boolean {
  const { spec } = entry;
  const empty = arr(spec.ingress).length === 0 && arr(spec.egress).length === 0;
  return ingress && egress && empty && isEmptySelector(spec.podSelector);
}
