/** The domains of a topology: which one each node is in, -1 for nodes without the label. */
export interface Topology {
  readonly key: string;
  readonly domainOf: Int32Array;
  readonly size: number;
}

/** How many pods of a kind there are in each domain of a topology. */
export class DomainCount {
  readonly counts: Int32Array;
  total = 0;

  /** @param eligible nodes whose pods count; all where it isn't given */
  constructor(
    readonly topology: Topology,
    readonly eligible?: Uint8Array,
  ) {
    this.counts = new Int32Array(topology.size);
  }

  add(node: number, delta: number): void {
    const domain = this.topology.domainOf[node];
    if (domain < 0 || (this.eligible !== undefined && this.eligible[node] === 0)) return;
    this.counts[domain] += delta;
    this.total += delta;
  }

  reset(): void {
    this.counts.fill(0);
    this.total = 0;
  }

  /** Pods in the node's domain. */
  at(node: number): number {
    const domain = this.topology.domainOf[node];
    return domain < 0 ? 0 : this.counts[domain];
  }
}

/** Pods of one kind, counted as they come and go: those that a selector matches, or those that say something of others. */
export class Counter {
  private readonly views: DomainCount[] = [];

  /** The same for all who look at it in the same way. */
  by(topology: Topology, eligible?: Uint8Array): DomainCount {
    let view = this.views.find((other) => other.topology === topology && other.eligible === eligible);
    if (!view) this.views.push((view = new DomainCount(topology, eligible)));
    return view;
  }

  add(node: number, delta: number): void {
    for (const view of this.views) view.add(node, delta);
  }

  reset(): void {
    for (const view of this.views) view.reset();
  }
}
