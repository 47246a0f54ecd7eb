import { parseQuantity, readPod, type FitGroup, type FitInput, type FitNode } from '../../../lib/core/fit';
import { type Obj } from '../../../lib/core/link/json';
import { Random } from './random';

/** Priorities by their class. */
export const PRIORITIES: Readonly<Record<string, number>> = { 'fit-low': 0, 'fit-middle': 1000, 'fit-high': 100_000 };

/** A node of a case, as the API has it. */
export interface CaseNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Pods of a case that are alike. */
export interface CaseGroup {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  /** One pod for each of these nodes, as the DaemonSet controller would make them. */
  readonly onNodes?: readonly string[];
  readonly priority: string;
  /** Groups of a later wave come when those before are settled. */
  readonly wave: number;
  /** Whether a Service selects the group, so that the scheduler spreads it. */
  readonly service: boolean;
  readonly spec: Obj;
}

/** A site and what runs on it, in a namespace of its own. */
export interface Case {
  readonly seed: number;
  readonly namespace: string;
  readonly nodes: readonly CaseNode[];
  readonly groups: readonly CaseGroup[];
}

const GPU = 'nvidia.com/gpu';
const SLICE = 'nvidia.com/mig-3g.20gb';
const RDMA = 'rdma/infiniband';

/** A case by its seed; half of them ask for about what there is. */
export function makeCase(seed: number): Case {
  const random = new Random(seed);
  const namespace = `fit-${seed}`;
  const nodes = makeNodes(random, namespace);
  return { seed, namespace, nodes, groups: makeGroups(random, namespace, nodes) };
}

function makeNodes(random: Random, namespace: string): CaseNode[] {
  const zones = random.from(1, 3);
  return Array.from({ length: random.from(1, 4) }, (_, p) => {
    const cpu = random.one([4, 8, 16, 32]);
    const memory = cpu * random.one([2, 4, 8]);
    const accelerated = random.chance(0.45);
    const resource = random.one([GPU, GPU, SLICE]);
    const tainted = random.chance(accelerated ? 0.5 : 0.1);
    const allocatable = {
      cpu: random.chance(0.3) ? `${cpu * 1000 - 250}m` : String(cpu),
      memory: `${memory * 1024 - random.one([0, 100, 512])}Mi`,
      pods: random.chance(0.1) ? String(random.from(4, 10)) : '110',
      'ephemeral-storage': `${random.one([50, 100, 400])}Gi`,
      'hugepages-2Mi': random.chance(0.2) ? '1Gi' : '0',
      ...(accelerated && { [resource]: String(random.one([2, 4, 8])) }),
      ...(accelerated && random.chance(0.5) && { [RDMA]: '8' }),
    };
    const taints = [
      ...(tainted ? [{ key: accelerated ? GPU : 'dedicated', value: `pool-${p}`, effect: 'NoSchedule' }] : []),
      ...(random.chance(0.15) ? [{ key: 'slow', effect: 'PreferNoSchedule' }] : []),
      ...(random.chance(0.05) ? [{ key: 'broken', effect: 'NoExecute' }] : []),
    ];
    return Array.from({ length: random.from(1, 6) }, (_, n): CaseNode => {
      const name = `${namespace}-${p}-${n}`;
      return {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'fit-case': namespace,
          pool: `pool-${p}`,
          ...(random.chance(0.9) && { 'topology.kubernetes.io/zone': `${namespace}-zone-${n % zones}` }),
          [`${namespace}.example/rack`]: `rack-${(p + n) % 4}`,
          generation: String(p),
        },
        taints,
        allocatable,
      };
    });
  }).flat();
}

function makeGroups(random: Random, namespace: string, nodes: readonly CaseNode[]): CaseGroup[] {
  const nearTheEdge = random.chance(0.5);
  const free = capacity(nodes);
  const target = nearTheEdge ? random.from(60, 95) / 100 : random.from(10, 45) / 100;
  const waves = random.chance(0.35) ? 2 : 1;
  const groups: CaseGroup[] = [];
  const wanted = random.from(2, 6);
  for (let g = 0; g < wanted; g++) {
    const name = `g${g}`;
    const share = (target / wanted) * (random.from(60, 130) / 100);
    groups.push(makeGroup(random, namespace, name, nodes, free, share, waves, groups));
  }
  return groups;
}

function makeGroup(
  random: Random,
  namespace: string,
  name: string,
  nodes: readonly CaseNode[],
  all: ReadonlyMap<string, number>,
  share: number,
  waves: number,
  before: readonly CaseGroup[],
): CaseGroup {
  const labels = { app: name, case: namespace, tier: random.one(['front', 'back']) };
  const accelerators = [GPU, SLICE].filter((resource) => all.has(resource));
  const accelerated = accelerators.length > 0 && random.chance(0.5);
  const daemon = !accelerated && random.chance(0.15);
  const tolerations = [
    ...(accelerated || random.chance(0.2) ? [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }] : []),
    ...(random.chance(0.3) ? [{ key: 'dedicated', operator: 'Equal', value: 'pool-0', effect: 'NoSchedule' }] : []),
    ...(random.chance(0.1) ? [{ operator: 'Exists' }] : []),
  ];
  const { requests, count } = accelerated
    ? acceleratedSize(random, random.one(accelerators), all, share)
    : plainSize(random, all, share, daemon);
  const affinity = {
    ...nodeAffinity(random),
    ...(daemon ? {} : podAffinity(random, namespace, labels, before)),
  };
  const spec: Obj = {
    terminationGracePeriodSeconds: 0,
    nodeSelector: { 'fit-case': namespace, ...(random.chance(0.06) && { pool: random.one(nodes).labels.pool }) },
    tolerations: [{ key: 'fit-case', operator: 'Exists' }, ...tolerations],
    ...(Object.keys(affinity).length > 0 && { affinity }),
    ...(!daemon && random.chance(0.25) && { topologySpreadConstraints: spread(random, namespace, labels) }),
    ...containers(random, requests),
  };
  return {
    name,
    labels,
    count,
    ...(daemon && { onNodes: nodes.map((node) => node.name) }),
    priority: random.chance(0.6) ? 'fit-low' : random.one(Object.keys(PRIORITIES)),
    wave: random.from(0, waves - 1),
    service: random.chance(0.5),
    spec,
  };
}

type Amounts = Readonly<Record<string, string>>;

function acceleratedSize(
  random: Random,
  resource: string,
  all: ReadonlyMap<string, number>,
  share: number,
): { readonly requests: Amounts; readonly count: number } {
  const each = random.one([1, 1, 1, 2, 4]);
  const count = Math.max(1, Math.min(16, Math.round(((all.get(resource) ?? 0) * share) / each)));
  const requests = {
    [resource]: String(each),
    cpu: `${random.from(2, 12) * 100 * each}m`,
    memory: `${random.from(1, 16) * 256 * each}Mi`,
    ...(all.has(RDMA) && random.chance(0.3) && { [RDMA]: '1' }),
  };
  return { requests, count };
}

function plainSize(
  random: Random,
  all: ReadonlyMap<string, number>,
  share: number,
  daemon: boolean,
): { readonly requests: Amounts; readonly count: number } {
  if (daemon) return { requests: { cpu: `${random.from(1, 10) * 100}m`, memory: '256Mi' }, count: 0 };
  const count = random.from(1, 9);
  const cpu = Math.max(50, Math.round(((all.get('cpu') ?? 0) * share) / count / 50) * 50);
  const memory = Math.max(64, Math.round(((all.get('memory') ?? 0) * share) / count / 2 ** 26) * 64);
  const requests = {
    ...(random.chance(0.9) && { cpu: `${cpu}m` }),
    ...(random.chance(0.9) && { memory: `${memory}Mi` }),
    ...(random.chance(0.15) && { 'ephemeral-storage': `${random.from(1, 10)}Gi` }),
    ...(random.chance(0.03) && { cpu: `${cpu}m`, memory: `${memory}Mi`, 'hugepages-2Mi': '256Mi' }),
  };
  return { requests, count };
}

/** The requests in one container, or with sidecars and init containers about it; some as limits, some of the pod as a whole. */
function containers(random: Random, requests: Amounts): Obj {
  const exact = Object.entries(requests).filter(([key]) => key.includes('/') || key.startsWith('hugepages-'));
  const limits = random.chance(0.2) ? requests : Object.fromEntries(exact);
  const port = random.chance(0.04) ? [{ containerPort: 80, hostPort: random.one([8080, 9090]) }] : undefined;
  const main = {
    name: 'main',
    image,
    resources: { requests: limits === requests ? undefined : requests, limits },
    ports: port,
  };
  const small = { cpu: '100m', memory: '128Mi' };
  const big = { cpu: `${random.from(1, 12) * 100}m`, memory: '512Mi' };
  return {
    containers: [main, ...(random.chance(0.2) ? [{ name: 'side', image, resources: { requests: small } }] : [])],
    ...(random.chance(0.2) && {
      initContainers: [
        { name: 'first', image, resources: { requests: big } },
        ...(random.chance(0.5)
          ? [{ name: 'sidecar', image, restartPolicy: 'Always', resources: { requests: small } }]
          : []),
        { name: 'last', image, resources: { requests: random.chance(0.5) ? small : undefined } },
      ],
    }),
  };
}

const image = 'registry.example/pause:1';

function nodeAffinity(random: Random): Obj {
  const term = () => ({
    matchExpressions: [
      random.one([
        { key: 'pool', operator: 'In', values: ['pool-0', 'pool-1'] },
        { key: 'pool', operator: 'NotIn', values: ['pool-1'] },
        { key: 'generation', operator: 'Gt', values: ['0'] },
        { key: 'topology.kubernetes.io/zone', operator: 'Exists' },
      ]),
    ],
  });
  const required = random.chance(0.1);
  const preferred = random.chance(0.2);
  if (!required && !preferred) return {};
  return {
    nodeAffinity: {
      ...(required && {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: random.chance(0.3) ? [term(), term()] : [term()],
        },
      }),
      ...(preferred && {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: random.from(1, 100), preference: term() },
          { weight: random.from(1, 100), preference: term() },
        ],
      }),
    },
  };
}

function podAffinity(
  random: Random,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  before: readonly CaseGroup[],
): Obj {
  const key = () => random.one(['kubernetes.io/hostname', 'topology.kubernetes.io/zone', `${namespace}.example/rack`]);
  const others = before.map((group) => group.labels.app!);
  const term = () => {
    const app = others.length > 0 && random.chance(0.5) ? random.one(others) : labels.app;
    return {
      topologyKey: key(),
      labelSelector: random.chance(0.8)
        ? { matchLabels: { app, case: namespace } }
        : {
            matchExpressions: [{ key: 'tier', operator: 'In', values: [labels.tier] }],
            matchLabels: { case: namespace },
          },
      ...(random.chance(0.1) && { namespaceSelector: {} }),
    };
  };
  const weighted = () => [{ weight: random.from(1, 100), podAffinityTerm: term() }];
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  return {
    ...(random.chance(0.08) && { podAffinity: { [required]: [term()] } }),
    ...(random.chance(0.12) && { podAffinity: { [preferred]: weighted() } }),
    ...(random.chance(0.08) && { podAntiAffinity: { [required]: [term()] } }),
    ...(random.chance(0.2) && { podAntiAffinity: { [preferred]: weighted() } }),
  };
}

function spread(random: Random, namespace: string, labels: Readonly<Record<string, string>>): Obj[] {
  const one = (topologyKey: string): Obj => {
    const hard = random.chance(0.6);
    return {
      topologyKey,
      maxSkew: random.from(1, 3),
      whenUnsatisfiable: hard ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: labels.app } },
      ...(hard && random.chance(0.2) && { minDomains: random.from(2, 5) }),
      ...(random.chance(0.3) && { nodeTaintsPolicy: 'Honor' }),
      ...(random.chance(0.2) && { matchLabelKeys: ['tier'] }),
      // Only where the key is the case's own: nodes of other cases would be counted too.
      ...(topologyKey.startsWith(namespace) && random.chance(0.3) && { nodeAffinityPolicy: 'Ignore' }),
    };
  };
  const keys = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone', `${namespace}.example/rack`];
  const first = random.one(keys);
  if (random.chance(0.7)) return [one(first)];
  return [one(first), one(random.one(keys.filter((key) => key !== first)))];
}

function capacity(nodes: readonly CaseNode[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { allocatable } of nodes) {
    for (const [resource, amount] of Object.entries(allocatable)) {
      sum.set(resource, (sum.get(resource) ?? 0) + parseQuantity(resource, amount)!);
    }
  }
  return sum;
}

/** The case as the engine is asked; pods are made by nobody, so that one that is pushed out is gone. */
export function inputOf({ namespace, nodes, groups }: Case): FitInput {
  return {
    nodes: nodes.map(({ name, labels, taints, allocatable }): FitNode => ({
      name,
      labels,
      taints: [...taints, { key: 'fit-case', value: namespace, effect: 'NoSchedule' }],
      allocatable: new Map(
        Object.entries(allocatable).map(([resource, amount]) => [resource, parseQuantity(resource, amount)!]),
      ),
      pool: { name: labels.pool! },
    })),
    groups: groups.map(({ name, labels, count, onNodes, priority, wave, service, spec }): FitGroup => ({
      name,
      count,
      ...(onNodes && { onEachNode: true }),
      wave,
      madeAgain: false,
      pod: readPod(spec, {
        namespace,
        labels,
        priority: PRIORITIES[priority],
        ...(service && { owners: { matchLabels: { app: name } } }),
      }),
    })),
  };
}
