import { type FitNode, type FitPod, type NodeRequirement, type NodeTerm, type Taint, type Toleration } from './types';

/** The first taint that keeps pods with these tolerations away; undefined where none does. */
export function untolerated(taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined {
  return taints.find((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, tolerations));
}

/** How many taints would rather have such pods elsewhere. */
export function unpreferred(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)).length;
}

/** @see staging/src/k8s.io/api/core/v1/toleration.go of Kubernetes 1.36 */
function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    return (operator === undefined || operator === '' || operator === 'Equal') && (value ?? '') === (taint.value ?? '');
  });
}

/** Whether the node has the labels that the pod requires. */
export function matchesNode(pod: FitPod, node: FitNode): boolean {
  for (const key in pod.nodeSelector) if (node.labels[key] !== pod.nodeSelector[key]) return false;
  return pod.nodeAffinity === undefined || pod.nodeAffinity.some((term) => matchesTerm(term, node));
}

/** The sum of the weights of what the pod prefers and the node has. */
export function preference(pod: FitPod, node: FitNode): number {
  let sum = 0;
  for (const { weight, term } of pod.preferredNodes) if (matchesTerm(term, node)) sum += weight;
  return sum;
}

/** A term without requirements matches nothing. */
function matchesTerm({ labels, fields }: NodeTerm, node: FitNode): boolean {
  if (labels.length === 0 && fields.length === 0) return false;
  return (
    labels.every((requirement) => holds(requirement, node.labels[requirement.key])) &&
    fields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? node.name : undefined))
  );
}

const INTEGER = /^[+-]?\d+$/;

function holds({ operator, values }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const [bound] = values;
      if (value === undefined || !INTEGER.test(value) || bound === undefined || !INTEGER.test(bound)) return false;
      return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
    default:
      return false;
  }
}
