import { type DistributionName } from '../../core/distribution';
import { type NodeFacts } from './node';

/** The distribution that nodes run, by what its kubelets say: `v1.35.2+k3s1`. */
export function distributionOf(nodes: readonly NodeFacts[]): DistributionName {
  const [node] = nodes;
  if (/\+k3s/.test(node.kubeletVersion)) return 'k3s';
  if (/\+rke2/.test(node.kubeletVersion)) return 'rke2';
  if (Object.keys(node.labels).some((key) => key.startsWith('node.openshift.io/'))) return 'openshift';
  return 'kubeadm';
}
