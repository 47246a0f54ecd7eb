import { CPU, MEMORY, type Model, type Template } from './model';
import { type HostPort } from './types';

/** One pod: of which kind, the how many'th, and where it is. */
export interface Item {
  readonly template: Template;
  /** Counted from 0 within its group. */
  readonly replica: number;
  /** The only node it may run on; -1 where it may choose. */
  readonly pinned: number;
  /** Rank by which pods of a wave and priority take turns. */
  order: number;
  /** -1 while it waits. */
  node: number;
  /** The how many'th it was to be placed: who runs longer is more important. */
  since: number;
}

/** The nodes and what runs on them, while pods come and go. */
export class Cluster {
  /** Allocatable less what is asked for, node after node. */
  readonly free: Float64Array;
  /** CPU and memory as they count in the choice. */
  readonly scoredCpu: Float64Array;
  readonly scoredMemory: Float64Array;
  /** Nodes of the same class with the same mark run the same. */
  readonly marks: Float64Array;
  readonly items: Item[][];
  private readonly ports: (HostPort[] | undefined)[];
  private readonly width: number;
  /** The lowest priority of all that was ever placed: nobody of less can push anything out. */
  lowest = Infinity;

  constructor(readonly model: Model) {
    model.reset();
    const { nodes, allocatable, resources } = model;
    this.free = Float64Array.from(allocatable);
    this.scoredCpu = new Float64Array(nodes.length);
    this.scoredMemory = new Float64Array(nodes.length);
    this.marks = new Float64Array(nodes.length);
    this.items = nodes.map(() => []);
    this.ports = new Array<HostPort[] | undefined>(nodes.length);
    this.width = resources.length;
  }

  place(item: Item, node: number): void {
    item.node = node;
    this.items[node].push(item);
    this.lowest = Math.min(this.lowest, item.template.pod.priority);
    this.count(item, node, 1);
  }

  remove(item: Item): void {
    const { node } = item;
    const here = this.items[node];
    here.splice(here.indexOf(item), 1);
    item.node = -1;
    this.count(item, node, -1);
  }

  /** What is free of a resource. */
  left(node: number, resource: number): number {
    return this.free[node * this.width + resource];
  }

  has(node: number, { asks }: Template): boolean {
    const at = node * this.width;
    for (const [resource, amount] of asks) if (amount > this.free[at + resource]) return false;
    return true;
  }

  /** Whether the node is too small even when it is empty, so that pushing out others is of no use. */
  isTooSmall(node: number, { asks }: Template): boolean {
    const { allocatable } = this.model;
    const at = node * this.width;
    return asks.some(([resource, amount]) => amount > allocatable[at + resource]);
  }

  /** The first of the ports that somebody on the node holds already. */
  takenPort(node: number, wanted: readonly HostPort[]): HostPort | undefined {
    const held = this.ports[node];
    if (held === undefined || held.length === 0) return undefined;
    return wanted.find(({ ip, port, protocol }) =>
      held.some(
        (other) =>
          other.port === port &&
          other.protocol === protocol &&
          (other.ip === ip || other.ip === EVERY_IP || ip === EVERY_IP),
      ),
    );
  }

  /** The two shares of a node's CPU and memory that are asked for. */
  shares(node: number): { readonly cpu: number; readonly memory: number } {
    const { allocatable } = this.model;
    const at = node * this.width;
    return { cpu: allocatable[at + CPU], memory: allocatable[at + MEMORY] };
  }

  private count({ template }: Item, node: number, sign: number): void {
    const { pod, asks, counters, mark } = template;
    const at = node * this.width;
    for (const [resource, amount] of asks) this.free[at + resource] -= sign * amount;
    this.scoredCpu[node] += sign * pod.scored.cpu;
    this.scoredMemory[node] += sign * pod.scored.memory;
    this.marks[node] += sign * mark;
    for (const counter of counters) counter.add(node, sign);
    if (pod.hostPorts.length === 0) return;
    const held = (this.ports[node] ??= []);
    if (sign > 0) held.push(...pod.hostPorts);
    else for (const port of pod.hostPorts) held.splice(held.indexOf(port), 1);
  }
}

const EVERY_IP = '0.0.0.0';
