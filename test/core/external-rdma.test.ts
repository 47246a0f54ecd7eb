import { Size } from 'cdk8s';
import { External, type Platform } from '../../lib/core';
import { type ExternalRdmaNetworkProps } from '../../lib/core/external-rdma';
import { Site } from '../../lib/site';
import { findingsOf, testPlatform } from '../support';
import { container, Demo } from './demo';

function lab(): Platform {
  return testPlatform({
    site: new Site({
      name: 'test',
      domain: 'test.example',
      nodePools: [
        {
          name: 'gpu',
          nodes: 2,
          cpu: { cores: 64 },
          memory: Size.gibibytes(256),
          networkPorts: [{ type: 'infiniband', speed: '400Gb/s', count: 8, network: 'infiniband' }],
        },
        { name: 'cpu', nodes: 1, cpu: { cores: 64 }, memory: Size.gibibytes(256) },
      ],
      networks: [{ name: 'infiniband', type: 'infiniband', cidr: '10.50.0.0/22' }],
    }),
  });
}

test('pods use it as whoever runs the cluster says, and what they name is theirs', () => {
  const platform = lab();
  const demo = new Demo(platform, 'demo');
  const network = External.rdmaNetworks(platform, {
    infiniband: {
      resource: 'nvidia.com/infiniband',
      perNode: 8,
      attachments: [{ namespace: 'default', name: 'ib' }],
      nccl: { NCCL_IB_HCA: 'mlx5' },
    },
  }).network('infiniband');
  expect(network).toMatchObject({
    resource: 'nvidia.com/infiniband',
    attachments: [{ namespace: 'default', name: 'ib' }],
    nccl: { NCCL_IB_HCA: 'mlx5' },
    readyAfter: [],
  });
  expect(network.network).toBe(platform.site.network('infiniband'));
  expect(network.perNode(platform.site.pool('gpu'))).toBe(8);
  expect(() => network.perNode(platform.site.pool('cpu'))).toThrow(
    new Error('lab: node pool "cpu" has no ports on network infiniband; add them to the site'),
  );
  demo.deployment('worker', {
    podAnnotations: { 'k8s.v1.cni.cncf.io/networks': 'default/ib' },
    containers: [container({ env: { ...network.nccl } })],
  });
  expect(findingsOf(platform)).toEqual([]);
});

test('least that is said: a resource, of which a node takes one', () => {
  const platform = lab();
  const network = External.rdmaNetworks(platform, { infiniband: { resource: 'rdma/ib' } }).network('infiniband');
  expect(network).toMatchObject({ attachments: [], nccl: {} });
  expect(network.perNode(platform.site.pool('gpu'))).toBe(1);
});

test.each<[Record<string, ExternalRdmaNetworkProps>, string]>([
  [{ infinyband: { resource: 'rdma/ib' } }, 'did you mean "infiniband"?'],
  [{ infiniband: { resource: 'ib' } }, 'lab: resource of network infiniband must have a prefix and a name, got "ib"'],
  [
    { infiniband: { resource: 'rdma/ib', perNode: 0 } },
    'perNode of network infiniband must be a whole number from 1 to 1000, got 0',
  ],
  [
    { infiniband: { resource: 'rdma/ib', attachments: [{ namespace: 'Default', name: 'ib' }] } },
    'the namespace of an attachment of network infiniband must be of lower-case letters',
  ],
])('refuses %j', (networks, message) => {
  expect(() => External.rdmaNetworks(lab(), networks)).toThrow(message);
});

test('has no others', () => {
  const networks = External.rdmaNetworks(lab(), { infiniband: { resource: 'rdma/ib' } });
  expect(() => networks.network('roce')).toThrow(
    new Error('lab: network "roce" is none of those that are brought to pods by RDMA; there is "infiniband"'),
  );
});
