import { type Entry } from '../entry';
import { type Context, type Report, type Rule } from '../context';
import { arr, isObj, obj, str } from '../json';
import { kindOf } from '../kinds';
import { webhooksOf } from './webhooks';

/** Where waves are known: what an object can't do without is there in its own wave or an earlier one. */
export const waves: Rule = {
  name: 'wave',
  check(context, report) {
    const { bundle, refs, hosts, services } = context;
    if (!bundle.entries.some((entry) => entry.wave !== undefined)) return;
    for (const { from, field, type, namespace, name, hard, optional } of refs) {
      if (!hard || optional) continue;
      const wave = (namespace === '*' ? undefined : bundle.find(type, namespace, name))?.wave;
      if (isLater(wave, from))
        report(
          from,
          field,
          name,
          `is made in wave ${wave}, after wave ${from.wave}; apply the ${kindOf(type)} in wave ${from.wave} or earlier`,
        );
    }
    for (const { text, host, namespace, service: name } of hosts) {
      if (text.kind !== 'env' && text.kind !== 'arg') continue;
      const service = services.find(namespace, name);
      if (!service || service.pods.some((pod) => pod.entry === text.entry)) continue;
      const first = Math.min(...service.pods.map((pod) => pod.entry.wave ?? -1));
      const wave = Math.max(service.entry.wave ?? -1, service.pods.length > 0 ? first : -1);
      if (isLater(wave, text.entry))
        report(
          text.entry,
          text.path(),
          host,
          `is served from wave ${wave} on, after wave ${text.entry.wave}; apply Service ${namespace}/${name} in wave ${text.entry.wave} or earlier`,
        );
    }
    owners(context, report);
    admission(context, report);
  },
};

function isLater(wave: number | undefined, { wave: own }: Entry): wave is number {
  return wave !== undefined && own !== undefined && wave > own;
}

/** Bindings need their Role to be applied, and a ServiceAccount's pods need its rights when they start. */
function owners({ bundle }: Context, report: Report): void {
  for (const { entry, namespace, spec } of bundle.pods) {
    const account = str(spec.serviceAccountName);
    if (account === undefined) continue;
    for (const binding of bundle.bindingsOf(namespace, account)) {
      if (!isLater(binding.wave, entry)) continue;
      const i = arr(binding.object.subjects).findIndex((subject) => obj(subject).name === account);
      report(
        binding,
        `subjects[${i}].name`,
        account,
        `gets its rights in wave ${binding.wave}, after its pods (${entry.kind} ${entry.name}) start in wave ${entry.wave}; apply the binding in wave ${entry.wave} or earlier`,
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
    const wave = Math.max(
      service.entry.wave ?? -1,
      configuration.wave ?? -1,
      ...service.pods.map((pod) => pod.entry.wave ?? -1),
    );
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
          if (
            resource.wave !== undefined &&
            wave >= 0 &&
            wave >= resource.wave &&
            !isObj(webhook.namespaceSelector) &&
            !isObj(webhook.objectSelector)
          ) {
            report(
              resource,
              'kind',
              resource.kind,
              `must pass the webhook of Service ${service.namespace}/${service.name}, which starts in wave ${wave}; apply it in a later wave, after the webhook answers`,
            );
          }
        }
      }
    }
  }
}

function matches(patterns: unknown, values: readonly string[]): boolean {
  return arr(patterns).some((pattern) => pattern === '*' || pattern === '*/*' || values.includes(String(pattern)));
}
