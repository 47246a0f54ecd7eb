import { type JsonSchema } from '../../crds/json-schema';
import { makeEntry, type Entry } from './entry';
import { arr, dig, isObj, obj, str, type Obj } from './json';
import { CRD, groupOf, kindOf, typeOf } from './kinds';
import { knownPod, podsOf, templatesIn, type Pod } from './pods';
import { GIVEN, madeBy, madeInEachNamespace, madePod, type Made } from './runtime';
import { LabelIndex, selects } from './selectors';
import { type External, type LinkObject, type LinkOptions } from './types';

/** A kind that a CRD of the bundle defines. */
export interface CustomKind {
  readonly entry: Entry;
  readonly namespaced: boolean;
  readonly plural: string;
  /** Served versions with their schema. */
  readonly versions: ReadonlyMap<string, JsonSchema | undefined>;
}

const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
const BINDINGS = ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'];

/** What a name refers to. */
export interface Target {
  /** The object, where it is one of the bundle's. */
  readonly entry?: Entry;
  /** What makes it, where it is made at run time. */
  readonly made?: Made;
  /** The object that is it or makes it, hence when it is there; undefined where it always is. */
  readonly from?: Entry;
  /** Keys of a Secret or ConfigMap; undefined where any may be there. */
  readonly keys?: ReadonlySet<string>;
}

/** Everything that is linked, indexed once. */
export class Bundle {
  readonly entries: readonly Entry[];
  readonly pods: readonly Pod[] = [];
  readonly customKinds: ReadonlyMap<string, CustomKind>;
  /** Groups that CRDs of the bundle define kinds of. */
  readonly customGroups = new Set<string>();
  readonly clusterDomain: string;
  private readonly types = new Map<string, Entry[]>();
  private readonly targets = new Map<string, Target>();
  private readonly namespaceEntries = new Map<string, Entry | undefined>();
  private readonly podsByEntry = new Map<Entry, readonly Pod[]>();
  private readonly podsByNamespace = new Map<string, LabelIndex<Pod>>();
  private readonly everyNamespace = new Map<string, Made>();
  private readonly wildcards: External[] = [];
  private bindings?: Map<string, Entry[]>;
  /** Made when the first suggestion is. */
  private namesByPlace?: Map<string, string[]>;

  constructor(
    objects: readonly LinkObject[],
    readonly options: LinkOptions,
  ) {
    this.clusterDomain = options.clusterDomain ?? 'cluster.local';
    const defaultNamespace = options.namespace ?? 'default';
    const kinds = customKindsOf(objects);
    this.entries = objects.map((o, i) => makeEntry(o, i, (type) => kinds.get(type)?.namespaced, defaultNamespace));
    this.customKinds = new Map(
      [...kinds].map(([type, { index, ...kind }]) => [type, { ...kind, entry: this.entries[index] }]),
    );
    for (const type of kinds.keys()) this.customGroups.add(type.slice(kindOf(type).length + 1));
    for (const given of GIVEN) this.add(given.type, given.namespace ?? '', given.name, { keys: given.keys });
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease', defaultNamespace]) {
      this.namespaceEntries.set(name, undefined);
    }
    for (const external of options.external ?? []) this.addExternal(external);
    const pods = this.pods as Pod[];
    for (const entry of this.entries) {
      list(this.types, entry.type).push(entry);
      if (entry.name !== '') this.add(entry.type, entry.namespace, entry.name, { entry, from: entry });
      if (entry.type === 'Namespace') this.namespaceEntries.set(entry.name, entry);
      const own = workloadPods(entry);
      if (own.length === 0) continue;
      this.podsByEntry.set(entry, own);
      for (const pod of own) {
        pods.push(pod);
        this.podIndex(pod.namespace).add(pod);
      }
    }
    for (const entry of this.entries) {
      for (const made of madeBy(entry)) {
        const key = keyOf(made.type, made.namespace, made.name);
        const there = this.targets.get(key);
        if (!there || (there.entry && isEmptySecret(there.entry))) {
          this.targets.set(key, { made, from: entry, keys: made.keys, entry: there?.entry });
        }
      }
      for (const made of madeInEachNamespace(entry)) this.everyNamespace.set(keyOf(made.type, '', made.name), made);
    }
  }

  /** All objects of a type. */
  ofType(type: string): readonly Entry[] {
    return this.types.get(type) ?? [];
  }

  podsOf(entry: Entry): readonly Pod[] {
    return this.podsByEntry.get(entry) ?? [];
  }

  /** The bindings that name a service account. */
  bindingsOf(namespace: string, account: string): readonly Entry[] {
    if (!this.bindings) {
      this.bindings = new Map();
      for (const type of BINDINGS) {
        for (const entry of this.ofType(type)) {
          for (const item of arr(entry.object.subjects)) {
            const subject = obj(item);
            if (subject.kind !== 'ServiceAccount') continue;
            list(this.bindings, `${str(subject.namespace) ?? entry.namespace}/${String(subject.name)}`).push(entry);
          }
        }
      }
    }
    return this.bindings.get(`${namespace}/${account}`) ?? [];
  }

  /** The namespaces that a selector of namespaces matches. */
  selectNamespaces(selector: unknown): readonly string[] {
    const { matchLabels, matchExpressions } = obj(selector);
    const name = obj(matchLabels)[NAMESPACE_NAME];
    const candidates = typeof name === 'string' ? [name].filter((n) => this.hasNamespace(n)) : [...this.namespaces];
    if (typeof name === 'string' && Object.keys(obj(matchLabels)).length === 1 && matchExpressions === undefined)
      return candidates;
    return candidates.filter((candidate) => selects(selector, this.namespaceLabels(candidate)));
  }

  /** The pods of a namespace by their labels. */
  podIndex(namespace: string): LabelIndex<Pod> {
    let index = this.podsByNamespace.get(namespace);
    if (!index) this.podsByNamespace.set(namespace, (index = new LabelIndex()));
    return index;
  }

  podNamespaces(): Iterable<string> {
    return this.podsByNamespace.keys();
  }

  /** What a name refers to; undefined where nothing has it. Cluster-wide kinds have an empty namespace. */
  find(type: string, namespace: string, name: string): Target | undefined {
    const target = this.targets.get(keyOf(type, namespace, name));
    if (target) return target;
    const everywhere = this.everyNamespace.get(keyOf(type, '', name)) ?? IN_EACH_NAMESPACE.get(keyOf(type, '', name));
    if (everywhere && namespace !== '') return { keys: everywhere.keys };
    const kind = kindOf(type);
    const wildcard = this.wildcards.find(
      (e) =>
        (e.kind === kind || e.kind === type) &&
        (e.name === '*' || e.name === name) &&
        (e.namespace === undefined || [e.namespace, namespace].includes('*') || e.namespace === namespace),
    );
    return wildcard ? { keys: wildcard.keys && new Set(wildcard.keys) } : undefined;
  }

  /** The object of that type and name in whatever namespace. */
  findAnywhere(type: string, name: string): Target | undefined {
    const entry = this.ofType(type).find((e) => e.name === name);
    return entry ? { entry, from: entry } : this.find(type, '*', name);
  }

  /** Where a ClusterIssuer's Secrets are looked up: the namespace that cert-manager runs in. */
  get issuerNamespace(): string {
    const controller = this.ofType('Deployment.apps').find(
      ({ labels }) =>
        labels['app.kubernetes.io/name'] === 'cert-manager' &&
        ['controller', 'cert-manager'].includes(String(labels['app.kubernetes.io/component'])),
    );
    return controller?.namespace ?? 'cert-manager';
  }

  /** Names of that type in that namespace, for suggestions. */
  names(type: string, namespace: string): readonly string[] {
    if (!this.namesByPlace) {
      this.namesByPlace = new Map();
      for (const key of this.targets.keys()) {
        const place = key.slice(0, key.lastIndexOf('|'));
        list(this.namesByPlace, place).push(key.slice(place.length + 1));
      }
    }
    return this.namesByPlace.get(`${type}|${namespace}`) ?? [];
  }

  /** True where the namespace is in the bundle, the cluster's own, or declared. */
  hasNamespace(name: string): boolean {
    return this.namespaceEntries.has(name);
  }

  namespaceEntry(name: string): Entry | undefined {
    return this.namespaceEntries.get(name);
  }

  get namespaces(): Iterable<string> {
    return this.namespaceEntries.keys();
  }

  /** True where a CustomResourceDefinition of the group is declared external: `servicemonitors.monitoring.coreos.com`. */
  isDeclaredGroup(group: string): boolean {
    return this.wildcards.some(({ kind, name }) => kind === 'CustomResourceDefinition' && name.endsWith(`.${group}`));
  }

  /** A namespace's labels, with the one that Kubernetes sets. */
  namespaceLabels(name: string): Obj {
    return { [NAMESPACE_NAME]: name, ...this.namespaceEntries.get(name)?.labels };
  }

  private add(type: string, namespace: string, name: string, target: Target): void {
    const key = keyOf(type, namespace, name);
    if (this.targets.has(key) && this.targets.get(key)!.entry) return;
    const keys = target.keys ?? (target.entry && keysOf(target.entry));
    this.targets.set(key, { ...target, keys });
  }

  private addExternal(external: External): void {
    this.wildcards.push(external);
    if (external.kind === 'Namespace') this.namespaceEntries.set(external.name, undefined);
    else if (external.namespace && external.namespace !== '*') {
      if (!this.namespaceEntries.has(external.namespace)) this.namespaceEntries.set(external.namespace, undefined);
    }
  }
}

function workloadPods(entry: Entry): readonly Pod[] {
  if (!entry.group.includes('.') || entry.group.endsWith('.k8s.io')) return podsOf(entry);
  const made = madePod(entry);
  return made ? [knownPod(entry, made)] : templatesIn(entry);
}

const IN_EACH_NAMESPACE: ReadonlyMap<string, { readonly keys?: ReadonlySet<string> }> = new Map([
  [keyOf('ServiceAccount', '', 'default'), {}],
  [keyOf('ConfigMap', '', 'kube-root-ca.crt'), { keys: new Set(['ca.crt']) }],
]);

function keyOf(type: string, namespace: string, name: string): string {
  return `${type}|${namespace}|${name}`;
}

function list<T>(map: Map<string, T[]>, key: string): T[] {
  let items = map.get(key);
  if (!items) map.set(key, (items = []));
  return items;
}

function isEmptySecret({ type, object }: Entry): boolean {
  return type === 'Secret' && !isObj(object.data) && !isObj(object.stringData);
}

/** The keys of a Secret or ConfigMap. A Secret without any is filled at run time. */
function keysOf(entry: Entry): ReadonlySet<string> | undefined {
  if (entry.type !== 'Secret' && entry.type !== 'ConfigMap') return undefined;
  const { data, stringData, binaryData } = entry.object;
  const keys = new Set([data, stringData, binaryData].flatMap((part) => Object.keys(obj(part))));
  if (keys.size > 0) return keys;
  if (entry.type === 'ConfigMap' && !FILLED.test(Object.keys({ ...entry.labels, ...entry.annotations }).join(' ')))
    return keys;
  return undefined;
}

/** Labels and annotations that ask a controller to fill a ConfigMap. */
const FILLED = /inject/;

function customKindsOf(objects: readonly LinkObject[]): Map<string, Omit<CustomKind, 'entry'> & { index: number }> {
  const kinds = new Map<string, Omit<CustomKind, 'entry'> & { index: number }>();
  objects.forEach(({ object }, index) => {
    if (object.kind !== 'CustomResourceDefinition') return;
    if (typeOf(object.kind, groupOf(str(object.apiVersion) ?? '')) !== CRD) return;
    const spec = obj(object.spec);
    const versions = new Map<string, JsonSchema | undefined>();
    for (const item of arr(spec.versions)) {
      const version = obj(item);
      const schema = dig(version, 'schema', 'openAPIV3Schema');
      if (version.served !== false) versions.set(str(version.name) ?? '', isObj(schema) ? schema : undefined);
    }
    const type = typeOf(str(dig(spec, 'names', 'kind')) ?? '', str(spec.group) ?? '');
    const plural = str(dig(spec, 'names', 'plural')) ?? '';
    if (!kinds.has(type)) kinds.set(type, { index, namespaced: spec.scope !== 'Cluster', plural, versions });
  });
  return kinds;
}
