import { type Entry } from '../entry';
import { type Context, type Report, type Rule } from '../context';
import { rolesOf } from '../evidence';
import { type HostUse } from '../hosts';
import { arr, obj, str } from '../json';
import { type Pod } from '../pods';
import { type Direction, type Socket } from '../policies';
import { sourcesOf } from '../ports';
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
    const readers = readersOf(context);
    for (const use of context.hosts) {
      for (const pod of sourcesFor(use, readers)) edge(use, pod, context, once);
    }
    for (const pod of context.bundle.pods) apiServer(pod, context, once);
    fromOutside(context, once);
    if (context.strict) unreachable(context, once);
  },
};

/** The pods that read each ConfigMap and Secret, and the key each reads. */
type Readers = ReadonlyMap<string, readonly { readonly pod: Pod; readonly key?: string }[]>;

function readersOf({ bundle }: Context): Readers {
  const readers = new Map<string, { pod: Pod; key?: string }[]>();
  for (const pod of bundle.pods) {
    for (const { type, name, key } of sourcesOf(pod)) {
      const id = `${type}|${pod.namespace}|${name}`;
      const list = readers.get(id);
      if (!list) readers.set(id, [{ pod, key }]);
      else list.push({ pod, key });
    }
  }
  return readers;
}

function sourcesFor({ text }: HostUse, readers: Readers): readonly Pod[] {
  if (text.kind === 'env' || text.kind === 'arg') return text.pod ? [text.pod] : [];
  if (text.kind !== 'file') return [];
  const all = readers.get(`${text.entry.type}|${text.entry.namespace}|${text.entry.name}`) ?? [];
  return [...new Set(all.filter(({ key }) => key === undefined || key === text.name).map(({ pod }) => pod))];
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
          direction === 'egress' ? !policies.allows(direction, pod, target, socket) : !policies.allows(direction, target, pod, socket),
        );
        if (!blocked) continue;
        const [direction, end, to] = blocked;
        const [a, b] = direction === 'egress' ? [pod, target] : [target, pod];
        const names = policies.isolating(a, direction).map((p) => p.entry.name).join(', ');
        report(text.entry, text.path(), host, `is refused: NetworkPolicy ${names} of namespace ${a.namespace} lets ${title(a)} have no ${end} ${to} ${title(b)} on ${protocol} ${number}; add it`);
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
  return [{ port, protocol: found?.protocol ?? 'TCP' }];
}

function numbersOf(port: number, service: Service, pod: Pod): readonly number[] {
  const found = findPort(service, port);
  if (!found) return [port];
  return service.headless ? targetNumbers({ ...found }, pod) : targetNumbers(found, pod);
}

/** Whoever uses a host's name must reach the cluster's DNS. */
function dns({ text, host }: HostUse, pod: Pod, { policies, dns: server }: Context, report: Report): void {
  if (pod.spec.dnsPolicy === 'None') return;
  const missing = ['UDP', 'TCP'].filter((protocol) => !policies.allowsNamespace(pod, server.namespace, { port: server.podPort, protocol }));
  if (missing.length === 0 || (missing.length === 1 && missing[0] === 'TCP')) return;
  const names = policies.isolating(pod, 'egress').map((p) => p.entry.name).join(', ');
  report(text.entry, text.path(), host, `can't be looked up: NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no egress to port ${server.podPort} of ${server.namespace}; add it`);
}

/** A pod that has been given rights at the API server, and a token, speaks to it. */
function apiServer(pod: Pod, { policies, bundle }: Context, report: Report): void {
  if (policies.isolating(pod, 'egress').length === 0 || pod.spec.automountServiceAccountToken === false) return;
  const account = str(pod.spec.serviceAccountName);
  if (account === undefined) return;
  const object = bundle.find('ServiceAccount', pod.namespace, account)?.entry?.object;
  if (object?.automountServiceAccountToken === false && pod.spec.automountServiceAccountToken !== true) return;
  if (![...bundle.namespaces].some((namespace) => rolesOf(account, pod.namespace, namespace, bundle).length > 0)) return;
  if ([443, 6443].some((port) => policies.allowsOutside('egress', pod, { port, protocol: 'TCP' }))) return;
  const names = policies.isolating(pod, 'egress').map((p) => p.entry.name).join(', ');
  report(pod.entry, `${pod.path}.serviceAccountName`, account, `has rights at the API server, but NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no egress to port 443 or 6443 of an address; add it`);
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
        const names = policies.isolating(pod, 'ingress').map((p) => p.entry.name).join(', ');
        report(entry, field, service.name, `is called by ${who}, but NetworkPolicy ${names} of namespace ${pod.namespace} lets ${title(pod)} have no ingress from any address on ${found.protocol} ${number}; add it`);
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
    for (const { port } of service.ports) open(service.entry, 'spec.type', service, port, 'clients outside the cluster');
  }
}

/** A Service's port that no policy opens to anybody is of no use. */
function unreachable({ services, policies }: Context, report: Report): void {
  for (const service of services.all) {
    service.ports.forEach((port, i) => {
      for (const pod of service.pods) {
        for (const number of targetNumbers(port, pod)) {
          if (policies.opens(pod, { port: number, protocol: port.protocol })) continue;
          const names = policies.isolating(pod, 'ingress').map((p) => p.entry.name).join(', ');
          const given = obj(arr(service.entry.spec.ports)[i]).targetPort === undefined ? 'port' : 'targetPort';
          report(service.entry, `spec.ports[${i}].${given}`, port.targetPort, `is reachable for nobody: NetworkPolicy ${names} of namespace ${pod.namespace} opens ${port.protocol} ${number} of ${title(pod)} to no one; add it`);
        }
      }
    });
  }
}
