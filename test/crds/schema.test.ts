import { type Infer, type JsonObject, t } from '../../lib/crds';

/** Compiles only where the two types are the same. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
function same<A, B>(verdict: Same<A, B>): void {
  expect(verdict).toBe(true);
}

describe('one declaration', () => {
  const spec = t.object({
    addresses: t.array(t.string({ pattern: '^[0-9.]+$' }), { minItems: 1 }).required(),
    autoAssign: t.boolean({ default: true }),
    mode: t.enum(['all', 'filtered']).defaulted('filtered'),
    limits: t.map(t.quantity()),
    parent: t.object({ name: t.string().required() }).nullable(),
    template: t.open(),
  });

  test('gives the type', () => {
    same<
      Infer<typeof spec>,
      {
        readonly addresses: readonly string[];
        readonly autoAssign?: boolean;
        readonly mode?: 'all' | 'filtered';
        readonly limits?: { readonly [key: string]: string | number };
        readonly parent?: { readonly name: string } | null;
        readonly template?: JsonObject;
      }
    >(true);
  });

  test('gives the schema', () => {
    expect(spec.json).toEqual({
      type: 'object',
      required: ['addresses', 'mode'],
      properties: {
        addresses: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[0-9.]+$' } },
        autoAssign: { type: 'boolean', default: true },
        mode: { type: 'string', enum: ['all', 'filtered'], default: 'filtered' },
        limits: { type: 'object', additionalProperties: t.quantity().json },
        parent: {
          type: 'object',
          nullable: true,
          required: ['name'],
          properties: { name: { type: 'string' } },
        },
        template: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
  });
});

test.each([
  ['int32', t.int32({ minimum: 1 }), { type: 'integer', format: 'int32', minimum: 1 }],
  ['int64', t.int64(), { type: 'integer', format: 'int64' }],
  ['number', t.number({ format: 'double' }), { type: 'number', format: 'double' }],
  ['dateTime', t.dateTime(), { type: 'string', format: 'date-time' }],
  ['any', t.any(), { 'x-kubernetes-preserve-unknown-fields': true }],
  [
    'embedded',
    t.embedded(),
    { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  ],
  [
    'a map list',
    t.array(t.object({ name: t.string().required() }), { listType: 'map', keys: ['name'] }),
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    },
  ],
  [
    'an open object with one known field',
    t.object({ kind: t.string() }, { open: true, mapType: 'atomic' }),
    {
      type: 'object',
      properties: { kind: { type: 'string' } },
      'x-kubernetes-preserve-unknown-fields': true,
      'x-kubernetes-map-type': 'atomic',
    },
  ],
  [
    'CEL rules',
    t.string().validations({ rule: 'self == oldSelf', message: 'immutable' }),
    { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }] },
  ],
  [
    'alternatives',
    t.object({ a: t.string(), b: t.string() }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
  ],
])('%s', (_, schema, json) => {
  expect(schema.json).toEqual(json);
});

test.each([
  ['is no field', t.open()],
  ['may be absent', t.object({ name: t.string() })],
])('refuses a list whose key %s', (_, items) => {
  expect(() => t.array(items, { listType: 'map', keys: ['name'] })).toThrow(
    'schema: a list\'s key must be a field of its items that is required or has a default, got "name"; declare it so',
  );
});

test('takes a list whose key has a default', () => {
  const items = t.object({ name: t.string({ default: '' }) });
  expect(t.array(items, { listType: 'map', keys: ['name'] }).json['x-kubernetes-list-map-keys']).toEqual(['name']);
});
