import { type Bundle } from './bundle';
import { slipOf, type Context } from './context';
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
  const near = slipOf(ref.name, bundle.names(ref.type, ref.namespace)) !== undefined;
  return bundle.pods.some((pod) => {
    const { may, names } = grantsOf(pod, resource, ref.namespace, bundle);
    if (!may) return false;
    // A Job that is there to make Secrets may name them in its program alone.
    return names.has(ref.name) || isNamedBy(pod, ref) || (pod.entry.type === 'Job.batch' && names.size === 0 && !near);
  });
}

/** True where a Job of the bundle installs CRDs, so that a custom resource without one may be right. */
export function installsDefinitions({ bundle, strict }: Context): boolean {
  if (strict) return false;
  return bundle.pods.some(
    (pod) => pod.entry.type === 'Job.batch' && grantsOf(pod, 'customresourcedefinitions', pod.namespace, bundle).may,
  );
}

/** True where the pods behind something may change pods, and so label themselves: the leader, the primary, the active one. */
export function labelsItself(pod: Pod, bundle: Bundle): boolean {
  return grantsOf(pod, 'pods', pod.namespace, bundle).may;
}

interface Grants {
  /** May create or change some. */
  readonly may: boolean;
  /** Those that its rules name. */
  readonly names: ReadonlySet<string>;
}

function grantsOf(pod: Pod, resource: string, namespace: string, bundle: Bundle): Grants {
  const account = str(pod.spec.serviceAccountName) ?? 'default';
  const names = new Set<string>();
  let may = false;
  for (const role of rolesOf(account, pod.namespace, namespace, bundle)) {
    for (const item of arr(role.object.rules)) {
      const { verbs, resources, resourceNames } = obj(item);
      if (!arr(resources).includes(resource) && !arr(resources).includes('*')) continue;
      may ||= WRITES.some((verb) => arr(verbs).includes(verb));
      for (const name of arr(resourceNames)) names.add(String(name));
    }
  }
  return { may, names };
}

const WRITES = ['create', 'update', 'patch', '*'];

/** The Roles that a service account has in a namespace; in any, where none is given. */
export function rolesOf(
  account: string,
  accountNamespace: string,
  namespace: string | undefined,
  bundle: Bundle,
): Entry[] {
  return bundle.bindingsOf(accountNamespace, account).flatMap((binding) => {
    const everywhere = binding.kind === 'ClusterRoleBinding';
    if (namespace !== undefined && !everywhere && binding.namespace !== namespace) return [];
    const { kind, name } = obj(binding.object.roleRef);
    const type = kind === 'Role' ? ROLE : CLUSTER_ROLE;
    const role = bundle.find(type, kind === 'Role' ? binding.namespace : '', String(name))?.entry;
    return role ? [role] : [];
  });
}

/** True where the pod's strings name the thing. */
function isNamedBy(pod: Pod, ref: Ref): boolean {
  return pod.containers.some((container) => stringsOf(container).some((text) => text.includes(ref.name)));
}
