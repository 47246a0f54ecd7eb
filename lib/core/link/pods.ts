import { type Entry } from './entry';
import { arr, field, isObj, obj, str, type Obj } from './json';

export interface ContainerPort {
  readonly name?: string;
  readonly number: number;
  readonly protocol: string;
}

export interface Container {
  /** Path in the object: `spec.template.spec.containers[0]`. */
  readonly path: string;
  readonly name: string;
  readonly spec: Obj;
  readonly ports: readonly ContainerPort[];
  /** Runs before the others and ends. */
  readonly init: boolean;
}

/** A pod that the cluster will run, or a template of one. */
export interface Pod {
  readonly entry: Entry;
  readonly namespace: string;
  readonly labels: Obj;
  readonly annotations: Obj;
  /** Path of its labels' parent: `spec.template.metadata`. */
  readonly metadataPath: string;
  /** Path of the pod's spec in the object: `spec.template.spec`. */
  readonly path: string;
  readonly spec: Obj;
  readonly containers: readonly Container[];
  /** All ports that its containers declare. */
  readonly ports: readonly ContainerPort[];
}

/** Where each kind keeps its pod template. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  ReplicationController: ['spec', 'template'],
  'Deployment.apps': ['spec', 'template'],
  'StatefulSet.apps': ['spec', 'template'],
  'DaemonSet.apps': ['spec', 'template'],
  'ReplicaSet.apps': ['spec', 'template'],
  'Job.batch': ['spec', 'template'],
  'CronJob.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pods of a workload of Kubernetes' own kinds. */
export function podsOf(entry: Entry): Pod[] {
  const path = TEMPLATES[entry.type];
  if (!path) return [];
  let template: unknown = entry.object;
  for (const key of path) template = obj(template)[key];
  const { metadata, spec } = obj(template);
  return [makePod(entry, obj(metadata), obj(spec), path.join('.'))];
}

/** The pod templates anywhere in a custom resource: whatever has a list of containers that have names and images. */
export function templatesIn(entry: Entry): Pod[] {
  const found: Pod[] = [];
  const walk = (value: unknown, parent: Obj, at: string, parentAt: string, depth: number): void => {
    if (depth > 12) return;
    if (Array.isArray(value)) {
      value.forEach((item, i) => walk(item, {}, `${at}[${i}]`, '', depth + 1));
    } else if (isObj(value)) {
      const { containers } = value;
      if (Array.isArray(containers) && containers.length > 0 && containers.every((c) => str(obj(c).name))) {
        const template = at.endsWith('.spec') ? parent : {};
        found.push(makePod(entry, obj(template.metadata), value, at.endsWith('.spec') ? parentAt : '', at));
        return;
      }
      for (const key in value) {
        const next = value[key];
        if (typeof next === 'object' && next !== null) walk(next, value, field(at, key), at, depth + 1);
      }
    }
  };
  walk(entry.object.spec, entry.object, 'spec', '', 0);
  return found;
}

/** A pod that a controller makes for an object, as far as it is known. */
export function knownPod(
  entry: Entry,
  { labels, ports }: { readonly labels: Obj; readonly ports: readonly ContainerPort[] },
): Pod {
  return { ...makePod(entry, {}, entry.spec, '', 'spec'), labels, ports };
}

function makePod(entry: Entry, metadata: Obj, spec: Obj, templatePath: string, specPath?: string): Pod {
  const path = specPath ?? field(templatePath, 'spec');
  const containers = [
    ...containersOf(spec, path, 'initContainers'),
    ...containersOf(spec, path, 'containers'),
    ...containersOf(spec, path, 'ephemeralContainers'),
  ];
  return {
    entry,
    namespace: entry.namespace ?? '',
    labels: labelsOf(entry, obj(metadata.labels)),
    annotations: obj(metadata.annotations),
    metadataPath: field(templatePath, 'metadata'),
    path,
    spec,
    containers,
    ports: containers.flatMap((container) => (container.init ? [] : container.ports)),
  };
}

/** With those labels that the Job controller sets. @see https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-name */
function labelsOf(entry: Entry, labels: Obj): Obj {
  if (entry.type !== 'Job.batch') return labels;
  return { 'job-name': entry.name, 'batch.kubernetes.io/job-name': entry.name, ...labels };
}

function containersOf(spec: Obj, path: string, list: string): Container[] {
  return arr(spec[list]).map((item, i) => {
    const container = obj(item);
    return {
      path: `${path}.${list}[${i}]`,
      name: str(container.name) ?? '',
      spec: container,
      ports: arr(container.ports).map(portOf),
      init: list === 'initContainers' && container.restartPolicy !== 'Always',
    };
  });
}

function portOf(value: unknown): ContainerPort {
  const { name, containerPort, protocol } = obj(value);
  return { name: str(name), number: Number(containerPort), protocol: str(protocol) ?? 'TCP' };
}

/** The numbers of a pod's ports of that name and protocol. */
export function namedPorts(ports: readonly ContainerPort[], name: string, protocol?: string): number[] {
  return ports
    .filter((port) => port.name === name && (protocol === undefined || port.protocol === protocol))
    .map((port) => port.number);
}
