import { type Cluster, type Item } from './cluster';
import { floors, refusal, type Refusal } from './filters';
import { untolerated } from './nodes';
import { showAmount } from './quantity';
import { poolOf } from './types';

/** Why the nodes of a pool don't take a pod. */
export interface NodeReason {
  readonly pool: string;
  readonly nodes: number;
  readonly refusal: Refusal;
  /** Resources of which none of the nodes has enough, with the most that one has left. */
  readonly short: readonly { readonly resource: string; readonly asked: number; readonly left: number }[];
  /** As it reads in a message: `8 nvidia.com/gpu asked, at most 2 left`. */
  readonly text: string;
}

/** Why no node takes the pod as things are, those first that come nearest. */
export function explain(item: Item, cluster: Cluster): NodeReason[] {
  const { nodes } = cluster.model;
  const floor = floors(item);
  const groups = new Map<string, { pool: string; refusal: Refusal; nodes: number[] }>();
  nodes.forEach((of, node) => {
    if (item.pinned >= 0 && item.pinned !== node) return;
    const why = refusal(item, node, cluster, floor);
    if (why === undefined) return;
    const pool = poolOf(of);
    const key = `${why} ${pool}`;
    const group = groups.get(key);
    if (group) group.nodes.push(node);
    else groups.set(key, { pool, refusal: why, nodes: [node] });
  });
  return [...groups.values()]
    .map((group) => reason(group, item, cluster))
    .sort((a, b) => RANK.indexOf(b.refusal) - RANK.indexOf(a.refusal));
}

const RANK: readonly Refusal[] = [
  'other node',
  'taint',
  'node affinity',
  'spread key',
  'affinity',
  'unwanted',
  'anti-affinity',
  'spread',
  'port',
  'resources',
];

function reason(
  group: { readonly pool: string; readonly refusal: Refusal; readonly nodes: readonly number[] },
  item: Item,
  cluster: Cluster,
): NodeReason {
  const short = group.refusal === 'resources' ? shortOf(group.nodes, item, cluster) : [];
  const { pool, refusal: why, nodes } = group;
  return { pool, nodes: nodes.length, refusal: why, short, text: textOf(why, nodes, short, item, cluster) };
}

function shortOf(nodes: readonly number[], { template }: Item, cluster: Cluster): NodeReason['short'] {
  const { resources } = cluster.model;
  const lacking = template.asks.map(([resource, asked]) => ({
    resource: resources[resource],
    asked,
    left: Math.max(...nodes.map((node) => cluster.left(node, resource))),
  }));
  const short = lacking.filter(({ asked, left }) => asked > left);
  if (short.length > 0) return short;
  // Each node lacks something else: say what the one that lacks least has.
  const counts = nodes.map((node) => template.asks.filter(([resource, asked]) => asked > cluster.left(node, resource)));
  const [fewest] = counts.sort((a, b) => a.length - b.length);
  const node = nodes.find((candidate) =>
    fewest.every(([resource, asked]) => asked > cluster.left(candidate, resource)),
  )!;
  return fewest.map(([resource, asked]) => ({
    resource: resources[resource],
    asked,
    left: cluster.left(node, resource),
  }));
}

function textOf(
  why: Refusal,
  nodes: readonly number[],
  short: NodeReason['short'],
  { template }: Item,
  cluster: Cluster,
): string {
  const [first] = nodes;
  const { pod } = template;
  switch (why) {
    case 'resources':
      return short
        .map(({ resource, asked, left }) =>
          resource === 'pods'
            ? 'no place for another pod'
            : `${showAmount(resource, asked)} ${resource} asked, at most ${showAmount(resource, Math.max(0, left))} left`,
        )
        .join(' and ');
    case 'taint': {
      const taint = untolerated(cluster.model.nodes[first].taints, pod.tolerations)!;
      return `taint ${taint.key}${taint.value === undefined ? '' : `=${taint.value}`}:${taint.effect} isn't tolerated`;
    }
    case 'node affinity':
      return 'labels are not those of its nodeSelector or node affinity';
    case 'port': {
      const taken = cluster.takenPort(first, pod.hostPorts)!;
      return `port ${taken.port}/${taken.protocol} of the node is taken`;
    }
    case 'spread':
      return 'another one there would break its topology spread';
    case 'spread key':
      return 'has not the label of its topology spread';
    case 'affinity':
      return 'none of the pods it must be near runs there';
    case 'anti-affinity':
      return "pods run there that it mustn't be near";
    case 'unwanted':
      return "pods run there that mustn't be near it";
    case 'other node':
      return 'is another node';
  }
}
