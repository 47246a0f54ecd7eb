import { floors, refusal } from '../../../lib/core/fit/filters';
import { type Item } from '../../../lib/core/fit/cluster';
import { FIRST, Scheduler } from '../../../lib/core/fit/scheduler';
import { tryAll } from '../../../lib/core/fit/tries';
import { type Case } from './cases';
import { modelOf, podName, queue } from './objects';
import { type RealOutcome } from './real';

/** What a comparison found. */
export interface Comparison {
  readonly seed: number;
  /** Whether the engine says that chance decides nothing. */
  readonly certain: boolean;
  /** Whether all pods have a node, as the scheduler has it. */
  readonly fits: boolean;
  /** In how many of the engine's tries all have one. */
  readonly fitted: number;
  readonly tries: number;
  /** Placements of the scheduler's that were checked one by one. */
  readonly placements: number;
  /** What differs; empty where the two agree. */
  readonly differences: readonly string[];
}

/** How often the engine is asked with other luck until it comes to what the scheduler came to. */
const TRIES = 300;

/**
 * Compares in two ways. The outcome, how many pods of which group are left, must be one that the engine comes to as well, with some
 * luck. And each single placement must be one that the engine would have made: the pods are placed again, each where the scheduler put
 * it, and the node must be one of the best by the engine's filters and points.
 */
export function compare(of: Case, real: RealOutcome): Comparison {
  const model = modelOf(of);
  const names = queue(model).map(podName);
  const left = leftByGroup(
    of,
    names.filter((name) => !real.nodes.has(name)),
  );
  let [fitted, tries, chances, same] = [0, 0, 0, false];
  for (; tries < TRIES && (tries < 1 || !same); tries++) {
    const { outcome } = tryInOrder(model, tries);
    chances += outcome.chances;
    if (outcome.pending.length === 0) fitted++;
    same ||= leftByGroup(of, outcome.pending.map(podName)) === left;
    if (outcome.chances === 0) {
      tries++;
      break;
    }
  }
  const { placements, differences } = replay(of, real);
  return {
    seed: of.seed,
    certain: chances === 0,
    fits: real.nodes.size === names.length,
    fitted,
    tries,
    placements,
    differences: [
      ...(same ? [] : [`left by the scheduler: ${left || 'none'}; never by the engine in ${tries} tries`]),
      ...differences,
    ],
  };
}

/** As the cluster was asked: pods of a wave and priority in the order of their groups, only the choice of nodes is left to chance. */
function tryInOrder(model: ReturnType<typeof modelOf>, seed: number): ReturnType<typeof tryAll> {
  return tryAll(model, seed, { inOrder: true });
}

function leftByGroup({ groups }: Case, names: readonly string[]): string {
  return groups
    .map(({ name }) => ({ name, left: names.filter((pod) => pod.startsWith(`${name}-`)).length }))
    .filter(({ left }) => left > 0)
    .map(({ name, left }) => `${left} of ${name}`)
    .join(', ');
}

/** Places the pods where the scheduler put them, and looks at each whether the engine would have too. */
function replay(of: Case, real: RealOutcome): { readonly placements: number; readonly differences: readonly string[] } {
  // Pods that were pushed out left no trace of where they had been.
  if (real.gone.length > 0) return { placements: 0, differences: [] };
  const model = modelOf(of);
  const scheduler = new Scheduler(model, FIRST);
  const nodeOf = (item: Item) => {
    const name = real.nodes.get(podName(item));
    return name === undefined ? -1 : of.nodes.findIndex((node) => node.name === name);
  };
  const differences: string[] = [];
  let placements = 0;
  const agrees = (item: Item) => {
    const feasible = scheduler.feasible(item);
    const node = nodeOf(item);
    if (!feasible.includes(node)) return node < 0 && feasible.length === 0;
    return feasible.length === 1 || scheduler.best(item.template, feasible).includes(node);
  };
  const place = (item: Item, isLast: boolean): boolean => {
    const node = nodeOf(item);
    const feasible = scheduler.feasible(item);
    if (node < 0) {
      if (feasible.length === 0) return false;
      const free = feasible.map((n) => of.nodes[n]!.name).join(', ');
      if (isLast)
        differences.push(
          `${podName(item)} waits, though the engine finds ${free}: ${real.messages.get(podName(item))}`,
        );
      return false;
    }
    if (!feasible.includes(node)) {
      if (!isLast) return false;
      const why = refusal(item, node, scheduler.cluster, floors(item));
      differences.push(`${podName(item)} is on ${of.nodes[node]!.name}, which the engine refuses: ${why}`);
    } else {
      const best = feasible.length === 1 ? feasible : scheduler.best(item.template, feasible);
      placements++;
      if (!best.includes(node)) {
        const better = best.map((n) => of.nodes[n]!.name).join(', ');
        differences.push(`${podName(item)} is on ${of.nodes[node]!.name}, the engine has rather ${better}`);
      }
    }
    scheduler.put(item, node);
    return true;
  };
  let pending: Item[] = [];
  const all = queue(model);
  const waves = [...new Set(all.map(({ template }) => template.group.wave ?? 0))];
  for (const wave of waves) {
    const arriving = all.filter(({ template }) => (template.group.wave ?? 0) === wave);
    for (const item of arriving) {
      // A pod that waits is asked again as soon as that may help, which may be before the next one comes.
      while (!agrees(item)) {
        const other = pending.find((waiting) => nodeOf(waiting) >= 0 && agrees(waiting));
        if (other === undefined) break;
        place(other, false);
        pending = pending.filter((waiting) => waiting !== other);
      }
      if (!place(item, false)) pending.push(item);
    }
    for (let before = Infinity; pending.length < before;) {
      before = pending.length;
      pending = pending.filter((item) => !place(item, false));
    }
  }
  for (const item of pending) place(item, true);
  return { placements, differences };
}
