import { type KubeObject } from '../../../lib/core/link/types';
import { type Cluster } from '../cluster';

/** As the generated apply.sh applies. */
export const APPLY = ['apply', '--server-side', '--field-manager=cdk8s-onprem-ml'] as const;

/** What the API server says against objects, were they applied over those that are there; nothing where it would take them all. */
export async function refusalsOf(cluster: Cluster, objects: readonly KubeObject[]): Promise<string> {
  if (objects.length === 0) return '';
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const { code, stdout, stderr } = await cluster.attempt(['kubectl', ...APPLY, '--dry-run=server', '-f', '-'], {
    input: JSON.stringify(list),
    timeout: 60,
  });
  const taken = stdout.split('\n').filter((line) => line.endsWith(' serverside-applied (server dry run)')).length;
  if (code === 0 && taken !== objects.length) return `${taken} of ${objects.length} objects were answered for`;
  return code === 0 ? '' : stderr;
}

/** Kinds that the cluster serves. */
export async function servedKinds(cluster: Cluster): Promise<ReadonlySet<string>> {
  const table = await cluster.kubectl('api-resources', '--no-headers');
  return new Set(table.split('\n').map((line) => line.trim().split(/\s+/).at(-1)!));
}

/** Work on all of a list, some at a time. */
export async function inParallel<T, R>(
  all: readonly T[],
  width: number,
  work: (one: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = all.map((one, i) => ({ one, i }));
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next.i] = await work(next.one);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
