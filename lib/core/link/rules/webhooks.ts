import { type Bundle } from '../bundle';
import { type Entry } from '../entry';
import { mend, slipOf, type Context, type Report, type Rule } from '../context';
import { arr, dig, isObj, obj, str, type Obj } from '../json';
import { CRD, isBuiltInGroup, kindOf } from '../kinds';
import { checkBackend } from './services';

interface Webhook {
  readonly entry: Entry;
  readonly webhook: Obj;
  readonly at: string;
}

/** Each webhook, conversion and aggregated API is served: its Service and port exist, and what it looks at does. */
export const webhooks: Rule = {
  name: 'webhook',
  check(context, report) {
    const { bundle } = context;
    for (const { entry, webhook, at } of webhooksOf(bundle)) {
      client(entry, `${at}.clientConfig`, webhook.clientConfig, context, report);
      arr(webhook.rules).forEach((rule, i) => rules(entry, `${at}.rules[${i}]`, obj(rule), context, report));
    }
    for (const entry of bundle.ofType(CRD)) {
      const conversion = dig(entry.spec, 'conversion', 'webhook');
      // Objects of one version are never converted.
      if (isObj(conversion) && (context.strict || arr(entry.spec.versions).length > 1))
        client(entry, 'spec.conversion.webhook.clientConfig', conversion.clientConfig, context, report);
    }
    for (const entry of bundle.ofType('APIService.apiregistration.k8s.io')) {
      if (!isObj(entry.spec.service)) continue;
      client(entry, 'spec', entry.spec, context, report);
    }
  },
};

/** Every webhook of every configuration. */
export function webhooksOf(bundle: Bundle): Webhook[] {
  return CONFIGURATIONS.flatMap((type) =>
    bundle
      .ofType(type)
      .flatMap((entry) =>
        arr(entry.object.webhooks).map((webhook, i) => ({ entry, webhook: obj(webhook), at: `webhooks[${i}]` })),
      ),
  );
}

const CONFIGURATIONS = [
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
];

function client(entry: Entry, at: string, config: unknown, context: Context, report: Report): void {
  const { service, url } = obj(config);
  if (!isObj(service)) {
    if (str(url) === undefined) report(entry, at, '', 'has neither service nor url; name the Service that answers');
    return;
  }
  const { name, namespace, path, port } = service;
  const where = `${at}.service`;
  const number = typeof port === 'number' ? port : 443;
  const place = str(namespace) ?? '';
  if (!context.bundle.hasNamespace(place) && !context.bundle.find('Service', place, String(name))) {
    report(
      entry,
      `${where}.namespace`,
      place,
      `names no Namespace${mend(place, [...context.bundle.namespaces], 'correct it')}`,
    );
    return;
  }
  checkBackend({ entry, at: where, namespace: place, name, port: { number } }, context, (e, f, v, m) =>
    report(e, f.replace('.port.number', '.port'), v, m),
  );
  if (typeof path === 'string' && !/^\/[^\s?#]*$/.test(path)) {
    report(entry, `${where}.path`, path, 'must be a path that begins with "/" and has no query; correct it');
  }
}

/** A rule's resources are kinds that exist, where its group is the bundle's or Kubernetes' own. */
function rules(entry: Entry, at: string, rule: Obj, { bundle, strict }: Context, report: Report): void {
  const versions = arr(rule.apiVersions).map(String);
  arr(rule.apiGroups).forEach((item, i) => {
    const group = String(item);
    if (group === '*') return;
    const kinds = [...bundle.customKinds].filter(([type]) => type.slice(kindOf(type).length + 1) === group);
    if (kinds.length === 0) {
      const near = isBuiltInGroup(group) ? undefined : slipOf(group, bundle.customGroups);
      if (near !== undefined)
        report(entry, `${at}.apiGroups[${i}]`, group, `is no group of the bundle's CRDs; did you mean "${near}"?`);
      return;
    }
    const plurals = kinds.map(([, { plural }]) => plural);
    arr(rule.resources).forEach((resource, j) => {
      const [plural] = String(resource).split('/');
      if (plural === '*' || plurals.includes(plural)) return;
      if (arr(rule.apiGroups).length > 1) return;
      if (!strict && slipOf(plural, plurals, 1) === undefined) return;
      report(
        entry,
        `${at}.resources[${j}]`,
        resource,
        `is no resource of group ${group}${mend(plural, plurals, 'correct it')}`,
      );
    });
    const served = new Set(kinds.flatMap(([, kind]) => [...kind.versions.keys()]));
    versions.forEach((version, j) => {
      if (version === '*' || served.has(version) || arr(rule.apiGroups).length > 1) return;
      if (versions.some((v) => served.has(v))) return;
      report(
        entry,
        `${at}.apiVersions[${j}]`,
        version,
        `is no version of group ${group}${mend(version, [...served], 'correct it')}`,
      );
    });
  });
}
