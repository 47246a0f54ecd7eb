import { mend, type Context, type Report, type Rule } from '../context';
import { type HostUse } from '../hosts';
import { obj } from '../json';
import { isPodOf, type Service } from '../services';

/** Each in-cluster host names a Service that exists, and a port of it. */
export const hosts: Rule = {
  name: 'host',
  check(context, report) {
    for (const use of context.hosts) checkHost(use, context, report);
  },
};

function checkHost(use: HostUse, context: Context, report: Report): void {
  const { bundle, services } = context;
  const { text, host, namespace, service: name } = use;
  const tell = (message: string): void => report(text.entry, text.path(), host, message);
  if (use.wrongDomain !== undefined) {
    return tell(
      `ends in ${use.wrongDomain}, which isn't the cluster's domain; did you mean "${bundle.clusterDomain}"?`,
    );
  }
  if (!bundle.hasNamespace(namespace) && !bundle.find('Service', namespace, name)) {
    const names = [...bundle.namespaces];
    return tell(
      `is in namespace ${namespace}, which doesn't exist${mend(namespace, names, `add it, or declare the host external: Service/${namespace}/${name}`)}`,
    );
  }
  const service = services.find(namespace, name);
  if (!service) {
    const ports = services.portsElsewhere(namespace, name);
    if (bundle.find('Service', namespace, name)) {
      if (use.port !== undefined && ports && !ports.includes(use.port)) tell(noPort(use, ports.map(String)));
      return;
    }
    return tell(
      `names no Service in namespace ${namespace}${mend(name, bundle.names('Service', namespace), `add it, or declare it external: Service/${namespace}/${name}`)}`,
    );
  }
  if (use.pod !== undefined && service.pods.length > 0 && !hasPod(service, use.pod)) {
    return tell(`names no pod of Service ${namespace}/${name}${podsOf(service)}`);
  }
  if (use.port !== undefined && !hasPort(service, use.port) && service.entry.spec.type !== 'ExternalName') {
    tell(
      noPort(
        use,
        service.ports.map((p) => String(p.port)),
      ),
    );
  }
}

function noPort({ port, portFrom, namespace, service }: HostUse, ports: readonly string[]): string {
  const from = portFrom === undefined ? '' : ` (port ${port}, by ${portFrom})`;
  return `names no port of Service ${namespace}/${service}${from}${mend(String(port), ports, 'name one of its ports')}`;
}

/** A headless Service's clients connect to the pods themselves. */
function hasPort({ ports, headless, pods }: Service, port: number): boolean {
  if (ports.some((p) => p.port === port)) return true;
  return (
    headless &&
    (ports.some((p) => p.targetPort === port) || pods.some((pod) => pod.ports.some((p) => p.number === port)))
  );
}

function hasPod({ pods, name }: Service, wanted: string): boolean {
  return pods.some((pod) => {
    if (isPodOf(pod, wanted)) return true;
    const { hostname, subdomain } = obj(pod.spec);
    return hostname === wanted && subdomain === name;
  });
}

function podsOf({ pods }: Service): string {
  const set = pods.find(({ entry }) => entry.kind === 'StatefulSet')?.entry;
  if (!set) return '; only a StatefulSet gives its pods names';
  const replicas = typeof set.spec.replicas === 'number' ? set.spec.replicas : 1;
  return replicas === 1 ? `; there is "${set.name}-0"` : `; there is "${set.name}-0" to "${set.name}-${replicas - 1}"`;
}
