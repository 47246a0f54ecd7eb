import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Size } from 'cdk8s';
import {
  distribution,
  type DistributionName,
  type NodePool,
  type NodePoolProps,
  Site,
  type SiteNode,
  siteNodes,
} from '../../lib';
import { main } from '../../lib/cli/main';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onprem-ml-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

interface NodeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: { taints?: object[] };
  status: {
    capacity: Record<string, string>;
    allocatable: Record<string, string>;
    nodeInfo: { architecture: string; kubeletVersion: string };
  };
}

const VERSIONS: Partial<Record<DistributionName, string>> = { k3s: 'v1.35.2+k3s1', rke2: 'v1.35.2+rke2r1' };

/** A node as `kubectl get nodes -o json` has it. */
function object(node: SiteNode, name: DistributionName = 'kubeadm'): NodeObject {
  const write = (resources: SiteNode['capacity']) =>
    Object.fromEntries(
      [...resources].map(([key, n]) => [key, key === 'cpu' ? `${n}m` : key === 'memory' ? `${n / 1024}Ki` : String(n)]),
    );
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: { ...node.labels, ...(name === 'openshift' ? { 'node.openshift.io/os_id': 'rhcos' } : {}) },
    },
    spec: { taints: [...node.taints, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] },
    status: {
      capacity: write(node.capacity),
      allocatable: write(node.allocatable),
      nodeInfo: { architecture: node.pool.arch, kubeletVersion: VERSIONS[name] ?? 'v1.36.1' },
    },
  };
}

function run(items: unknown, ...args: string[]): { code: number; text: string; err: string[] } {
  const file = join(folder, 'nodes.json');
  writeFileSync(file, typeof items === 'string' ? items : JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const out: string[] = [];
  const err: string[] = [];
  const code = main(
    ['site', 'from-nodes', file, ...args],
    (line) => out.push(line),
    (line) => err.push(line),
  ) as number;
  return { code, text: out.join('\n'), err };
}

/** The pools that a site file has which is written from these nodes. */
function pools(items: readonly NodeObject[]): readonly NodePool[] {
  const { code, text, err } = run(items, '--domain', 'lab.example');
  expect([code, err]).toEqual([0, []]);
  return Site.fromYaml(text).pools;
}

/** What nodes tell of a pool. */
function told(pool: NodePool): object {
  const { name, roles, nodes, hardware, arch, cpusPerNode, coresPerNode, memory, gpus, systemDisk, labels, taints } =
    pool;
  return {
    ...{ name, roles: [...roles].sort(), nodes, hardware, arch, cpusPerNode, coresPerNode, labels, taints },
    memory: memory.toKibibytes(),
    gpus: gpus && { ...gpus, memory: gpus.memory.toKibibytes() },
    systemDisk: systemDisk && Math.floor(systemDisk.toKibibytes()),
    reserved: [pool.reserved?.cpu, pool.reserved?.memory?.toKibibytes()],
    hugepages: Object.entries(pool.hugepages ?? {}).map(([size, total]) => [size, (total as Size).toKibibytes()]),
    maxPods: pool.maxPods,
  };
}

const BASE = { nodes: 2, cpu: { cores: 16 }, memory: Size.gibibytes(64) } as const;

const VARIED: readonly NodePoolProps[] = [
  { name: 'control-plane', roles: ['control-plane'], nodes: 3, cpu: { cores: 8 }, memory: Size.gibibytes(32) },
  {
    name: 'training',
    hardware: 'dgx-a100-320',
    nodes: 4,
    labels: { rack: 'a1' },
    taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
  },
  { name: 'training-b', hardware: 'dgx-a100-320', nodes: 2, labels: { rack: 'b1' } },
  { name: 'large', hardware: 'dgx-a100-640', nodes: 1 },
  { name: 'h100', hardware: 'NVIDIA DGX H100', nodes: 1, memory: Size.tebibytes(4) },
  { name: 'dell', hardware: 'xe9680-h100', nodes: 1, cpu: { cores: 96, threadsPerCore: 2 }, memory: Size.tebibytes(2) },
  {
    ...BASE,
    name: 'cards',
    gpus: { model: 'l4', count: 2 },
    taints: [{ key: 'a/b', value: 'c', effect: 'NoExecute' }],
  },
  { ...BASE, name: 'amd', gpus: { model: 'mi300x', count: 8 } },
  { ...BASE, name: 'unknown-gpus', gpus: { model: 'NVIDIA-Thing-9', count: 1, memory: Size.gibibytes(9) } },
  { ...BASE, name: 'unknown-amd', gpus: { model: 'AMD_Thing', count: 1, memory: Size.gibibytes(16), vendor: 'amd' } },
  { ...BASE, name: 'jetson', hardware: 'jetson-orin-nx-16', cpu: undefined, memory: undefined },
  {
    ...BASE,
    name: 'reserved',
    reserved: { cpu: 0.75, memory: Size.gibibytes(2) },
    hugepages: { '2Mi': Size.gibibytes(4) },
    maxPods: 300,
    systemDisk: Size.gibibytes(200),
  },
  { ...BASE, name: 'labels', labels: { zone: '12', flag: 'true', 'example.com/team': '' } },
];

describe('round trip', () => {
  test.each<DistributionName>(['kubeadm', 'k3s', 'rke2', 'openshift'])(
    'the pools of a site, from its nodes, with %s',
    (name) => {
      const site = new Site({ name: 'lab', domain: 'lab.example', nodePools: VARIED });
      const result = pools(siteNodes(site, distribution(name)).map((node) => object(node, name)));
      expect(result.map(told)).toEqual(site.pools.map(told));
    },
  );

  test.each(['dgx-lab', 'edge'])('the example %s', (name) => {
    const site = Site.fromFile(`blueprints/sites/${name}.yaml`);
    const back = pools(siteNodes(site).map((node) => object(node)));
    expect(back.map((pool) => pool.name)).toEqual(site.pools.map((pool) => pool.name));
    expect(back.map((pool) => [pool.nodes, pool.totalGpus, pool.totalCpus])).toEqual(
      site.pools.map((pool) => [pool.nodes, pool.totalGpus, pool.totalCpus]),
    );
  });
});

/** One node with GPUs, changed. */
function gpuNode(
  change: { labels?: Record<string, string>; capacity?: Record<string, string> },
  hardware = 'dgx-a100-320',
): NodeObject {
  const site = new Site({ name: 'lab', domain: 'lab.example', nodePools: [{ name: 'gpu', nodes: 1, hardware }] });
  const node = object(siteNodes(site)[0]);
  delete node.status.capacity['nvidia.com/gpu'];
  Object.assign(node.metadata.labels, change.labels);
  Object.assign(node.status.capacity, change.capacity);
  return node;
}

describe('however GPUs are shared, they are what they are', () => {
  const PRODUCT = 'NVIDIA-A100-SXM4-40GB';

  test.each<[string, Parameters<typeof gpuNode>[0], string]>([
    [
      'MIG, single',
      {
        labels: {
          'nvidia.com/mig.strategy': 'single',
          'nvidia.com/gpu.product': `${PRODUCT}-MIG-1g.5gb`,
          'nvidia.com/gpu.count': '56',
          'nvidia.com/gpu.memory': '4864',
        },
        capacity: { 'nvidia.com/gpu': '56' },
      },
      "Its nodes offer 56 nvidia.com/gpu: have the GPUs shared by share({ mig: '1g.5gb' }).",
    ],
    [
      'MIG, mixed, of one profile',
      {
        labels: { 'nvidia.com/mig.strategy': 'mixed' },
        capacity: { 'nvidia.com/mig-3g.20gb': '16', 'nvidia.com/gpu': '0' },
      },
      "Its nodes offer 16 nvidia.com/mig-3g.20gb: have the GPUs shared by share({ mig: '3g.20gb' }).",
    ],
    [
      'MIG, mixed, of several',
      { capacity: { 'nvidia.com/mig-3g.20gb': '8', 'nvidia.com/mig-1g.5gb': '16' } },
      'Its nodes offer 8 nvidia.com/mig-3g.20gb, 16 nvidia.com/mig-1g.5gb: parts of several kinds. A pool is shared in one way.',
    ],
    [
      'time-slicing',
      {
        labels: {
          'nvidia.com/gpu.product': `${PRODUCT}-SHARED`,
          'nvidia.com/gpu.replicas': '4',
          'nvidia.com/gpu.sharing-strategy': 'time-slicing',
        },
        capacity: { 'nvidia.com/gpu': '32' },
      },
      'Its nodes offer 32 nvidia.com/gpu: have the GPUs shared by share({ timeSlices: 4 }).',
    ],
    [
      'MPS',
      {
        labels: {
          'nvidia.com/gpu.product': `${PRODUCT}-SHARED`,
          'nvidia.com/gpu.replicas': '10',
          'nvidia.com/gpu.sharing-strategy': 'mps',
        },
        capacity: { 'nvidia.com/gpu': '80' },
      },
      'Its nodes offer 80 nvidia.com/gpu: have the GPUs shared by share({ mps: 10 }).',
    ],
  ])('%s', (_, change, hint) => {
    const node = gpuNode(change);
    expect(run([node]).text).toContain(`    # ${hint}`);
    expect(pools([node])[0]).toMatchObject({
      hardware: 'NVIDIA DGX A100 320GB',
      gpus: { model: 'NVIDIA A100-SXM4-40GB', count: 8 },
    });
  });

  test('a product of an older driver, and a name of the firmware', () => {
    const node = gpuNode({
      labels: { 'nvidia.com/gpu.product': 'A100-SXM4-40GB', 'nvidia.com/gpu.machine': 'DGXA100-920-23687-2530-000' },
      capacity: { 'nvidia.com/gpu': '8' },
    });
    expect(pools([node])[0]).toMatchObject({ hardware: 'NVIDIA DGX A100 320GB', gpusPerNode: 8 });
  });

  test('a machine that the catalogue lacks is one of the site', () => {
    const node = gpuNode({
      labels: { 'nvidia.com/gpu.machine': 'ProLiant-DL380' },
      capacity: { 'nvidia.com/gpu': '8' },
    });
    expect(run([node]).text).toContain('machines:\n  - { name: ProLiant-DL380 }');
    expect(pools([node])[0]).toMatchObject({ hardware: 'ProLiant-DL380', cpusPerNode: 256, gpusPerNode: 8 });
  });

  test('what no label tells is asked for, not made up', () => {
    const node = gpuNode({ capacity: { 'nvidia.com/gpu': '4' } });
    Object.keys(node.metadata.labels)
      .filter((key) => key.startsWith('nvidia.com/'))
      .forEach((key) => delete node.metadata.labels[key]);
    expect(run([node]).text).toContain(
      '    # Its nodes offer 4 nvidia.com/gpu, and no label tells model, memory or number of the GPUs behind it:\n    # gpus: {',
    );
    expect(pools([node])[0].gpus).toBeUndefined();
  });
});

describe('what is alike', () => {
  const servers = (count: number, change: (node: NodeObject, i: number) => void) => {
    const site = new Site({
      name: 'lab',
      domain: 'lab.example',
      nodePools: [{ ...BASE, name: 'server', nodes: count }],
    });
    return siteNodes(site).map((node, i) => {
      const result = object(node);
      change(result, i);
      return result;
    });
  };

  test('memory that differs by what the firmware takes: the least is said', () => {
    const nodes = servers(3, ({ status }, i) => {
      status.capacity.memory = `${64 * 1024 ** 2 - i * 1024}Ki`;
      status.allocatable.memory = `${64 * 1024 ** 2 - i * 1024 - 100 * 1024}Ki`;
    });
    const [pool, ...others] = pools(nodes);
    expect([others, pool.nodes, pool.memory.toMebibytes()]).toEqual([[], 3, 64 * 1024 - 2]);
    expect(pools(servers(2, ({ status }, i) => (status.capacity.memory = `${64 - i * 4}Gi`)))).toHaveLength(2);
  });

  test('a label that tells the node, not the pool', () => {
    const nodes = servers(3, ({ metadata }, i) =>
      Object.assign(metadata.labels, { serial: `n${i}`, rack: i < 2 ? 'a' : 'b' }),
    );
    expect(run(nodes).text).toContain('# Left out, since each node has its own value: the labels serial.');
    expect(pools(nodes).map(({ name, labels }) => [name, labels])).toEqual([
      ['server', { rack: 'a' }],
      ['server-2', { rack: 'b' }],
    ]);
  });

  test('names: of a label, of the nodes, of the GPUs, of the role', () => {
    const named = (change: (node: NodeObject, i: number) => void) => pools(servers(2, change))[0].name;
    expect(named(({ metadata }) => (metadata.labels['example.com/node-pool'] = 'blue'))).toBe('blue');
    expect(named(({ metadata }, i) => (metadata.name = `gpu${i}.lab.example`))).toBe('gpu');
    expect(named(({ metadata }, i) => (metadata.name = ['alice', 'bob'][i]))).toBe('worker');
    const [one, two] = [0, 1].map(() => gpuNode({ capacity: { 'nvidia.com/gpu': '8' } }));
    one.metadata.name = 'alice';
    two.metadata.name = 'bob';
    expect(pools([one, two])[0].name).toBe('a100-sxm4-40gb');
  });

  test('a cordoned node is as it is without; what is not said is not kept back', () => {
    const [node] = servers(1, ({ spec, status }) => {
      spec.taints = [
        { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
        { key: 'own', effect: 'NoSchedule' },
      ];
      status.allocatable = {};
    });
    expect(pools([node])[0]).toMatchObject({ taints: [{ key: 'own', effect: 'NoSchedule' }], reserved: undefined });
  });
});

test('without a domain all is there but that', () => {
  const site = Site.fromFile('blueprints/sites/dgx-lab.yaml');
  const { code, text } = run(
    siteNodes(site).map((node) => object(node)),
    '--name=mine',
  );
  expect(code).toBe(0);
  expect(() => Site.fromYaml(text)).toThrow('domain is missing');
  expect(Site.fromYaml(text.replace('# domain:', 'domain:'))).toMatchObject({ name: 'mine', domain: 'lab.example' });
  for (const hint of ['# networks:', '# storageClasses:', '# networkPorts: [{ type: ethernet'])
    expect(text).toContain(hint);
});

test('what is no site yet is written, and standard error says why', () => {
  const nodes = [0, 1].map((i) => {
    const node = gpuNode({ labels: { 'node-role.kubernetes.io/control-plane': '' } });
    return { ...node, metadata: { ...node.metadata, name: `n${i}` } };
  });
  const { code, text, err } = run(nodes, '--domain', 'Lab');
  expect(code).toBe(1);
  expect(text).toContain('nodePools:');
  expect(err).toEqual([
    'onprem-ml site: the file is no site yet: 2 problems',
    expect.stringContaining('  - domain must be a DNS domain'),
    expect.stringContaining('  - nodePools must have an odd number of control-plane nodes'),
  ]);
});

describe('wrong input', () => {
  const node = (change: object) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, ...change });
  const capacity = { cpu: '8', memory: '64Gi' };

  test.each<[string, unknown, string]>([
    [
      'a pod',
      [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }],
      'is a Pod and no Node; give the output of `kubectl get nodes -o json`',
    ],
    ['nothing', [], 'holds no nodes; give the output of `kubectl get nodes -o json`'],
    ['a table', 'NAME STATUS\nn Ready\n', 'is no Kubernetes object: it has no apiVersion, kind and metadata'],
    ['no YAML', '{"a": [', 'is no YAML'],
    [
      'a manifest',
      [node({})],
      'Node n: has no cpu and memory in status.capacity; give what the cluster answers, not a manifest',
    ],
    [
      'a wrong quantity',
      [node({ status: { capacity: { ...capacity, pods: 'many' } } })],
      'Node n: status.capacity.pods is no quantity: "many"',
    ],
    [
      'another architecture',
      [node({ status: { capacity, nodeInfo: { architecture: 's390x' } } })],
      'Node n: its architecture is "s390x"; a site has nodes of amd64 and arm64',
    ],
  ])('%s', (_, items, message) => {
    const { code, text, err } = run(items);
    expect([code, text]).toEqual([2, '']);
    expect(err).toEqual([expect.stringContaining(message)]);
    expect(err[0]).toMatch(/^onprem-ml site: /);
  });

  test.each<[string[], string]>([
    [[], 'says not what to do; there is from-nodes'],
    [['from-pods'], 'there is no subcommand "from-pods"; there is from-nodes'],
    [['from-nodes'], 'takes one FILE, or - for standard input, got 0; see --help'],
    [['from-nodes', 'a', 'b'], 'takes one FILE, or - for standard input, got 2; see --help'],
    [['from-nodes', 'a', '--domain'], '--domain needs a value; see --help'],
    [['from-nodes', 'a', '--dmain=x'], 'there is no option "--dmain=x"; see --help'],
  ])('%j', (args, message) => {
    const err: string[] = [];
    const out: string[] = [];
    expect(
      main(
        ['site', ...args],
        (line) => out.push(line),
        (line) => err.push(line),
      ),
    ).toBe(2);
    expect([out, err]).toEqual([[], [`onprem-ml site: ${message}`]]);
  });

  test('a file that is not there', () => {
    const err: string[] = [];
    expect(
      main(
        ['site', 'from-nodes', join(folder, 'none.json')],
        () => undefined,
        (line) => err.push(line),
      ),
    ).toBe(2);
    expect(err[0]).toContain("none.json: can't be read");
  });
});

test('help names each option', () => {
  const out: string[] = [];
  expect(main(['site', '--help'], (line) => out.push(line))).toBe(0);
  for (const option of ['from-nodes', '--domain', '--name']) expect(out.join('\n')).toContain(option);
});
