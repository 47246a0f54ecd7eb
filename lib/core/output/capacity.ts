import { fit, isBytes, poolOf, showAmount, type FitInput } from '../fit';

/** What the pools' nodes have, and what of it is asked for, as rows of a table: pool, resource, asked, there, left. */
export function capacityRows(input: FitInput): string[][] {
  const { outcome } = fit(input, { tries: 1 });
  const pools = new Map<string, { nodes: number[]; there: Map<string, number> }>();
  input.nodes.forEach((node, i) => {
    const name = poolOf(node);
    const pool = pools.get(name) ?? { nodes: [], there: new Map<string, number>() };
    pools.set(name, pool);
    pool.nodes.push(i);
    for (const [resource, amount] of node.allocatable) {
      pool.there.set(resource, (pool.there.get(resource) ?? 0) + amount);
    }
  });
  return [...pools].flatMap(([name, { nodes, there }]) => {
    const here = new Set(nodes);
    const placed = outcome.items.filter(({ node }) => here.has(node));
    const title = `${name}, ${nodes.length} node${nodes.length === 1 ? '' : 's'}`;
    return [...there]
      .filter(([resource, amount]) => amount > 0 && isShown(resource))
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([resource, amount], row) => {
        const asked = placed.reduce(
          (sum, { template }) => sum + (resource === 'pods' ? 1 : (template.pod.requests.get(resource) ?? 0)),
          0,
        );
        const amounts = [asked, amount, amount - asked].map((value) => showAmount(resource, value));
        return [row === 0 ? title : '', resource, ...amounts];
      });
  });
}

const FIRST = ['pods', 'cpu', 'memory'];

/** Pods, CPU, memory, and devices; not what is nowhere short. */
function isShown(resource: string): boolean {
  return FIRST.includes(resource) || !isBytes(resource);
}

function rank(resource: string): number {
  return FIRST.includes(resource) ? FIRST.indexOf(resource) : FIRST.length;
}
