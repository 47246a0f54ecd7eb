import { type Bundle } from './bundle';
import { type Context } from './context';
import { type Entry } from './entry';
import { arr, obj, str } from './json';
import { CLUSTER_ROLE, ROLE } from './kinds';
import { type Pod } from './pods';
import { type Ref } from './refs';
import { stringsOf } from './texts';

/**
 * True where something of the bundle shows that it makes the missing Secret or ConfigMap when it runs: a pod whose service account may
 * create it there, and whose command, arguments, environment or Role name it. Not in strict mode, where what makes a thing declares it.
 */
export function createdAtRunTime(ref: Ref, { bundle, strict }: Context): boolean {
  if (strict || (ref.type !== 'Secret' && ref.type !== 'ConfigMap')) return false;
  const resource = ref.type === 'Secret' ? 'secrets' : 'configmaps';
  return bundle.pods.some((pod) => {
    const grants = grantsOf(pod, resource, ref.namespace, bundle);
    return grants.some((names) => names.has(ref.name)) || (grants.length > 0 && names(pod, ref));
  });
}

/** What the pod may create or change there: for each rule the names it is bound to, empty where to any. */
function grantsOf(pod: Pod, resource: string, namespace: string, bundle: Bundle): ReadonlySet<string>[] {
  const account = str(pod.spec.serviceAccountName) ?? 'default';
  return rolesOf(account, pod.namespace, namespace, bundle).flatMap((role) =>
    arr(role.object.rules).flatMap((item) => {
      const rule = obj(item);
      const verbs = arr(rule.verbs);
      const resources = arr(rule.resources);
      const may = WRITES.some((verb) => verbs.includes(verb));
      const of = resources.includes(resource) || resources.includes('*');
      return may && of ? [new Set(arr(rule.resourceNames).map(String))] : [];
    }),
  );
}

const WRITES = ['create', 'update', 'patch', '*'];

/** The Roles that a service account has in a namespace. */
export function rolesOf(account: string, accountNamespace: string, namespace: string, bundle: Bundle): Entry[] {
  const bindings = [
    ...bundle.ofType('ClusterRoleBinding.rbac.authorization.k8s.io'),
    ...bundle.ofType('RoleBinding.rbac.authorization.k8s.io').filter((e) => e.namespace === namespace),
  ];
  return bindings.flatMap((binding) => {
    const bound = arr(binding.object.subjects).some((item) => {
      const { kind, name, namespace: of } = obj(item);
      return kind === 'ServiceAccount' && name === account && (str(of) ?? binding.namespace) === accountNamespace;
    });
    if (!bound) return [];
    const { kind, name } = obj(binding.object.roleRef);
    const type = kind === 'Role' ? ROLE : CLUSTER_ROLE;
    const role = bundle.find(type, kind === 'Role' ? binding.namespace : '', String(name))?.entry;
    return role ? [role] : [];
  });
}

/** True where the pod's strings name the thing. */
function names(pod: Pod, ref: Ref): boolean {
  return pod.containers.some((container) => stringsOf(container).some((text) => text.includes(ref.name)));
}
