import { SELECTS_AT_RUN_TIME } from '../../labels';
import { type Entry } from '../entry';
import { mend, type Context, type Report, type Rule } from '../context';
import { arr, isObj, obj, str } from '../json';
import { type Pod } from '../pods';
import { SYSTEM_SERVICES } from '../runtime';
import { selects, showSelector } from '../selectors';
import { type Service } from '../services';

/** Each monitor selects Services or pods that exist, and names ports of theirs. */
export const monitors: Rule = {
  name: 'monitor',
  check(context, report) {
    for (const entry of context.bundle.ofType('ServiceMonitor.monitoring.coreos.com'))
      serviceMonitor(entry, context, report);
    for (const entry of context.bundle.ofType('PodMonitor.monitoring.coreos.com')) podMonitor(entry, context, report);
  },
};

function serviceMonitor(entry: Entry, { services }: Context, report: Report): void {
  const selected = services.select(entry.spec.selector, namespacesOf(entry));
  if (selected.length === 0) {
    if (selectsSystem(entry) || entry.annotations[SELECTS_AT_RUN_TIME] === 'true') return;
    report(
      entry,
      'spec.selector',
      showSelector(entry.spec.selector),
      `selects no Service${placeOf(entry)}; correct it to the labels of the Service that is to be scraped`,
    );
    return;
  }
  const names = [...new Set(selected.flatMap((service) => service.ports.flatMap((port) => port.name ?? [])))];
  arr(entry.spec.endpoints).forEach((item, i) => {
    const { port, targetPort } = obj(item);
    const at = `spec.endpoints[${i}]`;
    if (str(port) !== undefined && !names.includes(String(port))) {
      report(
        entry,
        `${at}.port`,
        port,
        `is no port of the Services it selects (${serviceNames(selected)})${mend(String(port), names, 'name one of their ports')}`,
      );
    }
    const pods = selected.flatMap((service) => service.pods);
    if (targetPort !== undefined && port === undefined && pods.length > 0)
      checkPodPort(entry, `${at}.targetPort`, targetPort, pods, report);
  });
}

function selectsSystem(entry: Entry): boolean {
  const namespaces = namespacesOf(entry);
  const places = namespaces === 'all' ? [...SYSTEM_SERVICES.keys()] : namespaces;
  return places.some((name) =>
    (SYSTEM_SERVICES.get(name) ?? []).some((labels) => selects(entry.spec.selector, labels)),
  );
}

function podMonitor(entry: Entry, { bundle, strict }: Context, report: Report): void {
  const namespaces = namespacesOf(entry);
  const pods = (namespaces === 'all' ? [...bundle.podNamespaces()] : namespaces).flatMap((name) => [
    ...bundle.podIndex(name).select(entry.spec.selector),
  ]);
  if (pods.length === 0) {
    if (!strict) return;
    report(
      entry,
      'spec.selector',
      showSelector(entry.spec.selector),
      `selects no pod${placeOf(entry)}; correct it to the labels of the pods that are to be scraped`,
    );
    return;
  }
  arr(entry.spec.podMetricsEndpoints).forEach((item, i) => {
    const { port } = obj(item);
    if (str(port) !== undefined) checkPodPort(entry, `spec.podMetricsEndpoints[${i}].port`, port, pods, report);
  });
}

function checkPodPort(entry: Entry, at: string, port: unknown, pods: readonly Pod[], report: Report): void {
  const open = pods.flatMap((pod) => pod.ports);
  if (open.some((p) => p.name === port || p.number === port)) return;
  const names = [
    ...new Set(open.map((p) => (typeof port === 'number' ? String(p.number) : (p.name ?? String(p.number))))),
  ];
  report(entry, at, port, `is no port of the pods it selects${mend(String(port), names, 'name one of their ports')}`);
}

function namespacesOf({ spec, namespace }: Entry): readonly string[] | 'all' {
  const { any, matchNames } = obj(spec.namespaceSelector);
  if (any === true) return 'all';
  const names = arr(matchNames).map(String);
  return isObj(spec.namespaceSelector) && names.length > 0 ? names : [namespace];
}

function placeOf(entry: Entry): string {
  const namespaces = namespacesOf(entry);
  return namespaces === 'all' ? ' in any namespace' : ` in namespace ${namespaces.join(', ')}`;
}

function serviceNames(services: readonly Service[]): string {
  return (
    services
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ') + (services.length > 3 ? '...' : '')
  );
}
