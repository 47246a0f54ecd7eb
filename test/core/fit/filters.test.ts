import { type Obj } from '../../../lib/core/link/json';
import { app, group, node, Stage } from './build';

const small = { cpu: '100m' };
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const zones = [
  node('a', {}, { labels: { zone: '1' } }),
  node('b', {}, { labels: { zone: '1' } }),
  node('c', {}, { labels: { zone: '2' } }),
  node('d'),
];

describe('taints', () => {
  const nodes = [
    node('a', {}, { taints: [{ key: 'gpu', value: 'a100', effect: 'NoSchedule' }] }),
    node('b', {}, { taints: [{ key: 'gpu', effect: 'NoExecute' }] }),
    node('c', {}, { taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] }),
  ];
  const refusals = (...tolerations: object[]) =>
    new Stage(nodes, [group('web', small, {}, { tolerations })]).refusals('web');

  test.each<[string, object[], (string | undefined)[]]>([
    ['nothing', [], ['taint', 'taint', undefined]],
    ['the key', [{ key: 'gpu', operator: 'Exists' }], [undefined, undefined, undefined]],
    ['the key and effect', [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }], [undefined, 'taint', undefined]],
    ['the value', [{ key: 'gpu', value: 'a100' }], [undefined, 'taint', undefined]],
    ['another value', [{ key: 'gpu', value: 'h100' }], ['taint', 'taint', undefined]],
    ['everything', [{ operator: 'Exists' }], [undefined, undefined, undefined]],
  ])('keep away who tolerates %s', (_what, tolerations, expected) => {
    expect(refusals(...tolerations)).toEqual(expected);
  });
});

describe('node affinity', () => {
  const nodes = [
    node('a', {}, { labels: { disk: 'nvme', cores: '64' } }),
    node('b', {}, { labels: { disk: 'hdd', cores: 'many' } }),
    node('c'),
  ];
  const yes = undefined;
  const no = 'node affinity';
  const refusals = (spec: Obj) => new Stage(nodes, [group('web', small, {}, spec)]).refusals('web');
  const terms = (...nodeSelectorTerms: object[]) => ({
    affinity: { nodeAffinity: { [required]: { nodeSelectorTerms } } },
  });
  const labels = (...matchExpressions: object[]) => ({ matchExpressions });

  test.each<[string, Obj, (string | undefined)[]]>([
    ['nodeSelector', { nodeSelector: { disk: 'nvme' } }, [yes, no, no]],
    ['In', terms(labels({ key: 'disk', operator: 'In', values: ['hdd', 'nvme'] })), [yes, yes, no]],
    ['NotIn', terms(labels({ key: 'disk', operator: 'NotIn', values: ['hdd'] })), [yes, no, yes]],
    ['Exists', terms(labels({ key: 'disk', operator: 'Exists' })), [yes, yes, no]],
    ['DoesNotExist', terms(labels({ key: 'disk', operator: 'DoesNotExist' })), [no, no, yes]],
    ['Gt, of numbers', terms(labels({ key: 'cores', operator: 'Gt', values: ['32'] })), [yes, no, no]],
    ['Lt', terms(labels({ key: 'cores', operator: 'Lt', values: ['32'] })), [no, no, no]],
    ['a name', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }), [no, yes, no]],
    [
      'one of several',
      terms(
        labels({ key: 'disk', operator: 'In', values: ['hdd'] }),
        labels({ key: 'cores', operator: 'Gt', values: ['32'] }),
      ),
      [yes, yes, no],
    ],
    [
      'all of several',
      terms(labels({ key: 'disk', operator: 'Exists' }, { key: 'cores', operator: 'Gt', values: ['32'] })),
      [yes, no, no],
    ],
    ['a term without requirements, which matches nothing', terms({}), [no, no, no]],
  ])('matches by %s', (_what, spec, expected) => {
    expect(refusals(spec)).toEqual(expected);
  });
});

describe('resources', () => {
  test('must all be free, GPUs and places for pods too', () => {
    const nodes = [
      node('cpu', { cpu: '1', 'nvidia.com/gpu': '2' }),
      node('gpu', { 'nvidia.com/gpu': '1' }),
      node('pods', { 'nvidia.com/gpu': '2', pods: '1' }),
      node('enough', { 'nvidia.com/gpu': '2' }),
    ];
    const groups = [group('train', { cpu: '2', 'nvidia.com/gpu': '2' }), group('web', {}, { count: 4 })];
    const stage = new Stage(nodes, groups).put('web', 'cpu', 'gpu', 'pods');
    expect(stage.refusals('train')).toEqual(['resources', 'resources', 'resources', undefined]);
    expect(stage.refusals('web')).toEqual([undefined, undefined, 'resources', undefined]);
  });

  test('that a node does not have are not there, but for local disk, which may be unknown', () => {
    const groups = [group('disk', { 'ephemeral-storage': '1Ti' }), group('huge', { 'hugepages-2Mi': '2Mi' })];
    const stage = new Stage([node('a'), node('b', { 'ephemeral-storage': '1Gi' })], groups);
    expect(stage.refusals('disk')).toEqual([undefined, 'resources']);
    expect(stage.refusals('huge')).toEqual(['resources', 'resources']);
  });

  test('are free again once a pod is gone', () => {
    const stage = new Stage([node('a')], [group('big', { cpu: '8' }, { count: 2 })]).put('big', 'a');
    expect(stage.refusals('big')).toEqual(['resources']);
    stage.cluster.remove(stage.cluster.items[0]![0]!);
    expect(stage.refusals('big')).toEqual([undefined]);
    expect(stage.cluster.marks[0]).toBe(0);
  });
});

describe('ports of the node', () => {
  const port = (hostPort: number, hostIP?: string, protocol?: string) => ({
    containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, hostIP, protocol }] }],
  });

  test.each<[string, Obj, Obj, boolean]>([
    ['the same port', port(80), port(80), true],
    ['another port', port(80), port(81), false],
    ['another protocol', port(80), port(80, undefined, 'UDP'), false],
    ['two addresses', port(80, '10.0.0.1'), port(80, '10.0.0.2'), false],
    ['one of all addresses', port(80), port(80, '10.0.0.2'), true],
    ['all addresses, one of which is taken', port(80, '10.0.0.2'), port(80), true],
  ])('are taken once: %s', (_what, first, second, taken) => {
    const stage = new Stage([node('a')], [group('one', {}, {}, first), group('other', {}, {}, second)]).put('one', 'a');
    expect(stage.refusals('other')).toEqual([taken ? 'port' : undefined]);
  });
});

describe('a required spread', () => {
  const spread = (more: object = {}, topologyKey = 'zone') => ({
    topologySpreadConstraints: [
      { topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: app('web'), ...more },
    ],
  });
  const stage = (more: object = {}, nodes = zones) =>
    new Stage(nodes, [group('web', small, { count: 9 }, spread(more))]);

  test('keeps the fullest domain within the skew of the emptiest', () => {
    expect(stage().put('web', 'a').refusals('web')).toEqual(['spread', 'spread', undefined, 'spread key']);
    expect(stage().put('web', 'a', 'c').refusals('web')).toEqual([undefined, undefined, undefined, 'spread key']);
    expect(stage({ maxSkew: 2 }).put('web', 'a').refusals('web')).toEqual([
      undefined,
      undefined,
      undefined,
      'spread key',
    ]);
  });

  test('takes the emptiest for empty where there are fewer domains than it wants', () => {
    const full = stage({ minDomains: 3 }).put('web', 'a', 'c');
    expect(full.refusals('web')).toEqual(['spread', 'spread', 'spread', 'spread key']);
  });

  test('counts nodes that the pod may not run on only where its policies say so', () => {
    const tainted = [zones[0]!, { ...zones[2]!, taints: [{ key: 'gpu', effect: 'NoSchedule' }] }];
    expect(stage({}, tainted).put('web', 'a').refusals('web')).toEqual(['spread', 'taint']);
    expect(stage({ nodeTaintsPolicy: 'Honor' }, tainted).put('web', 'a').refusals('web')).toEqual([undefined, 'taint']);
    const chosen = (more: object) =>
      new Stage(zones, [group('web', small, { count: 9 }, { nodeSelector: { zone: '1' }, ...spread(more) })]).put(
        'web',
        'a',
      );
    expect(chosen({}).refusals('web').slice(0, 3)).toEqual([undefined, undefined, 'node affinity']);
    expect(chosen({ nodeAffinityPolicy: 'Ignore' }).refusals('web').slice(0, 3)).toEqual([
      'spread',
      'spread',
      'node affinity',
    ]);
  });

  test('counts pods of its own namespace alone, and only those that are selected', () => {
    const others = [
      group('web', small, { count: 2 }, spread()),
      group('other', small, { count: 3 }),
      group('far', small, { count: 3, namespace: 'far', labels: { app: 'web' } }),
    ];
    const filled = new Stage(zones, others).put('other', 'a', 'a', 'a').put('far', 'a', 'a', 'a');
    expect(filled.refusals('web').slice(0, 3)).toEqual([undefined, undefined, undefined]);
  });

  test('by an empty selector counts the pod itself and no other, as the scheduler does', () => {
    const all = new Stage(zones, [group('web', small, { count: 5 }, spread({ labelSelector: {} }))]).put(
      'web',
      'a',
      'a',
      'a',
    );
    expect(all.refusals('web').slice(0, 3)).toEqual([undefined, undefined, undefined]);
  });
});

describe('pod affinity', () => {
  const near = (term: object) => ({ affinity: { podAffinity: { [required]: [{ topologyKey: 'zone', ...term }] } } });
  const far = (term: object) => ({ affinity: { podAntiAffinity: { [required]: [{ topologyKey: 'zone', ...term }] } } });
  const groups = (spec: Obj) => [group('web', small, { count: 3 }, spec), group('db', small, { count: 3 })];

  test('wants a domain in which one of the others runs', () => {
    const stage = new Stage(zones, groups(near({ labelSelector: app('db') })));
    expect(stage.refusals('web')).toEqual(['affinity', 'affinity', 'affinity', 'affinity']);
    expect(stage.put('db', 'a').refusals('web')).toEqual([undefined, undefined, 'affinity', 'affinity']);
  });

  test('lets the first of those that want each other go anywhere that has the label', () => {
    const stage = new Stage(zones, groups(near({ labelSelector: app('web') })));
    expect(stage.refusals('web')).toEqual([undefined, undefined, undefined, 'affinity']);
    expect(stage.put('web', 'c').refusals('web')).toEqual(['affinity', 'affinity', undefined, 'affinity']);
  });

  test('keeps apart, both ways', () => {
    const stage = new Stage(zones, groups(far({ labelSelector: app('db') })));
    expect(stage.put('db', 'a').refusals('web')).toEqual(['anti-affinity', 'anti-affinity', undefined, undefined]);
    expect(stage.put('web', 'c').refusals('db')).toEqual([undefined, undefined, 'unwanted', undefined]);
  });

  test('looks into the namespaces that it names or selects', () => {
    const others = (term: object) => [
      group('web', small, {}, far({ labelSelector: app('db'), ...term })),
      group('db', small, { namespace: 'data' }),
    ];
    const labels = new Map([['data', { team: 'data' }]]);
    const refusals = (term: object) => new Stage(zones, others(term), labels).put('db', 'a').refusals('web')[0];
    expect(refusals({})).toBeUndefined();
    expect(refusals({ namespaces: ['data'] })).toBe('anti-affinity');
    expect(refusals({ namespaceSelector: { matchLabels: { team: 'data' } } })).toBe('anti-affinity');
    expect(refusals({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } })).toBeUndefined();
    expect(refusals({ namespaceSelector: {} })).toBe('anti-affinity');
  });
});
