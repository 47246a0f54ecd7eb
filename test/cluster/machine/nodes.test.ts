import { join } from 'node:path';
import { Site } from '../../../lib';
import { REPOSITORY } from '../paths';
import { plan } from './plan';
import { simulatedNode } from './simulated';

const site = (name: string) => Site.fromFile(join(REPOSITORY, 'blueprints/sites', name));
const names = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name);

test('nodes that take any pod are real, all others simulated', () => {
  const lab = site('dgx-lab.yaml');
  const { real, simulated } = plan(lab);
  expect(names(real)).toEqual(['storage-0', 'storage-1', 'storage-2', 'storage-3']);
  expect(simulated).toHaveLength(lab.totalNodes - 4);
  expect(new Set([...real, ...simulated].map(({ address }) => address)).size).toBe(lab.totalNodes);
  expect(new Set([...real, ...simulated].map(({ podCidr }) => podCidr)).size).toBe(lab.totalNodes);
});

test('the one node of the edge is real, though it runs the control plane', () => {
  const { real, simulated } = plan(site('edge.yaml'));
  expect(real).toHaveLength(1);
  expect(simulated).toEqual([]);
});

test('a site without a node for any pod can not be tried', () => {
  const tainted = new Site({
    name: 'gpus',
    domain: 'gpus.example',
    nodePools: [
      {
        name: 'dgx',
        nodes: 2,
        cpu: { cores: 8 },
        memory: site('edge.yaml').pools[0]!.memory,
        taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
      },
    ],
  });
  expect(() => plan(tainted)).toThrow('site gpus has no node that takes pods without a toleration');
});

test('a simulated node has the labels, taints and capacity of the real one', () => {
  const node = plan(site('dgx-lab.yaml')).simulated.find(({ name }) => name === 'training-2')!;
  const { metadata, spec, status } = simulatedNode(node, 'v1.36.3', {});
  expect(metadata.labels).toMatchObject({
    'kubernetes.io/hostname': 'training-2',
    'onprem-ml.example/pool': 'training',
    'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB',
    'nvidia.com/gpu.count': '8',
    'nvidia.com/gpu.machine': 'NVIDIA-DGX-A100-320GB',
    'feature.node.kubernetes.io/pci-10de.present': 'true',
    'feature.node.kubernetes.io/pci-15b3.present': 'true',
  });
  expect(spec.taints).toEqual([{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }]);
  expect(status.capacity).toMatchObject({ cpu: '256', memory: '1073741824Ki', 'nvidia.com/gpu': '8' });
});

test('a simulated control plane is labelled and tainted as the distribution does it', () => {
  const node = plan(site('dgx-lab.yaml')).simulated.find(({ name }) => name === 'control-plane-0')!;
  const { metadata, spec } = simulatedNode(node, 'v1.36.3', {});
  expect(metadata.labels).toHaveProperty(['node-role.kubernetes.io/control-plane'], '');
  expect(spec.taints).toEqual([
    { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    // Controllers tolerate the first one, and must run.
    { key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' },
  ]);
});
