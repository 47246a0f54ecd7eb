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

/** Changed objects of one change. */
export interface Asked {
  readonly title: string;
  readonly objects: readonly KubeObject[];
}

/** What each change of what is installed asks of a cluster, and the kinds of it that the cluster doesn't serve, which it can't be asked about. */
export async function askedBy<T>(
  cluster: Cluster,
  changes: readonly { readonly title: string; readonly tuning: T }[],
  changedBy: (tuning: T) => readonly KubeObject[],
): Promise<{ readonly asked: readonly Asked[]; readonly notServed: readonly string[] }> {
  const served = await servedKinds(cluster);
  const notServed = new Set<string>();
  const asked = changes.map(({ title, tuning }) => {
    const changed = changedBy(tuning);
    for (const { kind } of changed) if (!served.has(kind)) notServed.add(kind);
    return { title, objects: changed.filter(({ kind }) => served.has(kind)) };
  });
  return { asked, notServed: [...notServed] };
}

const AT_A_TIME = 3;
/** Objects of one question to the API server. */
const BATCH = 60;

/** What is refused of changes: all in a few questions; where one is refused, each by itself, to tell which. */
export async function refusedOf(cluster: Cluster, asked: readonly Asked[]): Promise<readonly string[]> {
  const all = [...new Map(asked.flatMap(({ objects }) => objects).map((one) => [JSON.stringify(one), one])).values()];
  const batches = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
    all.slice(i * BATCH, (i + 1) * BATCH),
  );
  const refusals = await inParallel(batches, AT_A_TIME, (objects) => refusalsOf(cluster, objects));
  if (refusals.every((refusal) => refusal === '')) return [];
  const each = await inParallel(asked, AT_A_TIME, async ({ title, objects }) => ({
    title,
    refusal: await refusalsOf(cluster, objects),
  }));
  return each.filter(({ refusal }) => refusal !== '').map(({ title, refusal }) => `${title}: ${refusal}`);
}

/** Kinds that the cluster serves. */
async function servedKinds(cluster: Cluster): Promise<ReadonlySet<string>> {
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
