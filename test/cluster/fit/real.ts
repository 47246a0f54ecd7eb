import { type Api } from '../api';
import { type NewObject } from '../cluster';
import { type Case } from './cases';
import { CASE, modelOf, nodeObject, podName, podObject, priorityClasses, queue, surroundings } from './objects';

/** What is asked of the API server and of the scheduler. */
export type Server = Pick<Api, 'create' | 'raw' | 'schedulerMetrics'>;

/** Where the real scheduler put the pods of a case. */
export interface RealOutcome {
  /** The node of each pod that is there and has one, by the pod's name. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Pods that are there and wait. */
  readonly waiting: readonly string[];
  /** Pods that are gone: pushed out by others. */
  readonly gone: readonly string[];
  /** What the scheduler says of those that wait. */
  readonly messages: ReadonlyMap<string, string>;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly message?: string }[] };
}

/** Seconds between two looks, and how many of them are the same once all is decided. */
const INTERVAL = 1;
const SEEN = 3;
/** Milliseconds; others have the processors before it. */
const PATIENCE = 300_000;

/** Puts cases into the cluster, and has the scheduler place their pods. Others may be in it meanwhile. */
export async function askScheduler(server: Server, cases: readonly Case[]): Promise<RealOutcome[]> {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  await createOf(server, cases, (of) => [...surroundings(of), ...of.nodes.map((node) => nodeObject(of, node, now))]);
  await until('the nodes being ready', async () => {
    const nodes = await list<{ spec: { taints?: { key: string }[] } }>(server, 'nodes', cases);
    return nodes.every(({ spec }) => !spec.taints?.some(({ key }) => key.startsWith('node.kubernetes.io/')));
  });
  const waves = Math.max(...cases.flatMap(({ groups }) => groups.map(({ wave }) => wave)));
  const asked = cases.map((of) => queue(modelOf(of)));
  for (let wave = 0; wave <= waves; wave++) {
    await createOf(server, cases, (of, i) =>
      asked[i]!.filter(({ template }) => template.group.wave === wave).map((item) =>
        podObject(of, of.groups[item.template.index]!, item),
      ),
    );
    await settle(server, cases);
  }
  const pods = await list<Pod>(server, 'pods', cases);
  return cases.map((of, i) => outcomeOf(pods, of.namespace, asked[i]!.map(podName)));
}

/** What all cases share; call it once before. */
export async function prepare(server: Server): Promise<void> {
  await create(server, priorityClasses());
}

export async function tidy(server: Server): Promise<void> {
  await server.raw('DELETE', `/apis/scheduling.k8s.io/v1/priorityclasses?labelSelector=fit%3Dyes`);
}

function outcomeOf(all: readonly Pod[], namespace: string, names: readonly string[]): RealOutcome {
  const pods = new Map(all.filter(({ metadata }) => metadata.namespace === namespace).map((p) => [p.metadata.name, p]));
  const there = names.flatMap((name) => pods.get(name) ?? []);
  return {
    nodes: new Map(there.flatMap(({ metadata, spec }) => (spec.nodeName ? [[metadata.name, spec.nodeName]] : []))),
    waiting: there.filter(({ spec }) => !spec.nodeName).map(({ metadata }) => metadata.name),
    gone: names.filter((name) => !pods.has(name)),
    messages: new Map(there.map(({ metadata, status }) => [metadata.name, messageOf(status)])),
  };
}

function messageOf({ conditions }: Pod['status']): string {
  return conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
}

/** What the API server is asked for: the objects of these cases. */
function queryFor(cases: readonly Case[]): string {
  const labelSelector = `${CASE} in (${cases.map(({ namespace }) => namespace).join(',')})`;
  return new URLSearchParams({ labelSelector }).toString();
}

/** Makes the objects of each case in their order, those of all cases at a time. */
async function createOf(
  server: Server,
  cases: readonly Case[],
  objectsOf: (of: Case, index: number) => readonly NewObject[],
): Promise<void> {
  await Promise.all(cases.map(async (of, i) => create(server, objectsOf(of, i))));
}

async function create(server: Server, objects: readonly NewObject[]): Promise<void> {
  for (const object of objects) await server.create(object);
}

async function list<T>(server: Server, kind: 'nodes' | 'pods', cases: readonly Case[]): Promise<readonly T[]> {
  return ((await server.raw('GET', `/api/v1/${kind}?${queryFor(cases)}`)) as { items: readonly T[] }).items;
}

/** Waits until each pod has a node or was refused, and the scheduler means to look at none again, seen several times in turn: what it decides comes to it again as news. */
async function settle(server: Server, cases: readonly Case[]): Promise<void> {
  let last = '';
  let seen = 0;
  await until('the scheduler having looked at all pods', async () => {
    const queued = await queuedPods(server);
    const pods = await list<Pod>(server, 'pods', cases);
    const picture = pods.map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} ${spec.nodeName}`).join();
    const looked = pods.every(({ spec, status }) => spec.nodeName ?? messageOf(status) !== '');
    seen = queued === 0 && looked ? (picture === last ? seen + 1 : 1) : 0;
    last = picture;
    return seen >= SEEN;
  });
}

/** How many pods the scheduler will try without hearing of anything new. */
async function queuedPods(server: Server): Promise<number> {
  const metrics = await server.schedulerMetrics();
  const counts = [...metrics.matchAll(/^scheduler_pending_pods\{queue="(active|backoff)"\} (\S+)$/gm)];
  if (counts.length !== 2) throw new Error('the scheduler tells nothing of its queues');
  return counts.reduce((sum, [, , count]) => sum + Number(count), 0);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const began = Date.now();
  while (!(await holds())) {
    if (Date.now() - began > PATIENCE) throw new Error(`waited ${PATIENCE / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL * 1000));
  }
}

/** Takes their nodes and pods away. Namespaces stay, as long as the cluster does: to end one, its controller asks for what is in it by each kind that there is. */
export async function clear(server: Server, cases: readonly Case[]): Promise<void> {
  await server.raw('DELETE', `/api/v1/nodes?${queryFor(cases)}`);
  for (const { namespace } of cases)
    await server.raw('DELETE', `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`);
}
