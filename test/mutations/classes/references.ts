import { changes, isTree, leaves, change, tail, valueAt, without, WORKLOADS, type MutantClass } from '../mutant';
import { type LinkObject } from '../../../lib/core/link';

const renamed = (value: unknown): string[] => [`${String(value)}-x`];

/** The claims that StatefulSets make by themselves where they aren't there: nothing breaks without them. */
function templateClaims(bundle: readonly LinkObject[]): Set<string> {
  const claims = new Set<string>();
  for (const { object } of bundle) {
    if (object.kind !== 'StatefulSet') continue;
    const { namespace, name } = object.metadata;
    const templates = valueAt(object, ['spec', 'volumeClaimTemplates']);
    for (const template of Array.isArray(templates) ? templates : []) {
      const claim = String(valueAt(template, ['metadata', 'name']));
      const replicas = Number(valueAt(object, ['spec', 'replicas']) ?? 1);
      for (let i = 0; i < replicas; i++) claims.add(`${namespace}/${claim}-${name}-${i}`);
    }
  }
  return claims;
}

/** What an object's fields name, and the objects they name. */
export const REFERENCES: readonly MutantClass[] = [
  changes('Secret renamed where it is used', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    if (!WORKLOADS.has(kind) || typeof value !== 'string') return undefined;
    if (last === 'secretName') return renamed(value);
    return last === 'name' && (parent === 'secretKeyRef' || parent === 'secretRef' || parent === 'secret')
      ? renamed(value)
      : undefined;
  }),
  changes('key of a Secret or ConfigMap renamed where it is used', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    if (!WORKLOADS.has(kind) || last !== 'key' || typeof value !== 'string') return undefined;
    return parent === 'secretKeyRef' || parent === 'configMapKeyRef' || parent === 'items' ? renamed(value) : undefined;
  }),
  changes('ConfigMap renamed where it is used', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    const named = parent === 'configMap' || parent === 'configMapRef' || parent === 'configMapKeyRef';
    return WORKLOADS.has(kind) && last === 'name' && named ? renamed(value) : undefined;
  }),
  {
    name: 'key of a ConfigMap taken out',
    mutants: (bundle) => {
      const used = usedKeys(bundle);
      return bundle.flatMap(({ object }, index) =>
        object.kind !== 'ConfigMap' || !isTree(object.data)
          ? []
          : Object.keys(object.data)
              // A key that no reference, mounted path or argument names is read by the program's own convention, if at all.
              .filter((key) => used.has(`${object.metadata.namespace ?? ''}/${key}`))
              .map((key) => change(bundle, index, ['data', key], undefined)),
      );
    },
  },
  {
    name: 'ConfigMap, Secret, service account or claim taken out',
    mutants: (bundle) => {
      const spare = templateClaims(bundle);
      return bundle.flatMap(({ object }, index) =>
        ['ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolumeClaim'].includes(object.kind) &&
        !spare.has(`${object.metadata.namespace}/${object.metadata.name}`)
          ? [without(bundle, index)]
          : [],
      );
    },
  },
  changes('service account renamed where it is used', ({ path, value }) =>
    tail(path)[0] === 'serviceAccountName' ? renamed(value) : undefined,
  ),
  changes('storage class, claim or governing Service renamed', ({ path, value }, { kind }) => {
    const [last] = tail(path);
    if (kind === 'CustomResourceDefinition') return undefined;
    return last === 'storageClassName' || last === 'claimName' || last === 'serviceName' ? renamed(value) : undefined;
  }),
  changes('reference of a custom resource renamed', ({ path, value }, { kind }) => {
    const [last, parent] = tail(path);
    if (kind === 'Certificate') return last === 'name' && parent === 'issuerRef' ? renamed(value) : undefined;
    if (kind === 'L2Advertisement' || kind === 'BGPAdvertisement') {
      return last === 'ipAddressPools' && typeof value === 'string' ? renamed(value) : undefined;
    }
    if (kind === 'LocalQueue') return last === 'clusterQueue' ? renamed(value) : undefined;
    if (kind === 'ClusterQueue') return last === 'name' && parent === 'flavors' ? renamed(value) : undefined;
    if (kind === 'ClusterPolicy') return last === 'name' && parent === 'config' ? renamed(value) : undefined;
    return (kind === 'Issuer' || kind === 'ClusterIssuer') && last === 'secretName' ? renamed(value) : undefined;
  }),
  {
    name: 'what a Job makes renamed, or a key of it taken out',
    mutants: (bundle) =>
      bundle.flatMap(({ object }, index) => {
        const text = object.metadata.annotations?.[CREATES];
        if (text === undefined) return [];
        const list: unknown = JSON.parse(text);
        const path = ['metadata', 'annotations', CREATES];
        return [...leaves(list)].flatMap((leaf) => {
          const [last] = tail(leaf.path);
          const copy: unknown = structuredClone(list);
          const item = valueAt(copy, leaf.path.slice(0, 1));
          if (!isTree(item)) return [];
          if (last === 'name' || last === 'namespace') item[last] = `${String(leaf.value)}-x`;
          else if (last === 'keys' && leaf.path.length === 3 && Array.isArray(item.keys))
            item.keys = item.keys.filter((k) => k !== leaf.value);
          else return [];
          if (
            last === 'keys' &&
            !usedSecretKeys(bundle).has(`${String(item.namespace)}/${String(item.name)}/${String(leaf.value)}`)
          )
            return [];
          if (
            last !== 'keys' &&
            ![...usedSecretKeys(bundle)].some((key) => key.startsWith(`${objectOf(list, leaf.path[0])}/`))
          )
            return [];
          return [change(bundle, index, path, JSON.stringify(copy))];
        });
      }),
  },
];

const CREATES = 'onprem-ml.io/creates';

function objectOf(list: unknown, index: string | number): string {
  const item = valueAt(list, [index]);
  return isTree(item) ? `${String(item.namespace)}/${String(item.name)}` : '';
}

/** Keys that something names, by namespace: `mlflow/auth.ini`. */
function usedKeys(bundle: readonly LinkObject[]): Set<string> {
  const used = new Set<string>();
  const texts = new Map<string, string>();
  for (const { object } of bundle) {
    const namespace = object.metadata.namespace ?? '';
    if (!WORKLOADS.has(object.kind) && object.kind !== 'ConfigMap') continue;
    texts.set(namespace, `${texts.get(namespace) ?? ''}\n${JSON.stringify(object)}`);
    for (const { path, value } of leaves(object)) {
      const [last] = tail(path);
      if ((last === 'key' || last === 'subPath') && typeof value === 'string') used.add(`${namespace}/${value}`);
    }
  }
  for (const { object } of bundle) {
    const namespace = object.metadata.namespace ?? '';
    if (object.kind !== 'ConfigMap' || !isTree(object.data)) continue;
    for (const key of Object.keys(object.data)) {
      if ((texts.get(namespace) ?? '').includes(`/${key}`)) used.add(`${namespace}/${key}`);
    }
  }
  return used;
}

/** Keys of Secrets that something uses: `mlflow/mlflow-db/password`; where a whole Secret is used, `mlflow/mlflow-db/`. */
function usedSecretKeys(bundle: readonly LinkObject[]): Set<string> {
  const used = new Set<string>();
  for (const { object } of bundle) {
    if (!WORKLOADS.has(object.kind)) continue;
    const namespace = object.metadata.namespace ?? '';
    for (const { path, value } of leaves(object)) {
      const [last] = tail(path);
      if (!isTree(value)) continue;
      if (last === 'secretKeyRef') used.add(`${namespace}/${String(value.name)}/${String(value.key)}`);
      if (last === 'secretRef') used.add(`${namespace}/${String(value.name)}/`);
      if (last === 'secret') {
        const name = String(value.secretName ?? value.name);
        used.add(`${namespace}/${name}/`);
        if (Array.isArray(value.items))
          for (const item of value.items) if (isTree(item)) used.add(`${namespace}/${name}/${String(item.key)}`);
      }
    }
  }
  return used;
}
