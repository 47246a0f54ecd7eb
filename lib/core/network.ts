import { Lazy } from 'cdk8s';
import * as k8s from './k8s';
import { NAMESPACE_NAME } from './labels';
import { type IReady } from './stage';

/** Pods, as a NetworkPolicy selects them. */
export interface INetworkPeer {
  readonly namespace: string;
  /** Labels that they have; all pods of the namespace where there are none. */
  readonly podLabels: Readonly<Record<string, string>>;
}

/** Who may talk: pods, an address range, or everybody. */
export type Peer = INetworkPeer | { readonly cidr: string } | 'anywhere';

/** A port of a pod: number or name, TCP unless said otherwise. */
export interface PeerPort {
  readonly port: number | string;
  /** @default 'TCP' */
  readonly protocol?: 'TCP' | 'UDP';
}

/** Where a client connects: the client's own policy opens the way out by `allow`, which opens the way in at the other end. */
export interface IEndpoint extends IReady {
  /** Fully qualified host name, without a scheme: `minio.minio.svc.cluster.local`. */
  readonly host: string;
  /** The port clients connect to. */
  readonly port: number;
  /** Lets the client's pods in and returns the way out that the client's policy needs. */
  allow(client: INetworkPeer): NetworkEdge;
}

/**
 * A gateway's endpoint under the host name of a route: what pods of the cluster connect to when they use the route's URL. The name leads to the
 * gateway's address, which the cluster's own network leads to the gateway's pods before policies see it.
 *
 * @param https the gateway's own port for https
 */
export function routeEndpoint(host: string, https: IEndpoint): IEndpoint {
  return { host, port: https.port, readyAfter: https.readyAfter, allow: (client) => https.allow(client) };
}

/** One way through the network: another end and a port of the pods that listen. */
export interface NetworkEdge {
  readonly peer: Peer;
  readonly ports: readonly PeerPort[];
}

/** Pods of the platform and who may talk to them, for what follows from the wiring of all of them: a mesh, a report. */
export interface WiredPods extends INetworkPeer {
  /** Where they are made, for errors and for what is said of them. */
  readonly path: string;
  /** All labels that policies and Services may select them by; `podLabels` are those that select no others. */
  readonly labels: Readonly<Record<string, string>>;
  /** The service account that they run as; undefined where a controller makes them and chooses it. */
  readonly serviceAccount?: string;
  /** In their nodes' network, beyond all policies. */
  readonly hostNetwork: boolean;
  /** The ways in, as wired until now. A port is the pods' own. */
  readonly ingress: readonly NetworkEdge[];
  /** The ways out, as wired until now. */
  readonly egress: readonly NetworkEdge[];
  /** The ports that kubelet's probes ask. */
  readonly probePorts: readonly number[];
  /** The number of one of the pods' ports; undefined where there is none of that name. */
  portNumber(port: number | string): number | undefined;
  /** Lets a peer in at a port of the pods. */
  allowFrom(peer: Peer, ...ports: readonly (number | PeerPort)[]): void;
  /** Lets the pods out to a peer. */
  allowTo(peer: Peer, ...ports: readonly (number | PeerPort)[]): void;
}

/** The edges of one workload, rendered as its NetworkPolicy; edges may be added until synthesis. */
export class NetworkEdges {
  private readonly ingress = new Map<string, NetworkEdge>();
  private readonly egress = new Map<string, NetworkEdge>();

  /** The ways in, in the order they were added. */
  get allIngress(): readonly NetworkEdge[] {
    return [...this.ingress.values()];
  }

  /** The ways out, in the order they were added. */
  get allEgress(): readonly NetworkEdge[] {
    return [...this.egress.values()];
  }

  addIngress(edge: NetworkEdge): void {
    this.ingress.set(JSON.stringify(edge), edge);
  }

  addEgress(edge: NetworkEdge): void {
    this.egress.set(JSON.stringify(edge), edge);
  }

  /** The policy for the pods with these labels: nothing else gets in or out. */
  policySpec(podLabels: Record<string, string>): k8s.NetworkPolicySpec {
    return {
      podSelector: { matchLabels: podLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: lazyList(() => merge(this.ingress).map(({ peers, ports }) => ({ from: peers, ports }))),
      egress: lazyList(() => merge(this.egress).map(({ peers, ports }) => ({ to: peers, ports }))),
    };
  }
}

/** cdk8s resolves a Lazy wherever it stands in an object's properties, though their types don't say so. */
export function lazy<T>(produce: () => T): T {
  return Lazy.any({ produce }) as T;
}

/** The API server drops an empty list; written all the same, it would be a change at each apply. */
function lazyList<T>(produce: () => T[]): T[] | undefined {
  return lazy(() => {
    const list = produce();
    return list.length > 0 ? list : undefined;
  });
}

interface Rule {
  readonly peers?: k8s.NetworkPolicyPeer[];
  readonly ports: k8s.NetworkPolicyPort[];
}

/** One rule a set of ports, with all the peers that share it, in the order they were added. */
function merge(edges: Map<string, NetworkEdge>): Rule[] {
  const byPorts = new Map<
    string,
    { peers: k8s.NetworkPolicyPeer[]; anywhere: boolean; ports: k8s.NetworkPolicyPort[] }
  >();
  for (const { peer, ports } of edges.values()) {
    const key = `${JSON.stringify(ports)}${peer === 'anywhere'}`;
    const rule = byPorts.get(key) ?? { peers: [], anywhere: peer === 'anywhere', ports: ports.map(policyPort) };
    byPorts.set(key, rule);
    if (peer !== 'anywhere') rule.peers.push(policyPeer(peer));
  }
  return [...byPorts.values()].map(({ peers, anywhere, ports }) => (anywhere ? { ports } : { peers, ports }));
}

function policyPort({ port, protocol }: PeerPort): k8s.NetworkPolicyPort {
  return { port: intOrString(port), protocol: protocol ?? 'TCP' };
}

function policyPeer(peer: Exclude<Peer, 'anywhere'>): k8s.NetworkPolicyPeer {
  if ('cidr' in peer) return { ipBlock: { cidr: peer.cidr } };
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: peer.namespace } },
    // The API server drops an empty matchLabels.
    podSelector: Object.keys(peer.podLabels).length > 0 ? { matchLabels: { ...peer.podLabels } } : {},
  };
}

/** A number or a name, as the API's int-or-string fields take it. */
export function intOrString(value: number | string): k8s.IntOrString {
  return typeof value === 'number' ? k8s.IntOrString.fromNumber(value) : k8s.IntOrString.fromString(value);
}
