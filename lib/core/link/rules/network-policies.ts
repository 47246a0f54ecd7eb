import { type Entry } from '../entry';
import { mend, type Context, type Report, type Rule } from '../context';
import { rolesOf } from '../evidence';
import { type HostUse } from '../hosts';
import { arr, dig, obj, str } from '../json';
import { CRD } from '../kinds';
import { type Pod } from '../pods';
import { type Direction, type Socket } from '../policies';
import { readersFor, readersOf, type Readers } from '../ports';
import { selects } from '../selectors';
import { findPort, targetNumbers, type Service } from '../services';
import { webhooksOf } from './webhooks';

/** NetworkPolicies let through every connection that the configuration shows somebody to make. */
export const networkPolicies: Rule = {
  name: 'network-policy',
  check(context, report) {
    if (context.policies.all.length === 0) return;
    const seen = new Set<string>();
    const once: Report = (entry, field, value, message) => {
      const key = `${entry.order}|${String(value)}|${message}`;
      if (!seen.has(key)) report(entry, field, value, message);
      seen.add(key);
    };
    const readers = readersOf(context.bundle);
    for (const use of context.hosts) {
      for (const pod of sourcesFor(use, readers)) edge(use, pod, context, once);
    }
    for (const pod of context.bundle.pods) apiServer(pod, context, once);
    fromOutside(context, once);
    if (context.strict) {
      unreachable(context, once);
      idle(context, once);
    }
  },
};

function sourcesFor({ text }: HostUse, readers: Readers): readonly Pod[] {
  if (text.kind === 'env' || text.kind === 'arg') return text.pod ? [text.pod] : [];
  // What istiod reads there it hands on to others, who make the connection; and so does a Job that tells Vault of databases and of names to sign.
  const handedOn =
    (text.entry.name.startsWith('istio') && text.name.startsWith('mesh')) || text.name.startsWith('vault-plan');
  return text.kind === 'file' && !handedOn ? readersFor(text, readers) : [];
}

function edge(use: HostUse, pod: Pod, context: Context, report: Report): void {
  const { policies, services } = context;
  const { text, host, namespace } = use;
  const service = services.find(namespace, use.service);
  if (policies.isolating(pod, 'egress').length > 0) dns(use, pod, context, report);
  if (!service) return;
  const targets = service.pods.filter((target) => target.entry !== pod.entry || isPeered(use));
  for (const { port, protocol } of portsOf(use, service)) {
    for (const target of targets) {
      for (const number of numbersOf(port, service, target)) {
        const socket: Socket = { port: number, protocol };
        const blocked = DIRECTIONS.find(([direction]) =>
          direction === 'egress'
            ? !policies.allows(direction, pod, target, socket)
            : !policies.allows(direction, target, pod, socket),
        );
        if (!blocked) continue;
        const [direction, end, to] = blocked;
        const [a, b] = direction === 'egress' ? [pod, target] : [target, pod];
        const names = policies
          .isolating(a, direction)
          .map((p) => p.entry.name)
          .join(', ');
        report(
          text.entry,
          text.path(),
          host,
          `is refused: NetworkPolicy ${names} of namespace ${a.namespace} lets ${title(a)} have no ${end} ${to} ${title(b)} on ${protocol} ${number}; add it`,
        );
      }
    }
  }
}

const DIRECTIONS: readonly (readonly [Direction, string, string])[] = [
  ['egress', 'egress', 'to'],
  ['ingress', 'ingress', 'from'],
];

function title({ entry }: Pod): string {
  return `${entry.kind} ${entry.namespace}/${entry.name}`;
}

/** A workload's own Service in its configuration is usually its own address; that of one of its pods is a peer. */
function isPeered({ pod, port, text }: HostUse): boolean {
  return pod !== undefined && port !== undefined && text.kind !== 'custom';
}

/** The ports that a use of a host means: the one it names, else all those of the Service. */
function portsOf({ port }: HostUse, service: Service): readonly { readonly port: number; readonly protocol: string }[] {
  if (port === undefined) return service.ports.length === 1 ? service.ports : [];
  const found = findPort(service, port);
  // A port that the Service hasn't is the host's own finding.
  return found || (service.headless && service.pods.some((pod) => pod.ports.some((p) => p.number === port)))
    ? [{ port, protocol: found?.protocol ?? 'TCP' }]
    : [];
}

function numbersOf(port: number, service: Service, pod: Pod): readonly number[] {
  const found = findPort(service, port);
  if (!found) return [port];
  return service.headless ? targetNumbers({ ...found }, pod) : targetNumbers(found, pod);
}

/** Whoever uses a host's name must reach the cluster's DNS. */
function dns({ text, host }: HostUse, pod: Pod, { policies, dns: server, strict }: Context, report: Report): void {
  if (pod.spec.dnsPolicy === 'None') return;
  const missing = ['UDP', 'TCP'].filter(
    (protocol) => !policies.allowsNamespace(pod, server.namespace, { port: server.podPort, protocol }),
  );
  // Only long answers come by TCP.
  if (missing.length === 0 || (!strict && missing.join() === 'TCP')) return;
  const names = policies
    .isolating(pod, 'egress')
    .map((p) => p.entry.name)
    .join(', ');
  report(
    text.entry,
    text.path(),
    host,
    `can't be looked up: NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no egress to ${missing.join(' and ')} port ${server.podPort} of ${server.namespace}; add it`,
  );
}

/** A pod that has been given rights at the API server, and a token, speaks to it. */
function apiServer(pod: Pod, { policies, bundle }: Context, report: Report): void {
  if (policies.isolating(pod, 'egress').length === 0 || pod.spec.automountServiceAccountToken === false) return;
  const account = str(pod.spec.serviceAccountName);
  if (account === undefined) return;
  const object = bundle.find('ServiceAccount', pod.namespace, account)?.entry?.object;
  if (object?.automountServiceAccountToken === false && pod.spec.automountServiceAccountToken !== true) return;
  if (rolesOf(account, pod.namespace, undefined, bundle).length === 0) return;
  if ([443, 6443].some((port) => policies.allowsOutside('egress', pod, { port, protocol: 'TCP' }))) return;
  const names = policies
    .isolating(pod, 'egress')
    .map((p) => p.entry.name)
    .join(', ');
  report(
    pod.entry,
    `${pod.path}.serviceAccountName`,
    account,
    `has rights at the API server, but NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no egress to port 443 or 6443 of an address; add it`,
  );
}

/** Pods that the API server or the world outside must reach: behind webhooks, aggregated APIs and Services with an outer address. */
function fromOutside(context: Context, report: Report): void {
  const { bundle, services, policies } = context;
  const open = (entry: Entry, field: string, service: Service | undefined, port: number, who: string): void => {
    const found = service && findPort(service, port);
    if (!service || !found) return;
    for (const pod of service.pods) {
      for (const number of targetNumbers(found, pod)) {
        if (policies.allowsOutside('ingress', pod, { port: number, protocol: found.protocol })) continue;
        const names = policies
          .isolating(pod, 'ingress')
          .map((p) => p.entry.name)
          .join(', ');
        report(
          entry,
          field,
          service.name,
          `is called by ${who}, but NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no ingress from any address on ${found.protocol} ${number}; add it`,
        );
      }
    }
  };
  const called = (entry: Entry, at: string, config: unknown): void => {
    const { name, namespace, port } = obj(obj(config).service);
    const service = services.find(String(namespace), String(name));
    open(entry, `${at}.service.name`, service, typeof port === 'number' ? port : 443, 'the API server');
  };
  for (const { entry, webhook, at } of webhooksOf(bundle)) called(entry, `${at}.clientConfig`, webhook.clientConfig);
  for (const entry of bundle.ofType('APIService.apiregistration.k8s.io')) called(entry, 'spec', entry.spec);
  for (const service of services.all) {
    const { type } = service.entry.spec;
    if (type !== 'LoadBalancer' && type !== 'NodePort') continue;
    for (const { port } of service.ports)
      open(service.entry, 'spec.type', service, port, 'clients outside the cluster');
  }
}

/** A Service's port that no policy opens to anybody is of no use. */
function unreachable({ services, policies }: Context, report: Report): void {
  for (const service of services.all) {
    service.ports.forEach((port, i) => {
      for (const pod of service.pods) {
        for (const number of targetNumbers(port, pod)) {
          if (policies.opens(pod, { port: number, protocol: port.protocol })) continue;
          const names = policies
            .isolating(pod, 'ingress')
            .map((p) => p.entry.name)
            .join(', ');
          const given = obj(arr(service.entry.spec.ports)[i]).targetPort === undefined ? 'port' : 'targetPort';
          report(
            service.entry,
            `spec.ports[${i}].${given}`,
            port.targetPort,
            `is reachable for nobody: NetworkPolicy ${names} of namespace ${pod.namespace} opens ${port.protocol} ${number} of ${title(pod)} to no one; add it`,
          );
        }
      }
    });
  }
}

/** Each port of a policy is one that the pods at that end open, and what is open to everybody is what somebody beyond the pods calls. */
function idle(context: Context, report: Report): void {
  const { policies, bundle, dns: server } = context;
  for (const policy of policies.all) {
    const { entry } = policy;
    for (const [direction, peers] of [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const) {
      arr(entry.spec[direction]).forEach((item, i) => {
        const rule = obj(item);
        const at = `spec.${direction}[${i}]`;
        const open = direction === 'egress' && arr(rule.to).length === 0;
        const listeners =
          direction === 'ingress' ? [...policy.pods] : open ? [] : policies.peerPods(rule.to, entry.namespace);
        const isDns =
          direction === 'egress' &&
          policies.isOnly(rule.to, server.namespace) &&
          bundle.podIndex(server.namespace).items.length === 0;
        arr(rule.ports).forEach((port, j) => {
          const { port: number, protocol = 'TCP', endPort } = obj(port);
          if (number === undefined || endPort !== undefined) return;
          const where = `${at}.ports[${j}].port`;
          // In ambient mode a mesh takes the pods' connections at a port of its own.
          if (number === MESH_PORT && listeners.some((pod) => inMesh(pod, bundle))) return;
          if (isDns && number !== server.podPort) {
            report(entry, where, number, `is no port of the cluster's DNS; did you mean "${server.podPort}"?`);
          } else if (
            listeners.length > 0 &&
            !listeners.some((pod) =>
              pod.ports.some((p) => p.protocol === protocol && (p.number === Number(number) || p.name === number)),
            )
          ) {
            const ports = [
              ...new Set(
                listeners.flatMap((pod) =>
                  pod.ports.map((p) => (typeof number === 'string' ? (p.name ?? '') : String(p.number))),
                ),
              ),
            ];
            report(
              entry,
              where,
              number,
              `is no ${String(protocol)} port of the pods at that end${mend(String(number), ports, 'name one that they declare')}`,
            );
          } else if (direction === 'ingress' && arr(rule[peers]).length === 0) {
            for (const pod of policy.pods) {
              if (pod.spec.hostNetwork === true || isForEverybody(pod, number, context)) continue;
              report(
                entry,
                where,
                number,
                `is open to everybody, but nobody beyond the pods calls that port of ${title(pod)}: no Service with an outer address, no webhook, no monitor; say in from who may connect`,
              );
            }
          }
        });
      });
    }
  }
}

/**
 * True where somebody beyond the pods may have to reach a pod's port: clients of a Service with an outer address, the API server behind a
 * webhook, whatever scrapes a monitor's port.
 */
function isForEverybody(pod: Pod, port: unknown, { services, bundle }: Context): boolean {
  const numbers = typeof port === 'number' ? [port] : pod.ports.filter((p) => p.name === port).map((p) => p.number);
  const outer = services.of(pod).some(({ entry, ports, name, namespace }) => {
    const { type } = entry.spec;
    if (!ports.some((p) => targetNumbers(p, pod).some((n) => numbers.includes(n)))) return false;
    return type === 'LoadBalancer' || type === 'NodePort' || calledServices(bundle).has(`${namespace}/${name}`);
  });
  if (outer) return true;
  const scraped = bundle
    .ofType('PodMonitor.monitoring.coreos.com')
    .some((monitor) => selects(monitor.spec.selector, pod.labels));
  const monitored = bundle
    .ofType('ServiceMonitor.monitoring.coreos.com')
    .some((monitor) => services.of(pod).some(({ labels }) => selects(monitor.spec.selector, labels)));
  return scraped || monitored;
}

/** The Services that the API server calls. */
function calledServices(bundle: Context['bundle']): ReadonlySet<string> {
  const called = new Set<string>();
  const add = (config: unknown): void => {
    const { name, namespace } = obj(obj(config).service);
    if (typeof name === 'string') called.add(`${String(namespace)}/${name}`);
  };
  for (const { webhook } of webhooksOf(bundle)) add(webhook.clientConfig);
  for (const entry of bundle.ofType('APIService.apiregistration.k8s.io')) add(entry.spec);
  for (const entry of bundle.ofType(CRD)) add(dig(entry.spec, 'conversion', 'webhook', 'clientConfig'));
  return called;
}

/** Istio's HBONE. @see https://istio.io/latest/docs/ambient/usage/networkpolicy/ */
const MESH_PORT = 15008;
const MESH_MODE = 'istio.io/dataplane-mode';

function inMesh({ namespace, labels }: Pod, bundle: Context['bundle']): boolean {
  return (labels[MESH_MODE] ?? bundle.namespaceLabels(namespace)[MESH_MODE]) === 'ambient';
}
