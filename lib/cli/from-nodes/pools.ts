import { distributionOf } from './distribution';
import { findGpus, type FoundGpus } from './gpus';
import { type NodeFacts } from './node';

/** Nodes that are alike. */
export interface FoundPool {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
  readonly gpus?: FoundGpus;
  /** Labels that all nodes have, and that are none of the system's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that were left out, since each of these nodes has another value. */
  readonly perNode: readonly string[];
}

/** Set by Kubernetes, a distribution, or a discovery: a site gives them by what it says. */
const SYSTEM_LABELS = [
  /^(beta\.)?kubernetes\.io\//,
  /^node\.kubernetes\.io\//,
  /^node-role\.kubernetes\.io\//,
  /^([a-z-]+\.)?feature\.node\.kubernetes\.io\//,
  /^nfd\.node\.kubernetes\.io\//,
  /^(beta\.)?(nvidia|amd)\.com\//,
  /(^|\.)k3s\.io\//,
  /(^|\.)cattle\.io\//,
  /^(p2p|egress)\.k3s/,
  /^node\.openshift\.io\//,
  /^network\.nvidia\.com\//,
];

/** Memory of alike servers differs by what their firmware takes. */
const TOLERANCE = 0.02;

/** From so many nodes on that are alike but for a label, which differs for each of them, it tells the node and not the pool. */
const ENOUGH = 3;

/** Groups nodes that are alike, in the order in which the first of each comes. */
export function findPools(nodes: readonly NodeFacts[]): readonly FoundPool[] {
  const names = new Set<string>();
  return group(nodes, alike).flatMap((like) => {
    const perNode = tellingNodes(like);
    const own = (node: NodeFacts) => ownLabels(node, perNode);
    return group(like, (a, b) => JSON.stringify(own(a)) === JSON.stringify(own(b))).map((pool) => {
      const gpus = findGpus(pool[0]);
      const name = free(nameOf(pool, own(pool[0]), gpus), names);
      names.add(name);
      return { name, nodes: pool, ...(gpus ? { gpus } : {}), labels: own(pool[0]), perNode };
    });
  });
}

function group(nodes: readonly NodeFacts[], same: (a: NodeFacts, b: NodeFacts) => boolean): NodeFacts[][] {
  const groups: NodeFacts[][] = [];
  for (const node of nodes) {
    const found = groups.find(([first]) => same(first, node));
    if (found) found.push(node);
    else groups.push([node]);
  }
  return groups;
}

function alike(a: NodeFacts, b: NodeFacts): boolean {
  const [inA, inB] = [a, b].map(({ capacity }) => capacity.get('memory') ?? 0);
  return Math.abs(inA - inB) <= Math.max(inA, inB) * TOLERANCE && fingerprint(a) === fingerprint(b);
}

function fingerprint(node: NodeFacts): string {
  const { roles, arch, taints, capacity, labels } = node;
  const hugepages = [...capacity].filter(([name]) => name.startsWith('hugepages-')).sort();
  const kubelet = distributionOf([node]);
  const machine = labels['nvidia.com/gpu.machine'];
  const threads = labels['feature.node.kubernetes.io/cpu-hardware_multithreading'];
  return JSON.stringify([
    [roles, arch, taints, kubelet, machine, threads, hugepages],
    [capacity.get('cpu'), capacity.get('pods'), reservedCpu(node), findGpus(node)],
  ]);
}

function reservedCpu({ capacity, allocatable }: NodeFacts): number {
  return Math.round(((capacity.get('cpu') ?? 0) - (allocatable.get('cpu') ?? 0)) * 1000);
}

function ownLabels({ labels }: NodeFacts, leftOut: readonly string[]): Record<string, string> {
  const keys = Object.keys(labels).filter(
    (key) => !leftOut.includes(key) && !SYSTEM_LABELS.some((pattern) => pattern.test(key)),
  );
  return Object.fromEntries(keys.sort().map((key) => [key, labels[key]]));
}

function tellingNodes(nodes: readonly NodeFacts[]): readonly string[] {
  if (nodes.length < ENOUGH) return [];
  return Object.keys(ownLabels(nodes[0], [])).filter(
    (key) => new Set(nodes.map(({ labels }) => labels[key])).size === nodes.length,
  );
}

const POOL_LABEL = /(^|[./-])(node-?)?(pool|group)$/;

/** By a label that names the pool, what the nodes' names have in common, the GPUs, or the role. */
function nameOf(nodes: readonly NodeFacts[], labels: Readonly<Record<string, string>>, gpus?: FoundGpus): string {
  const labelled = Object.entries(labels).find(([key, value]) => POOL_LABEL.test(key) && slug(value) === value)?.[1];
  if (labelled) return labelled;
  const stems = new Set(nodes.map(({ name }) => slug(name.split('.')[0].replace(/-?\d+$/, ''))));
  const [stem] = stems;
  if (stems.size === 1 && stem !== '') return stem;
  if (gpus?.known) return gpus.known.id;
  return gpus ? 'gpus' : nodes[0].roles[0];
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
}

function free(name: string, taken: ReadonlySet<string>): string {
  let result = name;
  for (let i = 2; taken.has(result); i++) result = `${name}-${i}`;
  return result;
}
