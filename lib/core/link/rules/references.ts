import { createdAtRunTime } from '../evidence';
import { type Context, mend, slipOf, type Report, type Rule } from '../context';
import { isBuiltInGroup, kindOf } from '../kinds';
import { type Ref } from '../refs';

/** Every name that an object refers to exists, and so does each key that is used of it. */
export const references: Rule = {
  name: 'reference',
  check(context, report) {
    for (const ref of context.refs) checkRef(ref, context, report);
  },
};

function checkRef(ref: Ref, context: Context, report: Report): void {
  const { bundle } = context;
  const { type, namespace, name, from } = ref;
  if (name.includes('$(') || name.includes('{{')) return;
  const target = namespace === '*' ? bundle.findAnywhere(type, name) : bundle.find(type, namespace, name);
  if (!target) {
    if (ref.optional || isBeyond(ref, context) || createdAtRunTime(ref, context)) return;
    const where = namespace === '' || namespace === '*' ? '' : ` in namespace ${namespace}`;
    const names = namespace === '*' ? bundle.ofType(type).map((e) => e.name) : bundle.names(type, namespace);
    if (ref.weak && !context.strict && slipOf(name, names) === undefined) return;
    const kind = kindOf(type);
    report(
      from,
      ref.field,
      name,
      `names no ${kind}${where}${mend(name, names, `add it, or declare it external: ${external(kind, namespace, name)}`)}`,
    );
  } else if (ref.key !== undefined && target.keys && !target.keys.has(ref.key) && !ref.optional) {
    const keys = [...target.keys];
    report(
      from,
      ref.keyField ?? ref.field,
      ref.key,
      `is no key of ${kindOf(type)} ${name}${mend(ref.key, keys, 'add it there')}`,
    );
  }
}

function external(kind: string, namespace: string, name: string): string {
  return namespace === '' || namespace === '*' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** True for a custom kind that the bundle knows nothing of: whether such an object exists is somebody else's affair. */
function isBeyond({ type, from }: Ref, { bundle }: Context): boolean {
  const group = type.slice(kindOf(type).length + 1);
  if (isBuiltInGroup(group) || bundle.customKinds.has(type) || KNOWN.has(type)) return false;
  return bundle.ofType(type).length === 0 && group !== from.group;
}

/** Kinds that a name must be resolved of even where nothing of theirs is in the bundle. */
const KNOWN = new Set([
  'Issuer.cert-manager.io',
  'ClusterIssuer.cert-manager.io',
  'NetworkAttachmentDefinition.k8s.cni.cncf.io',
  'SecretStore.external-secrets.io',
  'ClusterSecretStore.external-secrets.io',
  'LocalQueue.kueue.x-k8s.io',
  'IPAddressPool.metallb.io',
  'GatewayClass.gateway.networking.k8s.io',
  'Gateway.gateway.networking.k8s.io',
  'Certificate.cert-manager.io',
]);
