import { type Obj } from '../../../lib/core/link/json';
import { app, group, node, Stage } from './build';

// Expected points are those that Kubernetes' own unit tests name, or are reckoned by hand beside the test. What all nodes get alike is
// left out by looking at differences.
const difference = ([first, ...others]: readonly number[]) => others.map((points) => points - first!);

const nothing = { cpu: '0', memory: '0' };
const big = { cpu: '100', memory: '100Gi' };
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

describe('resources', () => {
  test('of two nodes, the one that keeps more free and uses CPU and memory alike is better', () => {
    const nodes = [node('a', { cpu: '4', memory: '10000' }), node('b', { cpu: '6', memory: '10000' })];
    const stage = new Stage(nodes, [group('web', { cpu: '3', memory: '5000' })]);
    // a: least (25 + 50) / 2 = 37; balance 87 after, 100 before: 50 + (50 + 87 - 100) / 2 = 68
    // b: least (50 + 50) / 2 = 50; balance 100 and 100: 50 + 25 = 75
    expect(stage.points('web')).toEqual([37 + 68, 50 + 75]);
  });

  // pkg/scheduler/framework/plugins/noderesources/balanced_allocation_test.go: 73 and 70 for balance.
  test('count what runs already', () => {
    const nodes = [node('a', { cpu: '10', memory: '20000' }), node('b', { cpu: '10', memory: '50000' })];
    const groups = [
      group('new', { cpu: '3', memory: '5000' }),
      group('cpu', { cpu: '3', memory: '0' }),
      group('both', { cpu: '3', memory: '5000' }),
    ];
    const stage = new Stage(nodes, groups).put('cpu', 'a').put('both', 'b');
    // a: (40 + 75) / 2 = 57; b: (40 + 80) / 2 = 60
    expect(stage.points('new')).toEqual([57 + 73, 60 + 70]);
  });

  test('of a pod that asks for none have no balance', () => {
    const stage = new Stage([node('a', { cpu: '1', memory: '400Mi' })], [group('web', {})]);
    // 0.1 CPU and 200 MiB are taken for what it uses: (90 + 50) / 2
    expect(stage.points('web')).toEqual([70]);
  });
});

describe('taints that would rather have pods elsewhere', () => {
  test('weigh three times, in proportion to the most', () => {
    const taint = (key: string) => ({ key, effect: 'PreferNoSchedule' });
    const nodes = [
      node('a', big),
      node('b', big, { taints: [taint('x')] }),
      node('c', big, { taints: [taint('x'), taint('y'), taint('z')] }),
    ];
    expect(difference(new Stage(nodes, [group('web', nothing)]).points('web'))).toEqual([-3 * 33, -3 * 100]);
    const tolerant = group('web', nothing, {}, { tolerations: [{ operator: 'Exists' }] });
    expect(difference(new Stage(nodes, [tolerant]).points('web'))).toEqual([0, 0]);
  });
});

describe('preferred nodes', () => {
  test('weigh twice, in proportion to the most', () => {
    const nodes = [
      node('a', big),
      node('b', big, { labels: { disk: 'nvme' } }),
      node('c', big, { labels: { disk: 'nvme', zone: '1' } }),
    ];
    const preference = (weight: number, key: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'Exists' }] },
    });
    const spec = { affinity: { nodeAffinity: { [preferred]: [preference(10, 'disk'), preference(20, 'zone')] } } };
    expect(difference(new Stage(nodes, [group('web', nothing, {}, spec)]).points('web'))).toEqual([2 * 33, 2 * 100]);
  });
});

describe('a spread that is only wished for', () => {
  const hosts = ['a', 'b', 'c', 'd'].map((name) => node(name, big));
  const spread = (maxSkew: number, topologyKey = 'kubernetes.io/hostname'): Obj => ({
    topologySpreadConstraints: [
      { topologyKey, maxSkew, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: app('web') },
    ],
  });

  // pkg/scheduler/framework/plugins/podtopologyspread/scoring_test.go: 20, 60, 100, 0 for 2, 1, 0, 3 pods.
  test('gives points for few pods', () => {
    const stage = new Stage(hosts, [group('web', nothing, { count: 9 }, spread(1))]);
    stage.put('web', 'a', 'a', 'b', 'd', 'd', 'd');
    expect(difference(stage.points('web'))).toEqual([2 * 40, 2 * 80, 2 * -20]);
  });

  test('by zones counts each zone as one, and leaves nodes without a zone out', () => {
    const nodes = [
      node('a', big, { labels: { zone: '1' } }),
      node('b', big, { labels: { zone: '1' } }),
      node('c', big, { labels: { zone: '2' } }),
      node('d', big),
    ];
    const stage = new Stage(nodes, [group('web', nothing, { count: 9 }, spread(1, 'zone'))]).put('web', 'a', 'b', 'c');
    // 2 and 1 pods, ln 4 = 1.386: raw 3 and 1; points 100 * (3 + 1 - raw) / 3 = 33 and 100; none for d
    expect(difference(stage.points('web'))).toEqual([0, 2 * (100 - 33), 2 * -33]);
  });

  // 44, 66, 77, 100 for 4, 3, 2, 1 pods by the scheduler's own constraints, where nodes have no zone.
  test("is the scheduler's own for what a Service selects", () => {
    const owned = { count: 11, owners: app('web') };
    const stage = new Stage(hosts, [group('web', nothing, owned), group('bare', nothing)]);
    stage.put('web', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'd');
    expect(difference(stage.points('web'))).toEqual([2 * (66 - 44), 2 * (77 - 44), 2 * (100 - 44)]);
    expect(difference(stage.points('bare'))).toEqual([0, 0, 0]);
  });
});

describe('preferred pods', () => {
  const zones = [
    node('a', big, { labels: { zone: '1' } }),
    node('b', big, { labels: { zone: '2' } }),
    node('c', big, { labels: { zone: '3' } }),
  ];
  const term = (weight: number, name: string) => ({
    weight,
    podAffinityTerm: { topologyKey: 'zone', labelSelector: app(name) },
  });
  const groups = (affinity: object) => [
    group('web', nothing, { count: 3 }, { affinity }),
    group('db', nothing, { count: 3 }),
  ];

  test('draw near and push away, weighing twice', () => {
    const near = { podAffinity: { [preferred]: [term(5, 'db')] } };
    expect(difference(new Stage(zones, groups(near)).put('db', 'b', 'b', 'c').points('web'))).toEqual([200, 100]);
    const far = { podAntiAffinity: { [preferred]: [term(5, 'db')] } };
    expect(difference(new Stage(zones, groups(far)).put('db', 'b', 'b', 'c').points('web'))).toEqual([-200, -100]);
  });

  test('count for those that are wanted too', () => {
    const near = { podAffinity: { [preferred]: [term(5, 'db')] } };
    expect(difference(new Stage(zones, groups(near)).put('web', 'b').points('db'))).toEqual([200, 0]);
  });

  test('that are required by others draw near with the weight of one', () => {
    const affinity = {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: app('db') }],
      },
    };
    expect(difference(new Stage(zones, groups(affinity)).put('web', 'b').points('db'))).toEqual([200, 0]);
  });
});
