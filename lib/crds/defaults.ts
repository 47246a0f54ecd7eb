import { isObject, type JsonSchema } from './json-schema';

type Property = readonly [name: string, schema: JsonSchema];

const DEFAULTED = new WeakMap<JsonSchema, readonly Property[]>();

/**
 * The value as the API server has it before it validates: null is dropped where it isn't allowed, then defaults are filled in. The value
 * itself where there is nothing to change; it is never changed in place.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
 */
export function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? withItemDefaults(schema.items, value) : value;
  if (!isObject(value)) return value;
  let changed: { [key: string]: unknown } | undefined;
  for (const name of Object.keys(value)) {
    const field = fieldSchema(schema, name);
    const before = value[name];
    if (field === undefined || before === undefined) continue;
    const after = before === null && !field.nullable ? undefined : withDefaults(field, before);
    if (after !== before) (changed ??= { ...value })[name] = after;
  }
  for (const [name, property] of defaulted(schema)) {
    if ((changed ?? value)[name] === undefined) {
      (changed ??= { ...value })[name] = withDefaults(property, property.default);
    }
  }
  return changed ?? value;
}

function withItemDefaults(items: JsonSchema, list: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | undefined;
  list.forEach((before, i) => {
    const missing = before === null && !items.nullable && items.default !== undefined;
    const after = withDefaults(items, missing ? items.default : before);
    if (after !== before) (changed ??= [...list])[i] = after;
  });
  return changed ?? list;
}

/** What describes an object's field, if anything does. */
function fieldSchema({ properties, additionalProperties }: JsonSchema, name: string): JsonSchema | undefined {
  if (properties && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function defaulted(schema: JsonSchema): readonly Property[] {
  let known = DEFAULTED.get(schema);
  if (known === undefined) {
    known = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined);
    DEFAULTED.set(schema, known);
  }
  return known;
}
