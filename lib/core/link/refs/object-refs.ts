import { type Entry } from '../entry';
import { arr, dig, each, field, isObj, obj, str, type Obj } from '../json';
import { CLUSTER_ROLE, groupOf, INGRESS, ROLE, STATEFUL_SET, STORAGE_CLASS, typeOf } from '../kinds';
import { type Ref } from './ref';

type Add = (ref: Ref) => void;
type Collect = (entry: Entry, add: Add) => void;

/** What objects of Kubernetes' own kinds name, pods' specs apart. */
export function objectRefs(entry: Entry, add: Add): void {
  COLLECT[entry.type]?.(entry, add);
  annotationRefs(entry, add);
}

const COLLECT: Readonly<Record<string, Collect>> = {
  [STATEFUL_SET]: (e, add) => {
    name(e, add, 'Service', 'spec.serviceName', e.spec.serviceName, e.namespace, true, true);
    arr(e.spec.volumeClaimTemplates).forEach((template, i) => {
      const at = `spec.volumeClaimTemplates[${i}].spec.storageClassName`;
      name(e, add, STORAGE_CLASS, at, dig(template, 'spec', 'storageClassName'), '', false);
    });
  },
  PersistentVolumeClaim: (e, add) => {
    name(e, add, STORAGE_CLASS, 'spec.storageClassName', e.spec.storageClassName, '', false);
    name(e, add, 'PersistentVolume', 'spec.volumeName', e.spec.volumeName, '', false);
  },
  ServiceAccount: (e, add) => {
    for (const list of ['secrets', 'imagePullSecrets']) {
      each(e.object, `${list}[].name`, (value, at) => name(e, add, 'Secret', at, value, e.namespace, false, true));
    }
  },
  Secret: (e, add) => {
    if (e.object.type !== 'kubernetes.io/service-account-token') return;
    const key = 'kubernetes.io/service-account.name';
    name(e, add, 'ServiceAccount', field('metadata', 'annotations', key), e.annotations[key]);
  },
  [INGRESS]: (e, add) => {
    name(e, add, 'IngressClass.networking.k8s.io', 'spec.ingressClassName', e.spec.ingressClassName, '', false);
    each(e.object, 'spec.tls[].secretName', (value, at) => name(e, add, 'Secret', at, value, e.namespace, false));
  },
  'HorizontalPodAutoscaler.autoscaling': (e, add) => target(e, add, 'spec.scaleTargetRef'),
  'RoleBinding.rbac.authorization.k8s.io': binding,
  'ClusterRoleBinding.rbac.authorization.k8s.io': binding,
  [STORAGE_CLASS]: (e, add) => {
    const parameters = obj(e.object.parameters);
    for (const key of Object.keys(parameters)) {
      if (!key.endsWith('-secret-name')) continue;
      const namespace = str(parameters[key.replace(/-name$/, '-namespace')]);
      const value = str(parameters[key]);
      if (!namespace || !value || `${namespace}${value}`.includes('$')) continue;
      name(e, add, 'Secret', field('parameters', key), value, namespace, false);
    }
  },
};

function name(
  e: Entry,
  add: Add,
  type: string,
  at: string,
  value: unknown,
  namespace = e.namespace,
  hard = true,
  weak = false,
): void {
  const text = str(value);
  if (text !== undefined) add({ from: e, field: at, type, namespace, name: text, hard, weak });
}

/** A reference by apiVersion, kind and name. */
export function target(e: Entry, add: Add, path: string): void {
  let ref: unknown = e.object;
  for (const key of path.split('.')) ref = obj(ref)[key];
  const { apiVersion, kind } = obj(ref);
  if (!isObj(ref) || typeof kind !== 'string') return;
  name(e, add, typeOf(kind, groupOf(str(apiVersion) ?? 'apps/v1')), `${path}.name`, ref.name, e.namespace, false);
}

function binding(e: Entry, add: Add): void {
  const { kind, name: role } = obj(e.object.roleRef);
  if (kind === 'Role') name(e, add, ROLE, 'roleRef.name', role);
  else if (kind === 'ClusterRole' && !str(role)?.startsWith('system:'))
    name(e, add, CLUSTER_ROLE, 'roleRef.name', role, '');
  arr(e.object.subjects).forEach((item, i) => {
    const subject = obj(item);
    if (subject.kind !== 'ServiceAccount') return;
    const namespace = str(subject.namespace) ?? e.namespace;
    if (namespace === 'kube-system' && e.namespace !== 'kube-system') return;
    name(e, add, 'ServiceAccount', `subjects[${i}].name`, subject.name, namespace, false, true);
  });
}

const INJECT = 'cert-manager.io/inject-ca-from';
const INJECT_SECRET = 'cert-manager.io/inject-ca-from-secret';
const QUEUE = 'kueue.x-k8s.io/queue-name';
const PRIORITY = 'kueue.x-k8s.io/priority-class';
const ISSUERS: Readonly<Record<string, string>> = {
  'cert-manager.io/issuer': 'Issuer.cert-manager.io',
  'cert-manager.io/cluster-issuer': 'ClusterIssuer.cert-manager.io',
};
const POOLS = ['metallb.io/address-pool', 'metallb.universe.tf/address-pool'];

/** What labels and annotations name. */
function annotationRefs(e: Entry, add: Add): void {
  const { annotations, labels } = e;
  for (const key in annotations) {
    const value = annotations[key];
    const at = (): string => field('metadata', 'annotations', key);
    if (key === INJECT || key === INJECT_SECRET) {
      const [namespace, certificate] = String(value).split('/');
      const type = key === INJECT ? 'Certificate.cert-manager.io' : 'Secret';
      name(e, add, type, at(), certificate, namespace, false);
    } else if (key in ISSUERS) {
      if (str(annotations['cert-manager.io/issuer-group']) !== undefined) continue;
      name(e, add, ISSUERS[key], at(), value, key.endsWith('cluster-issuer') ? '' : e.namespace, false);
    } else if (POOLS.includes(key)) {
      add({ from: e, field: at(), type: 'IPAddressPool.metallb.io', namespace: '*', name: String(value), hard: false });
    } else if (key === 'volume.beta.kubernetes.io/storage-class') {
      name(e, add, STORAGE_CLASS, at(), value, '', false);
    }
  }
  if (labels[QUEUE] !== undefined) {
    name(e, add, 'LocalQueue.kueue.x-k8s.io', field('metadata', 'labels', QUEUE), labels[QUEUE]);
  }
  if (labels[PRIORITY] !== undefined) {
    name(e, add, 'WorkloadPriorityClass.kueue.x-k8s.io', field('metadata', 'labels', PRIORITY), labels[PRIORITY], '');
  }
}

/** An object's fields that hold the named Secret's or ConfigMap's name, in the form that most custom kinds use. */
export function commonRefs(e: Entry, add: Add): void {
  const walk = (value: unknown, at: string, depth: number): void => {
    if (depth > 14) return;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        if (typeof value[i] === 'object') walk(value[i], `${at}[${i}]`, depth + 1);
      }
      return;
    }
    if (!isObj(value)) return;
    if (Array.isArray(value.containers) && value.containers.length > 0) return;
    for (const key in value) {
      const next = value[key];
      if (typeof next === 'string') {
        const type = NAMED[key];
        if (type !== undefined) name(e, add, type[0], field(at, key), next, type[1] ? '' : e.namespace, false);
      } else if (typeof next === 'object' && next !== null) {
        const type = REFERENCES[key];
        const ref: Obj = obj(next);
        if (type !== undefined && typeof ref.name === 'string' && plainRef(ref))
          keyedRef(e, add, type, ref, field(at, key));
        else walk(next, field(at, key), depth + 1);
      }
    }
  };
  walk(e.object.spec, 'spec', 0);
}

const NAMED: Readonly<Record<string, readonly [type: string, clusterWide: boolean]>> = {
  serviceAccountName: ['ServiceAccount', false],
  priorityClassName: ['PriorityClass.scheduling.k8s.io', true],
  storageClassName: [STORAGE_CLASS, true],
  runtimeClassName: ['RuntimeClass.node.k8s.io', true],
};

const REFERENCES: Readonly<Record<string, string>> = {
  secretKeyRef: 'Secret',
  passwordSecretRef: 'Secret',
  tokenSecretRef: 'Secret',
  configMapKeyRef: 'ConfigMap',
  configMapRef: 'ConfigMap',
  passwordSecret: 'Secret',
};

function plainRef(ref: Obj): boolean {
  for (const key in ref) if (typeof ref[key] === 'object') return false;
  return true;
}

function keyedRef(e: Entry, add: Add, type: string, ref: Obj, at: string): void {
  add({
    from: e,
    field: `${at}.name`,
    type,
    namespace: str(ref.namespace) ?? e.namespace,
    name: String(ref.name),
    key: str(ref.key),
    keyField: `${at}.key`,
    optional: ref.optional === true,
    hard: false,
  });
}
