import { fit, type FitOptions, type Shortfall } from './fit';
import { showAmount } from './quantity';
import { untolerated } from './nodes';
import { HOSTNAME } from './model';
import { poolOf, type FitGroup, type FitInput, type FitNode, type FitPod } from './types';

/** Most nodes that are tried as an addition to a pool. */
const MOST_NODES = 64;

/**
 * The nearest changes by which a group would fit, each tried: fewer pods, more nodes in a pool, less of a resource, a toleration. Others
 * that don't fit for reasons of their own are left as they are: what counts is that this group isn't among them any more.
 */
export function mends(input: FitInput, shortfall: Shortfall, options: FitOptions = {}): string[] {
  const works = (candidate: FitInput) => {
    const { shortfalls } = fit(candidate, options);
    return !shortfalls.some(({ group }) => group.name === shortfall.group.name);
  };
  return [
    ...fewerPods(input, shortfall, works),
    ...moreNodes(input, shortfall, works),
    ...lessOf(input, shortfall, works),
    ...tolerations(input, shortfall, works),
  ];
}

type Works = (input: FitInput) => boolean;

function fewerPods(input: FitInput, { group, left }: Shortfall, works: Works): string[] {
  if (group.onEachNode || group.count <= 1 || group.gang !== undefined) return [];
  // What was left in the worst try is the nearest; chance may ask for one or two fewer.
  for (let count = group.count - left; count >= Math.max(1, group.count - left - 2); count--) {
    if (works(replaced(input, group, { ...group, count }))) return [`${count} of them instead of ${group.count}`];
  }
  return [];
}

function moreNodes(input: FitInput, { group, reasons }: Shortfall, works: Works): string[] {
  if (group.onEachNode) return [];
  // A new node of a pool whose nodes are refused by their taints or labels would be refused too.
  const useful = reasons.filter(({ refusal }) => !['taint', 'node affinity', 'spread key'].includes(refusal));
  const pools = [...new Set(useful.map(({ pool }) => pool))].filter(
    (pool) => ownTooSmall(input, group, pool) === undefined,
  );
  return pools.slice(0, 3).flatMap((pool) => {
    const least = smallest(MOST_NODES, (n) => works(grown(input, pool, n)));
    return least === undefined ? [] : [`${least} more node${least === 1 ? '' : 's'} in ${pool}`];
  });
}

/** The least number from 1 that works, found by doubling and halving; more nodes never hurt. */
function smallest(most: number, works: (n: number) => boolean): number | undefined {
  let high = 1;
  while (!works(high)) {
    if (high >= most) return undefined;
    high = Math.min(most, high * 2);
  }
  let low = high >> 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (works(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function lessOf(input: FitInput, { group, reasons }: Shortfall, works: Works): string[] {
  const [resource] = reasons.filter(({ short }) => short.length === 1 && short[0].resource !== 'pods');
  if (resource === undefined) return [];
  const [{ resource: name, asked }] = resource.short;
  // A resource that comes in whole things is not asked for by halves, nor left out.
  const step = name === 'cpu' ? 100 : name === 'memory' || name === 'ephemeral-storage' ? 2 ** 26 : 1;
  const fits = (amount: number) =>
    works(replaced(input, group, { ...group, pod: asking(group.pod, name, amount * step) }));
  // The most that fits, in steps below what is asked.
  let [low, high] = [0, Math.ceil(asked / step)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low < 1 ? [] : [`${showAmount(name, low * step)} ${name} each instead of ${showAmount(name, asked)}`];
}

function tolerations(input: FitInput, { group, reasons }: Shortfall, works: Works): string[] {
  const pools = reasons.filter(({ refusal }) => refusal === 'taint').map(({ pool }) => pool);
  for (const pool of pools) {
    const node = input.nodes.find((node) => poolOf(node) === pool)!;
    const taint = untolerated(node.taints, group.pod.tolerations);
    // The control plane's taint is there for good.
    if (taint === undefined || taint.key.startsWith('node-role.kubernetes.io/')) continue;
    const { key, effect } = taint;
    const pod = { ...group.pod, tolerations: [...group.pod.tolerations, { key, effect, operator: 'Exists' }] };
    if (works(replaced(input, group, { ...group, pod }))) return [`a toleration of ${key}:${effect}`];
  }
  return [];
}

function ownTooSmall(input: FitInput, { pod }: FitGroup, pool: string): string | undefined {
  const node = input.nodes.find((node) => poolOf(node) === pool)!;
  const unsaid = (resource: string) => (resource === 'ephemeral-storage' ? Infinity : 0);
  for (const [resource, amount] of pod.requests) {
    if (amount > (node.allocatable.get(resource) ?? unsaid(resource))) return resource;
  }
  return undefined;
}

/** The group's pods with another amount of a resource. */
function asking(pod: FitPod, resource: string, amount: number): FitPod {
  const scored = resource === 'cpu' || resource === 'memory' ? { ...pod.scored, [resource]: amount } : pod.scored;
  return { ...pod, scored, requests: new Map([...pod.requests, [resource, amount]]) };
}

function replaced(input: FitInput, group: FitGroup, by: FitGroup): FitInput {
  return { ...input, groups: input.groups.map((other) => (other.name === group.name ? by : other)) };
}

/** The site with more nodes of a pool. */
function grown(input: FitInput, pool: string, count: number): FitInput {
  const model = input.nodes.find((node) => poolOf(node) === pool)!;
  const added = Array.from({ length: count }, (_, i): FitNode => {
    const name = `${pool}-more-${i}`;
    return { ...model, name, pool: { name: pool }, labels: { ...model.labels, [HOSTNAME]: name } };
  });
  return { ...input, nodes: [...input.nodes, ...added] };
}
