import { describe as phrase, type JsonSchema, t, validate } from '../../lib/crds';

function problems(schema: JsonSchema, value: unknown): string[] {
  return validate(schema, value, 'spec').map(phrase);
}

describe('values', () => {
  test.each<[string, JsonSchema, readonly unknown[], readonly [unknown, string][]]>([
    ['string', t.string().json, ['', 'x'], [[1, 'spec must be a string, got 1']]],
    ['boolean', t.boolean().json, [true], [['true', 'spec must be a boolean, got "true"']]],
    [
      'integer',
      t.integer().json,
      [0, -1, 2 ** 40],
      [
        [1.5, 'spec must be an integer, got 1.5'],
        ['1', 'spec must be an integer, got "1"'],
      ],
    ],
    ['int32', t.int32().json, [2 ** 31 - 1], [[2 ** 31, 'spec must fit in int32, got 2147483648']]],
    ['number', t.number().json, [1.5], [[true, 'spec must be a number, got true']]],
    [
      'bounds',
      t.integer({ minimum: 1, maximum: 3 }).json,
      [1, 3],
      [
        [0, 'spec must be at least 1, got 0'],
        [4, 'spec must be at most 3, got 4'],
      ],
    ],
    [
      'exclusive bounds',
      t.number({ minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: true }).json,
      [0.5],
      [
        [0, 'spec must be more than 0, got 0'],
        [1, 'spec must be less than 1, got 1'],
      ],
    ],
    ['multiples', t.integer({ multipleOf: 4 }).json, [8], [[6, 'spec must be a multiple of 4, got 6']]],
    [
      'enum',
      t.enum(['all', 'filtered']).json,
      ['all'],
      [
        ['fltered', 'spec must be one of "all", "filtered", got "fltered"; did you mean "filtered"?'],
        ['other things', 'spec must be one of "all", "filtered", got "other things"'],
      ],
    ],
    ['pattern', t.string({ pattern: '^[a-z]+$' }).json, ['abc'], [['aBc', 'spec must match ^[a-z]+$, got "aBc"']]],
    [
      'lengths, counted in characters',
      t.string({ minLength: 2, maxLength: 3 }).json,
      ['ab', '𝒳𝒴𝒵'],
      [
        ['𝒳', 'spec must have at least 2 characters, got "𝒳"'],
        ['abcd', 'spec must have at most 3 characters, got "abcd"'],
      ],
    ],
    ['not empty', t.string({ minLength: 1 }).json, ['a'], [['', 'spec must not be empty, got ""']]],
    [
      'items',
      t.array(t.int32(), { minItems: 1, maxItems: 2 }).json,
      [[1], [1, 2]],
      [
        [[], 'spec must have at least 1 item, got []'],
        [[1, 2, 3], 'spec must have at most 2 items, got [1,2,3]'],
        [[1, 'x'], 'spec[1] must be an integer, got "x"'],
        [{}, 'spec must be an array, got {}'],
      ],
    ],
    [
      'set',
      t.array(t.string(), { listType: 'set' }).json,
      [['a', 'b']],
      [[['a', 'b', 'a'], 'spec[2] must not repeat spec[0], got "a"']],
    ],
    [
      'map list',
      t.array(t.object({ name: t.string().required(), port: t.int32({ default: 80 }) }), {
        listType: 'map',
        keys: ['name', 'port'],
      }).json,
      [[{ name: 'a' }, { name: 'a', port: 81 }, { name: 'b' }]],
      [
        [
          [{ name: 'a' }, { name: 'a', port: 80 }],
          'spec[1] must differ in name and port from spec[0], got {"name":"a","port":80}',
        ],
      ],
    ],
    [
      'map',
      t.map(t.quantity(), { maxProperties: 1 }).json,
      [{}, { cpu: 1 }, { memory: '1Gi' }],
      [
        [{ memory: '1 GB' }, /^spec\.memory must match .*, got "1 GB"$/.source],
        [{ 'nvidia.com/gpu': true }, 'spec["nvidia.com/gpu"] must be an integer or a string, got true'],
        [{ a: 1, b: 2 }, 'spec must have at most 1 field, got {"a":1,"b":2}'],
      ],
    ],
    [
      'object',
      t.object({ name: t.string().required(), nodeSelectors: t.array(t.string()) }).json,
      [{ name: 'a' }, { name: 'a', nodeSelectors: undefined }],
      [
        [{}, 'spec.name is required'],
        [
          { name: 'a', nodeSelector: [] },
          'spec.nodeSelector is not a field here, got []; did you mean "nodeSelectors"?',
        ],
        [{ name: 'a', zzz: 1 }, 'spec.zzz is not a field here, got 1'],
      ],
    ],
    ['nullable', t.string().nullable().json, [null, 'a'], [[1, 'spec must be a string, got 1']]],
    [
      'open',
      t.object({ a: t.string() }, { open: true }).json,
      [{ b: 1 }],
      [[{ a: 1 }, 'spec.a must be a string, got 1']],
    ],
    ['any', t.any().json, [1, 'a', [], {}, true], []],
    [
      'embedded resource',
      t.embedded().json,
      [{ apiVersion: 'v1', kind: 'Pod', metadata: { labels: { a: 'b' } }, spec: {} }],
      [[{ apiVersion: 'v1' }, 'spec.kind is required in a resource']],
    ],
  ])('%s', (_, schema, good, bad) => {
    for (const value of good) expect(problems(schema, value)).toEqual([]);
    for (const [value, message] of bad) {
      const found = problems(schema, value);
      expect(found).toHaveLength(1);
      if (message.startsWith('^')) expect(found[0]).toMatch(new RegExp(message));
      else expect(found[0]).toBe(message);
    }
  });

  test.each([
    ['date-time', ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.123+02:00'], ['2030-13-31T12:00:00Z', 'tomorrow']],
    ['date', ['2030-01-31'], ['31.1.2030', '2030-02-40']],
    ['duration', ['1h30m', '10s', '2 days', '0'], ['soon', '1h 30']],
    ['byte', ['YWJj', 'YQ=='], ['', 'a', 'a b=']],
    ['ipv4', ['10.0.0.1'], ['10.0.0', '10.0.0.256', '::1']],
    ['ipv6', ['::1', 'fd00::1'], ['10.0.0.1', ':::']],
    ['cidr', ['10.0.0.0/24', 'fd00::/64'], ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129']],
    ['uri', ['https://a/b', '/path'], ['a b', 'relative']],
    ['mac', ['00:00:5e:00:53:01'], ['00:00']],
    ['hostname', ['a.b.example'], ['-a', 'a_b']],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], ['123']],
    ['some-unknown-format', ['anything'], []],
  ])('format %s', (format, good, bad) => {
    for (const value of good) expect(problems({ type: 'string', format }, value)).toEqual([]);
    for (const value of bad) expect(problems({ type: 'string', format }, value)).toHaveLength(1);
  });
});

describe('combinations', () => {
  const either = t.object(
    { a: t.int32(), b: t.int32({ default: 1 }), c: t.int32() },
    { oneOf: [{ required: ['a'] }, { required: ['c'] }] },
  ).json;

  test('oneOf', () => {
    expect(problems(either, { a: 1 })).toEqual([]);
    expect(problems(either, {})).toEqual(['spec fits no alternative: spec.a is required, or spec.c is required']);
    expect(problems(either, { a: 1, c: 1 })).toEqual([
      'spec must be exactly one of its 2 forms, is 2 at once, got {"a":1,"c":1,"b":1}',
    ]);
  });

  test('anyOf with properties', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { type: { type: 'string' }, url: { type: 'string' } },
      anyOf: [{ properties: { type: { enum: ['local'] } } }, { required: ['url'] }],
    };
    expect(problems(schema, { type: 'local' })).toEqual([]);
    expect(problems(schema, { type: 'remote', url: 'x' })).toEqual([]);
    expect(problems(schema, { type: 'remote' })).toEqual([
      'spec fits no alternative: spec.type must be one of "local", got "remote", or spec.url is required',
    ]);
  });

  test('not, allOf', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      not: { required: ['a', 'b'] },
      allOf: [{ properties: { a: { minLength: 2 } } }],
    };
    expect(problems(schema, { a: 'xx' })).toEqual([]);
    expect(problems(schema, { a: 'x' })).toEqual(['spec.a must have at least 2 characters, got "x"']);
    expect(problems(schema, { a: 'xx', b: '' })).toEqual([
      'spec must not be given with a and b, got {"a":"xx","b":""}',
    ]);
  });
});

describe('defaults come first', () => {
  test('a required field with a default may be left out', () => {
    const schema = t.object({
      port: t.int32().defaulted(80),
      tls: t.object({ mode: t.string().defaulted('off') }),
    }).json;
    expect(problems(schema, { tls: {} })).toEqual([]);
    expect(problems(schema, { port: null })).toEqual([]);
  });

  test('null is dropped where it is not allowed, as the API server does', () => {
    const schema = t.object({ name: t.string().required(), note: t.string(), list: t.array(t.string()) }).json;
    expect(problems(schema, { name: 'a', note: null })).toEqual([]);
    expect(problems(schema, { name: null })).toEqual(['spec.name is required']);
    expect(problems(schema, { name: 'a', list: [null] })).toEqual(['spec.list[0] must be a string, got null']);
  });

  test('an alternative sees the default', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { kind: { type: 'string', default: 'A' } },
      oneOf: [{ properties: { kind: { enum: ['A'] } }, required: ['kind'] }, { required: ['other'] }],
    };
    expect(problems(schema, {})).toEqual([]);
  });

  test('in items and maps, without touching what was given', () => {
    const item = t.object({ port: t.int32().defaulted(80) });
    const value = { list: [{}], map: { a: {} } };
    expect(problems(t.object({ list: t.array(item), map: t.map(item) }).json, value)).toEqual([]);
    expect(value).toEqual({ list: [{}], map: { a: {} } });
  });
});

describe('a whole resource', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^cluster$' } } },
      spec: { type: 'object', properties: { metadata: { type: 'object' } } },
    },
  };
  const resource = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'cluster', labels: { a: 'b' } } };

  test('has apiVersion, kind and metadata', () => {
    expect(validate(schema, resource)).toEqual([]);
  });

  test('may restrict its name', () => {
    const named = { ...resource, metadata: { name: 'other' } };
    expect(validate(schema, named).map(phrase)).toEqual(['metadata.name must match ^cluster$, got "other"']);
  });

  test('a metadata of its own, without fields, keeps none', () => {
    const found = validate(schema, { ...resource, spec: { metadata: { labels: {} } } }).map(phrase);
    expect(found).toEqual(['spec.metadata.labels is not a field here, got {}']);
  });
});

test('a long value is cut', () => {
  const [found] = problems(t.int32().json, 'x'.repeat(1000));
  expect(found.length).toBeLessThan(200);
});
