import { type Cluster, type Item } from './cluster';
import { type HardSpread } from './model';

/** Why a node doesn't take a pod, in the order in which the scheduler asks. */
export type Refusal =
  | 'other node'
  | 'taint'
  | 'node affinity'
  | 'port'
  | 'resources'
  | 'spread key'
  | 'spread'
  | 'affinity'
  | 'anti-affinity'
  | 'unwanted';

/** Refusals that pushing out other pods can't mend. */
const FINAL: ReadonlySet<Refusal> = new Set(['other node', 'taint', 'node affinity', 'spread key', 'affinity']);

export function isFinal(refusal: Refusal, item: Item, cluster: Cluster, node: number): boolean {
  return FINAL.has(refusal) || (refusal === 'resources' && cluster.isTooSmall(node, item.template));
}

/** For each required spread, pods of the emptiest domain: what the fullest may exceed by `maxSkew`. */
export function floors({ template }: Item): number[] {
  return template.hard.map(floor);
}

function floor({ constraint, count, domains }: HardSpread): number {
  // With fewer domains than wanted, the missing ones are the emptiest.
  if (domains.length < constraint.minDomains) return 0;
  let least = Infinity;
  for (const domain of domains) if (count.counts[domain] < least) least = count.counts[domain];
  return least;
}

/**
 * What the scheduler's filters say to a pod on a node; undefined where it fits. The order is that of the default profile.
 *
 * @param floor of the pod's required spreads, from `floors`
 * @see pkg/scheduler/apis/config/v1/default_plugins.go of Kubernetes 1.36
 */
export function refusal(item: Item, node: number, cluster: Cluster, floor: readonly number[]): Refusal | undefined {
  const { template, pinned } = item;
  const { profile, pod } = template;
  if (pinned >= 0 && pinned !== node) return 'other node';
  if (profile.tolerated[node] === 0) return 'taint';
  if (profile.matched[node] === 0) return 'node affinity';
  if (pod.hostPorts.length > 0 && cluster.takenPort(node, pod.hostPorts)) return 'port';
  if (!cluster.has(node, template)) return 'resources';
  const { hard } = template;
  for (let i = 0; i < hard.length; i++) {
    const { count, constraint, self } = hard[i];
    const domain = count.topology.domainOf[node];
    if (domain < 0) return 'spread key';
    if (count.counts[domain] + self - floor[i] > constraint.maxSkew) return 'spread';
  }
  if (template.affinity.length > 0 && !isNear(item, node)) return 'affinity';
  for (const count of template.antiAffinity) if (count.at(node) > 0) return 'anti-affinity';
  for (const count of template.unwanted) if (count.at(node) > 0) return 'unwanted';
  return undefined;
}

/** The first of pods that want to be near each other may go anywhere that has the labels. */
function isNear({ template }: Item, node: number): boolean {
  const { affinity, attractsItself } = template;
  let all = true;
  for (const count of affinity) {
    if (count.topology.domainOf[node] < 0) return false;
    if (count.at(node) <= 0) all = false;
  }
  return all || (attractsItself && affinity.every(({ total }) => total === 0));
}
