import { Size } from 'cdk8s';
import { Site, type SiteProps } from '../../lib/site';
import { message } from './message';

const LAB = 'blueprints/sites/dgx-lab.yaml';

/** The edge box in typed form. */
const EDGE: SiteProps = {
  name: 'edge',
  domain: 'edge.example',
  nodePools: [
    {
      name: 'box',
      roles: ['control-plane', 'worker'],
      nodes: 1,
      cpu: { cores: 16, threadsPerCore: 2 },
      memory: Size.gibibytes(64),
      gpus: { model: 'NVIDIA L4', count: 1, memory: Size.kibibytes(24e9 / 1024) },
      localDisks: [{ type: 'nvme', count: 1, size: Size.kibibytes(1.92e12 / 1024) }],
      networkPorts: [{ type: 'ethernet', speed: '10Gb/s', network: 'office' }],
    },
  ],
  networks: [{ name: 'office', cidr: '192.168.50.0/24', loadBalancerRanges: ['192.168.50.240-192.168.50.249'] }],
  storageClasses: [{ name: 'local-path', tier: 'hot', media: 'nvme', default: true }],
};

const MINIMAL: SiteProps = {
  name: 'small',
  domain: 'small.example',
  nodePools: [{ name: 'all', nodes: 2, cpu: { cores: 4 }, memory: Size.gibibytes(8) }],
};

describe('dgx-lab.yaml', () => {
  const lab = Site.fromFile(LAB);

  test('has the racks of the lab', () => {
    expect(lab.name).toBe('dgx-lab');
    expect(lab.domain).toBe('dgx-lab.example');
    expect(lab.pools.map((pool) => [pool.name, pool.nodes])).toEqual([
      ['control-plane', 3],
      ['training', 4],
      ['inference', 4],
      ['storage', 4],
    ]);
    const training = lab.pool('training');
    expect(training.hardware).toBe('NVIDIA DGX A100 320GB');
    expect(training.coresPerNode).toBe(128);
    expect(training.cpusPerNode).toBe(256);
    expect(training.memory.toTebibytes()).toBe(1);
    expect(training.gpus).toMatchObject({ model: 'NVIDIA A100-SXM4-40GB', count: 8, vendor: 'nvidia' });
    expect(training.networkPorts[0]).toEqual({
      type: 'infiniband',
      speed: '200Gb/s',
      count: 8,
      network: 'infiniband',
      gigabitsPerSecond: 200,
    });
    expect(lab.pool('inference').gpus).toMatchObject({ count: 4 });
    expect(lab.pool('inference').gpus?.memory.toKibibytes()).toBe(80e9 / 1024);
    expect(lab.pool('inference').networkPorts[0]).toMatchObject({ type: 'ethernet', gigabitsPerSecond: 100 });
  });

  test('adds up by pool and over the site', () => {
    const training = lab.pool('training');
    expect(training.totalGpus).toBe(32);
    expect(training.totalCpus).toBe(1024);
    expect(training.totalMemory.toTebibytes()).toBe(4);
    expect(training.totalLocalStorage('nvme').toKibibytes()).toBe((4 * 4 * 3.84e12) / 1024);
    expect(training.totalLocalStorage('hdd').toKibibytes()).toBe(0);
    expect(lab.totalNodes).toBe(15);
    expect(lab.controlPlaneNodes).toBe(3);
    expect(lab.schedulableNodes).toBe(12);
    expect(lab.totalGpus).toBe(48);
    expect(lab.totalCpus).toBe(96 + 1024 + 512 + 256);
    expect(lab.totalMemory.toGibibytes()).toBe(192 + 4096 + 2048 + 1024);
    expect(lab.totalLocalStorage('hdd').toKibibytes()).toBe((4 * 12 * 16e12) / 1024);
    expect(lab.totalLocalStorage().toKibibytes()).toBe(
      (3 * 0.96e12 + 16 * 3.84e12 + 8 * 3.84e12 + 16 * 7.68e12 + 48 * 16e12) / 1024,
    );
  });

  test('has its control plane take no workloads', () => {
    const controlPlane = lab.pool('control-plane');
    expect(controlPlane.isControlPlane).toBe(true);
    expect(controlPlane.schedulableNodes).toBe(0);
    expect(controlPlane.gpus).toBeUndefined();
    expect(controlPlane.gpusPerNode).toBe(0);
    expect(lab.pool('storage').isControlPlane).toBe(false);
    expect(lab.pool('storage').schedulableNodes).toBe(4);
  });

  test('has networks with the addresses of load balancers', () => {
    expect(lab.networks.map((network) => [network.name, network.type, network.cidr, network.vlan])).toEqual([
      ['management', 'ethernet', '10.20.0.0/24', 20],
      ['services', 'ethernet', '10.20.16.0/22', 30],
      ['storage', 'ethernet', '10.20.32.0/24', 40],
      ['infiniband', 'infiniband', '10.20.64.0/23', undefined],
    ]);
    expect(lab.network('services').ipVersion).toBe(4);
    const [range, ...others] = lab.loadBalancerRanges;
    expect(others).toEqual([]);
    expect(range.network).toBe(lab.network('services'));
    expect(String(range)).toBe('10.20.19.10-10.20.19.199');
    expect([range.addresses, range.first, range.last, range.size]).toEqual([
      '10.20.19.10-10.20.19.199',
      '10.20.19.10',
      '10.20.19.199',
      190,
    ]);
    expect(['10.20.19.199', '10.20.19.200', 'fd00::1', 'mlflow'].map((address) => range.contains(address))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('tells which networks another one collides with', () => {
    expect(lab.networksIn('10.96.0.0/12')).toEqual([]);
    expect(lab.networksIn('10.20.0.0/19').map((network) => network.name)).toEqual(['management', 'services']);
    expect(message(() => lab.networksIn('10.20.0.0'))).toBe(
      'network management: the network to compare with has no mask in "10.20.0.0"; did you mean "10.20.0.0/24"?',
    );
  });

  test('has labels and taints as they are written', () => {
    expect(lab.pool('training').labels).toEqual({ 'onprem-ml.example/pool': 'training' });
    expect(lab.pool('training').taints).toEqual([{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }]);
    expect(lab.pool('storage').taints).toEqual([]);
  });
});

describe('typed form', () => {
  test('equals the file of the same site', () => {
    expect(new Site(EDGE)).toEqual(Site.fromFile('blueprints/sites/edge.yaml'));
  });

  test('fills in what is left out', () => {
    const site = new Site(MINIMAL);
    const [pool] = site.pools;
    expect(pool.roles).toEqual(['worker']);
    expect([pool.coresPerNode, pool.cpusPerNode, pool.gpusPerNode]).toEqual([4, 4, 0]);
    expect([pool.localDisks, pool.networkPorts, pool.taints, pool.labels]).toEqual([[], [], [], {}]);
    expect([site.networks, site.storageClasses, site.loadBalancerRanges]).toEqual([[], [], []]);
    expect(site.defaultStorageClass).toBeUndefined();
    expect(site.controlPlaneNodes).toBe(0);
    expect(site.totalLocalStorage().toKibibytes()).toBe(0);
  });

  test('does not change when the props do', () => {
    const labels: Record<string, string> = { rack: 'a1' };
    const site = new Site({ ...MINIMAL, nodePools: [{ ...MINIMAL.nodePools[0], labels }] });
    labels.rack = 'b2';
    expect(site.pools[0].labels).toEqual({ rack: 'a1' });
  });

  test('goes through the same checks', () => {
    const props: SiteProps = {
      ...MINIMAL,
      domain: 'Small.example',
      nodePools: [{ ...MINIMAL.nodePools[0], nodes: 0 }],
    };
    expect(message(() => new Site(props))).toBe(
      [
        'site: 2 problems',
        '  - site: domain must be a DNS domain and nothing else, got "Small.example"; did you mean "small.example"?',
        '  - site: nodePools[0].nodes must be at least 1, got 0; remove the pool or give its number of nodes',
      ].join('\n'),
    );
  });

  test('refuses a size of nothing', () => {
    expect(
      message(() => new Site({ ...MINIMAL, nodePools: [{ ...MINIMAL.nodePools[0], memory: Size.gibibytes(0) }] })),
    ).toBe('site: nodePools[0].memory must be at least 1KiB, got 0Gi; give what is there');
  });
});

describe('host', () => {
  const site = new Site(MINIMAL);

  test('puts a name before the domain', () => {
    expect(site.host('mlflow')).toBe('mlflow.small.example');
    expect(site.host('console.minio')).toBe('console.minio.small.example');
  });

  test.each([
    ['MLflow', 'got "MLflow"; did you mean "mlflow"?'],
    ['mlflow.small.example', 'got "mlflow.small.example"; did you mean "mlflow"?'],
    ['ml_flow', 'got "ml_flow"; rename it'],
    ['', 'got ""; rename it'],
    ['a'.repeat(64), `got "${'a'.repeat(64)}"; rename it`],
  ])('refuses %p', (name, end) => {
    expect(message(() => site.host(name))).toBe(
      `site small: a host must be named by lower-case DNS labels before the domain, ${end}`,
    );
  });

  test('refuses what gets too long', () => {
    const name = Array.from({ length: 4 }, () => 'a'.repeat(60)).join('.');
    expect(message(() => site.host(name))).toBe(
      `site small: a host name must have at most 253 characters, got 257; shorten "${name}"`,
    );
  });
});

describe('look-ups', () => {
  const lab = Site.fromFile(LAB);

  test('refuse what is not there and name what is near', () => {
    expect(message(() => lab.pool('trainig'))).toBe(
      'site dgx-lab: has no node pool "trainig"; did you mean "training"?',
    );
    expect(message(() => lab.network('servics'))).toBe(
      'site dgx-lab: has no network "servics"; did you mean "services"?',
    );
    expect(message(() => lab.network('dmz'))).toBe(
      'site dgx-lab: has no network "dmz"; there is "management", "services", "storage", "infiniband"',
    );
    expect(message(() => new Site(MINIMAL).network('services'))).toBe(
      'site small: has no network "services"; there is none',
    );
  });

  test('find a storage class by name, then by tier', () => {
    expect(lab.storageClass('nvme-local')).toEqual({
      name: 'nvme-local',
      tier: 'hot',
      media: 'nvme',
      replicated: false,
      expandable: false,
      encrypted: false,
      isDefault: false,
    });
    expect(lab.storageClass('warm').name).toBe('hdd-replicated');
    expect(lab.storageClass('hot')).toBe(lab.defaultStorageClass);
    expect(lab.hasTier('cold')).toBe(true);
    expect(new Site(MINIMAL).hasTier('cold')).toBe(false);
  });

  test('refuse a storage class that is not there, or one tier of several', () => {
    expect(message(() => lab.storageClass('nvme-locl'))).toBe(
      'site dgx-lab: has no storage class "nvme-locl", by name or tier; did you mean "nvme-local"?',
    );
    expect(message(() => lab.storageClass('premium'))).toBe(
      'site dgx-lab: has no storage class "premium", by name or tier; there is "nvme-replicated" (hot), "nvme-local" (hot), ' +
        '"hdd-replicated" (warm), "hdd-archive" (cold)',
    );
    expect(message(() => new Site(MINIMAL).storageClass('hot'))).toBe(
      'site small: has no storage class "hot", nor any other; add it to storageClasses',
    );
    const twice = new Site({
      ...MINIMAL,
      storageClasses: [
        { name: 'a', tier: 'hot' },
        { name: 'b', tier: 'hot' },
        { name: 'c', tier: 'cold', default: true },
      ],
    });
    expect(message(() => twice.storageClass('hot'))).toBe(
      'site small: has 2 storage classes of the tier "hot"; name one of "a", "b"',
    );
  });
});
