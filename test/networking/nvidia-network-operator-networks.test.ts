import { type NodePool } from '../../lib/site';
import { type RdmaNetworkProps } from '../../lib/networking/nvidia-network-operator';
import { findingsOf, objectOf, objectsOf } from '../support';
import { CPU_ONLY, INFINIBAND, make, OVER_ROCE, pool, ports, ROCE } from './nvidia-network-operator-support';

interface PoolSpec {
  readonly spec: {
    readonly subnet: string;
    readonly perNodeBlockSize: number;
    readonly gateway?: string;
    readonly routes?: object;
    readonly exclusions: readonly { readonly startIP: string; readonly endIP: string }[];
  };
}

/** What a device plugin is told of each resource. */
function resources(made: ReturnType<typeof make>, part: 'rdmaSharedDevicePlugin' | 'sriovDevicePlugin'): unknown {
  const { spec } = objectOf<{ spec: Record<string, { config: string } | undefined> }>(
    made.lab,
    'NicClusterPolicy',
    'nic-cluster-policy',
  );
  const config = JSON.parse(spec[part]?.config ?? '{}') as { configList?: unknown; resourceList?: unknown };
  return config.configList ?? config.resourceList;
}

const poolOf = ({ lab }: ReturnType<typeof make>): NodePool => lab.site.pools[0]!;
const named = (made: ReturnType<typeof make>, kind: string) =>
  objectsOf(made.lab)
    .filter((object) => object.kind === kind)
    .map(({ metadata }) => metadata.name);
const ROCE_ONLY = { nodePools: [pool([ports(ROCE, 2)]), CPU_ONLY] };
const DGX = { nodePools: [pool([ports(INFINIBAND, 8)], { hardware: 'NVIDIA DGX H100' }), CPU_ONLY] };

describe('InfiniBand that is shared', () => {
  const made = make();
  const network = made.operator.network('infiniband');

  test('is one resource that brings all of the adapters', () => {
    expect(resources(made, 'rdmaSharedDevicePlugin')).toEqual([
      {
        resourceName: 'infiniband',
        rdmaHcaMax: 8,
        selectors: { vendors: ['15b3'], linkTypes: ['infiniband'] },
      },
    ]);
    expect(network.resource).toBe('rdma/infiniband');
    expect(network.perNode(poolOf(made))).toBe(1);
    expect(network.network).toBe(made.lab.site.network('infiniband'));
  });

  test('needs no interface in the pod, and NCCL finds the adapters that the pod may open', () => {
    expect(network.attachments).toEqual([]);
    expect(network.nccl).toEqual({ NCCL_SOCKET_IFNAME: '=eth0' });
  });

  test('says which pools are on it', () => {
    expect(() => network.perNode(made.lab.site.pool('cpu'))).toThrow(
      new Error('lab/network-operator: node pool "cpu" has no ports on network infiniband; those of gpu have'),
    );
  });

  test('is where ports of its type are plugged in, without a word where there is no other', () => {
    const nodePools = [pool([{ type: 'infiniband', speed: '400Gb/s', count: 8 }]), CPU_ONLY];
    const unsaid = make({ networks: { infiniband: { mode: 'host-device' } } }, { nodePools });
    expect(unsaid.operator.network('infiniband').perNode(poolOf(unsaid))).toBe(8);
    const storage: typeof INFINIBAND = { name: 'storage', type: 'infiniband', cidr: '10.51.0.0/22' };
    expect(() => make({}, { nodePools, networks: [INFINIBAND, storage] })).toThrow('has no worker with ports');
  });

  test("is found by the server's model", () => {
    const dgx = make({}, DGX);
    const devices = ['mlx5_0', 'mlx5_3', 'mlx5_4', 'mlx5_5', 'mlx5_6', 'mlx5_9', 'mlx5_10', 'mlx5_11'];
    expect(dgx.operator.network('infiniband').nccl).toMatchObject({
      NCCL_IB_HCA: `=${devices.join(',')}`,
      UCX_NET_DEVICES: devices.map((device) => `${device}:1`).join(','),
    });
    expect(JSON.stringify(resources(dgx, 'rdmaSharedDevicePlugin'))).toContain('"ifNames":["ibp24s0","ibp64s0"');
  });

  test("isn't, where the site has another number of ports than the model, or the pools differ", () => {
    const nodePools = [
      pool([ports(INFINIBAND, 8)], { hardware: 'NVIDIA DGX H100' }),
      pool([ports(INFINIBAND, 4)], { name: 'half', hardware: 'NVIDIA DGX H100' }),
    ];
    expect(make({}, { nodePools }).operator.network('infiniband').nccl).not.toHaveProperty('NCCL_IB_HCA');
  });

  test('is found by what you say', () => {
    const names = { interfaces: ['ib0', 'ib1'], devices: ['mlx5_2', 'mlx5_3'] };
    const mine = make({ networks: { infiniband: names } }, { nodePools: [pool([ports(INFINIBAND, 2)])] });
    expect(mine.operator.network('infiniband').nccl).toMatchObject({ NCCL_IB_HCA: '=mlx5_2,mlx5_3' });
    const own = make({ networks: { infiniband: { interfaces: [...Array(8).keys()].map((i) => `ib${i}`) } } }, DGX);
    expect(own.operator.network('infiniband').nccl).not.toHaveProperty('NCCL_IB_HCA');
  });

  test('gives pods IPoIB where it has addresses for them', () => {
    const ip = make({ networks: { infiniband: { addresses: '10.50.2.0/23', podsPerNode: 4 } } }, DGX);
    expect(findingsOf(ip.lab)).toEqual([]);
    expect(named(ip, 'IPoIBNetwork')).toEqual([...Array(8).keys()].map((i) => `infiniband-${i}`));
    expect(objectOf(ip.lab, 'IPoIBNetwork', 'infiniband-1')).toMatchObject({
      spec: {
        master: 'ibp64s0',
        networkNamespace: 'network-operator',
        ipam: '{"type":"nv-ipam","poolName":"infiniband","poolType":"ippool"}',
      },
    });
    expect(objectOf(ip.lab, 'NicClusterPolicy', 'nic-cluster-policy')).toMatchObject({
      spec: {
        nvIpam: { image: 'nvidia-k8s-ipam' },
        secondaryNetwork: { multus: { image: 'multus-cni' }, cniPlugins: { image: 'plugins' }, ipoib: {} },
      },
    });
    expect(ip.operator.network('infiniband').attachments).toHaveLength(8);
    expect(named(ip, 'CustomResourceDefinition')).toEqual(
      expect.arrayContaining(['ippools.nv-ipam.nvidia.com', 'cidrpools.nv-ipam.nvidia.com']),
    );
  });
});

describe('RoCE that is shared', () => {
  const made = make({ networks: { roce: { ...OVER_ROCE, mtu: 9000 } } }, ROCE_ONLY);
  const network = made.operator.network('roce');

  test('is a macvlan on each port, with an address of its own', () => {
    expect(findingsOf(made.lab)).toEqual([]);
    expect(resources(made, 'rdmaSharedDevicePlugin')).toEqual([
      expect.objectContaining({
        resourceName: 'roce',
        selectors: { vendors: ['15b3'], linkTypes: ['ether'], ifNames: ['ens1f0np0', 'ens1f1np1'] },
      }),
    ]);
    expect(objectOf(made.lab, 'MacvlanNetwork', 'roce-1')).toMatchObject({
      spec: { master: 'ens1f1np1', mode: 'bridge', mtu: 9000, networkNamespace: 'network-operator' },
    });
    expect(network.attachments).toEqual([
      { namespace: 'network-operator', name: 'roce-0' },
      { namespace: 'network-operator', name: 'roce-1' },
    ]);
  });

  test('is ready when each attachment is', () => {
    expect(network.readyAfter[0]!.gates).toEqual(
      ['roce-0', 'roce-1'].map((name) => ({
        type: 'field',
        resource: 'macvlannetworks.mellanox.com',
        name,
        jsonPath: '{.status.state}',
        value: 'ready',
      })),
    );
  });

  test("NCCL looks for the pod's own GID, by what it is", () => {
    expect(network.nccl).toEqual({
      NCCL_SOCKET_IFNAME: '=eth0',
      NCCL_IB_ROCE_VERSION_NUM: '2',
      NCCL_IB_ADDR_FAMILY: 'AF_INET',
    });
    const told = make({ networks: { roce: { ...OVER_ROCE, gidIndex: 3, gdrLevel: 'SYS' } } }, ROCE_ONLY);
    expect(told.operator.network('roce').nccl).toMatchObject({ NCCL_IB_GID_INDEX: '3', NCCL_NET_GDR_LEVEL: 'SYS' });
    const six = make(
      { networks: { roce: { ...OVER_ROCE, addresses: 'fd00:40::1:0/112' } } },
      { ...ROCE_ONLY, networks: [{ ...ROCE, cidr: 'fd00:40::/64' }] },
    );
    expect(six.operator.network('roce').nccl).toMatchObject({ NCCL_IB_ADDR_FAMILY: 'AF_INET6' });
  });

  test('stands beside InfiniBand', () => {
    const both = make({ networks: { roce: OVER_ROCE } });
    expect(findingsOf(both.lab)).toEqual([]);
    expect(both.operator.network('infiniband').resource).toBe('rdma/infiniband');
    expect(both.operator.network('roce').resource).toBe('rdma/roce');
  });

  test("its resource has no hyphen, which the device plugin doesn't take", () => {
    const rail: typeof ROCE = { name: 'rail-a', cidr: '10.40.0.0/21' };
    const rails = make(
      { networks: { 'rail-a': { ...OVER_ROCE } } },
      { networks: [rail], nodePools: [pool([ports(rail, 2)])] },
    );
    expect(rails.operator.network('rail-a').resource).toBe('rdma/rail_a');
    expect(resources(rails, 'rdmaSharedDevicePlugin')).toMatchObject([{ resourceName: 'rail_a' }]);
  });
});

describe('adapters that move into the pod', () => {
  test('are a resource each, InfiniBand without addresses', () => {
    const made = make({ networks: { infiniband: { mode: 'host-device' } } });
    expect(findingsOf(made.lab)).toEqual([]);
    expect(resources(made, 'rdmaSharedDevicePlugin')).toBeUndefined();
    expect(resources(made, 'sriovDevicePlugin')).toEqual([
      {
        resourcePrefix: 'nvidia.com',
        resourceName: 'infiniband',
        selectors: { vendors: ['15b3'], isRdma: true, linkTypes: ['infiniband'] },
      },
    ]);
    const network = made.operator.network('infiniband');
    expect(network.resource).toBe('nvidia.com/infiniband');
    expect(network.perNode(poolOf(made))).toBe(8);
    expect(network.attachments).toEqual(
      Array.from({ length: 8 }, () => ({ namespace: 'network-operator', name: 'infiniband' })),
    );
    expect(objectOf<{ spec: object }>(made.lab, 'HostDeviceNetwork', 'infiniband').spec).toEqual({
      networkNamespace: 'network-operator',
      resourceName: 'infiniband',
    });
  });

  test('have an address each over Ethernet', () => {
    const made = make({ networks: { roce: { ...OVER_ROCE, mode: 'host-device' } } }, ROCE_ONLY);
    expect(resources(made, 'sriovDevicePlugin')).toMatchObject([{ selectors: { pfNames: OVER_ROCE.interfaces } }]);
    expect(objectOf(made.lab, 'HostDeviceNetwork', 'roce')).toMatchObject({
      spec: { ipam: '{"type":"nv-ipam","poolName":"roce","poolType":"ippool"}' },
    });
    expect(objectOf<PoolSpec>(made.lab, 'IPPool', 'roce').spec.perNodeBlockSize).toBe(2);
  });
});

describe('addresses', () => {
  const blocksOf = (props: Partial<RdmaNetworkProps>, nodes = 4) =>
    objectOf<PoolSpec>(
      make(
        { networks: { roce: { ...OVER_ROCE, ...props } } },
        { nodePools: [pool([ports(ROCE, 2)], { nodes }), CPU_ONLY] },
      ).lab,
      'IPPool',
      'roce',
      'network-operator',
    ).spec;

  /** The blocks that nv-ipam would give to nodes: counted from the first host address, without those that are excluded as a whole. */
  function given({ subnet, perNodeBlockSize: size, exclusions }: PoolSpec['spec']): string[] {
    const number = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    const [address, prefix] = subnet.split('/');
    const [first, end] = [number(address!), number(address!) + 2 ** (32 - Number(prefix))];
    const free = (value: number) =>
      !exclusions.some(({ startIP, endIP }) => number(startIP) <= value && value <= number(endIP));
    const found: string[] = [];
    for (let start = first + 1; start + size < end; start += size) {
      const all = Array.from({ length: size }, (_, i) => start + i);
      if (all.some(free)) found.push(`${text(start)}-${text(start + size - 1)}${all.every(free) ? '' : ' (part)'}`);
    }
    return found;
  }

  test('are whole blocks of the range, and none beside it', () => {
    const spec = blocksOf({ addresses: '10.40.4.0-10.40.4.80', podsPerNode: 8 });
    expect(spec).toMatchObject({ subnet: '10.40.0.0/21', perNodeBlockSize: 16 });
    expect(given(spec)).toEqual([
      '10.40.4.1-10.40.4.16',
      '10.40.4.17-10.40.4.32',
      '10.40.4.33-10.40.4.48',
      '10.40.4.49-10.40.4.64',
      '10.40.4.65-10.40.4.80',
    ]);
  });

  test('start at a block though the range does not, and end before the broadcast address', () => {
    expect(given(blocksOf({ addresses: '10.40.7.200/29', podsPerNode: 1 }, 3))).toEqual([
      '10.40.7.201-10.40.7.202',
      '10.40.7.203-10.40.7.204',
      '10.40.7.205-10.40.7.206',
    ]);
    expect(given(blocksOf({ addresses: '10.40.7.0/24', podsPerNode: 8 })).at(-1)).toBe('10.40.7.225-10.40.7.240');
  });

  test('of the whole network exclude its own', () => {
    expect(blocksOf({ addresses: '10.40.0.0/21', podsPerNode: 1 }).exclusions).toEqual([
      { startIP: '10.40.0.0', endIP: '10.40.0.0' },
      { startIP: '10.40.7.255', endIP: '10.40.7.255' },
    ]);
  });

  test('have the router and its routes', () => {
    expect(blocksOf({ gateway: '10.40.0.1', routes: ['10.41.0.0/21'] })).toMatchObject({
      gateway: '10.40.0.1',
      routes: [{ dst: '10.41.0.0/21' }],
    });
  });

  test('must be enough', () => {
    expect(() => blocksOf({ addresses: '10.40.4.0/26' })).toThrow(
      new Error(
        'lab/network-operator: networks.roce.addresses must have 16 addresses for each of 4 nodes, in blocks counted from 10.40.0.1, ' +
          'got "10.40.4.0/26" with 3 such blocks; widen it, or lower podsPerNode',
      ),
    );
  });
});

describe('refuses', () => {
  test.each<[string, Partial<RdmaNetworkProps>, string]>([
    ['RoCE without interfaces', { interfaces: undefined }, 'networks.roce.interfaces must be given for Ethernet'],
    ['RoCE without addresses', { addresses: undefined }, 'networks.roce.addresses must be given for Ethernet'],
    [
      'another mode',
      { mode: 'macvlan' as 'shared' },
      'networks.roce.mode must be one of "shared", "host-device", "sriov", got "macvlan"',
    ],
    [
      'too few interfaces',
      { interfaces: ['eth1'] },
      'must name the 2 ports that a node of pool gpu has on the network, got 1',
    ],
    ['an interface twice', { interfaces: ['eth1', 'eth1'] }, 'each once, got "eth1"'],
    ['what is no interface', { interfaces: ['eth 1', 'eth2'] }, 'got "eth 1"; write it as "ens1f0np0"'],
    ['other devices than interfaces', { devices: ['mlx5_0'] }, 'networks.roce.devices must name the 2 ports'],
    [
      'addresses elsewhere',
      { addresses: '10.99.0.0/24' },
      'networks.roce.addresses must lie in the network 10.40.0.0/21',
    ],
    ['what is no range', { addresses: '10.40.4.0' }, 'networks.roce.addresses must be a range, got the one address'],
    ['a gateway elsewhere', { gateway: '10.99.0.1' }, 'networks.roce.gateway must lie in the network 10.40.0.0/21'],
    [
      'routes without a gateway',
      { routes: ['10.41.0.0/21'] },
      'networks.roce.routes has no gateway to lead to; give it',
    ],
    ['a route that is none', { gateway: '10.40.0.1', routes: ['x'] }, 'networks.roce.routes must be a network in CIDR'],
    ['no pods', { podsPerNode: 0 }, 'networks.roce.podsPerNode must be a whole number from 1 to 1000, got 0'],
    ['a small packet', { mtu: 576 }, 'networks.roce.mtu must be a whole number from 1280 to 9978, got 576'],
    ['a GID beyond all', { gidIndex: 256 }, 'networks.roce.gidIndex must be a whole number from 0 to 255, got 256'],
    [
      'another level',
      { gdrLevel: 'NEAR' as 'SYS' },
      'networks.roce.gdrLevel must be one of "LOC", "PIX", "PXB", "PHB"',
    ],
    [
      'pods where ports count',
      { mode: 'host-device', podsPerNode: 4 },
      'with host-device a node has as many pods as ports',
    ],
    [
      'packets of an adapter that moves',
      { mode: 'host-device', mtu: 9000 },
      'networks.roce.mtu is for Ethernet that is shared',
    ],
  ])('%s', (_, props, message) => {
    expect(() => make({ networks: { roce: { ...OVER_ROCE, ...props } } }, ROCE_ONLY)).toThrow(message);
  });

  test.each<[string, RdmaNetworkProps, string]>([
    [
      'addresses without interfaces',
      { addresses: '10.50.2.0/23' },
      'networks.infiniband.interfaces must be given with addresses',
    ],
    [
      'a gateway without addresses',
      { gateway: '10.50.0.1' },
      'gateway and routes are for pods with addresses, got none',
    ],
    [
      'a GID of InfiniBand',
      { gidIndex: 3 },
      "networks.infiniband.gidIndex is for Ethernet, and InfiniBand's is always 0",
    ],
    ['packets of InfiniBand', { mtu: 4096 }, 'networks.infiniband.mtu is for Ethernet that is shared'],
  ])('%s', (_, props, message) => {
    expect(() => make({ networks: { infiniband: props } })).toThrow(message);
  });

  test('a network that is none, or that nobody is on', () => {
    expect(() => make({ networks: { infinyband: {} } })).toThrow(
      new Error(
        'lab/network-operator: networks has "infinyband", which is no network of site test; did you mean "infiniband"?',
      ),
    );
    expect(() => make({ networks: { roce: OVER_ROCE } }, { nodePools: [pool([ports(INFINIBAND, 8)])] })).toThrow(
      'networks.roce: no worker of the site has a port on it; add networkPorts with network: roce to a node pool',
    );
  });

  test('a site without RDMA', () => {
    expect(() => make({}, { nodePools: [CPU_ONLY] })).toThrow(
      'site test has no worker with ports on an InfiniBand network, and networks names no other',
    );
    const controllers = pool([ports(INFINIBAND, 8)], { roles: ['control-plane'], nodes: 3 });
    expect(() => make({}, { nodePools: [controllers, CPU_ONLY] })).toThrow('has no worker with ports');
  });

  test('adapters that move, where nodes have different numbers of them', () => {
    const nodePools = [pool([ports(INFINIBAND, 8)]), pool([ports(INFINIBAND, 4)], { name: 'half' })];
    expect(() => make({ networks: { infiniband: { mode: 'host-device' } } }, { nodePools })).toThrow(
      'networks.infiniband: with host-device all nodes must have as many ports, got gpu 8, half 4; use shared',
    );
  });

  test('two fabrics that nothing tells apart, and a port on both', () => {
    const storage: typeof INFINIBAND = { name: 'storage', type: 'infiniband', cidr: '10.51.0.0/22' };
    const site = { networks: [INFINIBAND, storage], nodePools: [pool([ports(INFINIBAND, 1), ports(storage, 1)])] };
    expect(() => make({}, site)).toThrow(
      'networks.infiniband.interfaces must be given where workers are on more than one InfiniBand network (infiniband, storage)',
    );
    const one = { interfaces: ['ib0'] };
    expect(() => make({ networks: { infiniband: one, storage: one } }, site)).toThrow(
      'networks.storage.interfaces has "ib0", which is on network infiniband already; a port is on one network',
    );
    expect(findingsOf(make({ networks: { infiniband: one, storage: { interfaces: ['ib1'] } } }, site).lab)).toEqual([]);
  });

  test('to hand out a network that it does not bring', () => {
    const { operator } = make();
    expect(() => operator.network('roce')).toThrow(
      new Error(
        'lab/network-operator: network "roce" is not brought to pods by RDMA; name it in networks, if its ports do RoCE; there is "infiniband"',
      ),
    );
    expect(() => operator.network('nothing')).toThrow('"nothing"');
  });
});
