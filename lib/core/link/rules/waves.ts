import { type Entry } from '../entry';
import { type Context, type Report, type Rule } from '../context';
import { arr, isObj, obj, str } from '../json';
import { kindOf } from '../kinds';
import { webhooksOf } from './webhooks';

/** Where the order is known: what an object can't do without is in its own file, or ready when that is applied. */
export const waves: Rule = {
  name: 'wave',
  check(context, report) {
    const { bundle, refs, hosts, services } = context;
    if (!bundle.entries.some((entry) => entry.wave !== undefined)) return;
    for (const { from, field, type, namespace, name, hard, optional } of refs) {
      if (!hard || optional) continue;
      const maker = (namespace === '*' ? undefined : bundle.find(type, namespace, name))?.from;
      if (isLater(maker, from)) {
        const mend = `apply the ${kindOf(type)} in wave ${from.wave} or earlier`;
        report(from, field, name, `is made in wave ${maker?.wave}, after wave ${from.wave}; ${mend}`);
      } else if (isUnordered(maker, from)) {
        report(from, field, name, `is made in ${maker?.file}, ${unordered(from)}`);
      }
    }
    for (const { text, host, namespace, service: name } of hosts) {
      if (text.kind !== 'env' && text.kind !== 'arg') continue;
      const service = services.find(namespace, name);
      if (!service || service.pods.some((pod) => pod.entry === text.entry)) continue;
      const servers = service.pods.map((pod) => pod.entry).sort((a, b) => (a.wave ?? -1) - (b.wave ?? -1));
      const needed = [service.entry, ...servers.slice(0, 1)];
      const late = needed.filter((entry) => isLater(entry, text.entry)).sort((a, b) => b.wave! - a.wave!)[0];
      const loose = needed.find((entry) => isUnordered(entry, text.entry));
      if (late) {
        const mend = `apply Service ${namespace}/${name} in wave ${text.entry.wave} or earlier`;
        const message = `is served from wave ${late.wave} on, after wave ${text.entry.wave}; ${mend}`;
        report(text.entry, text.path(), host, message);
      } else if (loose) {
        report(text.entry, text.path(), host, `is served from ${loose.file} on, ${unordered(text.entry)}`);
      }
    }
    owners(context, report);
    admission(context, report);
  },
};

function isLater(other: Entry | undefined, { wave }: Entry): boolean {
  return other?.wave !== undefined && wave !== undefined && other.wave > wave;
}

/** Nothing says that the other one is ready when this one is applied, though its wave is not a later one. */
function isUnordered(other: Entry | undefined, { file, after }: Entry): boolean {
  if (other?.file === undefined || after === undefined || other.wave === 0) return false;
  return other.file !== file && !after.has(other.file);
}

function unordered({ file }: Entry): string {
  return `which ${file} doesn't wait for; give the stage what makes it as a need`;
}

/** Bindings need their Role to be applied, and a ServiceAccount's pods need its rights when they start. */
function owners({ bundle }: Context, report: Report): void {
  for (const { entry, namespace, spec } of bundle.pods) {
    const account = str(spec.serviceAccountName);
    if (account === undefined) continue;
    for (const binding of bundle.bindingsOf(namespace, account)) {
      const late = isLater(binding, entry);
      if (!late && !isUnordered(binding, entry)) continue;
      const i = arr(binding.object.subjects).findIndex((subject) => obj(subject).name === account);
      report(
        binding,
        `subjects[${i}].name`,
        account,
        late
          ? `gets its rights in wave ${binding.wave}, after its pods (${entry.kind} ${entry.name}) start in wave ${entry.wave}; apply the binding in wave ${entry.wave} or earlier`
          : `gets its rights in ${binding.file}, ${unordered(entry)}`,
      );
    }
  }
}

/** A custom resource that a webhook must admit needs the webhook to be served, hence in an earlier wave. */
function admission(context: Context, report: Report): void {
  const { bundle, services } = context;
  for (const { entry: configuration, webhook } of webhooksOf(bundle)) {
    const { name, namespace } = obj(obj(webhook.clientConfig).service);
    const service = services.find(String(namespace), String(name));
    if (!service || webhook.failurePolicy === 'Ignore') continue;
    const parts = [service.entry, configuration, ...service.pods.map((pod) => pod.entry)];
    const wave = Math.max(...parts.map((part) => part.wave ?? -1));
    for (const item of arr(webhook.rules)) {
      const rule = obj(item);
      for (const [type, { plural, versions }] of bundle.customKinds) {
        const group = type.slice(kindOf(type).length + 1);
        if (
          !matches(rule.apiGroups, [group]) ||
          !matches(rule.resources, [plural]) ||
          !matches(rule.apiVersions, [...versions.keys()])
        )
          continue;
        for (const resource of bundle.ofType(type)) {
          if (resource.wave === undefined || isObj(webhook.namespaceSelector) || isObj(webhook.objectSelector))
            continue;
          const loose = parts.find((part) => isUnordered(part, resource));
          if (wave >= resource.wave && wave >= 0) {
            const place = `which starts in wave ${wave}; apply it in a later wave, after the webhook answers`;
            const message = `must pass the webhook of Service ${service.namespace}/${service.name}, ${place}`;
            report(resource, 'kind', resource.kind, message);
          } else if (loose) {
            const message = `must pass the webhook of Service ${service.namespace}/${service.name} from ${loose.file}`;
            report(resource, 'kind', resource.kind, `${message}, ${unordered(resource)}`);
          }
        }
      }
    }
  }
}

function matches(patterns: unknown, values: readonly string[]): boolean {
  return arr(patterns).some((pattern) => pattern === '*' || pattern === '*/*' || values.includes(String(pattern)));
}
