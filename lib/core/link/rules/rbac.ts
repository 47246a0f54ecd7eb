import { nearest } from '../../errors';
import { type Entry } from '../entry';
import { slipOf, type Context, type Report, type Rule } from '../context';
import { arr, isObj, obj, str, type Obj } from '../json';
import { CLUSTER_ROLE, kindOf, ROLE } from '../kinds';
import { RESOURCES, SUBRESOURCES, VERBS } from '../resources';
import { selects } from '../selectors';

/**
 * Roles grant what exists: verbs, resources and groups that the API server knows. What is merely unknown may be somebody else's; what is
 * a letter away from something known is a slip.
 */
export const rbac: Rule = {
  name: 'rbac',
  check(context, report) {
    const custom = customResources(context);
    for (const type of [ROLE, CLUSTER_ROLE]) {
      for (const entry of context.bundle.ofType(type)) {
        arr(entry.object.rules).forEach((rule, i) =>
          checkRule(entry, `rules[${i}]`, obj(rule), custom, context.strict, report),
        );
      }
    }
    for (const type of ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io']) {
      for (const entry of context.bundle.ofType(type)) binding(entry, report);
    }
    if (context.strict) unbound(context, report);
  },
};

/** Resources of custom groups that exist for authorization alone. @see https://cert-manager.io/docs/usage/certificaterequest/#approval */
const VIRTUAL: Readonly<Record<string, readonly string[]>> = { 'cert-manager.io': ['signers'] };

/**
 * A Role that nobody is bound to grants nothing. Those that are aggregated into others are bound by them; one that is put together of others
 * is for people, whom an administrator binds to it.
 */
function unbound({ bundle }: Context, report: Report): void {
  const bound = new Set<string>();
  for (const type of ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io']) {
    for (const { object, namespace } of bundle.ofType(type)) {
      const { kind, name } = obj(object.roleRef);
      bound.add(`${String(kind)}|${kind === 'Role' ? namespace : ''}|${String(name)}`);
    }
  }
  for (const type of [ROLE, CLUSTER_ROLE]) {
    for (const entry of bundle.ofType(type)) {
      if (bound.has(`${entry.kind}|${entry.namespace}|${entry.name}`)) continue;
      if (Object.keys(entry.labels).some((key) => key.startsWith('rbac.authorization.k8s.io/aggregate-to-'))) continue;
      if (entry.kind === 'ClusterRole' && (isObj(entry.object.aggregationRule) || isAggregated(entry, bundle)))
        continue;
      report(
        entry,
        'metadata.name',
        entry.name,
        `is a ${entry.kind} that no binding gives to anybody; add the binding, or leave it out`,
      );
    }
  }
}

function isAggregated({ labels }: Entry, bundle: Context['bundle']): boolean {
  return bundle
    .ofType(CLUSTER_ROLE)
    .some(({ object }) =>
      arr(obj(object.aggregationRule).clusterRoleSelectors).some((selector) => selects(selector, labels)),
    );
}

/** Plurals of the bundle's CRDs by their group. */
function customResources({ bundle }: Context): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [type, { plural }] of bundle.customKinds) {
    const group = type.slice(kindOf(type).length + 1);
    groups.set(group, [...(groups.get(group) ?? []), plural]);
  }
  return groups;
}

function checkRule(
  entry: Entry,
  at: string,
  rule: Obj,
  custom: ReadonlyMap<string, readonly string[]>,
  strict: boolean,
  report: Report,
): void {
  const groups = arr(rule.apiGroups).map(String);
  arr(rule.verbs).forEach((item, i) => {
    const verb = String(item);
    if (VERBS.includes(verb)) return;
    const near = strict ? nearest(verb, VERBS) : slipOf(verb, VERBS);
    if (near !== undefined) report(entry, `${at}.verbs[${i}]`, verb, `is no verb; did you mean "${near}"?`);
  });
  const known = groups.flatMap((group) => [
    ...(RESOURCES[group] ?? custom.get(group) ?? []),
    ...(VIRTUAL[group] ?? []),
  ]);
  const allKnown = groups.length > 0 && groups.every((group) => group in RESOURCES || custom.has(group));
  arr(rule.resources).forEach((item, i) => {
    const [resource, part] = String(item).split('/');
    const slip = part === undefined || SUBRESOURCES.includes(part) ? undefined : slipOf(part, SUBRESOURCES);
    if (slip !== undefined)
      report(entry, `${at}.resources[${i}]`, item, `has no part "${part}"; did you mean "${slip}"?`);
    if (resource === '*' || known.includes(resource) || (!allKnown && !strict)) return;
    const near = strict ? nearest(resource, known) : slipOf(resource, known, 1);
    const elsewhere = groupsOf(resource, custom);
    const where = `${at}.resources[${i}]`;
    const group = groups.join('", "');
    if (near !== undefined && elsewhere.length === 0) {
      report(entry, where, item, `is no resource of group "${group}"; did you mean "${near}"?`);
    } else if (strict && allKnown) {
      const other = elsewhere.length > 0 ? `it is one of group "${elsewhere[0]}"` : 'correct it';
      report(entry, where, item, `is no resource of group "${group}"; ${other}`);
    }
  });
  groups.forEach((group, i) => {
    if (group === '*' || group in RESOURCES || custom.has(group)) return;
    const near = slipOf(group, [...Object.keys(RESOURCES), ...custom.keys()]);
    // Projects of Kubernetes have groups of both endings, such as networking.x-k8s.io.
    if (near !== undefined && plain(near) !== plain(group))
      report(entry, `${at}.apiGroups[${i}]`, group, `is no API group; did you mean "${near}"?`);
  });
}

function plain(group: string): string {
  return group.replace(/\.x-k8s\.io$/, '.k8s.io');
}

function groupsOf(resource: string, custom: ReadonlyMap<string, readonly string[]>): string[] {
  const all = [...Object.entries(RESOURCES), ...custom];
  return all.filter(([, resources]) => resources.includes(resource)).map(([group]) => group);
}

function binding(entry: Entry, report: Report): void {
  const { kind, name } = obj(entry.object.roleRef);
  if ((kind !== 'Role' && kind !== 'ClusterRole') || str(name) === undefined) {
    report(entry, 'roleRef', String(kind), 'must name a Role or ClusterRole; correct it');
  } else if (kind === 'Role' && entry.kind === 'ClusterRoleBinding') {
    report(
      entry,
      'roleRef.kind',
      kind,
      'is of one namespace, and a ClusterRoleBinding can only bind a ClusterRole; use a RoleBinding',
    );
  }
  arr(entry.object.subjects).forEach((item, i) => {
    const subject = obj(item);
    if (
      subject.kind === 'ServiceAccount' &&
      entry.kind === 'ClusterRoleBinding' &&
      str(subject.namespace) === undefined
    ) {
      report(
        entry,
        `subjects[${i}].namespace`,
        '',
        `is missing; name the namespace of ServiceAccount ${String(subject.name)}`,
      );
    }
  });
}
