import { isObj } from '../../core/link/json';
import { type LinkObject } from '../../core/link';
import { type NodeArch, type NodeRole, type TaintProps } from '../../site';
import { Unreadable } from '../read-objects';
import { amount } from './quantity';

/** What of a Node object tells how its server is made. */
export interface NodeFacts {
  readonly name: string;
  readonly roles: readonly NodeRole[];
  readonly arch: NodeArch;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintProps[];
  /** CPU in cores, memory and disks in bytes, all else in units. */
  readonly capacity: ReadonlyMap<string, number>;
  readonly allocatable: ReadonlyMap<string, number>;
  readonly kubeletVersion: string;
}

/** Taints that keep workloads off nodes that only run the control plane. */
const CONTROL_PLANE_TAINTS = [
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
  'CriticalAddonsOnly',
];

const CONTROL_PLANE_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** Taints that Kubernetes itself puts on a node and takes away again: `node.kubernetes.io/unschedulable` and the like. */
const PASSING_TAINT = /^node\.(cloudprovider\.)?kubernetes\.io\//;

/** @throws Unreadable for an object that is no Node, or a Node without what a kubelet reports */
export function readNode({ object, source }: LinkObject): NodeFacts {
  if (object.kind !== 'Node' || object.apiVersion !== 'v1')
    throw new Unreadable(
      `${source}: is a ${object.kind} and no Node; give the output of \`kubectl get nodes -o json\``,
    );
  const { metadata, spec, status } = object as { metadata: unknown; spec?: unknown; status?: unknown };
  const name = isObj(metadata) && typeof metadata.name === 'string' ? metadata.name : '';
  if (name === '') throw new Unreadable(`${source}: is a Node without a name`);
  const labels = texts(isObj(metadata) ? metadata.labels : undefined);
  const capacity = amounts(isObj(status) ? status.capacity : undefined, `${source} Node ${name}: status.capacity`);
  if (!capacity.get('cpu') || !capacity.get('memory'))
    throw new Unreadable(
      `${source} Node ${name}: has no cpu and memory in status.capacity; give what the cluster answers, not a manifest`,
    );
  const info = isObj(status) && isObj(status.nodeInfo) ? status.nodeInfo : {};
  const taints = readTaints(isObj(spec) ? spec.taints : undefined);
  const isControlPlane = CONTROL_PLANE_LABELS.some((label) => label in labels);
  const isApart =
    isControlPlane &&
    taints.some(({ key, effect }) => CONTROL_PLANE_TAINTS.includes(key) && effect !== 'PreferNoSchedule');
  return {
    name,
    roles: [...(isControlPlane ? (['control-plane'] as const) : []), ...(isApart ? [] : (['worker'] as const))],
    arch: readArch(labels['kubernetes.io/arch'] ?? info.architecture, `${source} Node ${name}`),
    labels,
    taints: taints.filter(({ key }) => !PASSING_TAINT.test(key) && !(isApart && CONTROL_PLANE_TAINTS.includes(key))),
    capacity,
    allocatable: amounts(isObj(status) ? status.allocatable : undefined, `${source} Node ${name}: status.allocatable`),
    kubeletVersion: typeof info.kubeletVersion === 'string' ? info.kubeletVersion : '',
  };
}

function readArch(value: unknown, place: string): NodeArch {
  if (value === 'amd64' || value === 'arm64') return value;
  throw new Unreadable(`${place}: its architecture is ${JSON.stringify(value)}; a site has nodes of amd64 and arm64`);
}

function readTaints(value: unknown): TaintProps[] {
  return (Array.isArray(value) ? (value as unknown[]) : []).flatMap((taint): TaintProps[] => {
    if (!isObj(taint) || typeof taint.key !== 'string') return [];
    const { key, effect, value: text } = taint;
    if (effect !== 'NoSchedule' && effect !== 'PreferNoSchedule' && effect !== 'NoExecute') return [];
    return [{ key, ...(typeof text === 'string' && text !== '' ? { value: text } : {}), effect }];
  });
}

function texts(value: unknown): Record<string, string> {
  if (!isObj(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])),
  );
}

function amounts(value: unknown, place: string): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(isObj(value) ? value : {}).map(([resource, text]) => {
      const parsed = amount(text);
      if (parsed === undefined) throw new Unreadable(`${place}.${resource} is no quantity: ${JSON.stringify(text)}`);
      return [resource, parsed];
    }),
  );
}
