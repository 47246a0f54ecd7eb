import { type Cluster } from './cluster';
import { HOSTNAME, type Template } from './model';

const MAX = 100;

/** Weights of the default profile. @see pkg/scheduler/apis/config/v1/default_plugins.go of Kubernetes 1.36 */
const WEIGHT = { taints: 3, nodeAffinity: 2, spread: 2, podAffinity: 2 } as const;

/**
 * The points of each node that a pod fits on, as the default profile's plugins give them. Image locality is left out: on a site that is
 * being built no node has an image that another lacks.
 *
 * @param nodes those that the pod fits on
 * @param points filled for the nodes, in their order
 */
export function score(template: Template, nodes: readonly number[], cluster: Cluster, points: number[]): void {
  const { profile } = template;
  points.length = nodes.length;
  for (let i = 0; i < nodes.length; i++) points[i] = allocation(template, nodes[i], cluster);
  // The same for all is no choice: the plugins that have nothing to say are skipped.
  if (profile.hasUnpreferred) addShare(nodes, profile.unpreferred, -WEIGHT.taints, points);
  if (profile.hasPreferred) addShare(nodes, profile.preferred, WEIGHT.nodeAffinity, points);
  if (template.soft.length > 0) addSpread(template, nodes, points);
  if (template.attractions.length > 0) addAttractions(template, nodes, points);
}

/** LeastAllocated and BalancedAllocation: how much stays free, and how evenly of CPU and memory. */
function allocation({ pod }: Template, node: number, cluster: Cluster): number {
  const { cpu, memory } = cluster.shares(node);
  const { scored, requests } = pod;
  let sum = 0;
  let resources = 0;
  if (cpu > 0) {
    sum += least(cluster.scoredCpu[node] + scored.cpu, cpu);
    resources++;
  }
  if (memory > 0) {
    sum += least(cluster.scoredMemory[node] + scored.memory, memory);
    resources++;
  }
  const free = resources === 0 ? 0 : Math.floor(sum / resources);
  const asksCpu = requests.get('cpu') ?? 0;
  const asksMemory = requests.get('memory') ?? 0;
  if (asksCpu === 0 && asksMemory === 0) return free;
  const usedCpu = cpu - cluster.left(node, 0);
  const usedMemory = memory - cluster.left(node, 1);
  const before = balance(usedCpu, cpu, usedMemory, memory);
  const after = balance(usedCpu + asksCpu, cpu, usedMemory + asksMemory, memory);
  // Go's division drops what is below one, towards zero.
  return free + MAX / 2 + Math.trunc((MAX / 2 + after - before) / 2);
}

function least(asked: number, capacity: number): number {
  return asked > capacity ? 0 : Math.floor(((capacity - asked) * MAX) / capacity);
}

function balance(cpu: number, allCpu: number, memory: number, allMemory: number): number {
  if (allCpu === 0 || allMemory === 0) return MAX;
  const one = Math.min(1, cpu / allCpu);
  const other = Math.min(1, memory / allMemory);
  return Math.trunc((1 - Math.abs((one - other) / 2)) * MAX);
}

/** Points in proportion to the most that any of the nodes has. */
function addShare(nodes: readonly number[], raw: Int32Array, weight: number, points: number[]): void {
  let most = 0;
  for (const node of nodes) if (raw[node] > most) most = raw[node];
  if (most === 0) return;
  for (let i = 0; i < nodes.length; i++) points[i] += weight * Math.floor((MAX * raw[nodes[i]]) / most);
}

/** @see pkg/scheduler/framework/plugins/podtopologyspread/scoring.go of Kubernetes 1.36 */
function addSpread({ soft, softNeedsKeys }: Template, nodes: readonly number[], points: number[]): void {
  const keys = soft.map(({ topologyKey, count }) => ({ topologyKey, domainOf: count.topology.domainOf }));
  const takesPart = (node: number) =>
    !softNeedsKeys || keys.every(({ topologyKey, domainOf }) => topologyKey === HOSTNAME || domainOf[node] >= 0);
  const taking = nodes.filter(takesPart);
  const weights = keys.map(({ topologyKey, domainOf }) => {
    const size = topologyKey === HOSTNAME ? taking.length : new Set(taking.map((node) => domainOf[node])).size;
    return Math.log(size + 2);
  });
  const raw = nodes.map((node) => {
    if (!takesPart(node)) return -1;
    let sum = 0;
    soft.forEach(({ count, maxSkew }, k) => {
      if (count.topology.domainOf[node] >= 0) sum += count.at(node) * weights[k] + (maxSkew - 1);
    });
    return Math.round(sum);
  });
  let fewest = Infinity;
  let most = 0;
  for (const sum of raw) {
    if (sum < 0) continue;
    fewest = Math.min(fewest, sum);
    most = Math.max(most, sum);
  }
  raw.forEach((sum, i) => {
    if (sum < 0) return;
    points[i] += WEIGHT.spread * (most === 0 ? MAX : Math.floor((MAX * (most + fewest - sum)) / most));
  });
}

/** @see pkg/scheduler/framework/plugins/interpodaffinity/scoring.go of Kubernetes 1.36 */
function addAttractions({ attractions }: Template, nodes: readonly number[], points: number[]): void {
  let fewest = Infinity;
  let most = -Infinity;
  const raw = nodes.map((node) => {
    let sum = 0;
    for (const { weight, count } of attractions) sum += weight * count.at(node);
    fewest = Math.min(fewest, sum);
    most = Math.max(most, sum);
    return sum;
  });
  if (most === fewest) return;
  raw.forEach((sum, i) => {
    points[i] += WEIGHT.podAffinity * Math.trunc(MAX * ((sum - fewest) / (most - fewest)));
  });
}
