import { explain, type NodeReason } from './explain';
import { type Item } from './cluster';
import { Model } from './model';
import { type Outcome } from './scheduler';
import { gangsInTurn, tryAll, withGang } from './tries';
import { type FitGroup, type FitInput } from './types';

export interface FitOptions {
  /**
   * How often chance may decide otherwise before it is taken that everything always fits. One try is enough where chance decides
   * nothing.
   * @default 16
   */
  readonly tries?: number;
}

/** A group of which pods are left without a node. */
export interface Shortfall {
  readonly group: FitGroup;
  /** Pods that were asked for: those of the group. */
  readonly asked: number;
  /** Pods that are left, in the try in which most are. */
  readonly left: number;
  /** In how many of the tries. */
  readonly tries: number;
  /** Why no node takes one more, by pool. */
  readonly reasons: readonly NodeReason[];
}

/** Whether all pods find a node. */
export interface Verdict {
  readonly fits: boolean;
  /** Whether chance can't change that: it decided nothing but which of two nodes or pods that are alike. */
  readonly certain: boolean;
  readonly tries: number;
  /** Tries in which all found a node. */
  readonly fitted: number;
  /** In the order of the groups. */
  readonly shortfalls: readonly Shortfall[];
  /** The first try, for what is where and what is left. */
  readonly outcome: Outcome;
}

/**
 * Whether the cluster's own scheduler would find a node for each pod, and why not for which. What it leaves to chance, the choice among
 * equally good nodes and the order of pods that come at the same time, is decided otherwise in each try: all must succeed.
 */
export function fit(input: FitInput, options: FitOptions = {}): Verdict {
  const model = new Model(input);
  const gangs = gangsInTurn(model);
  const wanted = Math.max(1, options.tries ?? 16);
  const found = new Map<FitGroup, { asked: number; left: number; tries: number; reasons: readonly NodeReason[] }>();
  let first: Outcome | undefined;
  let [tries, fitted, chances] = [0, 0, 0];
  const note = (pending: readonly Item[], outcome: Outcome, all: readonly Item[]) => {
    for (const [group, items] of byGroup(pending)) {
      const known = found.get(group);
      const most = known === undefined || items.length > known.left;
      found.set(group, {
        asked: all.filter(({ template }) => template.group === group).length,
        left: Math.max(items.length, known?.left ?? 0),
        tries: (known?.tries ?? 0) + 1,
        reasons: most ? explain(items[0], outcome.cluster) : known.reasons,
      });
    }
    return pending.length === 0;
  };
  const mayMix = new Set(input.groups.filter(({ inTurn }) => !inTurn).map(orderKey)).size < input.groups.length;
  for (; tries < wanted; tries++) {
    const { scheduler, outcome } = tryAll(model, tries);
    let whole = note(outcome.pending, outcome, outcome.items);
    for (const gang of gangs.values()) {
      withGang({ scheduler }, gang, (pending, all) => (whole = note(pending, outcome, all) && whole));
    }
    chances += scheduler.chances;
    if (whole) fitted++;
    if (first === undefined) {
      first = outcome;
      // Which of two pods that are alike comes first, and which of two nodes that are alike, makes no difference.
      if (chances === 0 && !mayMix) {
        tries++;
        break;
      }
    }
  }
  const shortfalls = input.groups.flatMap((group) => {
    const shortfall = found.get(group);
    return shortfall ? [{ group, ...shortfall }] : [];
  });
  return {
    fits: shortfalls.length === 0,
    certain: chances === 0 && !mayMix,
    tries,
    fitted,
    shortfalls,
    outcome: first!,
  };
}

/** Groups whose pods come at the same time and have the same priority may come in any order. */
function orderKey({ wave, pod, onEachNode }: FitGroup): string {
  return `${wave ?? 0} ${pod.priority} ${onEachNode ?? false}`;
}

function byGroup(items: readonly Item[]): Map<FitGroup, Item[]> {
  const groups = new Map<FitGroup, Item[]>();
  for (const item of items) {
    const list = groups.get(item.template.group);
    if (list) list.push(item);
    else groups.set(item.template.group, [item]);
  }
  return groups;
}
