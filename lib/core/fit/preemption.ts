import { type Cluster, type Item } from './cluster';
import { floors, refusal } from './filters';

interface Victims {
  readonly node: number;
  readonly victims: readonly Item[];
}

/**
 * The pods that the scheduler would push out for another: on each node as few and as unimportant ones as do, and of the nodes the one where
 * it does least harm. Disruption budgets, which it prefers to heed and breaks if it must, are not looked at: they have no
 * disruption to give before all pods are ready.
 *
 * @param nodes those where fewer pods may help
 * @param pick chooses among nodes that are equally good
 * @see pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go of Kubernetes 1.36
 */
export function findVictims(
  item: Item,
  nodes: readonly number[],
  cluster: Cluster,
  pick: (equal: readonly number[]) => number,
): Victims | undefined {
  const found = new Map<number, readonly Item[]>();
  for (const node of nodes) {
    const victims = victimsOn(item, node, cluster);
    if (victims !== undefined) found.set(node, victims);
  }
  if (found.size === 0) return undefined;
  let best = [...found.keys()];
  for (const harm of HARMS) {
    const least = Math.min(...best.map((node) => harm(found.get(node)!)));
    best = best.filter((node) => harm(found.get(node)!) === least);
  }
  const node = best.length === 1 ? best[0] : pick(best);
  return { node, victims: found.get(node)! };
}

const priority = ({ template }: Item) => template.pod.priority;

/** The less, the better; the later ones decide among equals of the earlier. */
const HARMS: readonly ((victims: readonly Item[]) => number)[] = [
  (victims) => Math.max(...victims.map(priority)),
  // Each counts as positive, so that fewer are better even below zero.
  (victims) => victims.reduce((sum, victim) => sum + priority(victim) + 2 ** 31, 0),
  (victims) => victims.length,
];

/** All of a lower priority go, and come back as long as the pod still fits, the most important ones first. */
function victimsOn(item: Item, node: number, cluster: Cluster): readonly Item[] | undefined {
  const mine = priority(item);
  const candidates = cluster.items[node].filter((other) => priority(other) < mine);
  if (candidates.length === 0) return undefined;
  for (const candidate of candidates) cluster.remove(candidate);
  const fits = () => refusal(item, node, cluster, floors(item)) === undefined;
  const possible = fits();
  const victims: Item[] = [];
  // Of equal priority, the one that runs longest is the most important.
  for (const candidate of candidates.sort((a, b) => priority(b) - priority(a) || a.since - b.since)) {
    cluster.place(candidate, node);
    if (!possible || fits()) continue;
    cluster.remove(candidate);
    victims.push(candidate);
  }
  for (const victim of victims) cluster.place(victim, node);
  return possible && victims.length > 0 ? victims : undefined;
}
