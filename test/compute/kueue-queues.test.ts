import { Size } from 'cdk8s';
import { Deployment, type Stage, System } from '../../lib/core';
import { type KueueQueueProps } from '../../lib/compute/kueue';
import { findingsOf, objectOf, objectsOf } from '../support';
import { CONTROL, CPU, DGX, overcommitments, quotasOf, setup, type Setup, TestGpuPool } from './kueue-support';

const GIB = Size.gibibytes(1);

describe('a queue of GPUs', () => {
  const made = setup();
  const queue = made.kueue.addQueue('research', { quotas: [{ pool: made.dgx, gpus: 12 }], namespace: 'team-a' });

  test('says what jobs need of it', () => {
    expect(queue).toMatchObject({
      name: 'research',
      namespace: 'team-a',
      pools: [made.dgx],
      jobLabels: { 'kueue.x-k8s.io/queue-name': 'research' },
    });
    expect(queue.readyAfter).toEqual(made.kueue.readyAfter);
  });

  test('has CPU, memory and pods in proportion to its GPUs', () => {
    expect(quotasOf(made.lab, 'research')).toEqual({
      dgx: { cpu: '135', memory: '1350Gi', pods: '150', 'nvidia.com/gpu': '12' },
    });
    expect(quotasOf(made.lab, 'research', 'borrowingLimit')).toEqual({ dgx: {} });
  });

  test('has a namespace for its jobs: restricted, closed but to itself and DNS, with a queue for jobs that name none', () => {
    expect(objectOf(made.lab, 'Namespace', 'team-a').metadata.labels).toMatchObject({
      'managed-by-kueue': 'true',
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    expect(objectOf(made.lab, 'NetworkPolicy', 'within', 'team-a')).toMatchObject({
      spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], egress: [{ to: [{ podSelector: {} }] }] },
    });
    expect(objectOf(made.lab, 'LimitRange', 'default-requests', 'team-a')).toMatchObject({
      spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '1', memory: '2Gi' } }] },
    });
    const local = objectsOf(made.lab).filter(({ kind }) => kind === 'LocalQueue');
    expect(local).toMatchObject([
      { metadata: { name: 'research', namespace: 'team-a' }, spec: { clusterQueue: 'research' } },
      { metadata: { name: 'default', namespace: 'team-a' }, spec: { clusterQueue: 'research' } },
    ]);
  });

  test("only its namespace's jobs are let in", () => {
    expect(objectOf(made.lab, 'ClusterQueue', 'research')).toMatchObject({
      spec: { cohortName: 'lab', namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'team-a' } } },
    });
  });
});

test('jobs that need more of a node are let in on request', () => {
  const { lab, kueue, dgx } = setup();
  kueue.addQueue('rdma', { quotas: [{ pool: dgx, gpus: 8 }], podSecurity: 'privileged' });
  expect(objectOf(lab, 'Namespace', 'rdma').metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'privileged',
  });
});

test('sharing that is said later changes what is counted', () => {
  const { lab, kueue, dgx } = setup();
  kueue.addQueue('research', { quotas: [{ pool: dgx, gpus: 16, lendingLimit: 8 }] });
  dgx.share();
  expect(quotasOf(lab, 'research')).toEqual({
    dgx: { cpu: '90', memory: '900Gi', pods: '100', 'nvidia.com/mig-3g.20gb': '16' },
  });
  expect(quotasOf(lab, 'research', 'lendingLimit')).toMatchObject({
    dgx: { 'nvidia.com/mig-3g.20gb': '8', cpu: '45' },
  });
  expect(findingsOf(lab)).toEqual([]);
});

test('a queue of several pools names all resources in each', () => {
  const amd = { ...DGX, name: 'amd', labels: { pool: 'amd' } };
  const { lab, kueue, cpu, dgx } = setup({}, [CONTROL, CPU, DGX, amd]);
  const mi300 = new TestGpuPool(lab.site.pool('amd'), 'amd.com/gpu');
  kueue.addQueue('all', {
    quotas: [
      {
        nodes: cpu,
        cpu: 0.5,
        memory: GIB,
        borrowingLimit: { cpu: 4, memory: GIB },
        lendingLimit: { cpu: 0, memory: GIB },
      },
      { pool: dgx, gpus: 0 },
      { pool: mi300, gpus: 8 },
    ],
  });
  expect(quotasOf(lab, 'all')).toEqual({
    cpu: { cpu: '500m', memory: '1Gi', pods: '2', 'nvidia.com/gpu': '0', 'amd.com/gpu': '0' },
    dgx: { cpu: '0', memory: '0', pods: '0', 'nvidia.com/gpu': '0', 'amd.com/gpu': '0' },
    amd: { cpu: '90', memory: '900Gi', pods: '100', 'nvidia.com/gpu': '0', 'amd.com/gpu': '8' },
  });
  expect(quotasOf(lab, 'all', 'borrowingLimit')).toMatchObject({ cpu: { cpu: '4', memory: '1Gi' } });
  expect(quotasOf(lab, 'all', 'lendingLimit')).toMatchObject({ cpu: { cpu: '0', memory: '1Gi' } });
  expect(findingsOf(lab)).toEqual([]);
});

test('flavors carry labels, taints and what bears them', () => {
  const tainted = { ...CPU, taints: [{ key: 'batch', effect: 'NoSchedule' as const }] };
  const { lab, kueue, cpu, dgx } = setup({}, [CONTROL, tainted, DGX]);
  kueue.addQueue('all', {
    quotas: [
      { nodes: cpu, cpu: 1, memory: GIB },
      { pool: dgx, gpus: 1 },
    ],
  });
  expect(objectOf(lab, 'ResourceFlavor', 'cpu')).toMatchObject({
    spec: {
      nodeLabels: { pool: 'cpu' },
      nodeTaints: [{ key: 'batch', effect: 'NoSchedule' }],
      tolerations: [{ key: 'batch', operator: 'Exists', effect: 'NoSchedule' }],
    },
  });
  expect(objectOf(lab, 'ResourceFlavor', 'dgx')).toMatchObject({
    spec: {
      nodeTaints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    },
  });
});

test('the only pool needs no labels', () => {
  const { lab, kueue, cpu } = setup({}, [CONTROL, { ...CPU, labels: {} }, DGX]);
  kueue.addQueue('small', { quotas: [{ nodes: cpu, cpu: 1, memory: GIB }] });
  expect(objectOf(lab, 'ResourceFlavor', 'cpu')).toMatchObject({ spec: {} });
});

test('the part of a node that jobs get, and what containers get that ask for nothing', () => {
  const { lab, kueue, dgx } = setup({
    allocatable: 0.5,
    podsPerNode: 8,
    defaultRequests: { cpu: 0.1, memory: Size.mebibytes(128) },
  });
  kueue.addQueue('research', { quotas: [{ pool: dgx, gpus: 8 }] });
  expect(quotasOf(lab, 'research')).toMatchObject({ dgx: { cpu: '50', memory: '500Gi', pods: '8' } });
  expect(objectOf(lab, 'LimitRange', 'default-requests')).toMatchObject({
    spec: { limits: [{ defaultRequest: { cpu: '100m', memory: '128Mi' } }] },
  });
});

test('weights, order and who may be stopped', () => {
  const { lab, kueue, dgx } = setup({ preemption: { reclaimWithinCohort: 'LowerPriority' } });
  const quotas = [{ pool: dgx, gpus: 1 }];
  kueue.addQueue('a', { quotas, weight: 1.5, queueingStrategy: 'StrictFIFO' });
  kueue.addQueue('b', { quotas, weight: 0, preemption: { withinClusterQueue: 'Never' } });
  expect(objectOf(lab, 'ClusterQueue', 'a')).toMatchObject({
    spec: {
      fairSharing: { weight: '1500m' },
      queueingStrategy: 'StrictFIFO',
      preemption: { reclaimWithinCohort: 'LowerPriority', withinClusterQueue: 'LowerPriority' },
    },
  });
  expect(objectOf(lab, 'ClusterQueue', 'b')).toMatchObject({
    spec: {
      fairSharing: { weight: '0' },
      queueingStrategy: 'BestEffortFIFO',
      preemption: { reclaimWithinCohort: 'LowerPriority', withinClusterQueue: 'Never' },
    },
  });
  const classic = setup({ fairSharing: false, preemption: { borrowWithinCohort: { maxPriority: 10 } } });
  classic.kueue.addQueue('a', { quotas: [{ pool: classic.dgx, gpus: 1 }] });
  expect(objectOf(classic.lab, 'ClusterQueue', 'a')).toMatchObject({
    spec: { preemption: { borrowWithinCohort: { policy: 'LowerPriority', maxPriorityThreshold: 10 } } },
  });
});

class Server extends System {
  constructor(scope: Setup['lab']) {
    super(scope, 'server', { name: 'server', version: '1' }, {});
  }
  install(image: Parameters<System['image']>[0]): { stage: Stage; server: Deployment } {
    const stage = this.addStage('install');
    const server = new Deployment(stage, 'server', {
      containers: [{ name: 'server', image, ports: { http: 80 }, resources: { cpu: 1, memory: GIB } }],
    });
    return { stage, server };
  }
}

test('connectTo opens the way at both ends', () => {
  const { lab, kueue, dgx } = setup();
  const queue = kueue.addQueue('research', { quotas: [{ pool: dgx, gpus: 1 }] });
  const { server } = new Server(lab).install({ registry: 'docker.io', repository: 'library/nginx', tag: '1' });
  queue.connectTo(undefined, server.addService({ ports: { http: 80 } }).http);
  expect(objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'jobs', 'research').spec.egress[1]).toEqual({
    ports: [{ port: 80, protocol: 'TCP' }],
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'server' } },
        podSelector: {
          matchLabels: {
            'app.kubernetes.io/name': 'server',
            'app.kubernetes.io/instance': 'server',
            'app.kubernetes.io/component': 'server',
          },
        },
      },
    ],
  });
  expect(objectOf(lab, 'NetworkPolicy', 'server', 'server')).toMatchObject({
    spec: {
      ingress: [
        {
          from: [
            { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'research' } }, podSelector: {} },
          ],
        },
      ],
    },
  });
  expect(findingsOf(lab)).toEqual([]);
});

describe('what a pool has', () => {
  test('is enough for quotas that add up to it', () => {
    const made = setup();
    made.kueue.addQueue('a', {
      quotas: [
        { pool: made.dgx, gpus: 24 },
        { nodes: made.cpu, cpu: 72, memory: GIB },
      ],
    });
    made.kueue.addQueue('b', {
      quotas: [
        { pool: made.dgx, gpus: 8 },
        { nodes: made.cpu, cpu: 0, memory: GIB },
      ],
    });
    expect(overcommitments(made)).toEqual([]);
  });

  test('is not promised twice', () => {
    const made = setup();
    made.kueue.addQueue('a', { quotas: [{ pool: made.dgx, gpus: 24 }] });
    made.kueue.addQueue('b', {
      quotas: [
        { pool: made.dgx, gpus: 12 },
        { nodes: made.cpu, cpu: 40, memory: GIB },
      ],
    });
    made.kueue.addQueue('c', {
      quotas: [{ nodes: made.cpu, cpu: 32.5, memory: Size.gibibytes(200) }],
    });
    expect(overcommitments(made)).toEqual([
      'queues "a" (24), "b" (12) are given 36 nvidia.com/gpu of pool "dgx", which has 32 for jobs; lower one, and let it borrow',
      'queues "b" (40), "c" (32.5) are given 72.5 cores of pool "cpu", which has 72 for jobs; lower one, and let it borrow',
      'queues "b" (1024), "c" (204800) are given 205824 MiB of memory of pool "cpu", which has 184320 for jobs; lower one, and let it borrow',
    ]);
  });

  test('is counted as its GPUs are shared in the end', () => {
    const made = setup();
    made.kueue.addQueue('a', { quotas: [{ pool: made.dgx, gpus: 60 }] });
    expect(overcommitments(made)).toHaveLength(1);
    made.dgx.share();
    expect(overcommitments(made)).toEqual([]);
  });
});

describe('refuses', () => {
  const cases: Record<string, [(made: Setup) => KueueQueueProps, string]> = {
    'no quotas': [() => ({ quotas: [] }), 'lab/kueue/queue-q: quotas must name at least one pool, got []'],
    'half a GPU': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 0.5 }] }),
      'lab/kueue/queue-q: gpus of pool "dgx" must be a whole number of at least 0, got 0.5',
    ],
    'a borrowing limit below nothing': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 1, borrowingLimit: -1 }] }),
      'borrowingLimit of pool "dgx" must be a whole number of at least 0, got -1; leave it out',
    ],
    'lending what it has not': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 4, lendingLimit: 5 }] }),
      'lendingLimit of pool "dgx" must be a whole number from 0 to 4, got 5; a queue lends of its own',
    ],
    'lending memory that it has not': [
      ({ cpu }) => ({
        quotas: [{ nodes: cpu, cpu: 2, memory: GIB, lendingLimit: { cpu: 1, memory: Size.gibibytes(2) } }],
      }),
      'lendingLimit of pool "cpu" must not exceed the queue\'s own, 2 cores and 1024 MiB, got 1 cores and 2048 MiB',
    ],
    'less than no cores': [
      ({ cpu }) => ({ quotas: [{ nodes: cpu, cpu: -1, memory: GIB }] }),
      'cpu of pool "cpu" must be 0 or more cores, got -1; write 0.5 for half a core',
    ],
    'a pool twice': [
      ({ dgx }) => ({
        quotas: [
          { pool: dgx, gpus: 1 },
          { pool: dgx, gpus: 2 },
        ],
      }),
      'quotas name pool "dgx" twice; add the two up',
    ],
    'cores of GPU nodes': [
      ({ dgx }) => ({ quotas: [{ nodes: dgx.nodes, cpu: 1, memory: GIB }] }),
      'pool "dgx" has GPUs, which quotas of cores alone would leave to nobody; give pool and gpus',
    ],
    'nodes that take no jobs': [
      ({ lab }) => ({ quotas: [{ nodes: lab.site.pool('control'), cpu: 1, memory: GIB }] }),
      'pool "control" has no nodes that take jobs; choose another',
    ],
    'nodes of another site': [
      () => ({ quotas: [{ nodes: setup().cpu, cpu: 1, memory: GIB }] }),
      'pool "cpu" is none of site "test"; take it from site.pool(...)',
    ],
    'a taint that nothing bears': [
      ({ dgx }) => ({ quotas: [{ pool: new TestGpuPool(dgx.nodes, 'nvidia.com/gpu', { tolerations: [] }), gpus: 1 }] }),
      'pool "dgx" has nodes with the taint {"key":"nvidia.com/gpu","value":"present","effect":"NoSchedule"}, which its placement',
    ],
    'a negative weight': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 1 }], weight: -1 }),
      'weight must be a number from 0 to 1000000, got -1; 2 has twice',
    ],
    'stopping others for what is borrowed, with fair sharing': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 1 }], preemption: { borrowWithinCohort: {} } }),
      'preemption.borrowWithinCohort is given, but fair sharing decides',
    ],
    'a namespace that is taken': [
      ({ dgx }) => ({ quotas: [{ pool: dgx, gpus: 1 }], namespace: 'kueue' }),
      'namespace "kueue" is taken by lab/kueue',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [props, message]) => {
    const made = setup();
    expect(() => made.kueue.addQueue('q', props(made))).toThrow(message);
  });

  test('a name twice, a pool from two, a weight without fair sharing, a pool that no label tells apart', () => {
    const made = setup();
    const quotas = [{ pool: made.dgx, gpus: 1 }];
    made.kueue.addQueue('q', { quotas });
    expect(() => made.kueue.addQueue('q', { quotas })).toThrow('lab/kueue: queue "q" is there already; give this one');
    expect(() => made.kueue.addQueue('r', { quotas: [{ pool: new TestGpuPool(made.dgx.nodes), gpus: 1 }] })).toThrow(
      'pool "dgx" is offered by two; take it from the same as queue "q"',
    );

    const classic = setup({ fairSharing: false });
    expect(() => classic.kueue.addQueue('q', { quotas: [{ pool: classic.dgx, gpus: 1 }], weight: 2 })).toThrow(
      'lab/kueue/queue-q: weight 2 is given, but fairSharing is false',
    );
    expect(() =>
      classic.kueue.addQueue('r', {
        quotas: [{ pool: classic.dgx, gpus: 1 }],
        preemption: { reclaimWithinCohort: 'Never', borrowWithinCohort: {} },
      }),
    ).toThrow('preemption.borrowWithinCohort is given, but reclaimWithinCohort is "Never"');

    const plain = setup({}, [CONTROL, { ...CPU, labels: {} }, { ...CPU, name: 'other', labels: {} }, DGX]);
    expect(() => plain.kueue.addQueue('q', { quotas: [{ nodes: plain.cpu, cpu: 1, memory: GIB }] })).toThrow(
      'jobs for node pool "cpu" may land in "other", which no label or taint tells apart; give cpu labels in the site',
    );
    const racks = setup({ topology: ['kubernetes.io/hostname'] }, [CONTROL, { ...CPU, labels: {} }, DGX]);
    expect(() => racks.kueue.addQueue('q', { quotas: [{ nodes: racks.cpu, cpu: 1, memory: GIB }] })).toThrow(
      'pool "cpu" needs a label where topology is given, got none; give it labels in the site',
    );
  });
});
