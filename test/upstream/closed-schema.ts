/** The parts of OpenAPI's schemas, v2 and v3, that this walks through. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly nullable?: boolean;
  readonly [key: string]: unknown;
}

/** Types of Kubernetes that are JSON of any form, though their definitions list fields or call them strings. */
const ANY = /\.(JSON|JSONSchemaPropsOrArray|JSONSchemaPropsOrBool|JSONSchemaPropsOrStringArray|RawExtension|FieldsV1)$/;
const EMBEDDED = ['apiVersion', 'kind', 'metadata'];

/**
 * An OpenAPI schema as JSON Schema that refuses unknown fields: what the API server does with `--validate=strict`.
 *
 * @param name of the definition, since Kubernetes' int-or-string and raw types are told by it
 */
export function closed(name: string, schema: Schema): Schema {
  if (ANY.test(name)) return {};
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
    return { type: ['string', 'integer'] };
  if (name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  if (schema.$ref !== undefined) return { $ref: schema.$ref };
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const rules = Object.fromEntries(
    [
      'enum',
      'minimum',
      'maximum',
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
      'required',
      'minProperties',
      'maxProperties',
    ]
      .filter((key) => key in schema)
      .map((key) => [key, schema[key]]),
  );
  const properties = schema.properties && {
    ...Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, closed('', value)])),
    // metadata of a custom resource is Kubernetes' own, and not spelled out in its CRD.
    ...(isOpenMetadata(schema.properties.metadata) ? { metadata: {} } : {}),
  };
  const embedded =
    schema['x-kubernetes-embedded-resource'] === true ? Object.fromEntries(EMBEDDED.map((key) => [key, {}])) : {};
  return {
    ...rules,
    ...(schema.type === undefined ? {} : { type: schema.nullable ? [schema.type, 'null'].flat() : schema.type }),
    ...(schema.items ? { items: closed('', schema.items) } : {}),
    ...(properties ? { properties: { ...properties, ...embedded } } : {}),
    ...(properties && !open && schema.additionalProperties === undefined ? { additionalProperties: false } : {}),
    ...(typeof schema.additionalProperties === 'object'
      ? { additionalProperties: closed('', schema.additionalProperties) }
      : {}),
  };
}

function isOpenMetadata(metadata: Schema | undefined): boolean {
  return (
    metadata !== undefined &&
    metadata.type === 'object' &&
    metadata.properties === undefined &&
    metadata.$ref === undefined
  );
}
