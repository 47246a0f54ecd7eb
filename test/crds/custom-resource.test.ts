import { ApiObject, Chart, Lazy, Testing } from 'cdk8s';
import { crd, CustomResource, t } from '../../lib/crds';

const pool = crd({
  group: 'example.io',
  kind: 'Pool',
  plural: 'pools',
  shortNames: ['p'],
  categories: ['all'],
  scope: 'Namespaced',
  readyWhen: 'Ready',
  versions: [
    {
      name: 'v1alpha1',
      deprecated: true,
      deprecationWarning: 'use v1',
      schema: { spec: t.object({ range: t.string() }) },
    },
    {
      name: 'v1',
      storage: true,
      schema: {
        spec: t
          .object({ ranges: t.array(t.string({ pattern: '^\\d' }), { minItems: 1 }).required(), size: t.int32() })
          .required(),
        status: t.object({ free: t.int64() }),
      },
      subresources: { status: true, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.free' } },
      printerColumns: [{ name: 'Free', type: 'integer', jsonPath: '.status.free' }],
      selectableFields: ['.spec.size'],
    },
  ],
});

function chart(): Chart {
  return new Chart(Testing.app(), 'lab');
}

describe('the definition', () => {
  test('is whole', () => {
    expect(pool.manifest()).toMatchSnapshot();
  });

  test('takes what its place adds', () => {
    const placed = pool.with({
      annotations: { 'example.io/inject': 'true' },
      conversion: { service: { namespace: 'system', name: 'webhook', path: '/convert' } },
    });
    expect(placed.manifest()).toMatchObject({
      metadata: { name: 'pools.example.io', annotations: { 'example.io/inject': 'true' } },
      spec: {
        conversion: {
          strategy: 'Webhook',
          webhook: {
            clientConfig: { service: { namespace: 'system', name: 'webhook', path: '/convert', port: 443 } },
            conversionReviewVersions: ['v1'],
          },
        },
      },
    });
    expect(pool.manifest().spec.conversion).toBeUndefined();
  });

  test('has one storage version', () => {
    const none = {
      group: 'a.io',
      kind: 'A',
      plural: 'as',
      scope: 'Cluster',
      versions: [{ name: 'v1', schema: {} }],
    } as const;
    expect(() => crd(none)).toThrow('as.a.io: exactly one version must be the storage version, got []');
  });

  test('refuses a version that it lacks', () => {
    expect(() => pool.schemaOf('v2')).toThrow('pools.example.io: version must be one of v1alpha1, v1, got "v2"');
  });
});

describe('a resource', () => {
  test('is written at the storage version', () => {
    const lab = chart();
    const resource = new CustomResource(lab, 'pool', pool, {
      metadata: { name: 'a' },
      spec: { ranges: ['10.0.0.0/24'] },
    });
    expect(resource).toBeInstanceOf(ApiObject);
    expect(Testing.synth(lab)).toEqual([
      { apiVersion: 'example.io/v1', kind: 'Pool', metadata: { name: 'a' }, spec: { ranges: ['10.0.0.0/24'] } },
    ]);
  });

  test('or at another one', () => {
    const lab = chart();
    new CustomResource(lab, 'pool', pool.at('v1alpha1'), { metadata: { name: 'a' }, spec: { range: 'x' } });
    expect(Testing.synth(lab)).toMatchObject([{ apiVersion: 'example.io/v1alpha1', spec: { range: 'x' } }]);
  });

  test('has typed fields', () => {
    const lab = chart();
    // @ts-expect-error: ranges is a list
    expect(() => new CustomResource(lab, 'a', pool, { spec: { ranges: '10.0.0.0/24' } })).toThrow('must be an array');
    // @ts-expect-error: spec is required
    expect(() => new CustomResource(lab, 'b', pool, {})).toThrow('lab/b: spec is required');
    // @ts-expect-error: there is no such field
    expect(() => new CustomResource(lab, 'c', pool, { spec: { ranges: ['1'], sise: 1 } })).toThrow(
      'did you mean "size"?',
    );
  });

  test('is refused with all that is wrong', () => {
    expect(() => new CustomResource(chart(), 'pool', pool, { spec: { ranges: ['x'], size: 2 ** 40 } })).toThrow(
      'lab/pool: spec.ranges[0] must match ^\\d, got "x"; spec.size must fit in int32, got 1099511627776',
    );
  });

  test('is left to the link where a value is known later', () => {
    const lab = chart();
    const size = Lazy.any({ produce: () => 3 }) as number;
    new CustomResource(lab, 'pool', pool, { spec: { ranges: ['1'], size } });
    expect(Testing.synth(lab)).toMatchObject([{ spec: { ranges: ['1'], size: 3 } }]);
  });
});
