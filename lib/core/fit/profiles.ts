import { matchesNode, preference, unpreferred, untolerated } from './nodes';
import { type FitNode, type FitPod } from './types';

/** What can be said of a pod and each node whatever else runs there. */
export interface NodeProfile {
  /** 1 where the node's taints are tolerated. */
  readonly tolerated: Uint8Array;
  /** 1 where its labels are the ones required. */
  readonly matched: Uint8Array;
  /** Taints that would rather have the pod elsewhere. */
  readonly unpreferred: Int32Array;
  /** Weight of the preferences that the node meets. */
  readonly preferred: Int32Array;
  /** Whether the two make any difference. */
  readonly hasUnpreferred: boolean;
  readonly hasPreferred: boolean;
}

export function nodeProfile(pod: FitPod, nodes: readonly FitNode[]): NodeProfile {
  const count = (of: (node: FitNode) => number) => Int32Array.from(nodes, of);
  const lack = count((node) => unpreferred(node.taints, pod.tolerations));
  const preferred = count((node) => preference(pod, node));
  return {
    tolerated: Uint8Array.from(nodes, (node) => (untolerated(node.taints, pod.tolerations) ? 0 : 1)),
    matched: Uint8Array.from(nodes, (node) => (matchesNode(pod, node) ? 1 : 0)),
    unpreferred: lack,
    preferred,
    hasUnpreferred: lack.some((n) => n > 0),
    hasPreferred: preferred.some((n) => n > 0),
  };
}

/** Pods with the same key have the same profile. */
export function profileKey({ nodeSelector, nodeAffinity, preferredNodes, tolerations }: FitPod): string {
  return JSON.stringify([nodeSelector, nodeAffinity, preferredNodes, tolerations]);
}
