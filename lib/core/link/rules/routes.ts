import { type Context, type Report, type Rule } from '../context';
import { type Entry } from '../entry';
import { arr, obj, str, type Obj } from '../json';
import { type Text } from '../texts';

/**
 * Who comes in from outside speaks TLS: each host of an Ingress, each HTTPRoute and each of OpenShift's Routes, and what HAProxy's
 * configuration leads to a backend. Plain HTTP may lead to HTTPS and nowhere else. No host and path is led to two places. In strict mode: others'
 * charts leave it to whoever installs them.
 */
export const routes: Rule = {
  name: 'route',
  check({ bundle, texts, strict }: Context, report) {
    if (!strict) return;
    const taken = new Map<string, Entry>();
    for (const entry of bundle.ofType('Ingress.networking.k8s.io')) ingress(entry, taken, report);
    const gateways = new Map(
      bundle.ofType('Gateway.gateway.networking.k8s.io').map((entry) => [`${entry.namespace}/${entry.name}`, entry]),
    );
    for (const entry of bundle.ofType('HTTPRoute.gateway.networking.k8s.io')) httpRoute(entry, gateways, taken, report);
    for (const entry of bundle.ofType('Route.route.openshift.io')) {
      if (str(obj(entry.spec.tls).termination) === undefined)
        report(entry, 'spec.tls', '', `${PLAIN}; give its termination`);
    }
    for (const text of texts) if (text.kind === 'file' && /^\s*frontend\s/m.test(text.value)) haproxy(text, report);
  },
};

const PLAIN = 'lets people in by plain HTTP';

function ingress(entry: Entry, taken: Map<string, Entry>, report: Report): void {
  // One that names no host is for all of them.
  const covered = arr(entry.spec.tls).flatMap((tls) => {
    const hosts = arr(obj(tls).hosts).map(String);
    return hosts.length > 0 ? hosts : ['*'];
  });
  arr(entry.spec.rules).forEach((item, i) => {
    const rule = obj(item);
    const host = str(rule.host) ?? '';
    if (!covered.some((name) => covers(name, host)))
      report(entry, `spec.rules[${i}].host`, host, `${PLAIN}; name the host in spec.tls`);
    arr(obj(rule.http).paths).forEach((path, j) => {
      const { path: prefix, pathType } = obj(path);
      const key = `${str(entry.spec.ingressClassName) ?? ''}|${host}|${String(prefix ?? '/')}|${String(pathType)}`;
      twice(entry, `spec.rules[${i}].http.paths[${j}].path`, `${host}${String(prefix ?? '/')}`, key, taken, report);
    });
  });
}

function covers(name: string, host: string): boolean {
  return name === '*' || name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1));
}

function httpRoute(
  entry: Entry,
  gateways: ReadonlyMap<string, Entry>,
  taken: Map<string, Entry>,
  report: Report,
): void {
  const rules = arr(entry.spec.rules).map(obj);
  const onlyRedirects =
    rules.length > 0 &&
    rules.every(({ filters, backendRefs }) => {
      const types = arr(filters).map((filter) => obj(filter).type);
      return types.includes('RequestRedirect') && arr(backendRefs).length === 0;
    });
  arr(entry.spec.parentRefs).forEach((item, i) => {
    const parent = obj(item);
    if (parent.kind !== undefined && parent.kind !== 'Gateway') return;
    const at = `spec.parentRefs[${i}]`;
    const gateway = gateways.get(`${str(parent.namespace) ?? entry.namespace}/${String(parent.name)}`);
    const listeners = arr(gateway?.spec.listeners)
      .map(obj)
      .filter(({ name, port, protocol }) => isMeant(parent, name, port) && ROUTED.has(String(protocol)));
    const plain = listeners.find(({ protocol }) => protocol === 'HTTP');
    if (plain && !onlyRedirects) {
      const mend = 'name its listener for HTTPS in sectionName, or only redirect';
      report(entry, at, `${String(parent.name)}/${String(plain.name)}`, `${PLAIN} at that listener; ${mend}`);
    }
    const hosts = arr(entry.spec.hostnames).map(String);
    for (const host of hosts.length > 0 ? hosts : ['*']) {
      rules.forEach(({ matches }, j) => {
        const all = arr(matches).map(obj);
        (all.length > 0 ? all : [{} as Obj]).forEach((match, k) => {
          const value = str(obj(match.path).value) ?? '/';
          const rest = JSON.stringify([
            obj(match.path).type ?? 'PathPrefix',
            match.method,
            match.headers,
            match.queryParams,
          ]);
          const listener = listeners.map(({ name }) => String(name)).join();
          const key = `${entry.namespace}|${String(parent.name)}|${listener}|${host}|${value}|${rest}`;
          twice(entry, `spec.rules[${j}].matches[${k}]`, `${host}${value}`, key, taken, report);
        });
      });
    }
  });
}

const ROUTED = new Set(['HTTP', 'HTTPS']);

function isMeant({ sectionName, port: wanted }: Obj, name: unknown, port: unknown): boolean {
  return (sectionName === undefined || sectionName === name) && (wanted === undefined || wanted === port);
}

function twice(entry: Entry, at: string, value: string, key: string, taken: Map<string, Entry>, report: Report): void {
  const other = taken.get(key);
  if (other)
    report(
      entry,
      at,
      value,
      `is led elsewhere by ${other.kind} ${other.namespace}/${other.name}; give one of the two another host or path`,
    );
  else taken.set(key, entry);
}

/** A frontend for HTTP that leads to backends has a certificate on each of its ports. */
function haproxy(text: Text, report: Report): void {
  const defaults = /^\s*defaults\b[^]*?^\s*mode\s+(\w+)/m.exec(text.value)?.[1] ?? 'tcp';
  for (const section of text.value.split(/^(?=[a-z-]+(?:\s|$))/m)) {
    if (!section.startsWith('frontend') && !section.startsWith('listen')) continue;
    const mode = /^\s+mode\s+(\w+)/m.exec(section)?.[1] ?? defaults;
    if (mode !== 'http' || !/^\s+(use_backend|default_backend|server)\s/m.test(section)) continue;
    const plain = /^\s+bind\s+(?!.*\bssl\b).*$/m.exec(section);
    if (plain)
      report(
        text.entry,
        text.path(),
        plain[0].trim(),
        `${PLAIN} in ${section.split('\n')[0].trim()}; add ssl and its certificate`,
      );
  }
}
