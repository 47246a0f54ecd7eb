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
  type Mutant,
  type MutantClass,
} from '../mutant';
import { type LinkObject } from '../../../lib/core/link';

const BUILT_IN = /^(v1|apps\/v1|batch\/v1|policy\/v1|autoscaling\/v\d|[a-z0-9.]+\.k8s\.io\/v\d\w*)$/;
const isCustom = ({ object }: LinkObject): boolean => !BUILT_IN.test(object.apiVersion);
const changed = (value: unknown): string[] => [`${String(value)}-x`];

/** A class that makes mutants of those objects that a test picks. */
function objects(
  name: string,
  mutants: (entry: LinkObject, index: number, bundle: readonly LinkObject[]) => Mutant[],
): MutantClass {
  return { name, mutants: (bundle) => bundle.flatMap((entry, index) => mutants(entry, index, bundle)) };
}

/** Identity, labels, order, kinds and rights. */
export const OBJECTS: readonly MutantClass[] = [
  changes('selector of a workload or budget changed', ({ path, value }, { kind }) => {
    const own = WORKLOADS.has(kind) || kind === 'PodDisruptionBudget';
    return own && path[1] === 'selector' && path[2] === 'matchLabels' && path.length === 4 ? changed(value) : undefined;
  }),
  {
    name: 'label of a pod changed that something selects by',
    mutants: (bundle) => {
      const selected = new Set<string>();
      for (const { object } of bundle) {
        for (const { path, value } of leaves(object)) {
          const inSelector =
            path.includes('selector') || path.includes('podSelector') || path.includes('labelSelector');
          if (inSelector && typeof value === 'string') selected.add(`${String(path[path.length - 1])}=${value}`);
        }
      }
      return changes('', ({ path, value }, { kind }) => {
        const [last, parent, , owner] = tail(path);
        const isLabel = WORKLOADS.has(kind) && parent === 'labels' && owner === 'template';
        return isLabel && selected.has(`${last}=${String(value)}`) ? changed(value) : undefined;
      }).mutants(bundle);
    },
  },
  objects('namespace taken out', (entry, index, bundle) =>
    entry.object.kind === 'Namespace' ? [without(bundle, index)] : [],
  ),
  changes('object moved into a namespace that does not exist', ({ path, value }) =>
    path.length === 2 && path[0] === 'metadata' && path[1] === 'namespace' ? changed(value) : undefined,
  ),
  objects('workload, certificate, issuer, pool or its announcement taken out', (entry, index, bundle) => {
    const { kind } = entry.object;
    const needed = ['Certificate', 'Issuer', 'ClusterIssuer', 'IPAddressPool', 'L2Advertisement', 'BGPAdvertisement'];
    return WORKLOADS.has(kind) || needed.includes(kind) ? [without(bundle, index)] : [];
  }),
  objects('object given twice', (entry, _, bundle) => [
    { what: `${title(entry)}: twice`, make: () => [...bundle, { ...entry, source: `${entry.source}(copy)` }] },
  ]),
  changes('label or name made illegal', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    if (kind === 'CustomResourceDefinition' || typeof value !== 'string') return undefined;
    if (path.length === 3 && path[0] === 'metadata' && path[1] === 'labels')
      return last.endsWith('/name') ? [`${value} ${value}`, 'x'.repeat(64)] : undefined;
    if (path.length === 2 && path[0] === 'metadata' && last === 'name')
      return kind.includes('Role') ? [`${value}/x`] : [`${value}_X`];
    return last === 'name' && parent === 'containers' && WORKLOADS.has(kind) ? [value.toUpperCase()] : undefined;
  }),
  changes('apiVersion of an object wrong', ({ path, value }) =>
    path.length === 1 && path[0] === 'apiVersion'
      ? [String(value).replace(/v\d\w*$/, 'v9'), `x.${String(value)}`]
      : undefined,
  ),
  changes('kind of an object wrong', ({ path, value }) =>
    path.length === 1 && path[0] === 'kind' ? [`${String(value)}s`] : undefined,
  ),
  {
    name: 'CRD taken out that a custom resource needs',
    mutants: (bundle) => {
      const used = new Set(
        bundle.filter(isCustom).map(({ object }) => `${object.kind}.${object.apiVersion.split('/')[0]}`),
      );
      return bundle.flatMap(({ object }, index) => {
        const kind = `${String(valueAt(object, ['spec', 'names', 'kind']))}.${String(valueAt(object, ['spec', 'group']))}`;
        return object.kind === 'CustomResourceDefinition' && used.has(kind) ? [without(bundle, index)] : [];
      });
    },
  },
  {
    name: 'moved into a later wave than what needs it',
    mutants: (bundle) => {
      const last = Math.max(...bundle.map(({ wave }) => wave ?? 0)) + 1;
      const needed = neededEarlier(bundle);
      return bundle.flatMap((entry, index) =>
        needed.has(index)
          ? [
              {
                what: `${title(entry)}: wave ${entry.wave} -> ${last}`,
                make: () => bundle.map((o, i) => (i === index ? { ...o, wave: last } : o)),
              },
            ]
          : [],
      );
    },
  },
  {
    name: 'moved into a file that what needs it does not wait for',
    mutants: (bundle) => {
      const needed = neededEarlier(bundle);
      const ordered = bundle.map((entry) => {
        const earlier = bundle.filter(({ wave = 0 }) => wave < (entry.wave ?? 0)).map(({ file }) => String(file));
        return { ...entry, after: new Set(earlier) };
      });
      return ordered.flatMap((entry, index) =>
        needed.has(index) && entry.wave !== 0
          ? [
              {
                what: `${title(entry)}: into another file of wave ${entry.wave}`,
                make: () => ordered.map((o, i) => (i === index ? { ...o, file: 'elsewhere' } : o)),
              },
            ]
          : [],
      );
    },
  },
  {
    name: 'custom resource moved into the wave of its CRD',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        isCustom(entry)
          ? [
              {
                what: `${title(entry)}: wave ${entry.wave} -> 0`,
                make: () => bundle.map((o, i) => (i === index ? { ...o, wave: 0 } : o)),
              },
            ]
          : [],
      ),
  },
  {
    name: 'field of a custom resource broken',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) => {
        if (!isCustom(entry)) return [];
        const schema = schemaOf(bundle, entry);
        const fields = Object.entries(entry.object)
          .filter(([key]) => !['apiVersion', 'kind', 'metadata'].includes(key))
          .flatMap(([key, value]) => [...leaves(value, [key])])
          .map((leaf) => ({ ...leaf, node: schemaAt(schema, leaf.path) }))
          // Below an open field nothing is checked, and in a map of names every name is right.
          .filter(({ node }) => isTree(node));
        return [
          change(bundle, index, ['unknownField'], 'x'),
          ...fields.flatMap(({ path, value, node }) => [
            ...(typeof value === 'string' ? [change(bundle, index, path, { x: 1 })] : []),
            ...(typeof value === 'number' || typeof value === 'boolean' ? [change(bundle, index, path, 'x')] : []),
            ...(isTree(value) && isClosed(node) ? [change(bundle, index, [...path, 'unknownField'], 'x')] : []),
            ...(isTree(value) || Array.isArray(value) ? [change(bundle, index, path, 'x')] : []),
          ]),
        ];
      }),
  },
  {
    name: 'required field of a custom resource taken out',
    mutants: (bundle) =>
      bundle.flatMap((entry, index) =>
        isCustom(entry) ? requiredFields(bundle, entry).map((path) => change(bundle, index, path, undefined)) : [],
      ),
  },
  changes('volume taken out, or its mount renamed or doubled', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    if (!WORKLOADS.has(kind)) return undefined;
    if (last === 'volumes' && isTree(value)) return [TAKEN_OUT];
    if (last === 'name' && parent === 'volumeMounts') return changed(value);
    return last === 'volumeMounts' && Array.isArray(value) && value.length > 0
      ? [[...value, { ...Object(value[0]) }]]
      : undefined;
  }),
  {
    name: 'mounted file renamed where it is used',
    mutants: (bundle) => bundle.flatMap((entry, index) => mountedPaths(bundle, entry, index)),
  },
];

/** What objects of the same or an earlier wave can't do without, by what they name. */
function neededEarlier(bundle: readonly LinkObject[]): Set<number> {
  const names = new Map<string, number>();
  bundle.forEach(({ object }, i) =>
    names.set(`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`, i),
  );
  const needed = new Set<number>();
  const need = (kind: string, namespace: unknown, name: unknown, wave: number | undefined): void => {
    const index = names.get(`${kind}/${String(namespace ?? '')}/${String(name)}`);
    if (index !== undefined && (bundle[index].wave ?? 0) <= (wave ?? 0)) needed.add(index);
  };
  for (const { object, wave } of bundle) {
    const namespace = object.metadata.namespace;
    if (namespace !== undefined) need('Namespace', '', namespace, wave);
    for (const { path, value } of leaves(object)) {
      const [last, parent] = tail(path);
      if (object.kind === 'CustomResourceDefinition') continue;
      if (last === 'serviceAccountName') need('ServiceAccount', namespace, value, wave);
      if (last === 'name' && parent === 'configMap') need('ConfigMap', namespace, value, wave);
      if (last === 'claimName') need('PersistentVolumeClaim', namespace, value, wave);
      if (last === 'serviceName' && object.kind === 'StatefulSet') need('Service', namespace, value, wave);
      if (object.kind.endsWith('Binding') && path.length === 2 && path[0] === 'roleRef' && last === 'name') {
        const kind = String(valueAt(object, ['roleRef', 'kind']));
        need(kind, kind === 'Role' ? namespace : '', value, wave);
      }
    }
    const creates = object.metadata.annotations?.['onprem-ml.io/creates'];
    if (creates !== undefined && object.kind === 'Job') {
      const made: unknown = JSON.parse(creates);
      for (const { value } of leaves(made)) {
        if (!isTree(value) || value.kind !== 'Secret') continue;
        if (bundle.some((user) => uses(user, value) && (user.wave ?? 0) >= (wave ?? 0)))
          needed.add(bundle.findIndex((o) => o.object === object));
      }
    }
    if (WORKLOADS.has(object.kind)) {
      for (const { path, value } of leaves(object)) {
        const [last, parent] = tail(path);
        if (
          typeof value !== 'string' ||
          !(last === 'args' || last === 'command' || (last === 'value' && parent === 'env'))
        )
          continue;
        for (const [, service, place] of value.matchAll(/([a-z0-9-]+)\.([a-z0-9-]+)\.svc/g)) {
          if (place !== namespace) need('Service', place, service, wave);
        }
      }
    }
    const [group] = object.apiVersion.split('/');
    bundle.forEach((crd, i) => {
      if (crd.object.kind !== 'CustomResourceDefinition') return;
      if (
        valueAt(crd.object, ['spec', 'group']) === group &&
        valueAt(crd.object, ['spec', 'names', 'kind']) === object.kind
      )
        needed.add(i);
    });
  }
  return needed;
}

/** True where a workload can't start without the Secret. */
function uses({ object }: LinkObject, secret: Record<string, unknown>): boolean {
  if (!WORKLOADS.has(object.kind) || object.metadata.namespace !== secret.namespace) return false;
  return [...leaves(object)].some(({ path, value }) => {
    const [last, parent] = tail(path);
    if (value !== secret.name) return false;
    return (
      last === 'secretName' ||
      (last === 'name' && (parent === 'secretKeyRef' || parent === 'secretRef' || parent === 'secret'))
    );
  });
}

/** The schema that an object's CRD has for its version. */
function schemaOf(bundle: readonly LinkObject[], { object }: LinkObject): unknown {
  const [group, version] = object.apiVersion.split('/');
  const crd = bundle.find(
    (o) =>
      o.object.kind === 'CustomResourceDefinition' &&
      valueAt(o.object, ['spec', 'group']) === group &&
      valueAt(o.object, ['spec', 'names', 'kind']) === object.kind,
  );
  const versions = valueAt(crd?.object, ['spec', 'versions']);
  if (!Array.isArray(versions)) return undefined;
  return valueAt(
    versions.find((v) => isTree(v) && v.name === version),
    ['schema', 'openAPIV3Schema'],
  );
}

/** The part of a schema for the value at a path; undefined below a field that is open. */
function schemaAt(schema: unknown, path: readonly (string | number)[]): unknown {
  let node = schema;
  for (const key of path) {
    if (typeof key === 'number') node = valueAt(node, ['items']);
    else node = valueAt(node, ['properties', key]) ?? valueAt(node, ['additionalProperties']);
  }
  return node;
}

/** Whether an object may have the fields of its schema alone. */
function isClosed(node: unknown): boolean {
  return (
    isTree(node) &&
    node.additionalProperties === undefined &&
    node['x-kubernetes-preserve-unknown-fields'] === undefined
  );
}

/** Paths of the fields that the CRD's schema requires and that are there. */
function requiredFields(bundle: readonly LinkObject[], entry: LinkObject): (readonly (string | number)[])[] {
  const schema = schemaOf(bundle, entry);
  const found: (readonly (string | number)[])[] = [];
  const walk = (node: unknown, value: unknown, path: readonly (string | number)[]): void => {
    if (!isTree(node)) return;
    if (Array.isArray(value)) return value.forEach((item, i) => walk(node.items, item, [...path, i]));
    if (!isTree(value)) return;
    const required: unknown[] = Array.isArray(node.required) ? node.required : [];
    for (const key of Object.keys(value)) {
      const child = valueAt(node, ['properties', key]);
      // What has a default comes back by itself.
      if (required.includes(key) && valueAt(child, ['default']) === undefined) found.push([...path, key]);
      walk(child, value[key], [...path, key]);
    }
  };
  walk(schema, entry.object, []);
  return found;
}

/** Paths below the mount of a ConfigMap or Secret, in commands, arguments and variables. */
function mountedPaths(bundle: readonly LinkObject[], { object }: LinkObject, index: number): Mutant[] {
  if (!WORKLOADS.has(object.kind)) return [];
  return [...leaves(object)].flatMap(({ path, value }) => {
    if (tail(path)[0] !== 'containers' && tail(path)[0] !== 'initContainers') return [];
    if (!isTree(value) || !Array.isArray(value.volumeMounts)) return [];
    const pod = valueAt(object, path.slice(0, -2));
    const volumes = valueAt(pod, ['volumes']);
    return value.volumeMounts.flatMap((mount): Mutant[] => {
      if (!isTree(mount) || mount.subPath !== undefined || !Array.isArray(volumes)) return [];
      const volume: unknown = volumes.find((v) => isTree(v) && v.name === mount.name);
      if (!isTree(volume) || (!isTree(volume.configMap) && !isTree(volume.secret))) return [];
      const folder = `${String(mount.mountPath)}/`;
      return [...leaves(value, path)].flatMap((leaf) => {
        if (typeof leaf.value !== 'string' || !leaf.value.includes(folder)) return [];
        const start = leaf.value.indexOf(folder) + folder.length;
        const file = /^[\w.-]+/.exec(leaf.value.slice(start))?.[0];
        return file === undefined
          ? []
          : [change(bundle, index, leaf.path, `${leaf.value.slice(0, start)}x-${leaf.value.slice(start)}`)];
      });
    });
  });
}
