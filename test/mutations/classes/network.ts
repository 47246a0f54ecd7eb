import { type KubeObject, type LinkObject } from '../../../lib/core/link';
import {
  change,
  changes,
  isTree,
  leaves,
  tail,
  TAKEN_OUT,
  title,
  valueAt,
  without,
  WORKLOADS,
  replace,
  setAt,
  type Leaf,
  type MutantClass,
} from '../mutant';

const HOST = /([a-z0-9][a-z0-9-]*)\.([a-z0-9-]+)\.svc(\.cluster\.local)?(:\d+)?/g;
const hasHost = (kind: string): boolean => WORKLOADS.has(kind) || kind === 'ConfigMap';
const changed = (value: unknown): string[] => [`${String(value)}-x`];

/** Hosts in arguments, variables and configuration files, changed one at a time. */
function hosts(
  name: string,
  edit: (service: string, namespace: string, domain: string, port: string) => string | undefined,
): MutantClass {
  return changes(name, ({ value }, { kind }) => {
    if (!hasHost(kind) || typeof value !== 'string' || !value.includes('.svc')) return undefined;
    return [...value.matchAll(HOST)].flatMap((match) => {
      const [whole, service, namespace, domain = '', port = ''] = match;
      const next = edit(service, namespace, domain, port);
      return next === undefined || next === whole
        ? []
        : [value.slice(0, match.index) + next + value.slice(match.index + whole.length)];
    });
  });
}

/** Services, ports, hosts, probes and policies. */
export const NETWORK: readonly MutantClass[] = [
  changes('selector of a Service changed', ({ path, value }, { kind }) =>
    kind === 'Service' && path[1] === 'selector' && path.length === 3 ? changed(value) : undefined,
  ),
  changes('target port of a Service changed', ({ path, value }, { kind }) => {
    if (kind !== 'Service' || tail(path)[0] !== 'targetPort') return undefined;
    return [typeof value === 'number' ? value + 1 : `${String(value)}x`];
  }),
  {
    name: 'port of a Service changed that clients use',
    mutants: (bundle) => {
      const text = bundle
        .filter(({ object }) => hasHost(object.kind))
        .map(({ object }) => JSON.stringify(object))
        .join('\n');
      return bundle.flatMap(({ object }, index) => {
        // A headless Service's clients connect to its pods, whatever its own port says.
        if (object.kind !== 'Service' || valueAt(object, ['spec', 'clusterIP']) === 'None') return [];
        const host = `${object.metadata.name}.${object.metadata.namespace}`;
        return [...leaves(object)].flatMap(({ path, value }) => {
          const port = Number(value);
          if (tail(path)[0] !== 'port') return [];
          // Nobody's configuration names the others: their clients are outside the bundle.
          const used =
            new RegExp(`${host}\\.svc[a-z.]*:${port}\\b`).test(text) ||
            isWebhookPort(bundle, object.metadata.name, port);
          return used ? [change(bundle, index, path, port + 1)] : [];
        });
      });
    },
  },
  {
    name: 'number of a container port changed that is used',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) => {
        if (!WORKLOADS.has(object.kind)) return [];
        return [...leaves(object)].flatMap(({ path, value }) => {
          const [last, parent] = tail(path);
          if (last !== 'containerPort' || parent !== 'ports') return [];
          // A container's declaration opens nothing: it matters where a Service or a policy leads to that number, or the configuration names it.
          const text = [...configurationOf(bundle, object)].join('\n');
          const policy = bundle.some(
            ({ object: o }) =>
              o.kind === 'NetworkPolicy' &&
              o.metadata.namespace === object.metadata.namespace &&
              selectsAll(valueAt(o, ['spec', 'podSelector', 'matchLabels']), templateLabels(object)) &&
              JSON.stringify(o.spec).includes(`:${Number(value)},`),
          );
          const used = policy || isTarget(bundle, object, value) || new RegExp(`[:= ]${Number(value)}\\b`).test(text);
          return used ? [change(bundle, index, path, Number(value) + 1000)] : [];
        });
      }),
  },
  {
    name: 'name of a container port changed that is used',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) => {
        if (!WORKLOADS.has(object.kind)) return [];
        return [...leaves(object)].flatMap(({ path, value }) => {
          const [last, parent] = tail(path);
          if (last !== 'name' || parent !== 'ports' || typeof value !== 'string') return [];
          // Only names that a probe of this container or a Service that selects this pod asks for.
          const container = valueAt(object, path.slice(0, -3));
          const probed = [...leaves(container)].some((leaf) => tail(leaf.path)[0] === 'port' && leaf.value === value);
          const labels = templateLabels(object);
          const served = bundle.some(
            ({ object: o }) =>
              o.kind === 'Service' &&
              o.metadata.namespace === object.metadata.namespace &&
              selectsAll(valueAt(o, ['spec', 'selector']), labels) &&
              [...leaves(o)].some((leaf) => tail(leaf.path)[0] === 'targetPort' && leaf.value === value),
          );
          return probed || served ? [change(bundle, index, path, `${value.slice(0, 12)}-x`)] : [];
        });
      }),
  },
  changes('port of a probe changed', ({ path, value }, object) => {
    const { kind } = object;
    const names = tail(path);
    if (!WORKLOADS.has(kind) || names[0] !== 'port' || !names.some((key) => /Probe$|preStop|postStart/.test(key)))
      return undefined;
    // A probe of a loopback address asks for a port that nobody declares, since nobody else can reach it.
    if (valueAt(object, [...path.slice(0, -1), 'host']) !== undefined) return undefined;
    // Far enough not to be the container's next port, which it does open.
    return [typeof value === 'number' ? value + 1000 : `${String(value)}x`];
  }),
  hosts(
    'Service renamed in a host',
    (service, namespace, domain, port) => `${service}-x.${namespace}.svc${domain}${port}`,
  ),
  hosts(
    'namespace changed in a host',
    (service, namespace, domain, port) => `${service}.${namespace}-x.svc${domain}${port}`,
  ),
  hosts('port changed in a host', (service, namespace, domain, port) =>
    port === '' ? undefined : `${service}.${namespace}.svc${domain}:${Number(port.slice(1)) + 1}`,
  ),
  hosts('domain changed in a host', (service, namespace, domain, port) =>
    domain === '' ? undefined : `${service}.${namespace}.svc.cluster.locl${port}`,
  ),
  {
    name: 'Service taken out',
    mutants: (bundle) => bundle.flatMap(({ object }, i) => (object.kind === 'Service' ? [without(bundle, i)] : [])),
  },
  {
    name: 'NetworkPolicy taken out',
    mutants: (bundle) => {
      const shown = shownPolicies(bundle);
      return bundle.flatMap(({ object }, i) =>
        shown.has(object) && matters(bundle, object) ? [without(bundle, i)] : [],
      );
    },
  },
  {
    name: 'rule of a NetworkPolicy taken out',
    mutants: (bundle) =>
      policies('', ({ path, value }, object) => {
        if (path.length !== 3 || (path[1] !== 'ingress' && path[1] !== 'egress')) return undefined;
        // Pods whose configuration names no host can do without DNS: they know the API server by its address.
        const isDns = JSON.stringify(value).includes('kube-dns');
        return (isDns && !usesHosts(bundle, object)) || isDoubled(bundle, object, value) ? undefined : [TAKEN_OUT];
      }).mutants(bundle),
  },
  policies('port of a NetworkPolicy changed', ({ path, value }, object, bundle) =>
    tail(path)[0] === 'port' && !isDoubled(bundle, object, valueAt(object, path.slice(0, 3)))
      ? [typeof value === 'number' ? value + 1 : `${String(value)}x`]
      : undefined,
  ),
  changes('peer of a NetworkPolicy changed', ({ path, value }, { kind }) => {
    if (kind !== 'NetworkPolicy' || typeof value !== 'string') return undefined;
    return path.includes('matchLabels') && (path.includes('from') || path.includes('to')) ? changed(value) : undefined;
  }),
  policies('pods of a NetworkPolicy changed', ({ path, value }) =>
    path[1] === 'podSelector' && path.length === 4 ? changed(value) : undefined,
  ),
  policies('direction of a NetworkPolicy taken out', ({ path, value }, object, bundle) => {
    if (path[1] !== 'policyTypes' || path.length !== 3) return undefined;
    // With default-deny beside it, a policy without rules of that direction says nothing about it either way.
    const rules = valueAt(object, ['spec', String(value).toLowerCase()]);
    const isDefault = rulesOf(object).length === 0;
    const matters = Array.isArray(rules) && rules.some((rule) => !isDoubled(bundle, object, rule));
    return isDefault || matters ? [TAKEN_OUT] : undefined;
  }),
  policies('peers of a NetworkPolicy taken out: open to everybody', ({ path }) =>
    tail(path)[0] === 'from' && typeof path[path.length - 1] === 'string' ? [TAKEN_OUT] : undefined,
  ),
  {
    name: 'replicas fewer than the configuration names',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) => {
        const replicas = valueAt(object, ['spec', 'replicas']);
        const named = bundle.some(({ object: o }) =>
          JSON.stringify(o).includes(`${object.metadata.name}-{0...${Number(replicas) - 1}}.`),
        );
        return object.kind === 'StatefulSet' && named
          ? [change(bundle, index, ['spec', 'replicas'], Number(replicas) - 1)]
          : [];
      }),
  },
  webhooks('Service of a webhook renamed', 'name', changed),
  webhooks('namespace of a webhook changed', 'namespace', changed),
  webhooks('port of a webhook changed', 'port', (value) => [Number(value) + 1]),
  webhooks('path of a webhook broken', 'path', (value) => [String(value).slice(1)]),
  {
    name: 'port of a webhook taken out where it is not 443',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        [...leaves(entry.object)].flatMap(({ path, value }) => {
          if (
            tail(path)[0] !== 'service' ||
            !path.includes('clientConfig') ||
            !isTree(value) ||
            value.port === undefined ||
            value.port === 443
          )
            return [];
          return [
            {
              what: `${title(entry)}: no port`,
              make: () => replace(bundle, index, (o) => setAt(o, [...path, 'port'], undefined)),
            },
          ];
        }),
      ),
  },
];

/** A class that changes each value of policies whose pods are shown. */
function policies(
  name: string,
  pick: (leaf: Leaf, object: KubeObject, bundle: readonly LinkObject[]) => readonly unknown[] | undefined,
): MutantClass {
  return {
    name,
    mutants: (bundle) => {
      const shown = shownPolicies(bundle);
      return changes(name, (leaf, object) => (shown.has(object) ? pick(leaf, object, bundle) : undefined)).mutants(
        bundle,
      );
    },
  };
}

/** Policies that deny all, and those of pods that a workload shows: what controllers and queues make at run time needs is in no manifest. */
function shownPolicies(bundle: readonly LinkObject[]): Set<KubeObject> {
  const all = bundle.map(({ object }) => object).filter(({ kind }) => kind === 'NetworkPolicy');
  return new Set(all.filter((object) => rulesOf(object).length === 0 || podsOf(bundle, object).length > 0));
}

/** The workloads whose pods a policy selects. */
function podsOf(bundle: readonly LinkObject[], policy: KubeObject): KubeObject[] {
  const labels = valueAt(policy, ['spec', 'podSelector', 'matchLabels']) ?? {};
  return bundle
    .map(({ object }) => object)
    .filter(
      (object) =>
        WORKLOADS.has(object.kind) &&
        object.metadata.namespace === policy.metadata.namespace &&
        selectsAll(labels, templateLabels(object)),
    );
}

function rulesOf({ spec }: KubeObject): unknown[] {
  return ['ingress', 'egress'].flatMap((direction) => valueAt(spec, [direction]) ?? []);
}

/** Whether something breaks without a policy: it denies all, or allows what no other does. */
function matters(bundle: readonly LinkObject[], policy: KubeObject): boolean {
  const rules = rulesOf(policy);
  return rules.length === 0 || rules.some((rule) => !isDoubled(bundle, policy, rule));
}

/** Whether another policy says the same for all pods that a policy selects, so that nothing breaks without the rule. */
function isDoubled(bundle: readonly LinkObject[], policy: KubeObject, rule: unknown): boolean {
  const text = canonical(rule);
  const pods = podsOf(bundle, policy);
  return bundle.some(
    ({ object }) =>
      object.kind === 'NetworkPolicy' &&
      object !== policy &&
      object.metadata.namespace === policy.metadata.namespace &&
      rulesOf(object).some((other) => canonical(other) === text) &&
      pods.every((pod) => podsOf(bundle, object).includes(pod)),
  );
}

/** A text that is the same for rules that say the same, in whatever order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
  if (!isTree(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${key}:${canonical(value[key])}`)
    .join()}}`;
}

/** The strings that a workload's containers are configured by: arguments, variables, mounted files. */
function* configurationOf(bundle: readonly LinkObject[], object: KubeObject): Generator<string> {
  const mounted = new Set<string>();
  for (const { path, value } of leaves(object)) {
    const [last, parent] = tail(path);
    if ((last === 'args' || last === 'command') && typeof value === 'string') yield value;
    if (last === 'value' && parent === 'env' && typeof value === 'string') yield value;
    if (last === 'name' && parent === 'configMap') mounted.add(String(value));
  }
  for (const { object: o } of bundle) {
    if (
      o.kind !== 'ConfigMap' ||
      o.metadata.namespace !== object.metadata.namespace ||
      !mounted.has(o.metadata.name ?? '')
    )
      continue;
    for (const { value } of leaves(o.data)) if (typeof value === 'string') yield value;
  }
}

/** True where a Service that selects the workload's pods leads to that number. */
function isTarget(bundle: readonly LinkObject[], object: KubeObject, port: unknown): boolean {
  return bundle.some(
    ({ object: o }) =>
      o.kind === 'Service' &&
      o.metadata.namespace === object.metadata.namespace &&
      selectsAll(valueAt(o, ['spec', 'selector']), templateLabels(object)) &&
      [...leaves(o)].some((leaf) => tail(leaf.path)[0] === 'targetPort' && leaf.value === port),
  );
}

function webhooks(name: string, key: string, edit: (value: unknown) => unknown[]): MutantClass {
  return changes(name, ({ path, value }) => {
    const [last, parent, grand] = tail(path);
    return last === key && parent === 'service' && grand === 'clientConfig' ? edit(value) : undefined;
  });
}

/** True where the pods that a policy selects have hosts in their configuration. */
function usesHosts(bundle: readonly LinkObject[], policy: KubeObject): boolean {
  return bundle.some(
    ({ object }) =>
      WORKLOADS.has(object.kind) &&
      object.metadata.namespace === policy.metadata.namespace &&
      selectsAll(valueAt(policy, ['spec', 'podSelector', 'matchLabels']), templateLabels(object)) &&
      [...configurationOf(bundle, object)].some((text) => /\.svc\b/.test(text)),
  );
}

function isWebhookPort(bundle: Parameters<MutantClass['mutants']>[0], name: string | undefined, port: number): boolean {
  return bundle.some(({ object }) =>
    [...leaves(object)].some(
      ({ path, value }) =>
        tail(path)[0] === 'service' &&
        path.includes('clientConfig') &&
        isTree(value) &&
        value.name === name &&
        (value.port ?? 443) === port,
    ),
  );
}

function templateLabels(object: unknown): unknown {
  return (
    valueAt(object, ['spec', 'template', 'metadata', 'labels']) ??
    valueAt(object, ['spec', 'jobTemplate', 'spec', 'template', 'metadata', 'labels'])
  );
}

function selectsAll(selector: unknown, labels: unknown): boolean {
  return isTree(selector) && isTree(labels) && Object.entries(selector).every(([key, value]) => labels[key] === value);
}
