import { fail, show } from '../core/errors';
import { type CelRule, type Json, type JsonObject, type JsonSchema } from './json-schema';

type Presence = 'optional' | 'required' | 'defaulted';

/**
 * A field's schema and, with it, the TypeScript type of its value.
 *
 * A field is optional unless `.required()` says otherwise, as most of Kubernetes' fields are.
 */
export class Schema<T = unknown, P extends Presence = Presence> {
  /** The value's type, for `Infer`; there is nothing here at run time. */
  declare readonly type: T;

  /** @internal */
  constructor(
    readonly json: JsonSchema,
    readonly presence: P,
  ) {}

  /** The field must be given. */
  required(): Schema<T, 'required'> {
    return new Schema<T, 'required'>(this.json, 'required');
  }

  /** The API server has the field always: who leaves it out gets `value`. */
  defaulted(value: T & Json): Schema<T, 'defaulted'> {
    return new Schema<T, 'defaulted'>({ ...this.json, default: value }, 'defaulted');
  }

  /** `null` is a value of the field. */
  nullable(): Schema<T | null, P> {
    return new Schema<T | null, P>({ ...this.json, nullable: true }, this.presence);
  }

  /** Adds CEL rules, which the API server evaluates. */
  validations(...rules: readonly CelRule[]): Schema<T, P> {
    const earlier = this.json['x-kubernetes-validations'] ?? [];
    return new Schema<T, P>({ ...this.json, 'x-kubernetes-validations': [...earlier, ...rules] }, this.presence);
  }
}

/** The type of the values that a schema accepts; read-only all the way down. */
export type Infer<S extends Schema> = S['type'];

/** An object's fields by name. */
export type Fields = { readonly [name: string]: Schema };

/** The type of an object with these fields. */
export type InferFields<F extends Fields> = Flat<
  { readonly [K in keyof F as F[K]['presence'] extends 'required' ? K : never]: F[K]['type'] } & {
    readonly [K in keyof F as F[K]['presence'] extends 'required' ? never : K]?: F[K]['type'];
  }
>;
type Flat<T> = { [K in keyof T]: T[K] };

/** A resource inside another one. */
export interface EmbeddedResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: JsonObject;
  readonly [field: string]: Json | undefined;
}

/** What every field may say besides its type. */
export interface FieldOptions<T> {
  /** What the API server fills in where the field is left out. */
  readonly default?: T & Json;
  /** What `kubectl explain` shows. */
  readonly description?: string;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}

export interface StringOptions extends FieldOptions<string> {
  /** A regular expression in Go's syntax (RE2); not anchored unless it says so. */
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface NumberOptions extends FieldOptions<number> {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
}

export interface ArrayOptions<T> extends FieldOptions<readonly T[]> {
  readonly minItems?: number;
  readonly maxItems?: number;
  /** How server-side apply merges the list: as a whole, by value, or by `keys`. @default - not said, which is atomic */
  readonly listType?: 'atomic' | 'set' | 'map';
  /** The fields that tell the items of a `map` list apart. */
  readonly keys?: readonly string[];
}

export interface ObjectOptions<T> extends FieldOptions<T> {
  /** Fields beyond the declared ones are kept, unchecked. @default false */
  readonly open?: boolean;
  /** Whether server-side apply takes the object as a whole. @default - not said, which is granular */
  readonly mapType?: 'atomic' | 'granular';
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

type Optional<T> = Schema<T, 'optional'>;

function schema<T>(json: JsonSchema): Optional<T> {
  return new Schema<T, 'optional'>(json, 'optional');
}

const INT_OR_STRING: JsonSchema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};

/** What controller-gen writes for a resource.Quantity. */
const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/**
 * The schema builder. One declaration gives the TypeScript type (`Infer`), the CRD's schema (`.json`) and the check at
 * synth (`validate`).
 *
 *     const spec = t.object({
 *       addresses: t.array(t.string(), { minItems: 1 }).required(),
 *       autoAssign: t.boolean({ default: true }),
 *     });
 *     type Spec = Infer<typeof spec>; // { readonly addresses: readonly string[]; readonly autoAssign?: boolean }
 */
export const t = {
  string: (options: StringOptions = {}) => schema<string>({ type: 'string', ...options }),

  /** One of the given strings. */
  enum: <const V extends string>(values: readonly V[], options: FieldOptions<V> = {}) =>
    schema<V>({ type: 'string', enum: values, ...options }),

  boolean: (options: FieldOptions<boolean> = {}) => schema<boolean>({ type: 'boolean', ...options }),

  integer: (options: NumberOptions = {}) => schema<number>({ type: 'integer', ...options }),

  int32: (options: NumberOptions = {}) => schema<number>({ type: 'integer', format: 'int32', ...options }),

  int64: (options: NumberOptions = {}) => schema<number>({ type: 'integer', format: 'int64', ...options }),

  number: (options: NumberOptions & { readonly format?: 'float' | 'double' } = {}) =>
    schema<number>({ type: 'number', ...options }),

  intOrString: (options: FieldOptions<number | string> = {}) =>
    schema<number | string>({ ...INT_OR_STRING, ...options }),

  /** An amount with a unit, such as `500m` or `10Gi`. */
  quantity: (options: FieldOptions<number | string> = {}) =>
    schema<number | string>({ ...INT_OR_STRING, pattern: QUANTITY_PATTERN, ...options }),

  /** A point in time, RFC 3339. */
  dateTime: () => schema<string>({ type: 'string', format: 'date-time' }),

  array: <T>(items: Schema<T>, options: ArrayOptions<T> = {}) => {
    const { listType, keys, ...rest } = options;
    for (const key of keys ?? []) checkKey(key, items.json);
    return schema<readonly T[]>({
      type: 'array',
      items: items.json,
      ...rest,
      ...(listType && { 'x-kubernetes-list-type': listType }),
      ...(keys && { 'x-kubernetes-list-map-keys': keys }),
    });
  },

  /** An object with any keys, and values of one schema. */
  map: <T>(values: Schema<T>, options: Omit<ObjectOptions<{ readonly [key: string]: T }>, 'open'> = {}) => {
    const { mapType, ...rest } = options;
    return schema<{ readonly [key: string]: T }>({
      type: 'object',
      additionalProperties: values.json,
      ...rest,
      ...(mapType && { 'x-kubernetes-map-type': mapType }),
    });
  },

  object: <F extends Fields>(fields: F, options: ObjectOptions<InferFields<F>> = {}) => {
    const { open, mapType, ...rest } = options;
    return schema<InferFields<F>>({
      ...objectSchema(fields),
      ...rest,
      ...(open && { 'x-kubernetes-preserve-unknown-fields': true }),
      ...(mapType && { 'x-kubernetes-map-type': mapType }),
    });
  },

  /** An object that is passed through unchecked; give `T` where its type is known. */
  open: <T extends object = JsonObject>(options: FieldOptions<T> = {}): Optional<NoInfer<T>> =>
    schema<T>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...options }),

  /** Any JSON value. */
  any: <T = Json>(options: FieldOptions<T> = {}): Optional<NoInfer<T>> =>
    schema<T>({ 'x-kubernetes-preserve-unknown-fields': true, ...options }),

  /** A whole resource inside this one; only its apiVersion and kind are checked. */
  embedded: (options: FieldOptions<EmbeddedResource> = {}) =>
    schema<EmbeddedResource>({
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
      ...options,
    }),

  /** A schema as it stands, for what the builders can't say. */
  raw: <T>(json: JsonSchema) => schema<T>(json),
};

/** The API server refuses a CRD with a list by keys whose items don't have them always. */
function checkKey(key: string, items: JsonSchema): void {
  const field = items.properties?.[key];
  if (field && (items.required?.includes(key) || field.default !== undefined)) return;
  fail(
    'schema',
    `a list's key must be a field of its items that is required or has a default, got ${show(key)}; declare it so`,
  );
}

/** An object schema of the given fields. */
export function objectSchema(fields: Fields): JsonSchema {
  const properties: { [name: string]: JsonSchema } = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    properties[name] = field.json;
    if (field.presence !== 'optional') required.push(name);
  }
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}
