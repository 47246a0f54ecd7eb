import { parseQuantity, readPod, type FitGroup, type FitInput, type FitNode, type Taint } from '../../../lib/core/fit';
import { Cluster, type Item } from '../../../lib/core/fit/cluster';
import { floors, refusal, type Refusal } from '../../../lib/core/fit/filters';
import { Model } from '../../../lib/core/fit/model';
import { score } from '../../../lib/core/fit/scores';
import { itemsOf } from '../../../lib/core/fit/tries';
import { type Obj } from '../../../lib/core/link/json';

type Amounts = Readonly<Record<string, string>>;

/** A node that has 8 CPUs and 32 GiB unless it is said otherwise. */
export function node(
  name: string,
  allocatable: Amounts = {},
  more: { readonly labels?: Amounts; readonly taints?: readonly Taint[]; readonly pool?: string } = {},
): FitNode {
  const all = { cpu: '8', memory: '32Gi', ...allocatable };
  return {
    name,
    labels: { 'kubernetes.io/hostname': name, ...more.labels },
    taints: more.taints ?? [],
    allocatable: new Map(Object.entries(all).map(([resource, amount]) => [resource, parseQuantity(resource, amount)!])),
    ...(more.pool !== undefined && { pool: { name: more.pool } }),
  };
}

interface GroupProps extends Partial<Omit<FitGroup, 'name' | 'pod'>> {
  readonly labels?: Amounts;
  readonly namespace?: string;
  readonly priority?: number;
  readonly owners?: Obj;
}

/** Pods of one container that asks for so much; labelled `app: <name>`. */
export function group(name: string, requests: Amounts, props: GroupProps = {}, spec: Obj = {}): FitGroup {
  const { labels = { app: name }, namespace = 'shop', priority, owners, ...rest } = props;
  const containers = [{ name: 'main', resources: { requests } }];
  return { name, count: 1, ...rest, pod: readPod({ containers, ...spec }, { namespace, labels, priority, owners }) };
}

export const app = (name: string) => ({ matchLabels: { app: name } });

/** A cluster in which pods are put by hand. */
export class Stage {
  readonly model: Model;
  readonly cluster: Cluster;
  private readonly items: Item[];

  constructor(nodes: readonly FitNode[], groups: readonly FitGroup[], namespaces?: FitInput['namespaces']) {
    this.model = new Model({ nodes, groups, namespaces });
    this.cluster = new Cluster(this.model);
    this.items = this.model.templates.flatMap((template) => itemsOf(template, this.model));
  }

  /** Puts the next pod of a group on a node. */
  put(group: string, ...nodes: string[]): this {
    for (const name of nodes) this.cluster.place(this.next(group), this.indexOf(name));
    return this;
  }

  /** What each node says to the group's next pod. */
  refusals(group: string): (Refusal | undefined)[] {
    const item = this.next(group);
    return this.model.nodes.map((_, i) => refusal(item, i, this.cluster, floors(item)));
  }

  /** The points of the nodes for the group's next pod. */
  points(group: string, ...nodes: string[]): number[] {
    const wanted = nodes.length > 0 ? nodes.map((name) => this.indexOf(name)) : this.model.nodes.map((_, i) => i);
    const points: number[] = [];
    score(this.next(group).template, wanted, this.cluster, points);
    return points;
  }

  private next(group: string): Item {
    const found = this.items.find(({ template, node: at }) => template.group.name === group && at < 0);
    if (!found) throw new Error(`no pod of ${group} is left`);
    return found;
  }

  private indexOf(name: string): number {
    return this.model.nodes.findIndex((candidate) => candidate.name === name);
  }
}
