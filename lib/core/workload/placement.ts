import { fail, show } from '../errors';
import type * as k8s from '../k8s';

/** Which nodes take pods. */
export interface Placement {
  /** Labels that a node must have. @default - any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that are taken all the same. @default - none */
  readonly tolerations?: readonly k8s.Toleration[];
}

/** Both at once: all labels, and the taints of either. Of two values for one label the second's holds. */
export function bothPlacements(
  a: Placement,
  b: Placement,
): { nodeSelector?: Record<string, string>; tolerations?: k8s.Toleration[] } {
  const nodeSelector = { ...a.nodeSelector, ...b.nodeSelector };
  const tolerations = [...(a.tolerations ?? []), ...(b.tolerations ?? [])];
  return {
    nodeSelector: Object.keys(nodeSelector).length > 0 ? nodeSelector : undefined,
    tolerations: tolerations.length > 0 ? tolerations : undefined,
  };
}

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Checks what the API server would refuse, or take for a taint that no node has. */
export function checkPlacement(path: string, { nodeSelector = {}, tolerations = [] }: Placement): void {
  for (const [key, value] of Object.entries(nodeSelector)) {
    if (!isKey(key) || typeof value !== 'string' || !(value === '' || NAME.test(value))) {
      fail(
        path,
        `nodeSelector ${show({ [key]: value })} is no label; write it as { 'storage.lab.example/nvme': 'true' }`,
      );
    }
  }
  for (const toleration of tolerations) checkToleration(path, toleration);
}

function checkToleration(path: string, toleration: k8s.Toleration): void {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration;
  const wrong = (what: string) => fail(path, `toleration ${show(toleration)} ${what}`);
  if (operator !== 'Equal' && operator !== 'Exists') wrong('must have the operator "Equal" or "Exists"; choose one');
  if (key !== undefined && !isKey(key)) wrong('names no taint; give its key, such as "dedicated"');
  if (key === undefined && operator !== 'Exists') wrong('has no key; give it, or operator: "Exists" for any taint');
  if (operator === 'Exists' && value !== undefined) wrong('has a value with the operator "Exists"; leave it out');
  if (effect !== undefined && !EFFECTS.includes(effect)) {
    wrong(`must have an effect of ${EFFECTS.map(show).join(', ')}; leave it out for all`);
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    wrong('has tolerationSeconds, which are for the effect "NoExecute"; leave them out');
  }
}

function isKey(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  return more.length === 0 && NAME.test(name) && (prefix === undefined || PREFIX.test(prefix));
}
