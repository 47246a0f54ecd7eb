import { Cluster, type Item } from './cluster';
import { floors, isFinal, refusal } from './filters';
import { type Model, type Template } from './model';
import { findVictims } from './preemption';
import { score } from './scores';

/** Below this many nodes the scheduler looks at all of them. @see pkg/scheduler/schedule_one.go of Kubernetes 1.36 */
const LOOKS_AT_ALL = 100;

/** What is left to chance: which of the best nodes, and which of the pods that come at a time is first. */
export interface Chance {
  /** One of the nodes that are equally good. */
  pick(nodes: readonly number[], item: Item): number;
  /** Where the walk over the nodes starts. */
  start(nodes: number): number;
  /** Whether pods that wait are asked again now, before the next of those that come, or later. */
  asksNow(): boolean;
  /** Whether pods that are pushed out are still there while those after them are placed, since they are deleted in the background. */
  readonly late: boolean;
}

/** The first of the best, always. */
export const FIRST: Chance = { pick: ([first]) => first, start: () => 0, asksNow: () => false, late: false };

/** A reproducible other choice for each seed. */
export function chance(seed: number): Chance & { readonly random: () => number } {
  const random = mulberry32(seed);
  return {
    random,
    pick: (nodes) => nodes[Math.floor(random() * nodes.length)],
    start: (nodes) => Math.floor(random() * nodes),
    // Always after them all, always at once, and now and then.
    asksNow: () => (seed & 1) === 1 && ((seed & 4) === 0 || random() < 0.5),
    late: (seed & 2) === 2,
  };
}

/** @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What one try came to. */
export interface Outcome {
  readonly cluster: Cluster;
  readonly items: readonly Item[];
  /** Pods that wait for ever, in the order they were tried. */
  readonly pending: readonly Item[];
  /** Times that chance decided: between nodes that aren't alike, between pods to push out, or who of those that wait and come is asked first. */
  readonly chances: number;
}

/** When pods of a kind were refused last. */
interface Refused {
  readonly placed: number;
  readonly pushedOut: number;
  /** Whether pushing out others was of no use either. */
  readonly useless: boolean;
}

/** The scheduler's work: one pod after another, by the default profile. */
export class Scheduler {
  readonly cluster: Cluster;
  chances = 0;
  private next: number;
  private readonly points: number[] = [];
  /** How many pods were placed, and how many pushed out: a pod that was refused is asked again only when that may help. */
  private placed = 0;
  private pushedOut = 0;
  private readonly refused = new Map<number, Refused>();
  /** Pods that were pushed out and that nobody makes again. */
  readonly lost: Item[] = [];
  /** Pods that were pushed out and are still there. */
  private readonly leaving = new Set<Item>();

  constructor(
    readonly model: Model,
    private readonly chanceOf: Chance = FIRST,
  ) {
    this.cluster = new Cluster(model);
    this.next = model.nodes.length === 0 ? 0 : chanceOf.start(model.nodes.length);
  }

  /** Places pods that come at a time, and those that still waited. @returns those that are left */
  run(arriving: readonly Item[], waiting: readonly Item[] = []): Item[] {
    const queue = [...arriving].sort(before);
    let pending = [...waiting];
    while (queue.length > 0 || this.leaving.size > 0) {
      const item = queue.shift();
      if (item === undefined) {
        for (const victim of this.dismiss()) insert(queue, victim);
        continue;
      }
      const victims = this.placeOrPushOut(item);
      if (victims === undefined) pending.push(item);
      else for (const victim of victims) insert(queue, victim);
      // Who waits may be asked again before the next one comes, or after some more.
      if (queue.length > 0 && pending.length > 0) this.chances++;
      if (victims !== undefined && pending.length > 0 && this.chanceOf.asksNow()) pending = this.askAgain(pending);
    }
    pending = this.askAgain(pending);
    for (const victim of this.dismiss()) if (!this.attempt(victim)) pending.push(victim);
    return pending;
  }

  /** Asks those that wait until it is of no use any more. */
  private askAgain(waiting: readonly Item[]): Item[] {
    let pending = [...waiting];
    for (let again = true; again;) {
      again = false;
      const round = pending;
      pending = [];
      for (const item of round) {
        const victims = this.placeOrPushOut(item);
        if (victims === undefined) pending.push(item);
        else {
          again = true;
          pending.push(...victims);
        }
      }
    }
    return pending;
  }

  /** @returns the pods that had to go for it and are made again; undefined where no node takes it */
  private placeOrPushOut(item: Item): readonly Item[] | undefined {
    if (this.attempt(item)) return [];
    const since = this.refused.get(item.template.index);
    if (item.pinned < 0 && since?.useless && since.placed === this.placed && since.pushedOut === this.pushedOut)
      return undefined;
    const victims = this.pushOut(item);
    if (victims === undefined) {
      if (item.pinned < 0) this.refuse(item.template, true);
      return undefined;
    }
    if (!this.chanceOf.late) return this.leave(victims);
    for (const victim of victims) this.leaving.add(victim);
    return [];
  }

  /** Has those go that were pushed out a while ago. @returns those that are made again */
  private dismiss(): readonly Item[] {
    const victims = [...this.leaving];
    this.leaving.clear();
    return this.leave(victims);
  }

  private leave(victims: readonly Item[]): readonly Item[] {
    for (const victim of victims) {
      this.cluster.remove(victim);
      this.pushedOut++;
    }
    this.lost.push(...victims.filter(({ template }) => template.group.madeAgain === false));
    return victims.filter(({ template }) => template.group.madeAgain !== false);
  }

  /** Places one pod where the scheduler would; false where no node takes it. */
  attempt(item: Item): boolean {
    const { template } = item;
    if (item.pinned < 0 && this.isRefusedStill(template)) return false;
    const nodes = this.feasible(item);
    if (nodes.length === 0) {
      if (item.pinned < 0) this.refuse(template, false);
      return false;
    }
    this.put(item, nodes.length === 1 ? nodes[0] : this.choose(item, nodes));
    return true;
  }

  /** The nodes that have the most points of those given. */
  best(template: Template, nodes: readonly number[]): number[] {
    score(template, nodes, this.cluster, this.points);
    let most = -Infinity;
    let best: number[] = [];
    for (let i = 0; i < nodes.length; i++) {
      if (this.points[i] < most) continue;
      if (this.points[i] > most) {
        most = this.points[i];
        best = [];
      }
      best.push(nodes[i]);
    }
    return best;
  }

  /** The nodes that take the pod, as many as the scheduler looks for. */
  feasible(item: Item): number[] {
    const { order } = this.model;
    const floor = floors(item);
    if (item.pinned >= 0) return refusal(item, item.pinned, this.cluster, floor) ? [] : [item.pinned];
    const wanted = enough(order.length);
    const found: number[] = [];
    let looked = 0;
    for (; looked < order.length && found.length < wanted; looked++) {
      const at = this.next + looked;
      const node = order[at < order.length ? at : at - order.length];
      if (refusal(item, node, this.cluster, floor) === undefined) found.push(node);
    }
    if (looked < order.length) this.chances++;
    if (order.length > 0) this.next = (this.next + looked) % order.length;
    return found;
  }

  put(item: Item, node: number): void {
    this.cluster.place(item, node);
    item.since = this.placed++;
  }

  /** Takes a pod away again, as if it had ended. */
  take(item: Item): void {
    this.cluster.remove(item);
    this.pushedOut++;
  }

  private refuse({ index }: Template, useless: boolean): void {
    this.refused.set(index, { placed: this.placed, pushedOut: this.pushedOut, useless });
  }

  private choose(item: Item, nodes: readonly number[]): number {
    const best = this.best(item.template, nodes);
    if (best.length === 1) return best[0];
    const { classes } = this.model;
    const { marks } = this.cluster;
    const [first] = best;
    if (best.some((node) => classes[node] !== classes[first] || marks[node] !== marks[first])) this.chances++;
    return this.chanceOf.pick(best, item);
  }

  /** More pods help only those who want somebody near, or whose emptiest domain fills up; fewer pods may help all. */
  private isRefusedStill({ index, affinity, hard }: Template): boolean {
    const since = this.refused.get(index);
    if (since === undefined || since.pushedOut !== this.pushedOut) return false;
    return since.placed === this.placed || (affinity.length === 0 && hard.length === 0);
  }

  /** Makes room by pushing out pods of a lower priority. @returns them; undefined where that is of no use */
  private pushOut(item: Item): readonly Item[] | undefined {
    const { cluster } = this;
    const { pod } = item.template;
    if (!pod.preempts || pod.priority <= cluster.lowest) return undefined;
    const floor = floors(item);
    const nodes: number[] = [];
    for (let node = 0; node < this.model.nodes.length; node++) {
      const why = refusal(item, node, cluster, floor);
      if (why !== undefined && !isFinal(why, item, cluster, node)) nodes.push(node);
    }
    const found = findVictims(item, nodes, cluster, (equal) => {
      this.chances++;
      return this.chanceOf.pick(equal, item);
    });
    if (found === undefined) return undefined;
    // How soon they are gone decides who else is pushed out.
    this.chances++;
    this.put(item, found.node);
    return found.victims;
  }
}

/** How many nodes that take the pod are enough. @see pkg/scheduler/schedule_one.go of Kubernetes 1.36, numFeasibleNodesToFind */
function enough(nodes: number): number {
  if (nodes < LOOKS_AT_ALL) return nodes;
  const percentage = Math.max(5, 50 - Math.trunc(nodes / 125));
  return Math.max(LOOKS_AT_ALL, Math.trunc((nodes * percentage) / 100));
}

/** The queue's order: priority, then who came first. */
function before(a: Item, b: Item): number {
  return b.template.pod.priority - a.template.pod.priority || a.order - b.order;
}

/** A pod that is made again comes after all of its priority. */
function insert(queue: Item[], item: Item): void {
  const at = queue.findIndex((other) => other.template.pod.priority < item.template.pod.priority);
  if (at < 0) queue.push(item);
  else queue.splice(at, 0, item);
}
