import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { labelsItself } from './evidence';
import { arr, obj, str } from './json';
import { namedPorts, type Pod } from './pods';
import { GIVEN_PORTS, SYSTEM_POD_LABELS } from './runtime';
import { LabelIndex, covers } from './selectors';

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** Number or name in the pods; the port itself where nothing else is said. */
  readonly targetPort: number | string;
  readonly protocol: string;
}

export interface Service {
  readonly entry: Entry;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Entry['labels'];
  readonly ports: readonly ServicePort[];
  /** The bundle's pods that it selects. */
  readonly pods: readonly Pod[];
  /** Its pods, or its endpoints, are made at run time by somebody whom the bundle knows. */
  readonly elsewhere: boolean;
  readonly headless: boolean;
}

/** The Services of the bundle, with the pods behind each. */
export class ServiceIndex {
  readonly all: readonly Service[];
  private readonly byPod = new Map<Pod, Service[]>();
  private readonly byName = new Map<string, Service>();
  private readonly byLabels = new Map<string, LabelIndex<Service>>();

  constructor(private readonly bundle: Bundle) {
    this.all = bundle.ofType('Service').map((entry) => serviceOf(entry, bundle));
    for (const service of this.all) {
      for (const pod of service.pods) {
        const list = this.byPod.get(pod);
        if (list) list.push(service);
        else this.byPod.set(pod, [service]);
      }
      this.byName.set(`${service.namespace}/${service.name}`, service);
      let index = this.byLabels.get(service.namespace);
      if (!index) this.byLabels.set(service.namespace, (index = new LabelIndex()));
      index.add(service);
    }
  }

  /** The Services that select a pod. */
  of(pod: Pod): readonly Service[] {
    return this.byPod.get(pod) ?? [];
  }

  find(namespace: string, name: string): Service | undefined {
    return this.byName.get(`${namespace}/${name}`);
  }

  /** The ports of a Service that the bundle doesn't hold but that exists; undefined where any may be there. */
  portsElsewhere(namespace: string, name: string): readonly number[] | undefined {
    return GIVEN_PORTS.get(`${namespace}/${name}`) ?? this.bundle.find('Service', namespace, name)?.made?.ports;
  }

  /** The Services that a selector matches, in one namespace or in all. */
  select(selector: unknown, namespaces: readonly string[] | 'all'): Service[] {
    const names = namespaces === 'all' ? [...this.byLabels.keys()] : namespaces;
    return names.flatMap((name) => [...(this.byLabels.get(name)?.select(selector) ?? [])]);
  }
}

/** The pod's port numbers that a Service's port leads to: none where the pod has no port of that name. */
export function targetNumbers(port: ServicePort, pod: Pod): readonly number[] {
  return typeof port.targetPort === 'number'
    ? [port.targetPort]
    : namedPorts(pod.ports, port.targetPort, port.protocol);
}

/** A Service's port by its number or name. */
export function findPort(service: Service, wanted: number | string): ServicePort | undefined {
  return service.ports.find((port) => (typeof wanted === 'number' ? port.port : port.name) === wanted);
}

function serviceOf(entry: Entry, bundle: Bundle): Service {
  const { spec, namespace, name, labels } = entry;
  const selector = obj(spec.selector);
  const hasSelector = Object.keys(selector).length > 0;
  const { 'statefulset.kubernetes.io/pod-name': podName, ...rest } = selector;
  let pods = hasSelector ? bundle.podIndex(namespace).select({ matchLabels: rest }) : [];
  if (typeof podName === 'string') pods = pods.filter((pod) => isPodOf(pod, podName));
  return {
    entry,
    namespace,
    name,
    labels,
    ports: arr(spec.ports).map((item) => {
      const { name: portName, port, targetPort, protocol } = obj(item);
      const target = typeof targetPort === 'number' || str(targetPort) !== undefined ? targetPort : port;
      return {
        name: str(portName),
        port: Number(port),
        targetPort: typeof target === 'string' && !/^\d+$/.test(target) ? target : Number(target),
        protocol: str(protocol) ?? 'TCP',
      };
    }),
    pods,
    elsewhere:
      !hasSelector ||
      (namespace === 'kube-system' && selectsSystemPods(selector)) ||
      (pods.length === 0 && labelledAtRunTime(selector, namespace, bundle)),
    headless: spec.clusterIP === 'None',
  };
}

/** True for the name of one of a StatefulSet's pods: `redis-0`. */
export function isPodOf({ entry }: Pod, podName: string): boolean {
  const dash = podName.lastIndexOf('-');
  if (entry.kind !== 'StatefulSet' || podName.slice(0, dash) !== entry.name) return false;
  const replicas = typeof entry.spec.replicas === 'number' ? entry.spec.replicas : 1;
  const first = Number(obj(entry.spec.ordinals).start ?? 0);
  const ordinal = Number(podName.slice(dash + 1));
  return ordinal >= first && ordinal < first + replicas;
}

/** True where no template has some of the wanted labels, and pods that fit otherwise may change pods: they label themselves. */
function labelledAtRunTime(selector: Entry['labels'], namespace: string, bundle: Bundle): boolean {
  const { items } = bundle.podIndex(namespace);
  const known = Object.entries(selector).filter(([key]) => items.some((pod) => key in pod.labels));
  if (known.length === Object.keys(selector).length) return false;
  const rest = Object.fromEntries(known);
  return items.some((pod) => covers(rest, pod.labels) && labelsItself(pod, bundle));
}

function selectsSystemPods(selector: Entry['labels']): boolean {
  return SYSTEM_POD_LABELS.some(([key, values]) => values.includes(String(selector[key])));
}
