import { Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { AmdGpuOperator, type AmdGpuOperatorProps } from '../../lib/compute/amd-gpu-operator';
import { NodeFeatureDiscovery } from '../../lib/compute/node-feature-discovery';
import { App, External, Platform, type PlatformProps } from '../../lib/core';
import { type NodePoolProps, Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';

const MI300X = { model: 'AMD Instinct MI300X', count: 8, memory: Size.gibibytes(192), vendor: 'amd' } as const;

function pool(props: Partial<NodePoolProps> = {}): NodePoolProps {
  return {
    name: 'mi300x',
    nodes: 2,
    cpu: { cores: 128 },
    memory: Size.tebibytes(2),
    gpus: MI300X,
    labels: { 'lab.example/pool': 'mi300x' },
    ...props,
  };
}

const WORKERS: NodePoolProps = { name: 'workers', nodes: 3, cpu: { cores: 32 }, memory: Size.gibibytes(256) };

interface Options {
  readonly pools?: readonly NodePoolProps[];
  readonly platform?: Partial<PlatformProps>;
}

function make(props: Partial<AmdGpuOperatorProps> = {}, { pools = [pool()], platform = {} }: Options = {}) {
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: [WORKERS, ...pools], networks: [] });
  const lab = new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site, ...platform });
  const nodeFeatures = new NodeFeatureDiscovery(lab, 'nfd');
  const gpus = new AmdGpuOperator(lab, 'amd-gpu-operator', { nodeFeatures, ...props });
  return { lab, gpus };
}

const DRIVER = {
  repository: 'registry.lab.example/amdgpu-driver',
  version: '30.20.1',
  systems: [{ os: 'ubuntu-24.04', kernel: '6.8.0-60-generic' }],
} as const;
const DRIVER_IMAGE = 'registry.lab.example/amdgpu-driver:ubuntu-24.04-6.8.0-60-generic-30.20.1';

interface Component {
  readonly enable?: boolean;
  readonly image?: string;
  readonly tolerations?: readonly object[];
}
interface DeviceConfig {
  readonly spec: {
    readonly selector: Record<string, string>;
    readonly driver: Component & Record<string, unknown>;
    readonly commonConfig: { readonly initContainerImage: string; readonly utilsContainer?: Component };
    readonly devicePlugin: Record<string, unknown>;
    readonly metricsExporter: Component & Record<string, unknown>;
    readonly testRunner: Component;
    readonly configManager: Component & { readonly config?: { readonly name: string } };
    readonly remediationWorkflow: Component;
  };
}

const configOf = (lab: Platform, name = 'mi300x') => objectOf<DeviceConfig>(lab, 'DeviceConfig', name).spec;
const namesOf = (lab: Platform, kind: string) =>
  objectsOf(lab)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);

test('links with its defaults, and is as the golden file', () => {
  const { lab } = make();
  expect(findingsOf(lab)).toEqual([]);
  const object = objectOf(lab, 'DeviceConfig', 'mi300x');
  expectGolden('compute/golden/amd-gpu-operator.yaml', dump(object, { lineWidth: 130, noRefs: true }));
});

test('finds the nodes by their PCI devices, and waits for the discovery', () => {
  const { lab, gpus } = make();
  const rule = objectOf<{ spec: { rules: [{ labels: object; matchFeatures: [{ matchExpressions: object }] }] } }>(
    lab,
    'NodeFeatureRule',
    'amd-gpu',
  ).spec.rules[0];
  expect(rule.labels).toEqual({ 'feature.node.kubernetes.io/amd-gpu': 'true' });
  expect(rule.matchFeatures[0].matchExpressions).toMatchObject({
    vendor: { op: 'In', value: ['1002'] },
    device: { op: 'In', value: expect.arrayContaining(['74a1', '75a3', '740f']) as string[] },
  });
  const [configure] = gpus.readyAfter;
  const discovery = lab.stages.find(({ file }) => file === 'nfd');
  expect(discovery && configure?.comesAfter(discovery)).toBe(true);
});

test('offers whole GPUs on nodes that the labels tell apart, and tolerates their taints', () => {
  const taints = [
    { key: 'amd.com/gpu', effect: 'NoSchedule' },
    { key: 'team', value: 'ml', effect: 'NoExecute' },
  ] as const;
  const { lab, gpus } = make({}, { pools: [pool({ taints })] });
  const mine = gpus.pool('mi300x');
  expect(gpus.pools).toEqual([mine]);
  expect(mine.resource).toEqual({ name: 'amd.com/gpu', perNode: 8, whole: true });
  const tolerations = [
    { key: 'amd.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
    { key: 'team', operator: 'Equal', value: 'ml', effect: 'NoExecute' },
  ];
  const nodeSelector = { 'feature.node.kubernetes.io/amd-gpu': 'true', 'lab.example/pool': 'mi300x' };
  expect(mine.placement).toEqual({ nodeSelector, tolerations });
  const { selector, devicePlugin, metricsExporter } = configOf(lab);
  expect(selector).toEqual(nodeSelector);
  expect(devicePlugin.devicePluginTolerations).toEqual(tolerations);
  expect(devicePlugin.nodeLabellerTolerations).toEqual(tolerations);
  expect(metricsExporter.tolerations).toEqual(tolerations);
});

test('has every image come from the mirror, and names all that the operator would choose itself', () => {
  const options = { platform: { registryMirror: 'mirror.lab.example' } };
  const { lab } = make(
    { testRunner: true, partitions: { mi300x: 'cpx_nps1' }, driver: { ...DRIVER, upgrade: { maxParallel: 1 } } },
    options,
  );
  const { commonConfig, devicePlugin, metricsExporter, testRunner, configManager, driver } = configOf(lab);
  const used = [
    commonConfig.initContainerImage,
    commonConfig.utilsContainer?.image,
    devicePlugin.devicePluginImage,
    devicePlugin.nodeLabellerImage,
    metricsExporter.image,
    testRunner.image,
    configManager.image,
  ];
  expect(used).toEqual([
    'mirror.lab.example/library/busybox:1.36',
    'mirror.lab.example/rocm/gpu-operator-utils:v1.5.1',
    'mirror.lab.example/rocm/k8s-device-plugin:1.31.0.9',
    'mirror.lab.example/rocm/k8s-device-plugin:labeller-1.31.0.9',
    'mirror.lab.example/rocm/device-metrics-exporter:v1.5.1',
    'mirror.lab.example/rocm/test-runner:v1.5.1',
    'mirror.lab.example/rocm/device-config-manager:v1.5.1',
  ]);
  expect([...lab.images.keys()]).toEqual(expect.arrayContaining(used));
  expect(driver.image).toBe('mirror.lab.example/amdgpu-driver');
  expect(lab.images.has('mirror.lab.example/amdgpu-driver:ubuntu-24.04-6.8.0-60-generic-30.20.1')).toBe(true);
  expect(findingsOf(lab)).toEqual([]);
});

test('refuses one build for the device plugin and the node labeller, which share a repository', () => {
  const images = { 'docker.io/rocm/k8s-device-plugin': 'registry.lab.example/amd-device-plugin:1' };
  expect(() => make({}, { platform: { images } })).toThrow(
    /images gives docker\.io\/rocm\/k8s-device-plugin the one build registry\.lab\.example\/amd-device-plugin:1, but the node labeller/,
  );
});

describe('without a driver', () => {
  test('has nothing of Kernel Module Management, and the operator doesn’t look for it', () => {
    const { lab } = make();
    expect(configOf(lab).driver).toEqual({ enable: false });
    expect(namesOf(lab, 'CustomResourceDefinition').filter((name) => name?.includes('kmm'))).toEqual([]);
    expect(namesOf(lab, 'Deployment')).not.toContain('kmm-controller');
    expect(JSON.stringify(objectOf(lab, 'Deployment', 'controller-manager'))).toContain(
      '{"name":"KMM_WATCH_ENABLED","value":"false"}',
    );
    expect(JSON.stringify(objectOf(lab, 'ClusterRole', 'amd-gpu-operator-controller-manager'))).not.toContain('kmm');
  });
});

describe('with a driver', () => {
  test('names prebuilt images, and builds none', () => {
    const { lab } = make({ driver: DRIVER });
    expect(findingsOf(lab)).toEqual([]);
    const { driver } = configOf(lab);
    expect(driver).toMatchObject({
      enable: true,
      blacklist: true,
      image: 'registry.lab.example/amdgpu-driver',
      version: '30.20.1',
      upgradePolicy: { enable: false },
    });
    expect(driver.imageBuild).toBeUndefined();
    expect(lab.images.has(DRIVER_IMAGE)).toBe(true);
    expect([...lab.images.keys()].filter((name) => /kaniko|signimage|utils/.test(name))).toEqual([]);
    expect(namesOf(lab, 'NetworkPolicy')).not.toContain('driver-build');
    expect(namesOf(lab, 'CustomResourceDefinition')).toEqual(
      expect.arrayContaining(['modules.kmm.sigs.x-k8s.io', 'nodemodulesconfigs.kmm.sigs.x-k8s.io']),
    );
    expect(namesOf(lab, 'ServiceAccount')).toContain('amd-gpu-operator-kmm-module-loader');
  });

  test('may leave the kernel’s driver alone', () => {
    const { lab } = make({ driver: { ...DRIVER, blacklist: false } });
    expect(configOf(lab).driver.blacklist).toBe(false);
  });

  test('lets its controller reach the registry, on its port', () => {
    const repository = 'registry.lab.example:5000/amdgpu-driver';
    const { lab } = make({ driver: { ...DRIVER, repository } });
    const policy = objectOf<{ spec: { egress: unknown } }>(lab, 'NetworkPolicy', 'kmm-controller', 'amd-gpu-operator');
    expect(policy.spec.egress).toContainEqual({ ports: [{ port: 5000, protocol: 'TCP' }] });
  });

  test('builds and signs images where asked, with the credentials that are given', () => {
    const site = new Site({ name: 'test', domain: 'test.example', nodePools: [pool()], networks: [] });
    const lab = new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site });
    const credentials = External.credentials(lab, { name: 'registry' }, ['.dockerconfigjson']);
    const key = External.credentials(lab, { name: 'signing-key' }, ['key']);
    const certificate = External.credentials(lab, { name: 'signing-cert' }, ['cert']);
    new AmdGpuOperator(lab, 'gpus', {
      nodeFeatures: new NodeFeatureDiscovery(lab, 'nfd'),
      driver: {
        ...DRIVER,
        credentials,
        signing: { key, certificate },
        build: {
          packageRepository: 'https://mirror.lab.example/amdgpu/30.20.1/ubuntu noble main',
          packageKey: 'https://mirror.lab.example/rocm.gpg.key',
          ports: [8443],
        },
      },
    });
    expect(configOf(lab).driver).toMatchObject({
      imageRegistrySecret: { name: 'registry' },
      imageSign: { keySecret: { name: 'signing-key' }, certSecret: { name: 'signing-cert' } },
      imageBuild: {
        baseImageRegistry: 'docker.io/library',
        packageRepoURL: 'https://mirror.lab.example/amdgpu/30.20.1/ubuntu noble main',
        gpgKeyURL: 'https://mirror.lab.example/rocm.gpg.key',
      },
    });
    const images = [...lab.images.keys()];
    expect(images).toContain('gcr.io/kaniko-project/executor:v1.23.2');
    expect(images).toContain('docker.io/library/ubuntu:24.04');
    expect(images).toContain('docker.io/rocm/kernel-module-management-signimage:v1.5.1');
    const policy = objectOf<{ spec: { egress: readonly object[] } }>(lab, 'NetworkPolicy', 'driver-build', 'gpus');
    expect(policy.spec.egress).toContainEqual({
      ports: [
        { port: 8443, protocol: 'TCP' },
        { port: 443, protocol: 'TCP' },
      ],
    });
    expect(namesOf(lab, 'NetworkPolicy')).toContain('driver-sign');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('builds from what the mirror has, for one distribution', () => {
    const sles = { os: 'sles-15.7', kernel: '6.4.0-150700.53.11-default' };
    const mirrored = { platform: { registryMirror: 'mirror.lab.example' } };
    const baseOf = (lab: Platform) =>
      (configOf(lab).driver.imageBuild as { baseImageRegistry: string }).baseImageRegistry;
    expect(baseOf(make({ driver: { ...DRIVER, build: {} } }, mirrored).lab)).toBe('mirror.lab.example/library');
    const { lab } = make({ driver: { ...DRIVER, systems: [sles], build: {} } }, mirrored);
    expect(baseOf(lab)).toBe('mirror.lab.example');
    expect([...lab.images.keys()]).toContain(
      'mirror.lab.example/third-party/amd/amdgpu-driver:sles-15.7-6.4.0-150700.51-default-30.20.1',
    );
    const both = [...DRIVER.systems, sles];
    expect(() => make({ driver: { ...DRIVER, systems: both, build: {} } })).toThrow(
      /driver\.build: systems are built from docker\.io\/library and registry\.suse\.com.*build for one distribution/,
    );
  });

  test('drains and reboots nodes to upgrade them where asked, and may do so then alone', () => {
    const rights = (lab: Platform) =>
      JSON.stringify(objectOf(lab, 'ClusterRole', 'amd-gpu-operator-controller-manager'));
    const upgraded = make({ driver: { ...DRIVER, upgrade: { maxParallel: 2 } } }).lab;
    expect(configOf(upgraded).driver.upgradePolicy).toMatchObject({ enable: true, maxParallelUpgrades: 2 });
    expect(rights(upgraded)).toContain('pods/eviction');
    expect(namesOf(upgraded, 'ServiceAccount')).toContain('amd-gpu-operator-utils-container');
    expect(rights(make({ driver: DRIVER }).lab)).not.toContain('pods/eviction');
  });

  test.each([
    [
      { ...DRIVER, repository: 'registry.lab.example/amdgpu:1' },
      /driver\.repository must be a registry and a path without a tag/,
    ],
    [{ ...DRIVER, version: 'latest' }, /driver\.version must be as AMD's packages have it, got "latest"/],
    [{ ...DRIVER, systems: [] }, /driver\.systems must name at least one, got \[\]/],
    [
      { ...DRIVER, systems: [{ os: 'Ubuntu 24.04', kernel: '6.8.0' }] },
      /driver\.systems: os must be one of "ubuntu-20\.04", .*"sles-16\.0", got "Ubuntu 24\.04"/,
    ],
    [{ ...DRIVER, upgrade: { maxParallel: 0 } }, /driver\.upgrade\.maxParallel must be a whole number/],
  ])('refuses %j', (driver, message) => {
    expect(() => make({ driver })).toThrow(message);
  });

  test('refuses to sign what it doesn’t build, and OpenShift', () => {
    const { lab } = make();
    const key = External.credentials(lab, { name: 'key' }, ['key']);
    expect(() => make({ driver: { ...DRIVER, signing: { key, certificate: key } } })).toThrow(
      /driver\.signing is done while images are built, but there is no driver\.build/,
    );
    expect(() => make({ driver: DRIVER }, { platform: { distribution: 'openshift' } })).toThrow(
      /driver: on OpenShift drivers are built by its own toolkit; leave it out/,
    );
  });
});

describe('partitions', () => {
  test('change what pods ask for, and say what people do', () => {
    const { lab, gpus } = make({ partitions: { mi300x: 'cpx_nps4' } });
    expect(gpus.pool('mi300x').resource).toEqual({ name: 'amd.com/cpx_nps4', perNode: 64, whole: false });
    const { devicePlugin, configManager } = configOf(lab);
    expect(devicePlugin.devicePluginArguments).toEqual({ resource_naming_strategy: 'mixed' });
    expect(configManager).toMatchObject({ enable: true, config: { name: 'partitions-mi300x' } });
    const { data } = objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'partitions-mi300x');
    expect(JSON.parse(data['config.json']!)).toEqual({
      'gpu-config-profiles': {
        cpx_nps4: { profiles: [{ computePartition: 'CPX', memoryPartition: 'NPS4', numGPUsAssigned: 8 }] },
        whole: { profiles: [{ computePartition: 'SPX', memoryPartition: 'NPS1', numGPUsAssigned: 8 }] },
      },
    });
    const selector = 'feature.node.kubernetes.io/amd-gpu=true,lab.example/pool=mi300x';
    expect(gpus.instructions.map(({ command }) => command)).toEqual([
      `kubectl taint nodes -l ${selector} amd-dcm=up:NoExecute`,
      `kubectl label nodes -l ${selector} dcm.amd.com/gpu-config-profile=cpx_nps4 --overwrite`,
      `kubectl taint nodes -l ${selector} amd-dcm=up:NoExecute-`,
    ]);
    expect(namesOf(lab, 'ServiceAccount')).toContain('amd-gpu-operator-config-manager');
  });

  test('are none by default', () => {
    const { lab } = make();
    expect(configOf(lab).configManager).toEqual({ enable: false });
    expect(namesOf(lab, 'ServiceAccount')).not.toContain('amd-gpu-operator-config-manager');
  });

  test('are refused where the GPUs have none', () => {
    const gpus = { ...MI300X, model: 'AMD Radeon Pro W7900' };
    expect(() => make({ partitions: { mi300x: 'cpx_nps1' } }, { pools: [pool({ gpus })] })).toThrow(
      /partitions: pool "mi300x" has AMD Radeon Pro W7900, which can't be cut into cpx_nps1; MI300X and MI325X can/,
    );
    expect(() => make({ partitions: { mi30x: 'cpx_nps1' } })).toThrow(
      /partitions names "mi30x", no pool with AMD GPUs; did you mean "mi300x"\?/,
    );
    expect(() => make({ partitions: { mi300x: 'dpx' as 'cpx_nps1' } })).toThrow(
      /partitions of "mi300x" must be one of "cpx_nps1", "cpx_nps4", got "dpx"/,
    );
  });
});

test('refuses every way of sharing, with what can be done instead', () => {
  const { gpus } = make();
  expect(() => gpus.pool('mi300x').share({ mig: '3g.20gb' })).toThrow(
    /^lab\/amd-gpu-operator: pool "mi300x" can't be shared by {"mig":"3g\.20gb"}: MIG is for NVIDIA GPUs; give the operator partitions: { "mi300x": 'cpx_nps1' }/,
  );
  expect(() => gpus.pool('mi300x').share({ timeSlices: 4 })).toThrow(/AMD's device plugin has no time-slicing/);
  expect(() => gpus.pool('mi300x').share({ mps: 4 })).toThrow(/AMD's device plugin has no Multi-Process Service/);
});

test('gives each pool a DeviceConfig, and refuses pools that no label tells apart', () => {
  const other = pool({ name: 'mi325x', labels: { 'lab.example/pool': 'mi325x' } });
  const { lab } = make({}, { pools: [pool(), other] });
  expect(namesOf(lab, 'DeviceConfig')).toEqual(['mi300x', 'mi325x']);
  expect(findingsOf(lab)).toEqual([]);
  expect(() => make({}, { pools: [pool(), pool({ name: 'mi325x', labels: {} })] })).toThrow(
    /pools "mi300x" and "mi325x" both have AMD GPUs, and no label tells their nodes apart; give both a label of the same key/,
  );
});

test('refuses sites and pools without AMD GPUs', () => {
  expect(() => make({}, { pools: [] })).toThrow(
    /site test has no AMD GPUs on nodes that take workloads; give a pool's gpus the vendor "amd"/,
  );
  expect(() => make().gpus.pool('workers')).toThrow(
    /pool "workers" has no GPUs, this operator drives AMD's; name one of "mi300x"/,
  );
  expect(() => make().gpus.pool('nowhere')).toThrow(/has no node pool "nowhere"/);
});

test('runs tests on unhealthy GPUs where asked', () => {
  expect(configOf(make().lab).testRunner).toEqual({ enable: false });
  const { lab } = make({ testRunner: true });
  expect(configOf(lab).testRunner).toMatchObject({ enable: true, image: 'docker.io/rocm/test-runner:v1.5.1' });
  expect(namesOf(lab, 'ServiceAccount')).toContain('amd-gpu-operator-test-runner');
});

test('never mends nodes by itself', () => {
  expect(configOf(make().lab).remediationWorkflow).toEqual({ enable: false });
});

test('has its metrics scraped through Services of its own', () => {
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: [pool()], networks: [] });
  const lab = new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site });
  const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
  const nodeFeatures = new NodeFeatureDiscovery(lab, 'nfd');
  new AmdGpuOperator(lab, 'gpus', { nodeFeatures, metrics, driver: DRIVER });
  expect(namesOf(lab, 'ServiceMonitor')).toEqual(['amd-gpu-operator', 'kmm-controller', 'amd-gpus-mi300x']);
  const monitor = objectOf<{ spec: { endpoints: [{ port: string; honorLabels: boolean }]; selector: unknown } }>(
    lab,
    'ServiceMonitor',
    'amd-gpus-mi300x',
  ).spec;
  // The Service that the operator makes, whose samples name the pod that has a GPU.
  expect(monitor.selector).toEqual({ matchLabels: { 'app.kubernetes.io/service': 'mi300x-metrics-exporter' } });
  expect(monitor.endpoints).toMatchObject([{ port: 'exporter-port', honorLabels: true }]);
  const open = objectsOf(lab).filter(
    ({ kind, spec }) => kind === 'NetworkPolicy' && JSON.stringify(spec).includes('"port":5000'),
  );
  expect(open).toHaveLength(1);
  expect(findingsOf(lab)).toEqual([]);
  expect(namesOf(make().lab, 'ServiceMonitor')).toEqual([]);
});

test('sizes its programs as asked, and refuses what isn’t there', () => {
  const { lab } = make({ resources: { metricsExporter: { cpu: 1, memory: Size.gibibytes(2) } }, maxUnavailable: 5 });
  const { metricsExporter } = configOf(lab);
  expect(metricsExporter.resource).toEqual({
    requests: { cpu: '1', memory: '2Gi' },
    limits: { cpu: '4', memory: '2Gi' },
  });
  expect(metricsExporter.upgradePolicy).toEqual({ upgradeStrategy: 'RollingUpdate', maxUnavailable: 5 });
  expect(() => make({ resources: { kmm: { cpu: 1 } } })).toThrow(/resources\.kmm is given, but there is no driver/);
  expect(() => make({ maxUnavailable: 0 })).toThrow(/maxUnavailable must be a whole number from 1 to 1000, got 0/);
});

test('finds kubelet’s sockets where the distribution has them', () => {
  const { lab } = make({}, { platform: { distribution: 'k3s' } });
  const { devicePlugin, metricsExporter } = configOf(lab);
  expect(devicePlugin.kubeletSocketPath).toBe(`${lab.distribution.kubeletRoot}/device-plugins`);
  expect(metricsExporter.podResourceAPISocketPath).toBe(`${lab.distribution.kubeletRoot}/pod-resources`);
});

test('refuses names that don’t fit the labels which the operator makes of them', () => {
  expect(() => make({ namespace: 'a-namespace-that-is-much-too-long-for-a-label' })).toThrow(
    /namespace and pool must have at most 47 characters together/,
  );
});
