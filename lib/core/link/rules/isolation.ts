import { ISOLATED } from '../../labels';
import { type Rule } from '../context';
import { field } from '../json';
import { isDefaultDeny } from '../policies';

/** A namespace that says it is isolated denies all traffic by default, and each pod in it has a policy that says what it may do. */
export const isolation: Rule = {
  name: 'isolation',
  check({ bundle, policies }, report) {
    for (const entry of bundle.ofType('Namespace')) {
      const where =
        entry.labels[ISOLATED] === 'true'
          ? 'labels'
          : entry.annotations[ISOLATED] === 'true'
            ? 'annotations'
            : undefined;
      if (where === undefined) continue;
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
