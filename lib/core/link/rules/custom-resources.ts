import { validate } from '../../../crds/validate';
import { type Entry } from '../entry';
import { installsDefinitions } from '../evidence';
import { mend, type Context, type Report, type Rule } from '../context';
import { apiVersionsOf, BUILT_IN, isBuiltInGroup, kindOf, kindsOf, CRD } from '../kinds';
import { arr, obj, str } from '../json';
import { type CustomKind } from '../bundle';

/** Each object's kind is one that the API server has by then, and each custom resource is valid by its CRD's schema. */
export const customResources: Rule = {
  name: 'custom-resource',
  check(context, report) {
    for (const entry of context.bundle.entries) {
      if (isBuiltInGroup(entry.group) || entry.group.indexOf('.') < 0) builtIn(entry, context, report);
      else custom(entry, context, report);
      if (entry.type === CRD) definition(entry, report);
    }
  },
};

function builtIn(entry: Entry, { bundle }: Context, report: Report): void {
  const { object, type, kind, group, version } = entry;
  const known = BUILT_IN.get(type);
  if (known) {
    if (known.versions.includes(version)) return;
    const served = known.versions.map((v) => (group === '' ? v : `${group}/${v}`));
    report(entry, 'apiVersion', object.apiVersion, `isn't served for ${kind}; use ${served[0]}`);
    return;
  }
  if (bundle.customKinds.has(type)) return;
  const elsewhere = apiVersionsOf(kind);
  if (elsewhere.length > 0)
    report(entry, 'apiVersion', object.apiVersion, `has no kind ${kind}; did you mean ${elsewhere.join(' or ')}?`);
  else
    report(
      entry,
      'kind',
      kind,
      `is no kind of ${String(object.apiVersion)}${mend(kind, kindsOf(group), 'correct kind or apiVersion')}`,
    );
}

function custom(entry: Entry, context: Context, report: Report): void {
  const { bundle } = context;
  const { kind, type, group, version, object, wave } = entry;
  const definition = bundle.customKinds.get(type);
  if (!definition) {
    if (bundle.find(CRD, '', type) ?? bundle.find('CustomResourceDefinition', '', `${kind}.${group}`)) return;
    if (bundle.find(CRD, '', group) || bundle.isDeclaredGroup(group) || installsDefinitions(context)) return;
    const kinds = [...bundle.customKinds.keys()];
    const same = kinds.filter((k) => k.endsWith(`.${group}`)).map(kindOf);
    if (same.length > 0)
      report(entry, 'kind', kind, `has no CustomResourceDefinition of group ${group}${mend(kind, same, 'add it')}`);
    else
      report(
        entry,
        'apiVersion',
        object.apiVersion,
        `belongs to no CustomResourceDefinition${mend(group, [...bundle.customGroups], `add the one of ${kind}, or declare it external: CustomResourceDefinition/${group}`)}`,
      );
    return;
  }
  if (!definition.versions.has(version)) {
    const served = [...definition.versions.keys()].map((v) => `${group}/${v}`);
    report(
      entry,
      'apiVersion',
      object.apiVersion,
      `isn't served for ${kind}${mend(`${group}/${version}`, served, 'use one that is')}`,
    );
    return;
  }
  if (wave !== undefined && definition.entry.wave !== undefined && definition.entry.wave >= wave) {
    report(
      entry,
      'kind',
      kind,
      `is defined by ${definition.entry.source} in wave ${definition.entry.wave}, and used in wave ${wave}; apply the CRD in an earlier wave`,
    );
  }
  valid(entry, definition, report);
}

function valid(entry: Entry, { versions }: CustomKind, report: Report): void {
  const schema = versions.get(entry.version);
  if (!schema) return;
  for (const { path, value, message } of validate(schema, entry.object)) {
    // The API server drops a field that is null and may not be.
    if (value === null && !path.endsWith(']')) continue;
    report(entry, path, value, message.includes(';') ? message : `${message}; ${mendOf(message)}`);
  }
}

function mendOf(message: string): string {
  if (message.startsWith('is required')) return 'add it';
  return message.startsWith('is not a field') ? 'take it out' : 'correct it';
}

/** A CRD is named `plural.group` and stores one version. */
function definition(entry: Entry, report: Report): void {
  const { group, names, versions } = obj(entry.spec);
  const wanted = `${str(obj(names).plural) ?? ''}.${String(group)}`;
  if (entry.name !== wanted)
    report(entry, 'metadata.name', entry.name, `must be plural and group; rename it to "${wanted}"`);
  const stored = arr(versions).filter((version) => obj(version).storage === true);
  if (stored.length !== 1)
    report(entry, 'spec.versions', stored.length, 'must have one stored version; set storage: true in one');
}
