import { type Entry } from '../entry';
import { type Context, type Report, type Rule } from '../context';
import { arr, obj, str } from '../json';
import { isBuiltInGroup } from '../kinds';
import { madeBy } from '../runtime';

/** No two objects are the same one, and no list holds one name or port twice. */
export const duplicates: Rule = {
  name: 'duplicate',
  check(context, report) {
    objects(context, report);
    if (context.strict) overwritten(context, report);
    for (const pod of context.bundle.pods) {
      if (!isBuiltInGroup(pod.entry.group)) continue;
      const at = new Map<string, string>();
      for (const { name, path } of pod.containers) {
        if (name !== '' && at.has(name))
          report(pod.entry, `${path}.name`, name, `is also the name of ${at.get(name)}; rename one`);
        at.set(name, path);
      }
      for (const { spec, path } of pod.containers) {
        unique(pod.entry, `${path}.ports`, spec.ports, (p) => str(p.name), 'name', report);
        unique(
          pod.entry,
          `${path}.ports`,
          spec.ports,
          (p) => `${String(p.containerPort)}/${String(p.protocol ?? 'TCP')}${String(p.hostIP ?? '')}`,
          'containerPort',
          report,
        );
        if (context.strict) unique(pod.entry, `${path}.env`, spec.env, (e) => str(e.name), 'name', report);
      }
    }
    for (const entry of context.bundle.ofType('Service')) {
      unique(entry, 'spec.ports', entry.spec.ports, (p) => str(p.name), 'name', report);
      unique(
        entry,
        'spec.ports',
        entry.spec.ports,
        (p) => `${String(p.port)}/${String(p.protocol ?? 'TCP')}`,
        'port',
        report,
      );
    }
  },
};

function objects({ bundle }: Context, report: Report): void {
  const seen = new Map<string, Entry>();
  for (const entry of bundle.entries) {
    if (entry.name === '') continue;
    const key = `${entry.type}|${entry.namespace}|${entry.name}`;
    const first = seen.get(key);
    if (first) {
      const where = entry.namespace === '' ? '' : ` in namespace ${entry.namespace}`;
      report(
        entry,
        'metadata.name',
        entry.name,
        `is also the name of the ${entry.kind}${where} at ${first.source}; rename one, or leave one out`,
      );
    } else {
      seen.set(key, entry);
    }
  }
}

/** The Secret of an ExternalSecret has no other maker: what that one puts there would be taken away again. */
function overwritten({ bundle }: Context, report: Report): void {
  const externals = new Map<string, Entry>();
  const secretsOf = (entry: Entry) =>
    madeBy(entry).flatMap(({ type, namespace, name }) =>
      type === 'Secret' ? [{ name, key: `${namespace}|${name}` }] : [],
    );
  for (const entry of bundle.ofType(EXTERNAL_SECRET)) for (const { key } of secretsOf(entry)) externals.set(key, entry);
  if (externals.size === 0) return;
  for (const entry of bundle.entries) {
    for (const { name, key } of secretsOf(entry)) {
      const external = externals.get(key);
      if (!external || external === entry) continue;
      const maker = `${entry.kind} ${entry.namespace}/${entry.name}`;
      report(
        external,
        'spec.target.name',
        name,
        `is also the Secret that ${maker} makes; give one of the two another name`,
      );
    }
  }
}

const EXTERNAL_SECRET = 'ExternalSecret.external-secrets.io';

type Key = (item: Readonly<Record<string, unknown>>) => string | undefined;

function unique(entry: Entry, at: string, list: unknown, key: Key, what: string, report: Report): void {
  const items = arr(list);
  if (items.length < 2) return;
  const seen = new Map<string, number>();
  items.forEach((item, i) => {
    const value = key(obj(item));
    if (value === undefined) return;
    const first = seen.get(value);
    if (first === undefined) seen.set(value, i);
    else report(entry, `${at}[${i}].${what}`, value, `is also that of ${at}[${first}]; change one`);
  });
}
