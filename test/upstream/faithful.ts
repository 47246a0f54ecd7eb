import { type CrdManifest, type CrdManifestVersion, type JsonSchema } from '../../lib/crds';

/**
 * What upstream's API server would see differently if our CRD stood in for upstream's.
 *
 * Group, kind, names, scope, versions, subresources, printer columns and selectable fields must be equal. Of the fields, ours may be fewer only where our schema
 * is open at that place; each that we declare must be upstream's in type, list and map semantics, default, enum and bounds.
 *
 * @returns one line a difference; empty where ours is faithful
 */
export function faithful(ours: CrdManifest, upstream: CrdManifest): string[] {
  const found: string[] = [];
  const equal = (path: string, our: unknown, their: unknown) => {
    if (canonical(our) !== canonical(their))
      found.push(`${path}: ours is ${canonical(our)}, upstream's ${canonical(their)}`);
  };
  equal('metadata.name', ours.metadata.name, upstream.metadata.name);
  equal('spec.group', ours.spec.group, upstream.spec.group);
  equal('spec.scope', ours.spec.scope, upstream.spec.scope);
  equal('spec.names', names(ours), names(upstream));
  equal(
    'spec.versions',
    ours.spec.versions.map((version) => version.name).sort(),
    upstream.spec.versions.map((version) => version.name).sort(),
  );
  for (const our of ours.spec.versions) {
    const their = upstream.spec.versions.find((version) => version.name === our.name);
    if (!their) continue;
    equal(our.name, facts(our), facts(their));
    fields(our.schema?.openAPIV3Schema ?? {}, their.schema?.openAPIV3Schema ?? {}, our.name, equal, found);
  }
  return found;
}

function names({ spec }: CrdManifest): object {
  const { kind, plural, singular = kind.toLowerCase(), listKind = `${kind}List`, shortNames, categories } = spec.names;
  return { kind, plural, singular, listKind, shortNames: [...(shortNames ?? [])].sort(), categories: categories ?? [] };
}

function facts(version: CrdManifestVersion): object {
  const { served, storage, deprecated = false, deprecationWarning, subresources, selectableFields } = version;
  const columns = (version.additionalPrinterColumns ?? []).map(({ name, type, jsonPath, priority = 0, format }) => ({
    name,
    type,
    jsonPath,
    priority,
    format,
  }));
  return { served, storage, deprecated, deprecationWarning, subresources, selectableFields, columns };
}

/** What a field of ours must share with upstream's, where ours says it. */
const SHARED = [
  'format',
  'pattern',
  'enum',
  'default',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
] as const;

/** What must be equal whether ours says it or not, where both are structural. */
const EQUAL = [
  'type',
  'nullable',
  'default',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;

/** Every resource has these, whether its schema says so or not. */
const IMPLIED = ['apiVersion', 'kind', 'metadata'];

function fields(
  our: JsonSchema,
  their: JsonSchema,
  path: string,
  equal: (path: string, our: unknown, their: unknown) => void,
  found: string[],
): void {
  const ourOpen = our['x-kubernetes-preserve-unknown-fields'] === true;
  const theirOpen = their['x-kubernetes-preserve-unknown-fields'] === true;
  if (ourOpen && our.type === undefined) return;
  if (ourOpen) equal(`${path} type`, our.type, their.type);
  for (const keyword of ourOpen ? [] : EQUAL) equal(`${path} ${keyword}`, our[keyword], their[keyword]);
  for (const keyword of SHARED)
    if (our[keyword] !== undefined) equal(`${path} ${keyword}`, our[keyword], their[keyword]);
  if (!ourOpen) equal(`${path} required`, required(our), required(their));
  for (const [name, property] of Object.entries(our.properties ?? {})) {
    const upstream = their.properties?.[name];
    if (upstream) fields(property, upstream, `${path}.${name}`, equal, found);
    else if (!theirOpen && !(IMPLIED.includes(name) && !path.includes('.')))
      found.push(`${path}.${name}: upstream has no such field`);
  }
  if (!ourOpen) {
    for (const name of Object.keys(their.properties ?? {})) {
      if (!our.properties?.[name]) found.push(`${path}.${name}: ours lacks it, and isn't open there`);
    }
    if (theirOpen) found.push(`${path}: upstream's is open, ours is not`);
  }
  if (our.items) fields(our.items, their.items ?? {}, `${path}[]`, equal, found);
  const [ourValues, theirValues] = [our.additionalProperties, their.additionalProperties];
  if (typeof ourValues === 'object' && typeof theirValues === 'object')
    fields(ourValues, theirValues, `${path}{}`, equal, found);
  else if (!ourOpen) equal(`${path} additionalProperties`, ourValues, theirValues);
}

/** Nothing is stored without metadata, whether a schema requires it or not. */
function required(schema: JsonSchema): readonly string[] {
  return (schema.required ?? []).filter((name) => name !== 'metadata').sort();
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'absent'
  );
}
