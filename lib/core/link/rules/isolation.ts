import { ISOLATED } from '../../labels';
import { type Context, type Report, type Rule } from '../context';
import { type Entry } from '../entry';
import { arr, field, obj } from '../json';
import { isDefaultDeny } from '../policies';

/**
 * A namespace that says it is isolated denies all traffic by default, and each pod in it has a policy that says what it may do, and that says
 * at least a port or an end. Of a platform every namespace must say whether it is isolated: one that isn't is open by decision.
 */
export const isolation: Rule = {
  name: 'isolation',
  check(context, report) {
    const { bundle, policies } = context;
    for (const entry of bundle.ofType('Namespace')) {
      const where =
        entry.labels[ISOLATED] === 'true'
          ? 'labels'
          : entry.annotations[ISOLATED] === 'true'
            ? 'annotations'
            : undefined;
      if (where === undefined) {
        if (bundle.options.isolated === true && entry.labels[ISOLATED] !== 'false') undecided(entry, report);
        continue;
      }
      everything(entry.name, context, report);
      if (!policies.in(entry.name).some(isDefaultDeny)) {
        report(
          entry,
          field('metadata', where, ISOLATED),
          'true',
          `has no default-deny NetworkPolicy in namespace ${entry.name}; add one with podSelector {} and policyTypes Ingress and Egress`,
        );
      }
      for (const pod of bundle.podIndex(entry.name).items) {
        if (pod.spec.hostNetwork === true || policies.of(pod).some((policy) => !isDefaultDeny(policy))) continue;
        report(
          pod.entry,
          pod.path,
          pod.entry.name,
          `is selected by no NetworkPolicy but default-deny in the isolated namespace ${entry.name}; add one that says what it may reach and be reached by`,
        );
      }
    }
  },
};

function undecided(entry: Entry, report: Report): void {
  report(
    entry,
    field('metadata', 'labels', ISOLATED),
    '',
    `is missing, so that all pods of namespace ${entry.name} may talk to everybody; make it by the platform's addNamespace, or say by the value "false" that it is open`,
  );
}

const EVERYTHING = new Set(['0.0.0.0/0', '::/0']);

/** A rule for everybody on every port takes the isolation away. */
function everything(namespace: string, { policies }: Context, report: Report): void {
  for (const { entry } of policies.in(namespace)) {
    for (const [direction, end, what] of [
      ['ingress', 'from', 'lets in everybody on every port'],
      ['egress', 'to', 'lets out to everybody on every port'],
    ] as const) {
      arr(entry.spec[direction]).forEach((item, i) => {
        const rule = obj(item);
        const peers = arr(rule[end]);
        const open = peers.length === 0 || peers.some((peer) => EVERYTHING.has(String(obj(obj(peer).ipBlock).cidr)));
        if (!open || arr(rule.ports).length > 0) return;
        report(
          entry,
          `spec.${direction}[${i}]`,
          '',
          `${what}, in the isolated namespace ${namespace}; name the ports, or who is at the other end`,
        );
      });
    }
  }
}
