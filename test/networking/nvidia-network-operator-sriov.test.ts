import { Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { Deployment, External, type IReady, type Stage, System } from '../../lib/core';
import { NvidiaNetworkOperator, type RdmaNetworkProps } from '../../lib/networking/nvidia-network-operator';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';
import { CPU_ONLY, features, INFINIBAND, make, OVER_ROCE, pool, ports, ROCE } from './nvidia-network-operator-support';

interface Spec<T> {
  readonly spec: T;
}
interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}
interface Pods {
  readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  readonly strategy: object;
}
interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

const ONE_PORT = { nodePools: [pool([ports(ROCE, 1)]), CPU_ONLY] };
const TWO_PORTS = { nodePools: [pool([ports(ROCE, 2)]), CPU_ONLY] };
const ONE_PORT_AND_INFINIBAND = { nodePools: [pool([ports(INFINIBAND, 8), ports(ROCE, 1)]), CPU_ONLY] };
const DGX = { nodePools: [pool([ports(INFINIBAND, 8)], { hardware: 'NVIDIA DGX H100' }), CPU_ONLY] };
const DIVIDED: RdmaNetworkProps = { interfaces: ['ens1f0np0'], addresses: '10.40.4.0-10.40.7.254', mode: 'sriov' };
const ADAPTERS = { 'feature.node.kubernetes.io/pci-15b3.present': 'true' };

type Made = ReturnType<typeof make>;

const policiesOf = ({ lab }: Made) =>
  objectsOf(lab)
    .filter(({ kind }) => kind === 'SriovNetworkNodePolicy')
    .map((object) => ({ name: object.metadata.name, ...(object as Partial<Spec<object>>).spec }));
const configOf = ({ lab }: Made) => objectOf<Spec<object>>(lab, 'SriovOperatorConfig', 'default').spec;
const poolConfigOf = ({ lab }: Made) => objectOf<Spec<object>>(lab, 'SriovNetworkPoolConfig', 'sriov').spec;
const instructionsOf = ({ operator }: Made) =>
  operator.instructions.map(({ what }) => (typeof what === 'string' ? what : what()));

function container({ lab }: Made): Container {
  return objectOf<Spec<Pods>>(lab, 'Deployment', 'sriov-network-operator').spec.template.spec.containers[0]!;
}

function environment(made: Made): Record<string, string | undefined> {
  return Object.fromEntries(container(made).env.map(({ name, value }) => [name, value]));
}

function rights({ lab }: Made, kind: 'Role' | 'ClusterRole', name: string): string[] {
  return objectOf<{ rules: readonly Rule[] }>(lab, kind, name).rules.flatMap(
    ({ resources, verbs, resourceNames = [''] }) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => resourceNames.map((each) => `${verb} ${resource}${each && ` [${each}]`}`)),
      ),
  );
}

/** Whoever runs pods on a network. */
class Team extends System {
  constructor(lab: Made['lab']) {
    super(lab, 'team-a', { name: 'team', version: '1' }, {});
  }

  stage(rdma: IReady): Stage {
    return this.addStage('install', [rdma]);
  }
}
const TRAINER = { registry: 'quay.io', repository: 'lab/trainer', tag: '1' };

describe('RoCE over virtual functions', () => {
  const made = make({ networks: { roce: { ...DIVIDED, functions: 8, mtu: 9000 } } }, ONE_PORT);
  const network = made.operator.network('roce');

  test('links', () => {
    expect(findingsOf(made.lab)).toEqual([]);
  });

  test('is what the operators are told', () => {
    const own = objectsOf(made.lab).filter(({ apiVersion }) =>
      ['mellanox.com/v1alpha1', 'nv-ipam.nvidia.com/v1alpha1', 'sriovnetwork.openshift.io/v1'].includes(apiVersion),
    );
    expectGolden(
      'networking/golden/nvidia-network-operator-sriov.yaml',
      own.map((object) => dump(object)).join('---\n'),
    );
  });

  test('is one resource, of which a pod takes one function of each port, with an interface', () => {
    expect(network.resource).toBe('rdma/roce');
    expect(network.perNode(made.lab.site.pool('gpu'))).toBe(1);
    expect(network.attachments).toEqual([{ namespace: 'network-operator', name: 'roce' }]);
    expect(() => network.perNode(made.lab.site.pool('cpu'))).toThrow('has no ports on network roce; those of gpu have');
  });

  test('NCCL takes the devices that the pod may open, with their own GIDs', () => {
    expect(network.nccl).toEqual({
      NCCL_SOCKET_IFNAME: '=eth0',
      NCCL_IB_ROCE_VERSION_NUM: '2',
      NCCL_IB_ADDR_FAMILY: 'AF_INET',
    });
  });

  test('each node has an address for each function', () => {
    expect(objectOf<Spec<object>>(made.lab, 'IPPool', 'roce').spec).toMatchObject({ perNodeBlockSize: 8 });
  });

  test('is ready when the attachment is there, which the operator notes on the network', () => {
    expect(network.readyAfter[0]!.gates).toEqual([
      {
        type: 'field',
        resource: 'sriovnetworks.sriovnetwork.openshift.io',
        name: 'roce',
        namespace: 'network-operator',
        jsonPath: '{.metadata.annotations.operator\\.sriovnetwork\\.openshift\\.io/last-network-namespace}',
        value: 'network-operator',
      },
    ]);
  });

  test('is ready when some node offers functions, which a Job waits for', () => {
    const { spec } = objectOf<Spec<Pods>>(made.lab, 'Job', /^await-functions-/);
    expect(spec.template.spec.containers[0]).toMatchObject({
      command: ['/bin/sh', '/script/await.sh', 'rdma/roce'],
      env: [
        {
          name: 'STATES',
          value: '/apis/sriovnetwork.openshift.io/v1/namespaces/network-operator/sriovnetworknodestates',
        },
      ],
    });
    expect(rights(made, 'ClusterRole', 'network-operator-await-functions')).toEqual(['list nodes']);
    expect(rights(made, 'Role', 'await-functions')).toEqual(['list sriovnetworknodestates']);
  });

  test('pods of other namespaces use it, once it is there', () => {
    const { lab, operator } = make({ networks: { roce: DIVIDED } }, ONE_PORT);
    const rdma = operator.network('roce');
    const stage = new Team(lab).stage(rdma);
    new Deployment(stage, 'worker', {
      podAnnotations: {
        'k8s.v1.cni.cncf.io/networks': rdma.attachments.map((each) => `${each.namespace}/${each.name}`).join(', '),
      },
      containers: [{ name: 'worker', image: TRAINER, resources: { cpu: 1, memory: Size.gibibytes(1) } }],
    });
    expect(findingsOf(lab)).toEqual([]);
    expect(stage.comesAfter(operator.readyAfter[0]!)).toBe(true);
  });

  test('all images that run, on the nodes too, are on the list', () => {
    const mellanox = (name: string) => `nvcr.io/nvidia/mellanox/${name}:network-operator-v26.4.1`;
    expect([...made.lab.images.keys()].sort()).toEqual([
      'nvcr.io/nvidia/cloud-native/network-operator:v26.4.1',
      ...['ib-sriov-cni', 'multus-cni', 'nvidia-k8s-ipam', 'sriov-cni', 'sriov-network-device-plugin'].map(mellanox),
      ...['sriov-network-operator-config-daemon', 'sriov-network-operator'].map(mellanox),
      'quay.io/curl/curl:8.17.0',
    ]);
  });

  test('its definitions are those that the operator watches', () => {
    const definitions = objectsOf(made.lab)
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map(({ metadata }) => metadata.name)
      .filter((name) => name?.includes('sriovnetwork'));
    expect(definitions.sort()).toEqual([
      'deviceattributes.sriovnetwork.k8snetworkplumbingwg.io',
      'ovsnetworks.sriovnetwork.openshift.io',
      'sriovibnetworks.sriovnetwork.openshift.io',
      'sriovnetworknodepolicies.sriovnetwork.openshift.io',
      'sriovnetworknodestates.sriovnetwork.openshift.io',
      'sriovnetworkpoolconfigs.sriovnetwork.openshift.io',
      'sriovnetworks.sriovnetwork.openshift.io',
      'sriovoperatorconfigs.sriovnetwork.openshift.io',
      'sriovresourcepolicies.sriovnetwork.k8snetworkplumbingwg.io',
    ]);
  });

  test('nothing of it is there without such a network', () => {
    const shared = make();
    expect(shared.operator.sriovOperator).toBeUndefined();
    expect(objectsOf(shared.lab).filter((object) => JSON.stringify(object).includes('sriovnetwork'))).toEqual([]);
  });
});

describe('the operator', () => {
  const made = make({ networks: { roce: DIVIDED } }, ONE_PORT);

  test('starts its parts from images that the mirror has, and puts plugins where the runtime looks for them', () => {
    const { SRIOV_DEVICE_PLUGIN_IMAGE, SRIOV_CNI_BIN_PATH, ...others } = environment(
      make({ networks: { roce: DIVIDED } }, ONE_PORT, {
        distribution: 'k3s',
        registryMirror: 'registry.lab.example/mirror',
      }),
    );
    expect(SRIOV_DEVICE_PLUGIN_IMAGE).toBe(
      'registry.lab.example/mirror/nvidia/mellanox/sriov-network-device-plugin:network-operator-v26.4.1',
    );
    expect(SRIOV_CNI_BIN_PATH).toBe('/var/lib/rancher/k3s/data/cni');
    expect(others).not.toHaveProperty('RDMA_CNI_IMAGE');
    expect(others).not.toHaveProperty('OVS_CNI_IMAGE');
  });

  test('is told of the mirror’s Secret, for service accounts that it makes itself', () => {
    const mirror = { host: 'registry.lab.example', pullCredentials: { secret: 'registry-pull' } };
    const pulling = make({ networks: { roce: DIVIDED } }, ONE_PORT, { registryMirror: mirror });
    expect(environment(pulling).IMAGE_PULL_SECRETS).toBe('registry-pull');
    expect(findingsOf(pulling.lab)).toEqual([]);
    expect(environment(made)).not.toHaveProperty('IMAGE_PULL_SECRETS');
  });

  test('evicts pods with RDMA devices, not all with GPUs', () => {
    expect(environment(made).RESOURCE_PREFIX).toBe('rdma');
  });

  test('is one at a time, because it elects no leader', () => {
    const { spec } = objectOf<Spec<Pods>>(made.lab, 'Deployment', 'sriov-network-operator');
    expect(spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('knows the adapters', () => {
    expect(objectOf<{ data: object }>(made.lab, 'ConfigMap', 'supported-nic-ids').data).toMatchObject({
      'ConnectX-7': '15b3 1021 101e',
      'BlueField-3': '15b3 a2dc 101e',
    });
  });

  test('reads no Secret, and creates, changes and deletes no more than it must', () => {
    const own = rights(made, 'Role', 'sriov-network-operator');
    const everywhere = rights(made, 'ClusterRole', 'network-operator-sriov-network-operator');
    expect([...own, ...everywhere].filter((right) => /secrets|\*/.test(right))).toEqual([]);
    expect(everywhere.filter((right) => /^(create|delete|update|patch) /.test(right))).toEqual([
      ...['sriovnetworks', 'sriovibnetworks', 'ovsnetworks'].flatMap((kind) => [`update ${kind}`, `patch ${kind}`]),
      ...['create', 'update', 'delete'].map((verb) => `${verb} network-attachment-definitions`),
      'patch nodes',
      'create pods/eviction',
      'delete clusterroles [sriov-dra-driver]',
      'delete clusterrolebindings [sriov-dra-driver]',
      'delete deviceclasses [sriovnetwork.k8snetworkplumbingwg.io]',
    ]);
    expect(own).toEqual(expect.arrayContaining(['create daemonsets', 'use securitycontextconstraints [privileged]']));
  });

  test("its daemon's account may change nodes and their states, and no policy", () => {
    expect(rights(made, 'ClusterRole', 'network-operator-sriov-network-config-daemon')).toEqual([
      'get nodes',
      'patch nodes',
    ]);
    const own = rights(made, 'Role', 'sriov-network-config-daemon');
    expect(own.filter((right) => /^(create|delete|update|patch) /.test(right))).toEqual([
      'patch sriovnetworknodestates',
      'patch sriovnetworknodestates/status',
      'patch pods',
      'delete pods',
      'create events',
      'patch events',
    ]);
    expect(objectOf(made.lab, 'ServiceAccount', 'sriov-network-config-daemon')).toBeDefined();
  });

  test('its resources are yours to say', () => {
    const resources = { sriovOperator: { memory: Size.gibibytes(1) } };
    const mine = make({ networks: { roce: DIVIDED }, resources }, ONE_PORT);
    expect(JSON.stringify(objectOf(mine.lab, 'Deployment', 'sriov-network-operator'))).toContain('"memory":"1Gi"');
    expect(JSON.stringify(objectOf(made.lab, 'Deployment', 'sriov-network-operator'))).toContain('"memory":"256Mi"');
  });

  test('its metrics are scraped', () => {
    expect(container(made).args).toEqual(['--metrics-bind-address=0']);
    const { lab } = make({}, ONE_PORT_AND_INFINIBAND);
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    new NvidiaNetworkOperator(lab, 'second', { nodeFeatures: features, metrics, networks: { roce: DIVIDED } });
    expect(objectOf(lab, 'ServiceMonitor', 'sriov-network-operator', 'second')).toMatchObject({
      spec: { endpoints: [{ port: 'metrics', path: '/metrics' }] },
    });
  });
});

describe('nodes', () => {
  test('are changed one after another, without pods that use RDMA, and not in their firmware', () => {
    const made = make({ networks: { roce: DIVIDED } }, ONE_PORT);
    expect(configOf(made)).toEqual({
      configDaemonNodeSelector: {
        'kubernetes.io/os': 'linux',
        ...ADAPTERS,
        'network.nvidia.com/operator.mofed.wait': 'false',
      },
      configurationMode: 'daemon',
      disableDrain: false,
      disablePlugins: ['mellanox'],
      enableInjector: false,
      enableOperatorWebhook: false,
      logLevel: 2,
    });
    expect(poolConfigOf(made)).toEqual({ nodeSelector: { matchLabels: ADAPTERS }, maxUnavailable: 1 });
    expect(instructionsOf(made).slice(2)).toEqual([
      expect.stringMatching(
        /^Switch SR-IOV on for the servers of gpu: in their BIOS, .* at least 1 virtual function a port/,
      ),
      expect.stringMatching(/^See which nodes of gpu have their virtual functions/),
    ]);
  });

  test('are changed as you say', () => {
    const made = make({ networks: { roce: DIVIDED }, sriov: { firmware: 'change', maxUnavailable: 3 } }, ONE_PORT);
    expect(configOf(made)).not.toHaveProperty('disablePlugins');
    expect(poolConfigOf(made)).toMatchObject({ maxUnavailable: 3 });
    expect(instructionsOf(made)[2]).toMatch(/expect nodes to be emptied and restarted whose adapters' firmware/);
    expect(configOf(make({ networks: { roce: DIVIDED }, sriov: { drain: false } }, ONE_PORT))).toMatchObject({
      disableDrain: true,
    });
  });

  test('are those of the pools, by the labels that all of them have', () => {
    const labelled = (name: string, rack: string) =>
      pool([ports(ROCE, 1)], { name, labels: { 'lab.example/rack': rack, 'lab.example/kind': 'gpu' } });
    const made = make({ networks: { roce: DIVIDED } }, { nodePools: [labelled('a', '1'), labelled('b', '2')] });
    expect(findingsOf(made.lab)).toEqual([]);
    expect(poolConfigOf(made)).toMatchObject({
      nodeSelector: { matchLabels: { ...ADAPTERS, 'lab.example/kind': 'gpu' } },
    });
    expect(policiesOf(made)).toEqual([
      expect.objectContaining({
        name: 'roce-a',
        nodeSelector: { ...ADAPTERS, 'lab.example/rack': '1', 'lab.example/kind': 'gpu' },
      }),
      expect.objectContaining({
        name: 'roce-b',
        nodeSelector: { ...ADAPTERS, 'lab.example/rack': '2', 'lab.example/kind': 'gpu' },
      }),
    ]);
  });

  test('have one policy for a port, though the labels of one pool select those of another too', () => {
    const made = make(
      { networks: { roce: DIVIDED } },
      {
        nodePools: [
          pool([ports(ROCE, 1)], { name: 'a', labels: { 'lab.example/rack': '1' } }),
          pool([ports(ROCE, 1)], { name: 'b' }),
          pool([ports(ROCE, 1)], { name: 'c' }),
        ],
      },
    );
    expect(policiesOf(made)).toEqual([expect.objectContaining({ name: 'roce-b', nodeSelector: ADAPTERS })]);
  });
});

describe('ports', () => {
  test('of InfiniBand are known by the model, and need a subnet manager that knows of functions', () => {
    const made = make({ networks: { infiniband: { mode: 'sriov' } } }, DGX);
    expect(findingsOf(made.lab)).toEqual([]);
    expect(policiesOf(made)).toEqual([
      expect.objectContaining({
        linkType: 'ib',
        numVfs: 1,
        nicSelector: expect.objectContaining({ pfNames: expect.arrayContaining(['ibp24s0', 'ibp220s0']) }),
      }),
    ]);
    expect(objectOf<Spec<object>>(made.lab, 'SriovIBNetwork', 'infiniband').spec).toEqual({
      networkNamespace: 'network-operator',
      resourceName: 'infiniband',
      linkState: 'enable',
    });
    const network = made.operator.network('infiniband');
    expect(network.perNode(made.lab.site.pools[0]!)).toBe(8);
    expect(network.attachments).toHaveLength(8);
    expect(network.nccl).toEqual({ NCCL_SOCKET_IFNAME: '=eth0' });
    expect(instructionsOf(made).join()).toContain('Have a subnet manager on infiniband that knows virtual functions');
  });

  test('are told by their PCI addresses and device, where names differ', () => {
    const rootDevices = ['0000:18:00.0', '0000:3b:00.0'];
    const made = make(
      { networks: { roce: { ...DIVIDED, interfaces: undefined, rootDevices, deviceId: '1021' } } },
      TWO_PORTS,
    );
    expect(policiesOf(made)).toEqual([
      expect.objectContaining({ nicSelector: { vendor: '15b3', deviceID: '1021', rootDevices } }),
    ]);
    const addressed = Array.from({ length: 8 }, (_, i) => `0000:1${i}:00.0`);
    const dgx = make({ networks: { infiniband: { mode: 'sriov', rootDevices: addressed } } }, DGX);
    expect(policiesOf(dgx)).toEqual([
      expect.objectContaining({ nicSelector: { vendor: '15b3', rootDevices: addressed } }),
    ]);
  });

  test('of one network are divided, and those of another shared', () => {
    const made = make({ networks: { roce: DIVIDED } }, ONE_PORT_AND_INFINIBAND);
    expect(findingsOf(made.lab)).toEqual([]);
    expect(made.operator.network('infiniband').perNode(made.lab.site.pools[0]!)).toBe(1);
    expect(made.operator.network('infiniband').attachments).toEqual([]);
  });

  test("of the network operator's own plugins there are none but those that are used", () => {
    const { spec } = objectOf<Spec<{ secondaryNetwork: object }>>(
      make({ networks: { roce: DIVIDED } }, ONE_PORT).lab,
      'NicClusterPolicy',
      'nic-cluster-policy',
    );
    expect(Object.keys(spec.secondaryNetwork)).toEqual(['multus']);
  });
});

describe('RDMA devices of their own', () => {
  const made = make({ networks: { roce: DIVIDED }, sriov: { rdmaNamespaces: 'exclusive' } }, ONE_PORT);

  test('move into the pod, by a plugin that is then there', () => {
    expect(findingsOf(made.lab)).toEqual([]);
    expect(objectOf<Spec<object>>(made.lab, 'SriovNetwork', 'roce').spec).toMatchObject({
      metaPlugins: '{"type":"rdma"}',
    });
    expect(environment(made).RDMA_CNI_IMAGE).toBe('nvcr.io/nvidia/mellanox/rdma-cni:network-operator-v26.4.1');
  });

  test('are for nodes that are started anew', () => {
    expect(poolConfigOf(made)).toMatchObject({ rdmaMode: 'exclusive', maxUnavailable: 1 });
    expect(instructionsOf(made).join()).toContain('Expect each node of gpu to be emptied and restarted once');
  });
});

describe('refuses', () => {
  test.each<[string, RdmaNetworkProps, string]>([
    [
      'more functions than pods can tell apart',
      { functions: 8 },
      'networks.roce.functions must be 1 where a node has 2 ports on the network, got 8: a pod might be given two functions of one port',
    ],
    ['no functions', { functions: 0 }, 'networks.roce.functions must be a whole number from 1 to 128, got 0'],
    [
      'devices of the node',
      { devices: ['mlx5_0', 'mlx5_1'] },
      "networks.roce.devices are the nodes' own, and virtual functions have others",
    ],
    ['pods by another word', { podsPerNode: 4 }, 'networks.roce.podsPerNode is given, but with sriov a port has'],
    [
      'ports told twice',
      { rootDevices: ['0000:18:00.0', '0000:18:00.1'] },
      'networks.roce tells its ports by interfaces and by rootDevices; leave one of the two out',
    ],
    [
      'ports that are not told',
      { interfaces: undefined },
      'networks.roce.interfaces must be given with sriov, which divides no port that',
    ],
    [
      'what is no PCI address',
      { interfaces: undefined, rootDevices: ['18:00.0', '18:00.1'] },
      'networks.roce.rootDevices must be PCI addresses, each once, got "18:00.0"; write it as "0000:18:00.0"',
    ],
    [
      'too few PCI addresses',
      { interfaces: undefined, rootDevices: ['0000:18:00.0'] },
      'networks.roce.rootDevices must name the 2 ports that a node of pool gpu has on the network, got 1',
    ],
    [
      'an adapter that it does not know',
      { deviceId: '1007' },
      'networks.roce.deviceId must be of an adapter that can be divided, got "1007"; there is 1013 (ConnectX-4)',
    ],
    ['RoCE without addresses', { addresses: undefined }, 'networks.roce.addresses must be given for Ethernet'],
  ])('%s', (_, props, message) => {
    expect(() => make({ networks: { roce: { ...OVER_ROCE, mode: 'sriov', ...props } } }, TWO_PORTS)).toThrow(message);
  });

  test.each<[keyof RdmaNetworkProps, RdmaNetworkProps]>([
    ['functions', { functions: 2 }],
    ['rootDevices', { rootDevices: ['0000:18:00.0', '0000:18:00.1'] }],
    ['deviceId', { deviceId: '1021' }],
  ])('%s without sriov', (prop, props) => {
    expect(() => make({ networks: { roce: { ...OVER_ROCE, ...props } } }, TWO_PORTS)).toThrow(
      `networks.roce.${prop} is for ports with virtual functions, but the mode is shared; say sriov, or leave it out`,
    );
  });

  test('addresses that do not do for all functions', () => {
    const few = { ...DIVIDED, addresses: '10.40.4.0/28' };
    expect(() => make({ networks: { roce: { ...few, functions: 8 } } }, ONE_PORT)).toThrow(
      'networks.roce.addresses must have 8 addresses for each of 4 nodes, in blocks counted from 10.40.0.1, got "10.40.4.0/28" with 1 such blocks; widen it, or lower functions',
    );
    expect(() => make({ networks: { roce: { ...few, addresses: '10.40.4.0/31' } } }, ONE_PORT)).toThrow(
      /with \d such blocks; widen it$/,
    );
  });

  test('two networks over one port', () => {
    const second: typeof ROCE = { name: 'second', cidr: '10.41.0.0/21' };
    const rootDevices = ['0000:18:00.0'];
    const divided = { mode: 'sriov', rootDevices } as const;
    expect(() =>
      make(
        {
          networks: {
            roce: { ...divided, addresses: '10.40.4.0/22' },
            second: { ...divided, addresses: '10.41.4.0/22' },
          },
        },
        { networks: [ROCE, second], nodePools: [pool([ports(ROCE, 1), ports(second, 1)])] },
      ),
    ).toThrow('networks.second.rootDevices has "0000:18:00.0", which is on network roce already');
  });

  test('nodes with different numbers of ports', () => {
    const nodePools = [pool([ports(ROCE, 1)]), pool([ports(ROCE, 2)], { name: 'double' })];
    expect(() => make({ networks: { roce: { ...DIVIDED, rootDevices: undefined } } }, { nodePools })).toThrow(
      'networks.roce.interfaces must name the 2 ports',
    );
    expect(() =>
      make({ networks: { roce: { ...DIVIDED, interfaces: undefined, rootDevices: ['0000:18:00.0'] } } }, { nodePools }),
    ).toThrow('networks.roce: with sriov all nodes must have as many ports, got gpu 1, double 2; use shared');
  });

  test('OpenShift, which has an operator of its own for it', () => {
    expect(() => make({ networks: { roce: DIVIDED } }, ONE_PORT, { distribution: 'openshift' })).toThrow(
      new Error(
        'lab/network-operator: networks.roce.mode is sriov, but OpenShift has an SR-IOV operator of its own for the same kinds; ' +
          'install that one, and name its networks with External.rdmaNetworks',
      ),
    );
  });

  test('settings of what is not there', () => {
    expect(() => make({ sriov: {} })).toThrow('sriov is given, but no network has the mode sriov; give one that mode');
    expect(() => make({ resources: { sriovOperator: {} } })).toThrow(
      'resources.sriovOperator is given, but no network',
    );
  });

  test.each([
    [{ firmware: 'flash' as 'keep' }, 'sriov.firmware must be one of "keep", "change", got "flash"'],
    [{ rdmaNamespaces: 'own' as 'shared' }, 'sriov.rdmaNamespaces must be one of "shared", "exclusive", got "own"'],
    [{ maxUnavailable: 0 }, 'sriov.maxUnavailable must be a whole number from 1 to 100, got 0'],
    [{ maxUnavailable: 2, drain: false }, 'sriov.maxUnavailable is given, but nodes are not drained'],
  ])('%j', (sriov, message) => {
    expect(() => make({ networks: { roce: DIVIDED }, sriov }, ONE_PORT)).toThrow(message);
  });

  test('devices of their own beside a network whose devices stay with the node', () => {
    const sriov = { rdmaNamespaces: 'exclusive' } as const;
    expect(() => make({ networks: { roce: DIVIDED }, sriov }, ONE_PORT_AND_INFINIBAND)).toThrow(
      'sriov.rdmaNamespaces is exclusive, but network infiniband is shared, whose pods then have no RDMA device',
    );
  });
});
