import { type FitNode } from '../../../lib/core/fit';
import { demand, formatFinding, link, type KubeObject } from '../../../lib/core/link';
import { node } from '../fit/build';
import { object, shop } from './shop';

const GPU = 'nvidia.com/gpu';
const nodes: FitNode[] = [
  ...[0, 1].map((i) => node(`work-${i}`, {}, { pool: 'work' })),
  node('gpu-0', { [GPU]: '8' }, { pool: 'gpu', taints: [{ key: GPU, effect: 'NoSchedule' }] }),
];

const pod = (requests: object, more: object = {}) => ({
  metadata: { labels: { app: 'it' } },
  spec: { containers: [{ name: 'main', image: 'registry.example/it:1', resources: { requests } }], ...more },
});
const selector = { matchLabels: { app: 'it' } };
const external = [{ kind: 'StorageClass', name: 'fast' }];

function findings(...objects: KubeObject[]): string[] {
  const all = [object('v1', 'Namespace', 'shop'), ...objects];
  return link(
    all.map((o) => ({ object: o, source: `${o.kind}/${o.metadata.name}` })),
    { nodes, external },
  )
    .filter(({ rule }) => rule === 'fit')
    .map(formatFinding);
}

const groups = (...objects: KubeObject[]) =>
  demand(
    objects.map((o) => ({ object: o, source: o.kind })),
    { nodes },
  ).groups;

const deployment = (replicas: number, requests: object, spec: object = {}, more: object = {}) =>
  object('apps/v1', 'Deployment', 'it', 'shop', {
    spec: { replicas, selector, template: pod(requests, more), ...spec },
  });

describe('the rule fit', () => {
  test('finds nothing where all fits, and is silent where the nodes are not known', () => {
    expect(shop().findings({ nodes })).toEqual([]);
    expect(shop().findings({ nodes: [] }).length).toBeGreaterThan(0);
    expect(shop().findings()).toEqual([]);
  });

  test('names the object, the number, what is short, and what would do', () => {
    expect(findings(deployment(5, { cpu: '4' }))).toEqual([
      'Deployment/it: spec.replicas "5" finds no node for 1 of 5 pods: work (2 nodes): 4 cpu asked, at most 0 left; ' +
        "gpu (1 node): taint nvidia.com/gpu:NoSchedule isn't tolerated; it would fit with 4 of them instead of 5, or " +
        '1 more node in work, or 2.6 cpu each instead of 4, or a toleration of nvidia.com/gpu:NoSchedule',
    ]);
  });

  test('wants room for the pod by which an update starts, where none may be missing', () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
    expect(findings(deployment(4, { cpu: '4' }, { strategy: { rollingUpdate } }))).toEqual([
      'Deployment/it: spec.strategy has no node for the pod by which an update starts, so that it waits for ever: ' +
        "work (2 nodes): 4 cpu asked, at most 0 left; gpu (1 node): taint nvidia.com/gpu:NoSchedule isn't tolerated; " +
        'it would fit with 1 more node in work, or a toleration of nvidia.com/gpu:NoSchedule',
    ]);
    expect(findings(deployment(4, { cpu: '4' }, { strategy: { type: 'Recreate' } }))).toEqual([]);
    // A quarter of four may be missing by default.
    expect(findings(deployment(4, { cpu: '4' }))).toEqual([]);
  });

  test('counts Jobs that run with the others, and those that wait in a queue by themselves', () => {
    const job = (name: string, labels = {}) =>
      object('batch/v1', 'Job', name, 'shop', {
        metadata: { labels },
        spec: { parallelism: 2, completions: 8, template: pod({ cpu: '6' }) },
      });
    expect(findings(job('one'), job('other'))).toHaveLength(2);
    const queued = { 'kueue.x-k8s.io/queue-name': 'team' };
    expect(findings(job('one', queued), job('other', queued))).toEqual([]);
    expect(findings(job('one', queued), deployment(1, { cpu: '6' }))[0]).toMatch(
      /^Job\/one: spec.parallelism "2" finds no node for 1 of 2 pods, which must run together, even when none/,
    );
  });
});

describe('what a bundle asks for', () => {
  const counts = (...objects: KubeObject[]) =>
    groups(...objects).map(({ count, onEachNode, inTurn }) => ({ count, onEachNode, inTurn }));
  const usual = { onEachNode: undefined, inTurn: undefined };

  test.each<[string, KubeObject, number]>([
    ['a Pod', object('v1', 'Pod', 'it', 'shop', pod({})), 1],
    [
      'a StatefulSet',
      object('apps/v1', 'StatefulSet', 'it', 'shop', { spec: { replicas: 3, selector, template: pod({}) } }),
      3,
    ],
    [
      'a Deployment without a number',
      object('apps/v1', 'Deployment', 'it', 'shop', {
        spec: { selector, template: pod({}), strategy: { type: 'Recreate' } },
      }),
      1,
    ],
    ['a Deployment scaled to none', deployment(0, {}), 0],
    [
      'a ReplicationController',
      object('v1', 'ReplicationController', 'it', 'shop', {
        spec: { replicas: 2, selector: { app: 'it' }, template: pod({}) },
      }),
      2,
    ],
  ])('is the pods of %s', (_what, of, count) => {
    expect(counts(of)).toEqual([{ count, ...usual }]);
  });

  test('is as many pods of a Job as run at a time', () => {
    const job = (spec: object) => object('batch/v1', 'Job', 'it', 'shop', { spec: { ...spec, template: pod({}) } });
    expect(counts(job({ parallelism: 4, completions: 2 }), job({ parallelism: 4 }), job({}))).toEqual(
      [2, 4, 1].map((count) => ({ count, onEachNode: undefined, inTurn: false })),
    );
    expect(counts(job({ suspend: true }))[0]!.inTurn).toBe(true);
  });

  test('is one run of a CronJob', () => {
    const jobTemplate = { spec: { parallelism: 3, template: pod({}) } };
    expect(counts(object('batch/v1', 'CronJob', 'it', 'shop', { spec: { jobTemplate } }))).toEqual([
      { count: 3, onEachNode: undefined, inTurn: false },
    ]);
  });

  test('is one pod of a DaemonSet on each node, whose taints of trouble it tolerates', () => {
    const [of] = groups(object('apps/v1', 'DaemonSet', 'it', 'shop', { spec: { selector, template: pod({}) } }));
    expect(of!.onEachNode).toBe(true);
    expect(of!.pod.tolerations).toContainEqual({
      key: 'node.kubernetes.io/unschedulable',
      operator: 'Exists',
      effect: 'NoSchedule',
    });
  });

  test('has the priority of its class, the default class, or one that each cluster has', () => {
    const classes = [
      object('scheduling.k8s.io/v1', 'PriorityClass', 'low', undefined, { value: -5, preemptionPolicy: 'Never' }),
      object('scheduling.k8s.io/v1', 'PriorityClass', 'usual', undefined, { value: 7, globalDefault: true }),
    ];
    const of = (priorityClassName?: string) => {
      const [found] = groups(...classes, object('v1', 'Pod', 'it', 'shop', pod({}, { priorityClassName })));
      return [found!.pod.priority, found!.pod.preempts];
    };
    expect([of('low'), of(), of('system-node-critical')]).toEqual([
      [-5, false],
      [7, true],
      [2000001000, true],
    ]);
  });

  test('is more by the overhead of its RuntimeClass, which also says where it may run', () => {
    const runtimeClass = object('node.k8s.io/v1', 'RuntimeClass', 'kata', undefined, {
      overhead: { podFixed: { cpu: '250m' } },
      scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'kata' }] },
    });
    const [of] = groups(
      runtimeClass,
      object('v1', 'Pod', 'it', 'shop', pod({ cpu: '1' }, { runtimeClassName: 'kata' })),
    );
    expect(of!.pod.requests.get('cpu')).toBe(1250);
    expect([of!.pod.nodeSelector, of!.pod.tolerations]).toEqual([{ kata: 'yes' }, [{ key: 'kata' }]]);
  });

  test('is spread by the Services that select it and by what owns it', () => {
    const service = object('v1', 'Service', 'it', 'shop', { spec: { selector: { app: 'it' } } });
    const [set] = groups(
      service,
      object('apps/v1', 'StatefulSet', 'it', 'shop', { spec: { selector, template: pod({}) } }),
    );
    expect(set!.pod.owners).toEqual({ matchLabels: { app: 'it' }, matchExpressions: [] });
    const [alone] = groups(object('v1', 'Pod', 'it', 'shop', pod({})));
    expect(alone!.pod.owners).toBeUndefined();
  });

  test('leaves out what another scheduler places', () => {
    expect(groups(object('v1', 'Pod', 'it', 'shop', pod({}, { schedulerName: 'volcano' })))).toEqual([]);
  });
});
