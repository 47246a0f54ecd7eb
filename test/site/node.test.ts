import { Size } from 'cdk8s';
import { distribution, type NodePoolProps, Site, type SiteNode, siteNodes } from '../../lib';

const GIB = 1024 ** 3;

function first(pool: Partial<NodePoolProps>, name: 'kubeadm' | 'k3s' | 'rke2' | 'openshift' = 'kubeadm'): SiteNode {
  const worker: NodePoolProps = { name: 'w', nodes: 1, cpu: { cores: 1 }, memory: Size.gibibytes(1) };
  const site = new Site({
    name: 'lab',
    domain: 'lab.example',
    nodePools: [{ name: 'p', nodes: 1, cpu: { cores: 16 }, memory: Size.gibibytes(64), ...pool }, worker],
  });
  return siteNodes(site, distribution(name))[0];
}

test('there is one for each node, in the order of the pools', () => {
  const names = siteNodes(Site.fromFile('blueprints/sites/dgx-lab.yaml')).map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual([
    'control-plane-0',
    'control-plane-1',
    'control-plane-2',
    'training-0',
    'training-1',
  ]);
  expect(names).toHaveLength(15);
});

describe('what pods may ask for', () => {
  const amounts = ({ allocatable }: SiteNode) => Object.fromEntries(allocatable);

  test("the kubelet's defaults", () => {
    expect(amounts(first({ systemDisk: Size.gibibytes(100) }))).toEqual({
      cpu: 16_000,
      memory: 64 * GIB - 100 * 1024 ** 2,
      'ephemeral-storage': 90 * GIB,
      pods: 110,
    });
  });

  test('what the pool says', () => {
    const node = first({
      reserved: { cpu: 0.5, memory: Size.gibibytes(2) },
      hugepages: { '2Mi': Size.gibibytes(4), '1Gi': Size.gibibytes(8) },
      maxPods: 250,
      gpus: { model: 'l4', count: 2 },
    });
    expect(amounts(node)).toEqual({
      cpu: 15_500,
      memory: 50 * GIB - 100 * 1024 ** 2,
      pods: 250,
      'hugepages-2Mi': 4 * GIB,
      'hugepages-1Gi': 8 * GIB,
      'nvidia.com/gpu': 2,
    });
    expect(Object.fromEntries(node.capacity)).toMatchObject({ cpu: 16_000, memory: 64 * GIB });
    expect(amounts(first({ gpus: { model: 'mi300x', count: 8 } }))).toHaveProperty(['amd.com/gpu'], 8);
  });

  test.each(['k3s', 'rke2'] as const)('%s evicts by disks alone', (name) => {
    expect(amounts(first({ systemDisk: Size.gibibytes(100) }, name))).toMatchObject({
      memory: 64 * GIB,
      'ephemeral-storage': 95 * GIB,
    });
  });

  test("OpenShift reserves by the node's size", () => {
    // 1 + 6 % of 56 GiB = 4.36, rounded: 4 GiB; 0.06 + 0.012 x 15 = 0.24, at least 0.5 CPUs.
    expect(amounts(first({ systemDisk: Size.gibibytes(100) }, 'openshift'))).toEqual({
      cpu: 15_500,
      memory: 60 * GIB - 100 * 1024 ** 2,
      'ephemeral-storage': 89 * GIB,
      pods: 250,
    });
    const large = { cpu: { cores: 256 }, memory: Size.gibibytes(1024) };
    // 1 + 6.72 + 2 % of 904 = 25.8: 26 GiB; 0.06 + 0.012 x 255 = 3.12 CPUs.
    expect(amounts(first(large, 'openshift'))).toMatchObject({ cpu: 252_880, memory: 998 * GIB - 100 * 1024 ** 2 });
    expect(amounts(first({ ...large, reserved: { cpu: 0, memory: Size.gibibytes(1) } }, 'openshift'))).toMatchObject({
      cpu: 256_000,
      memory: 1023 * GIB - 100 * 1024 ** 2,
    });
  });
});

describe('labels', () => {
  test("the kubelet's, the discoveries' and the site's, which win", () => {
    const { labels } = first({
      hardware: 'dgx-a100-320',
      cpu: undefined,
      networkPorts: [{ type: 'infiniband', speed: '200Gb/s' }],
      labels: { rack: 'a1', 'nvidia.com/gpu.product': 'mine' },
    });
    expect(labels).toMatchObject({
      'kubernetes.io/hostname': 'p-0',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      rack: 'a1',
      'feature.node.kubernetes.io/cpu-hardware_multithreading': 'true',
      'feature.node.kubernetes.io/pci-10de.present': 'true',
      'feature.node.kubernetes.io/pci-15b3.present': 'true',
      'nvidia.com/gpu.product': 'mine',
      'nvidia.com/gpu.machine': 'NVIDIA-DGX-A100-320GB',
      'nvidia.com/gpu.family': 'ampere',
      'nvidia.com/gpu.compute.major': '8',
      'nvidia.com/gpu.compute.minor': '0',
      'nvidia.com/mig.capable': 'true',
    });
  });

  test('of AMD', () => {
    expect(first({ gpus: { model: 'mi300x', count: 8 } }).labels).toMatchObject({
      'feature.node.kubernetes.io/amd-gpu': 'true',
      'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM',
      'amd.com/gpu.vram': '192G',
    });
  });

  test('of another architecture', () => {
    expect(first({ hardware: 'jetson-orin-nx-8' }).labels).toMatchObject({
      'kubernetes.io/arch': 'arm64',
      'nvidia.com/gpu.product': 'Orin',
    });
  });
});

describe('the control plane', () => {
  const pool = { roles: ['control-plane'], taints: [{ key: 'x', effect: 'NoExecute' }] } as const;

  test.each([
    ['kubeadm', { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
    ['k3s', { key: 'CriticalAddonsOnly', value: 'true', effect: 'NoExecute' }],
    ['openshift', { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }],
  ] as const)('of %s', (name, taint) => {
    const { taints, labels } = first(pool, name);
    expect(taints).toEqual([...pool.taints, taint]);
    expect(labels).toHaveProperty(['node-role.kubernetes.io/control-plane'], name === 'k3s' ? 'true' : '');
  });

  test('that is a worker too has no taint of its own', () => {
    expect(first({ roles: ['control-plane', 'worker'] }).taints).toEqual([]);
  });

  test("the site's word for its taint is no second one", () => {
    const taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' } as const;
    expect(first({ roles: ['control-plane'], taints: [taint] }).taints).toEqual([taint]);
  });
});
