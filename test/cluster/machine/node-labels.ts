import { DISTRIBUTIONS, type NodePool, poolNodes, type SiteNode } from '../../../lib';

/** A node of the pool as kubeadm, whose place the bench takes, would have it. */
export function nodeOf(pool: NodePool): SiteNode {
  return poolNodes(pool, DISTRIBUTIONS.kubeadm)[0]!;
}

/** What a kubelet sets by itself, and may not be told. */
const OF_THE_KUBELET = ['kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch'];

/** The labels of the pool's nodes but for those that the kubelet sets. */
export function labelsOf(pool: NodePool): Record<string, string> {
  return Object.fromEntries(Object.entries(nodeOf(pool).labels).filter(([key]) => !OF_THE_KUBELET.includes(key)));
}
