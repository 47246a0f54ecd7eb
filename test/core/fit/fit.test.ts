import { fit, mends, type FitGroup, type FitInput, type FitNode } from '../../../lib/core/fit';
import { app, group, node } from './build';

const GPU = 'nvidia.com/gpu';
const pool = (name: string, count: number, allocatable: Record<string, string> = {}, more = {}): FitNode[] =>
  Array.from({ length: count }, (_, i) => node(`${name}-${i}`, allocatable, { pool: name, ...more }));

const left = (input: FitInput, tries?: number) =>
  fit(input, { tries }).shortfalls.map(({ group: { name }, left, asked }) => `${name}: ${left} of ${asked}`);

const placed = (input: FitInput) => {
  const { outcome } = fit(input, { tries: 1 });
  return outcome.items.map(({ template, node: at }) => `${template.group.name} ${input.nodes[at]?.name ?? '-'}`).sort();
};

const spec = (topologyKey = 'kubernetes.io/hostname') => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: app('db') }],
    },
  },
});

describe('pods', () => {
  test('that fit, fit for certain where chance only decides between nodes that are alike', () => {
    const { fits, certain, tries, shortfalls } = fit({
      nodes: pool('work', 4),
      groups: [group('web', { cpu: '4' }, { count: 8 })],
    });
    expect({ fits, certain, tries, shortfalls }).toEqual({ fits: true, certain: true, tries: 1, shortfalls: [] });
  });

  test('that do not fit are named, with what each pool lacks', () => {
    const nodes = [
      ...pool('gpu', 2, { [GPU]: '8' }, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }),
      ...pool('cpu', 1),
    ];
    const tolerations = [{ key: 'gpu', operator: 'Exists' }];
    const train = group('train', { [GPU]: '6', cpu: '1' }, { count: 3 }, { tolerations });
    const { shortfalls } = fit({ nodes, groups: [train, group('web', { cpu: '9' })] });
    expect(
      shortfalls.map(({ left, asked, reasons }) => ({
        left,
        asked,
        reasons: reasons.map(({ pool: p, nodes: n, text }) => `${p} ${n}: ${text}`),
      })),
    ).toEqual([
      {
        left: 1,
        asked: 3,
        reasons: ['gpu 2: 6 nvidia.com/gpu asked, at most 2 left', 'cpu 1: 6 nvidia.com/gpu asked, at most 0 left'],
      },
      {
        left: 1,
        asked: 1,
        reasons: ['cpu 1: 9 cpu asked, at most 8 left', "gpu 2: taint gpu:NoSchedule isn't tolerated"],
      },
    ]);
  });

  test('of a DaemonSet are one on each node that they may run on, before all others of their wave', () => {
    const nodes = [...pool('work', 2), ...pool('gpu', 1, {}, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] })];
    const agent = group('agent', { cpu: '1' }, { onEachNode: true });
    const web = group('web', { cpu: '8' }, { count: 2 });
    expect(placed({ nodes, groups: [web, agent] })).toEqual(['agent work-0', 'agent work-1', 'web -', 'web -']);
    expect(
      left({
        nodes,
        groups: [
          { ...web, wave: 0 },
          { ...agent, wave: 1 },
        ],
      }),
    ).toEqual(['agent: 2 of 2']);
  });

  test('of a higher priority come first', () => {
    const input = (priority: number) => ({
      nodes: pool('work', 1),
      groups: [group('web', { cpu: '8' }), group('db', { cpu: '8' }, { priority })],
    });
    expect(left(input(10))).toEqual(['web: 1 of 1']);
    expect(left(input(-10))).toEqual(['db: 1 of 1']);
  });

  test('that want to be near one that comes later wait for it', () => {
    const affinity = {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: app('db') },
        ],
      },
    };
    const groups = [group('web', { cpu: '1' }, {}, { affinity }), group('db', { cpu: '1' })];
    expect(left({ nodes: pool('work', 2), groups })).toEqual([]);
  });

  test('that may not be near each other need a node each', () => {
    const db = (count: number) => ({ nodes: pool('work', 3), groups: [group('db', {}, { count }, spec())] });
    expect(left(db(3))).toEqual([]);
    expect(left(db(4))).toEqual(['db: 1 of 4']);
  });
});

describe('pods that push out others', () => {
  const run = (low: Partial<FitGroup>, high: Partial<FitGroup>, nodes = pool('work', 1)) => {
    const groups = [
      { ...group('low', { cpu: '6' }, { priority: 0 }), wave: 0, ...low },
      { ...group('high', { cpu: '6' }, { priority: 10 }), wave: 1, ...high },
    ];
    return left({ nodes, groups });
  };

  test('find a place, and those that had to go may be left', () => {
    expect(run({}, {})).toEqual(['low: 1 of 1']);
    expect(run({}, {}, pool('work', 2))).toEqual([]);
  });

  test('do so only with a higher priority, where their class lets them, and where it is of use', () => {
    const polite = { pod: { ...group('high', { cpu: '6' }, { priority: 10 }).pod, preempts: false } };
    expect(run({}, polite)).toEqual(['high: 1 of 1']);
    expect(run({}, { pod: group('high', { cpu: '6' }).pod })).toEqual(['high: 1 of 1']);
    expect(run({}, { pod: group('high', { cpu: '9' }, { priority: 10 }).pod })).toEqual(['high: 1 of 1']);
  });

  test('spare the more important and all that need not go', () => {
    const nodes = [node('a', { cpu: '8' }), node('b', { cpu: '8' })];
    const groups = [
      group('middle', { cpu: '4' }, { priority: 5, count: 2, madeAgain: false }),
      group('low', { cpu: '4' }, { priority: 1, count: 2, madeAgain: false }),
      group('high', { cpu: '4' }, { priority: 10, wave: 1 }),
    ];
    expect(left({ nodes, groups })).toEqual(['low: 1 of 2']);
  });
});

describe('what chance decides', () => {
  // The small pod goes to either node by chance where both are equally empty but not alike; only on one it leaves room for the big one.
  const input: FitInput = {
    nodes: [node('a', { [GPU]: '1' }), node('b', { 'other.example/x': '1' })],
    groups: [group('small', { cpu: '1' }), group('big', { cpu: '8', [GPU]: '1' }, { wave: 1 })],
  };

  test('is tried in many ways, of which all must succeed', () => {
    const { fits, certain, tries, fitted, shortfalls } = fit(input);
    expect({ fits, certain, tries }).toEqual({ fits: false, certain: false, tries: 16 });
    expect(fitted).toBeGreaterThan(0);
    expect(fitted).toBeLessThan(16);
    expect(shortfalls.map(({ tries: failed }) => failed)).toEqual([16 - fitted]);
  });

  test('is the same at each run', () => {
    expect(fit(input).fitted).toBe(fit(input).fitted);
  });
});

describe('what runs in turn', () => {
  const job = (name: string, count: number) => group(name, { [GPU]: '8' }, { count, inTurn: true, gang: name });
  const nodes = pool('gpu', 4, { [GPU]: '8' });

  test('must find a place by itself, on top of all that runs all the time', () => {
    expect(left({ nodes, groups: [job('one', 4), job('other', 4)] })).toEqual([]);
    expect(left({ nodes, groups: [job('one', 4), job('other', 5)] })).toEqual(['other: 1 of 5']);
    expect(left({ nodes, groups: [job('one', 4), group('serve', { [GPU]: '1' })] })).toEqual(['one: 1 of 4']);
  });

  test('leaves nothing behind', () => {
    const { outcome } = fit({ nodes, groups: [job('one', 4)] });
    expect([...outcome.cluster.free]).toEqual([...outcome.cluster.model.allocatable]);
  });
});

describe('the nearest change', () => {
  const of = (input: FitInput) => mends(input, fit(input).shortfalls[0]!);

  test('is fewer pods, another node, or less of what is short, each tried', () => {
    const nodes = [...pool('gpu', 2, { [GPU]: '8' }), ...pool('cpu', 2)];
    expect(of({ nodes, groups: [group('train', { [GPU]: '5' }, { count: 3 })] })).toEqual([
      '2 of them instead of 3',
      '1 more node in gpu',
      '4 nvidia.com/gpu each instead of 5',
    ]);
  });

  test('is the least that does', () => {
    expect(of({ nodes: pool('work', 2), groups: [group('web', { cpu: '5' }, { count: 7 })] })).toEqual([
      '2 of them instead of 7',
      '5 more nodes in work',
      '2 cpu each instead of 5',
    ]);
  });

  test('is a toleration where a taint keeps it away, but not the control plane’s', () => {
    const tainted = (key: string) => pool('gpu', 1, { [GPU]: '8' }, { taints: [{ key, effect: 'NoSchedule' }] });
    const groups = [group('train', { [GPU]: '8' })];
    expect(of({ nodes: tainted('gpu'), groups })).toEqual(['a toleration of gpu:NoSchedule']);
    expect(of({ nodes: tainted('node-role.kubernetes.io/control-plane'), groups })).toEqual([]);
  });

  test('is none that would not do: a pod larger than any node is not helped by more of them', () => {
    expect(of({ nodes: pool('work', 2), groups: [group('web', { cpu: '9' })] })).toEqual(['8 cpu each instead of 9']);
  });
});

describe('a large site', () => {
  test('is searched in part, as the scheduler does, and no pod is lost', () => {
    const nodes = pool('work', 300, { cpu: '10' });
    const { fits, outcome } = fit({ nodes, groups: [group('web', { cpu: '1' }, { count: 3000 })] }, { tries: 1 });
    expect(fits).toBe(true);
    expect(outcome.items.every(({ node: at }) => at >= 0)).toBe(true);
    expect(left({ nodes, groups: [group('web', { cpu: '1' }, { count: 3001 })] }, 1)).toEqual(['web: 1 of 3001']);
  });
});
