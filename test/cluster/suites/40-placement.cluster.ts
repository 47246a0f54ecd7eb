import { type NodePool } from '../../../lib';
import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { isReady } from './failure/pods';
import { LivePlatform, manifests } from './support/platform';

const NAMESPACE = 'placement';
const platform = new LivePlatform();
const { cluster, site } = platform;
const gpuPools = site.pools.filter(({ gpus }) => gpus !== undefined);

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface Node extends KubeObject {
  readonly spec: { readonly taints?: readonly Taint[] };
  readonly status: {
    readonly allocatable: Readonly<Record<string, string>>;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

beforeAll(async () => {
  await cluster.kubectl('create', 'namespace', NAMESPACE);
});

afterAll(async () => {
  await cluster.kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
});

describe('the nodes', () => {
  it.each(site.pools.map((pool) => [pool.name, pool] as const))(
    'of pool %s are all there, as the site describes them',
    async (_name, pool) => {
      const nodes = (await cluster.list<Node>('nodes')).filter(({ metadata }) => isOf(metadata.name, pool));
      const seen = nodes.map(({ metadata, spec, status }) => ({
        name: metadata.name,
        ready: status.conditions.find(({ type }) => type === 'Ready')?.status,
        cpu: Number(status.allocatable.cpu),
        gibibytes: gibibytesOf(status.allocatable.memory!),
        gpus: Number(status.allocatable[resourceOf(pool)] ?? 0),
        product: metadata.labels?.[`${pool.gpus?.vendor}.com/gpu.product`],
        labels: Object.fromEntries(Object.keys(pool.labels).map((key) => [key, metadata.labels?.[key]])),
        taints: pool.taints.filter((taint) => (spec.taints ?? []).some((other) => isSame(taint, other))),
        isControlPlane: metadata.labels?.['node-role.kubernetes.io/control-plane'] !== undefined,
      }));
      const wanted = Array.from({ length: pool.nodes }, (_, i) => ({
        name: `${pool.name}-${i}`,
        ready: 'True',
        cpu: pool.cpusPerNode,
        gibibytes: Math.round(pool.memory.toGibibytes()),
        gpus: pool.gpus?.count ?? 0,
        product: pool.gpus?.model.replaceAll(' ', '-'),
        labels: pool.labels,
        taints: pool.taints,
        isControlPlane: pool.roles.includes('control-plane'),
      }));
      expect(seen).toEqual(wanted);
    },
  );

  it('that are only simulated run nothing of the platform but what runs on every node', async () => {
    const namespaces = new Set(
      manifests().flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : [])),
    );
    const real = new Set(cluster.state.nodes.map(({ name }) => name));
    const pods = (await cluster.list<Pod>('pods', '-A')).filter(
      ({ metadata }) =>
        namespaces.has(metadata.namespace) && !metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet'),
    );
    const elsewhere = pods.filter(({ spec }) => !real.has(spec.nodeName ?? ''));
    expect(elsewhere.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName}`)).toEqual([]);
    expect(pods.length).toBeGreaterThan(15);
  });
});

describe.each(gpuPools.map((pool) => [pool.name, pool] as const))('the GPUs of pool %s', (_name, pool) => {
  it('go to pods that choose the pool and tolerate its taints, all of them', async () => {
    const names = Array.from({ length: pool.nodes }, (_, i) => `${pool.name}-all-${i}`);
    await create(names.map((name) => pod(name, pool, pool.gpus!.count)));
    const placed = await until(`pods ${names.join(', ')} being Ready`, 60, async () => {
      const pods = await podsNamed(names);
      return pods.length === names.length && pods.every(isReady) ? pods : undefined;
    });
    const nodes = placed.map(({ spec }) => spec.nodeName!).sort();
    expect(nodes).toEqual(Array.from({ length: pool.nodes }, (_, i) => `${pool.name}-${i}`).sort());
  });

  it('are no more than the site has: one more waits, and the scheduler says for what', async () => {
    const name = `${pool.name}-one-more`;
    await create([pod(name, pool, 1)]);
    expect(await refusal(name)).toContain(`${pool.nodes} Insufficient ${resourceOf(pool)}`);
  });

  it('are kept from pods that do not tolerate the taint', async () => {
    const name = `${pool.name}-intolerant`;
    await create([pod(name, pool, 1, { tolerations: [] })]);
    expect(await refusal(name)).toContain(`untolerated taint`);
  });
});

function pod(name: string, pool: NodePool, gpus: number, change: object = {}): object {
  const resources = { cpu: '1', memory: '1Gi', [resourceOf(pool)]: String(gpus) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: pool.labels,
      tolerations: pool.taints.map(({ key, effect }) => ({ key, effect, operator: 'Exists' })),
      containers: [
        { name: 'train', image: 'registry.example/train:1.0', resources: { requests: resources, limits: resources } },
      ],
      ...change,
    },
  };
}

async function create(items: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await cluster.run(['kubectl', 'create', '-f', '-'], { input });
}

async function podsNamed(names: readonly string[]): Promise<readonly Pod[]> {
  const pods = await cluster.list<Pod>('pods', '-n', NAMESPACE);
  return pods.filter(({ metadata }) => names.includes(metadata.name));
}

/** Why the scheduler doesn't place a pod. */
async function refusal(name: string): Promise<string> {
  return until(`what the scheduler says of ${name}`, 30, async () => {
    const [found] = await podsNamed([name]);
    if (found?.spec.nodeName !== undefined) return `none: it is on ${found.spec.nodeName}`;
    return found?.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message;
  });
}

/** A quantity of memory as the API server writes it. */
function gibibytesOf(quantity: string): number {
  const [, digits, unit] = /^(\d+)([KMGT]i)?$/.exec(quantity)!;
  return Math.round(Number(digits) * 1024 ** (['', 'Ki', 'Mi', 'Gi', 'Ti'].indexOf(unit ?? '') - 3));
}

function isOf(node: string, pool: NodePool): boolean {
  return node.replace(/-\d+$/, '') === pool.name;
}

function isSame(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect && (a.value ?? '') === (b.value ?? '');
}

function resourceOf({ gpus }: NodePool): string {
  return `${gpus?.vendor ?? 'nvidia'}.com/gpu`;
}
