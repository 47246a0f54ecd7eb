import { obj, type Obj } from '../../../lib/core/link/json';
import { itemsOf } from '../../../lib/core/fit/tries';
import { Model } from '../../../lib/core/fit/model';
import { type Item } from '../../../lib/core/fit/cluster';
import { type NewObject } from '../cluster';
import { type Case, type CaseGroup, type CaseNode, inputOf, PRIORITIES } from './cases';

/** The pods of a case in the order in which the scheduler's queue would have them: wave, priority, one for each node first. */
export function queue(model: Model): Item[] {
  const items = model.templates.flatMap((template) => itemsOf(template, model));
  const rank = ({ template: { group } }: Item) => [group.wave ?? 0, -group.pod.priority, group.onEachNode ? 0 : 1];
  const sorted = items
    .map((item, i) => ({ item, key: [...rank(item), i] }))
    .sort((a, b) => a.key.map((n, i) => n - b.key[i]!).find((n) => n !== 0) ?? 0)
    .map(({ item }) => item);
  sorted.forEach((item, i) => (item.order = i));
  return sorted;
}

export function podName({ template, replica }: Item): string {
  return `${template.group.name}-${replica}`;
}

export function modelOf(of: Case): Model {
  return new Model(inputOf(of));
}

const ACCOUNT = 'fit';
/** Label of all that is a case's, with the name of its namespace. */
export const CASE = 'fit-of';

/** What must be there before any case: the priorities. */
export function priorityClasses(): NewObject[] {
  return Object.entries(PRIORITIES).map(([name, value]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, labels: { fit: 'yes' } },
    value,
  }));
}

export function surroundings({ namespace, groups }: Case): NewObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    // Not the namespace's own, which the controllers make when they get to it.
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace } },
    ...groups
      .filter(({ service }) => service)
      .map(({ name }) => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: { clusterIP: 'None', selector: { app: name }, ports: [{ port: 80 }] },
      })),
  ];
}

/** A node that is there and healthy, with no machine behind it. */
export function nodeObject(
  { namespace }: Case,
  { name, labels, taints, allocatable }: CaseNode,
  now: string,
): NewObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels, [CASE]: namespace }, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    spec: { taints: [...taints, { key: 'fit-case', value: namespace, effect: 'NoSchedule' }] },
    status: {
      capacity: allocatable,
      allocatable,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now },
      ],
    },
  };
}

export function podObject({ namespace, nodes }: Case, group: CaseGroup, item: Item): NewObject {
  const spec = item.pinned < 0 ? group.spec : pinnedTo(nodes[item.pinned]!.name, group.spec);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName(item), namespace, labels: { ...group.labels, [CASE]: namespace } },
    spec: { ...spec, priorityClassName: group.priority, serviceAccountName: ACCOUNT },
  };
}

/** As the DaemonSet controller has it: the node's name is added to each alternative. */
function pinnedTo(node: string, spec: Obj): Obj {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const { nodeAffinity, ...others } = obj(spec.affinity);
  const required = obj(obj(nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution);
  const terms = Array.isArray(required.nodeSelectorTerms) ? (required.nodeSelectorTerms as Obj[]) : [{}];
  return {
    ...spec,
    affinity: {
      ...others,
      nodeAffinity: {
        ...obj(nodeAffinity),
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((term) => ({ ...term, matchFields })),
        },
      },
    },
  };
}
