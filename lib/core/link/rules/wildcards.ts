import { type Context, type Rule } from '../context';
import { type Entry } from '../entry';
import { arr, obj } from '../json';
import { CLUSTER_ROLE, ROLE } from '../kinds';
import { Reasons } from '../reasons';

/**
 * A role names what it grants. Where upstream's program really needs a `*`, the system says why, and the summary tells it. Only where
 * reasons are given: others' charts say none.
 */
export const wildcards: Rule = {
  name: 'wildcard',
  check({ bundle }: Context, report) {
    if (bundle.options.reasons === undefined) return;
    const reasons = new Reasons(bundle.options.reasons);
    for (const type of [ROLE, CLUSTER_ROLE]) {
      for (const entry of bundle.ofType(type)) {
        arr(entry.object.rules).forEach((item, i) => {
          const at = `rules[${i}]`;
          const found = wildcardIn(obj(item));
          if (found !== undefined && !reasons.has(entry, at))
            report(
              entry,
              `${at}.${found}`,
              '*',
              'grants more than anybody can read from it; name what is needed, or say why all is (because, on the rule)',
            );
          if (found === undefined && reasons.has(entry, at)) report(entry, at, '', needless(entry));
        });
      }
    }
  },
};

function needless({ kind }: Entry): string {
  return `of this ${kind} has a reason for a wildcard, and none; take the reason out`;
}

/** The first field of a rule that stands for all there is. */
function wildcardIn(rule: Record<string, unknown>): string | undefined {
  for (const part of ['verbs', 'apiGroups', 'resources', 'nonResourceURLs']) {
    const i = arr(rule[part]).findIndex(
      (value) => typeof value === 'string' && /^\*$|^\*\/|\/\*$|^\/.*\*$/.test(value),
    );
    if (i >= 0) return `${part}[${i}]`;
  }
  return undefined;
}
