import { mend, slipOf, type Context, type Report, type Rule } from '../context';
import { arr, dig, each, isObj, obj, str } from '../json';
import { HTTP_ROUTE, INGRESS } from '../kinds';
import { type Pod } from '../pods';
import { isMentioned } from '../ports';
import { showSelector } from '../selectors';
import { findPort, targetNumbers, type Service, type ServicePort } from '../services';

/** Each Service selects pods that exist, and each of its ports is one that they open; what points to a Service names one of its ports. */
export const services: Rule = {
  name: 'service',
  check(context, report) {
    for (const service of context.services.all) checkService(service, context, report);
    for (const entry of context.bundle.ofType(INGRESS)) {
      const backend = dig(entry.spec, 'defaultBackend', 'service');
      const use = { entry, at: 'spec.defaultBackend.service', namespace: entry.namespace };
      if (isObj(backend)) checkBackend({ ...use, name: backend.name, port: backend.port }, context, report);
      arr(entry.spec.rules).forEach((rule, i) => {
        arr(dig(rule, 'http', 'paths')).forEach((path, j) => {
          const service = dig(path, 'backend', 'service');
          if (!isObj(service)) return;
          const at = `spec.rules[${i}].http.paths[${j}].backend.service`;
          checkBackend({ ...use, at, name: service.name, port: service.port }, context, report);
        });
      });
    }
    for (const entry of context.bundle.ofType(HTTP_ROUTE)) {
      each(entry.object, 'spec.rules[].backendRefs[]', (ref, at) => {
        const { group = '', kind = 'Service', name, namespace, port } = obj(ref);
        if (group !== '' || kind !== 'Service') return;
        const place = str(namespace) ?? entry.namespace;
        const backend = { entry, at, namespace: place, name, port: { number: port }, portField: `${at}.port` };
        checkBackend(backend, context, report);
      });
    }
  },
};

function checkService(service: Service, context: Context, report: Report): void {
  const { entry, pods, elsewhere, ports } = service;
  if (entry.spec.type === 'ExternalName') return;
  if (pods.length === 0) {
    if (elsewhere) return;
    const selector = { matchLabels: obj(entry.spec.selector) };
    report(
      entry,
      'spec.selector',
      showSelector(selector),
      `selects no pod in namespace ${service.namespace}${nearestLabels(service, context)}`,
    );
    return;
  }
  ports.forEach((port, i) => checkTarget(service, port, `spec.ports[${i}]`, context, report));
}

function checkTarget(
  service: Service,
  port: ServicePort,
  at: string,
  { strict, bundle }: Context,
  report: Report,
): void {
  const { entry, pods } = service;
  const explicit = obj(arr(entry.spec.ports)[Number(/\d+/.exec(at)?.[0])]).targetPort !== undefined;
  const where = explicit ? `${at}.targetPort` : `${at}.port`;
  const { targetPort, protocol } = port;
  if (typeof targetPort === 'string') {
    if (pods.some((pod) => targetNumbers(port, pod).length > 0)) return;
    const open = pods.flatMap((pod) =>
      pod.ports.filter((p) => p.protocol === protocol).map((p) => p.name ?? String(p.number)),
    );
    if (!strict && othersLead(service, port) && slipOf(targetPort, open) === undefined) return;
    report(
      entry,
      where,
      targetPort,
      `is no ${protocol} port of the pods it selects (${podNames(service)})${mend(targetPort, [...new Set(open)], 'name a port in their containers')}`,
    );
    return;
  }
  const declared = pods.some((pod) => pod.ports.some((p) => p.number === targetPort && p.protocol === protocol));
  if (declared || (!strict && pods.some((pod) => isMentioned(pod, targetPort, bundle)))) return;
  const open = pods.flatMap((pod) => pod.ports.map((p) => `${p.number}/${p.protocol}`));
  if (!strict && (open.length === 0 || othersLead(service, port) || pods.some(isFilledIn))) return;
  report(
    entry,
    where,
    targetPort,
    `is no ${protocol} port that the pods it selects open (${podNames(service)})${mend(String(targetPort), [...new Set(open)], 'declare it in their containers')}`,
  );
}

/** Charts leave in ports that a feature would open; the Service's others work all the same. */
function othersLead({ ports, pods }: Service, port: ServicePort): boolean {
  return ports.some(
    (other) =>
      other !== port &&
      pods.some((pod) => targetNumbers(other, pod).some((number) => pod.ports.some((p) => p.number === number))),
  );
}

/**
 * An Envoy that istiod configures opens the ports that Gateways ask for; its image and ports may be put in only when the pod is admitted.
 * @see https://istio.io/latest/docs/setup/additional-setup/gateway/
 */
function isFilledIn({ containers }: Pod): boolean {
  return containers.some(
    ({ spec }) => spec.image === 'auto' || arr(spec.args).slice(0, 2).join(' ') === 'proxy router',
  );
}

function podNames({ pods }: Service): string {
  const names = [...new Set(pods.map(({ entry }) => `${entry.kind} ${entry.name}`))];
  return names.length > 3 ? `${names.slice(0, 3).join(', ')}...` : names.join(', ');
}

/** A hint: the pods of the namespace that have most of the wanted labels. */
function nearestLabels({ entry, namespace }: Service, { bundle }: Context): string {
  const selector = Object.entries(obj(entry.spec.selector));
  let best: { hits: number; text: string } = { hits: 0, text: 'add the pods, or correct the selector' };
  for (const pod of bundle.podIndex(namespace).items) {
    const hits = selector.filter(([key, value]) => pod.labels[key] === value).length;
    if (hits <= best.hits) continue;
    const differ = selector.filter(([key, value]) => pod.labels[key] !== value);
    const have = differ.map(([key]) => `${key}=${String(pod.labels[key] ?? '(none)')}`).join(',');
    best = { hits, text: `${pod.entry.kind} ${pod.entry.name} has ${have}` };
  }
  return `; ${best.text}`;
}

/** Something that points to a port of a Service. */
export interface Backend {
  readonly entry: Service['entry'];
  readonly at: string;
  readonly namespace: string;
  readonly name: unknown;
  /** `{ number }` or `{ name }`. */
  readonly port?: unknown;
  /** Path of the port. @default - `number` or `name` below `port` */
  readonly portField?: string;
}

/** Reports a Service that isn't there, or a port that it hasn't. */
export function checkBackend(
  { entry, at, namespace, name, port, portField }: Backend,
  { services, bundle }: Context,
  report: Report,
): void {
  if (typeof name !== 'string' || name === '') return;
  const service = services.find(namespace, name);
  if (!service) {
    if (bundle.find('Service', namespace, name)) return;
    const names = bundle.names('Service', namespace);
    report(
      entry,
      `${at}.name`,
      name,
      `names no Service in namespace ${namespace}${mend(name, names, `add it, or declare it external: Service/${namespace}/${name}`)}`,
    );
    return;
  }
  const { number, name: portName } = obj(port);
  const wanted = typeof number === 'number' ? number : portName;
  if ((typeof wanted !== 'number' && typeof wanted !== 'string') || findPort(service, wanted)) return;
  const field = portField ?? (typeof wanted === 'number' ? `${at}.port.number` : `${at}.port.name`);
  const ports = service.ports.map((p) => (typeof wanted === 'number' ? String(p.port) : (p.name ?? String(p.port))));
  report(
    entry,
    field,
    wanted,
    `is no port of Service ${namespace}/${name}${mend(String(wanted), ports, 'name one of its ports')}`,
  );
}
