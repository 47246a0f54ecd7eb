import { isObject, type JsonSchema } from './json-schema';

const HAS_DEFAULTS = new WeakMap<JsonSchema, boolean>();

/**
 * The value with the schema's defaults filled in, as the API server does before it validates; the value itself where nothing
 * is to be filled in.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting
 */
export function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (!hasDefaults(schema)) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined || !hasDefaults(items)) return value;
    const filled = value.map((item: unknown) => withDefaults(items, item));
    return filled.some((item, i) => item !== value[i]) ? filled : value;
  }
  if (!isObject(value)) return value;
  let filled: { [key: string]: unknown } | undefined;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const before = value[name];
    const absent = before === undefined || (before === null && !property.nullable);
    const after =
      absent && property.default !== undefined
        ? withDefaults(property, property.default)
        : withDefaults(property, before);
    if (after !== before) (filled ??= { ...value })[name] = after;
  }
  const additional = schema.additionalProperties;
  if (typeof additional === 'object' && hasDefaults(additional)) {
    for (const [name, before] of Object.entries(value)) {
      if (schema.properties?.[name]) continue;
      const after = withDefaults(additional, before);
      if (after !== before) (filled ??= { ...value })[name] = after;
    }
  }
  return filled ?? value;
}

function hasDefaults(schema: JsonSchema): boolean {
  const known = HAS_DEFAULTS.get(schema);
  if (known !== undefined) return known;
  const below = [...Object.values(schema.properties ?? {})];
  if (schema.items) below.push(schema.items);
  if (typeof schema.additionalProperties === 'object') below.push(schema.additionalProperties);
  const result = below.some((child) => child.default !== undefined || hasDefaults(child));
  HAS_DEFAULTS.set(schema, result);
  return result;
}
