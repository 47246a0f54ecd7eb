import { type Cluster } from '../../cluster';
import { until } from '../../shell';
import { type Blow } from './arena';
import { type Bound } from './bounds';
import { type Workload, whole } from './pods';

/** Longest time for a drain; disruption budgets make it wait. */
const DRAIN = 150;

/** A node emptied for maintenance, as its administrator does it, and given back. */
export function drain(cluster: Cluster, node: string, why: string, all: readonly Workload[], bound: Bound): Blow {
  return {
    what: `drain of ${node}, ${why}`,
    bound,
    strike: async () => {
      const options = ['--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${DRAIN}s`];
      await cluster.kubectl('drain', node, ...options);
      await cluster.kubectl('uncordon', node);
    },
    recover: async () => {
      await until(`${node} is Ready`, 60, async () => {
        const ready = '{.status.conditions[?(@.type=="Ready")].status}{.spec.unschedulable}';
        return (await cluster.kubectl('get', 'node', node, '-o', `jsonpath=${ready}`)) === 'True' || undefined;
      });
      await whole(cluster, all);
    },
  };
}
