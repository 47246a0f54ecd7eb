import { nearest } from '../core/errors';
import { withDefaults } from './defaults';
import { FORMAT_WORDS, INTEGER_FORMATS, STRING_FORMATS } from './formats';
import { isObject, type JsonSchema } from './json-schema';
import { compilePattern } from './pattern';
import { brief, describe, fieldPath, type Problem } from './problem';

/**
 * Checks a value as the API server does for a custom resource: defaults first, then types, bounds, enums, patterns, formats,
 * required and unknown fields. An unknown field is a problem, as under strict field validation. CEL rules are not evaluated.
 *
 * A value with apiVersion and kind is taken for a whole resource, whose metadata is Kubernetes' own.
 *
 * @param schema plain JSON, as under `openAPIV3Schema` of any CRD
 * @param path what the problems' paths start with
 * @returns the problems found, in the schema's order; empty where the value is valid
 */
export function validate(schema: JsonSchema, value: unknown, path = ''): Problem[] {
  const check = new Check();
  const whole = isObject(value) && 'apiVersion' in value && 'kind' in value;
  check.value(schema, withDefaults(schema, value), path, whole);
  return check.problems;
}

const PATTERNS = new WeakMap<JsonSchema, RegExp | null>();
const RESOURCE_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

class Check {
  readonly problems: Problem[] = [];

  /** A value by the structural schema that names its fields. */
  value(schema: JsonSchema, value: unknown, path: string, resource = false): void {
    if (value === null) {
      if (!schema.nullable && schema.type !== undefined) this.report(path, value, `must be ${typeWords(schema)}`);
      return;
    }
    if (!this.type(schema, value, path)) return;
    this.constraints(schema, value, path);
    if (Array.isArray(value)) {
      const { items } = schema;
      if (items) value.forEach((item: unknown, i) => this.value(items, item, `${path}[${i}]`));
      this.listType(schema, value, path);
    } else if (isObject(value)) {
      const embedded = schema['x-kubernetes-embedded-resource'] === true;
      if (embedded) this.identity(value, path);
      this.fields(schema, value, path, resource || embedded);
    }
  }

  /** A value by a schema that only adds constraints: a branch of allOf, anyOf, oneOf or not. */
  private branch(schema: JsonSchema, value: unknown, path: string): void {
    if (value === null || !this.type(schema, value, path)) return;
    this.constraints(schema, value, path);
    const { items, properties } = schema;
    if (Array.isArray(value)) {
      if (items) value.forEach((item: unknown, i) => this.branch(items, item, `${path}[${i}]`));
    } else if (isObject(value) && properties) {
      for (const name of Object.keys(properties)) {
        if (value[name] !== undefined) this.branch(properties[name], value[name], fieldPath(path, name));
      }
    }
  }

  private type(schema: JsonSchema, value: unknown, path: string): boolean {
    const fits = schema['x-kubernetes-int-or-string']
      ? typeof value === 'string' || Number.isInteger(value)
      : hasType(schema.type, value);
    if (!fits) this.report(path, value, `must be ${typeWords(schema)}`);
    return fits;
  }

  private constraints(schema: JsonSchema, value: unknown, path: string): void {
    if (schema.enum && !schema.enum.some((allowed) => same(allowed, value))) {
      const hint = typeof value === 'string' ? nearest(value, schema.enum.filter(isString)) : undefined;
      this.report(
        path,
        value,
        `must be one of ${schema.enum.map(brief).join(', ')}${hint ? `; did you mean "${hint}"?` : ''}`,
      );
    }
    if (typeof value === 'string') this.string(schema, value, path);
    else if (typeof value === 'number') this.number(schema, value, path);
    else if (Array.isArray(value)) {
      this.count(path, value, value.length, 'items', schema.minItems, schema.maxItems);
      if (schema.uniqueItems) this.unique(value, value.map(key), path);
    } else if (isObject(value)) {
      const count = Object.keys(value).filter((name) => value[name] !== undefined).length;
      this.count(path, value, count, 'fields', schema.minProperties, schema.maxProperties);
      for (const name of schema.required ?? []) {
        if (value[name] === undefined) this.report(fieldPath(path, name), undefined, 'is required');
      }
    }
    this.combinations(schema, value, path);
  }

  private string(schema: JsonSchema, value: string, path: string): void {
    const { minLength, maxLength, format } = schema;
    if (minLength !== undefined && value.length < 2 * minLength && [...value].length < minLength)
      this.report(path, value, minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`);
    if (maxLength !== undefined && value.length > maxLength && [...value].length > maxLength)
      this.report(path, value, `must have at most ${maxLength} characters`);
    if (schema.pattern !== undefined && pattern(schema)?.test(value) === false)
      this.report(path, value, `must match ${schema.pattern}`);
    if (format !== undefined && STRING_FORMATS[format]?.(value) === false)
      this.report(path, value, `must be ${FORMAT_WORDS[format] ?? `a valid ${format}`}`);
  }

  private number(schema: JsonSchema, value: number, path: string): void {
    const bounds = schema.type === 'integer' && schema.format ? INTEGER_FORMATS[schema.format] : undefined;
    if (bounds && (value < bounds[0] || value > bounds[1])) this.report(path, value, `must fit in ${schema.format}`);
    const { minimum, maximum, multipleOf } = schema;
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
      this.report(path, value, `must be ${schema.exclusiveMinimum ? 'more than' : 'at least'} ${minimum}`);
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
      this.report(path, value, `must be ${schema.exclusiveMaximum ? 'less than' : 'at most'} ${maximum}`);
    if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
      this.report(path, value, `must be a multiple of ${multipleOf}`);
  }

  private count(path: string, value: unknown, count: number, what: string, minimum = 0, maximum = Infinity): void {
    if (count < minimum)
      this.report(path, value, `must have at least ${minimum} ${minimum === 1 ? what.slice(0, -1) : what}`);
    if (count > maximum)
      this.report(path, value, `must have at most ${maximum} ${maximum === 1 ? what.slice(0, -1) : what}`);
  }

  private combinations({ allOf, anyOf, oneOf, not }: JsonSchema, value: unknown, path: string): void {
    for (const branch of allOf ?? []) this.branch(branch, value, path);
    if (anyOf) {
      const found = anyOf.map((branch) => inBranch(branch, value, path));
      if (found.every((problems) => problems.length > 0)) this.alternatives(path, found);
    }
    if (oneOf) {
      const found = oneOf.map((branch) => inBranch(branch, value, path));
      const matches = found.filter((problems) => problems.length === 0).length;
      if (matches === 0) this.alternatives(path, found);
      if (matches > 1)
        this.report(path, value, `must be exactly one of its ${oneOf.length} forms, is ${matches} at once`);
    }
    if (not && inBranch(not, value, path).length === 0)
      this.report(path, value, `must not be ${not.required ? `given with ${not.required.join(' and ')}` : brief(not)}`);
  }

  /** No alternative holds: says for each of them what is in its way. */
  private alternatives(path: string, found: readonly (readonly Problem[])[]): void {
    const ways = [...new Set(found.map((problems) => problems.map(describe).join(' and ')))];
    this.report(
      path,
      undefined,
      ways.length === 1 ? `is wrong: ${ways[0]}` : `fits no alternative: ${ways.join(', or ')}`,
    );
  }

  private fields(
    schema: JsonSchema,
    value: { readonly [key: string]: unknown },
    path: string,
    resource: boolean,
  ): void {
    const { properties, additionalProperties } = schema;
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
    for (const name of Object.keys(value)) {
      const child = value[name];
      if (child === undefined) continue;
      const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (resource && name === 'metadata') {
        if (property && isObject(child)) this.branch(property, child, fieldPath(path, name));
      } else if (property) this.value(property, child, fieldPath(path, name));
      else if (typeof additionalProperties === 'object') this.value(additionalProperties, child, fieldPath(path, name));
      else if (!open && !(resource && RESOURCE_FIELDS.has(name))) {
        const known = nearest(name, Object.keys(properties ?? {}));
        this.report(fieldPath(path, name), child, `is not a field here${known ? `; did you mean "${known}"?` : ''}`);
      }
    }
  }

  private identity(value: { readonly [key: string]: unknown }, path: string): void {
    for (const name of ['apiVersion', 'kind']) {
      if (typeof value[name] !== 'string' || value[name] === '')
        this.report(fieldPath(path, name), undefined, 'is required in a resource');
    }
  }

  private listType(schema: JsonSchema, list: readonly unknown[], path: string): void {
    const type = schema['x-kubernetes-list-type'];
    if (type === 'set') this.unique(list, list.map(key), path);
    if (type === 'map') {
      const names = schema['x-kubernetes-list-map-keys'] ?? [];
      const keys = list.map((item) => (isObject(item) ? names.map((name) => key(item[name])).join() : ''));
      this.unique(list, keys, path, names);
    }
  }

  private unique(list: readonly unknown[], keys: readonly string[], path: string, by: readonly string[] = []): void {
    const seen = new Map<string, number>();
    keys.forEach((itemKey, i) => {
      const first = seen.get(itemKey);
      if (first === undefined) seen.set(itemKey, i);
      else {
        const what = by.length > 0 ? `must differ in ${by.join(' and ')} from` : 'must not repeat';
        this.report(`${path}[${i}]`, list[i], `${what} ${path}[${first}]`);
      }
    });
  }

  private report(path: string, value: unknown, message: string): void {
    this.problems.push({ path, value, message });
  }

  /** The problems that a branch alone would have. */
  static ofBranch(schema: JsonSchema, value: unknown, path: string): Problem[] {
    const check = new Check();
    check.branch(schema, value, path);
    return check.problems;
  }
}

function inBranch(schema: JsonSchema, value: unknown, path: string): Problem[] {
  return Check.ofBranch(schema, value, path);
}

function pattern(schema: JsonSchema): RegExp | null {
  let compiled = PATTERNS.get(schema);
  if (compiled === undefined) {
    compiled = compilePattern(schema.pattern ?? '') ?? null;
    PATTERNS.set(schema, compiled);
  }
  return compiled;
}

function hasType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'string':
    case 'boolean':
      return typeof value === type;
    case undefined:
    default:
      return true;
  }
}

function typeWords(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string']) return 'an integer or a string';
  const type = schema.type ?? 'a value';
  return /^[aio]/.test(type) ? `an ${type}` : type.startsWith('a ') ? type : `a ${type}`;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A value's identity, for comparison. */
function key(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(key).join()}]`;
  if (isObject(value)) {
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    return `{${names
      .sort()
      .map((name) => `${JSON.stringify(name)}:${key(value[name])}`)
      .join()}}`;
  }
  return JSON.stringify(value) ?? '';
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && key(a) === key(b));
}
