import { type Case } from './cases';
import { CASE, modelOf, nodeObject, podName, podObject, priorityClasses, queue, surroundings } from './objects';

/** Runs kubectl against the cluster. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

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

const SETTLED_FOR = 2500;
const PATIENCE = 120_000;

/** Puts cases into the cluster, and has the scheduler place their pods. Others may be in it meanwhile. */
export async function askScheduler(kubectl: Kubectl, cases: readonly Case[]): Promise<RealOutcome[]> {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  await createOf(kubectl, cases, (of) => [...surroundings(of), ...of.nodes.map((node) => nodeObject(of, node, now))]);
  await until('the nodes being ready', async () => {
    const nodes = await list<{ spec: { taints?: { key: string }[] } }>(kubectl, 'nodes', cases);
    return nodes.every(({ spec }) => !spec.taints?.some(({ key }) => key.startsWith('node.kubernetes.io/')));
  });
  const waves = Math.max(...cases.flatMap(({ groups }) => groups.map(({ wave }) => wave)));
  const asked = cases.map((of) => queue(modelOf(of)));
  for (let wave = 0; wave <= waves; wave++) {
    await createOf(kubectl, cases, (of, i) =>
      asked[i]!.filter(({ template }) => template.group.wave === wave).map((item) =>
        podObject(of, of.groups[item.template.index]!, item),
      ),
    );
    await settle(kubectl, cases);
  }
  const pods = await list<Pod>(kubectl, 'pods', cases);
  return cases.map((of, i) => outcomeOf(pods, of.namespace, asked[i]!.map(podName)));
}

/** What all cases share; call it once before. */
export async function prepare(kubectl: Kubectl): Promise<void> {
  await create(kubectl, priorityClasses());
}

export async function tidy(kubectl: Kubectl): Promise<void> {
  await kubectl(['delete', 'priorityclasses', '-l', 'fit=yes', '--ignore-not-found']);
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

/** kubectl makes one object after another; cases don't depend on each other. */
const LANES = 6;

/** Spreads things over the lanes, each in the order of all. */
function lanesOf<T>(things: readonly T[]): T[][] {
  return Array.from({ length: LANES }, (_, lane) => things.filter((_thing, i) => i % LANES === lane));
}

/** Makes the objects of each case in their order, those of several cases at a time. */
async function createOf(
  kubectl: Kubectl,
  cases: readonly Case[],
  objectsOf: (of: Case, index: number) => readonly object[],
): Promise<void> {
  const lanes = lanesOf(cases.map(objectsOf)).map((lane) => lane.flat());
  await Promise.all(lanes.filter((items) => items.length > 0).map(async (items) => create(kubectl, items)));
}

async function create(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** As the API server sends them: kubectl would read and write each of hundreds of objects anew, several times a second. */
async function list<T>(kubectl: Kubectl, kind: 'nodes' | 'pods', cases: readonly Case[]): Promise<readonly T[]> {
  const text = await kubectl(['get', '--raw', `/api/v1/${kind}?${queryFor(cases)}`]);
  return (JSON.parse(text) as { items: readonly T[] }).items;
}

/** Waits until each pod has a node or was refused, and nothing has changed for a while. */
async function settle(kubectl: Kubectl, cases: readonly Case[]): Promise<void> {
  let last = '';
  let since = Date.now();
  await until('the scheduler having looked at all pods', async () => {
    const pods = await list<Pod>(kubectl, 'pods', cases);
    const picture = pods.map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} ${spec.nodeName}`).join();
    if (picture !== last) [last, since] = [picture, Date.now()];
    const looked = pods.every(({ spec, status }) => spec.nodeName ?? messageOf(status) !== '');
    return looked && Date.now() - since > SETTLED_FOR;
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const began = Date.now();
  while (!(await holds())) {
    if (Date.now() - began > PATIENCE) throw new Error(`waited ${PATIENCE / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}

/** Takes their nodes and pods away. Namespaces stay, as long as the cluster does: to end one, its controller asks for what is in it by each kind that there is. */
export async function clear(kubectl: Kubectl, cases: readonly Case[]): Promise<void> {
  await kubectl(['delete', '--raw', `/api/v1/nodes?${queryFor(cases)}`]);
  await Promise.all(
    lanesOf(cases).map(async (lane) => {
      for (const { namespace } of lane)
        await kubectl(['delete', '--raw', `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`]);
    }),
  );
}
