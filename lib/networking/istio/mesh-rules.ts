import { type INetworkPeer, type Peer, type WiredPods } from '../../core';

/** Who may reach some ports of a workload. */
export interface Rule {
  /** The pods' ports, in ascending order. */
  readonly ports: readonly number[];
  /** Identities that may: `cluster.local/ns/mlflow/sa/server`. */
  readonly principals: readonly string[];
  /** Address ranges that may. */
  readonly blocks: readonly string[];
  /** Whether some pods that may have no identity: those that NetworkPolicies let through from outside of the mesh. */
  readonly plain: boolean;
  /** Whether everybody may. */
  readonly anybody: boolean;
}

type Sources = Omit<Rule, 'ports'>;

/**
 * The port that pods of the mesh speak to each other by. NetworkPolicies see it; in rules of the mesh the port inside counts.
 *
 * @see https://istio.io/latest/docs/ambient/architecture/hbone/
 */
export const HBONE = 15008;

/** Whether some who may reach the ports don't show who they are. */
export function isPermissive({ plain, blocks, anybody }: Rule): boolean {
  return plain || anybody || blocks.length > 0;
}

/** Whether a peer is pods. */
export function isPod(peer: Peer): peer is INetworkPeer {
  return peer !== 'anywhere' && !('cidr' in peer);
}

/**
 * The rules of a workload: one for each set of ports that the wiring names, in its order, with all who share it.
 *
 * @param sources who a peer is
 */
export function rulesFor(pods: WiredPods, sources: (peer: Peer) => Sources): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { peer, ports } of pods.ingress) {
    const numbers = ports
      .filter(({ protocol }) => protocol !== 'UDP')
      .map(({ port }) => pods.portNumber(port))
      .filter((port): port is number => port !== undefined && port !== HBONE)
      .sort((a, b) => a - b);
    const who = sources(peer);
    if (numbers.length === 0 || isNobody(who)) continue;
    const key = numbers.join();
    rules.set(key, both(rules.get(key), { ports: numbers, ...who }));
  }
  return [...rules.values()];
}

function isNobody({ principals, blocks, plain, anybody }: Sources): boolean {
  return principals.length === 0 && blocks.length === 0 && !plain && !anybody;
}

function both(a: Rule | undefined, b: Rule): Rule {
  if (!a) return b;
  return {
    ports: a.ports,
    principals: [...new Set([...a.principals, ...b.principals])],
    blocks: [...new Set([...a.blocks, ...b.blocks])],
    plain: a.plain || b.plain,
    anybody: a.anybody || b.anybody,
  };
}
