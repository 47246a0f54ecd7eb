import { Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { EdgeTpuDevicePlugin, type EdgeTpuDevicePluginProps } from '../../lib/compute/edge-tpu-device-plugin';
import { NodeFeatureDiscovery } from '../../lib/compute/node-feature-discovery';
import { App, External, Platform } from '../../lib/core';
import { type NodePoolProps, Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';

const NODE = { nodes: 2, cpu: { cores: 8 }, memory: Size.gibibytes(16) };
const CARDS: NodePoolProps = { ...NODE, name: 'cards' };
const STICKS: NodePoolProps = { ...NODE, name: 'sticks', taints: [{ key: 'edge', effect: 'NoSchedule' }] };
const BOARDS: NodePoolProps = { name: 'boards', nodes: 3, hardware: 'coral-dev-board', memory: Size.gibibytes(4) };
const MINIS: NodePoolProps = { name: 'minis', nodes: 3, hardware: 'coral-dev-board-mini' };

interface Options {
  readonly pools?: readonly NodePoolProps[];
  readonly distribution?: 'kubeadm' | 'k3s' | 'openshift';
  readonly scraped?: boolean;
}

function make(props: Partial<EdgeTpuDevicePluginProps> = {}, options: Options = {}) {
  const { pools = [CARDS, STICKS], distribution = 'kubeadm', scraped = false } = options;
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: pools, networks: [] });
  const lab = new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site, distribution });
  const nodeFeatures = new NodeFeatureDiscovery(lab, 'nfd');
  const metrics = scraped
    ? External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } })
    : undefined;
  return { lab, tpus: new EdgeTpuDevicePlugin(lab, 'edge-tpu', { nodeFeatures, metrics, ...props }) };
}

const BOTH = { pools: { cards: { bus: 'pcie', count: 2 }, sticks: { bus: 'usb' } } } as const;
const namesOf = (lab: Platform, kind: string) =>
  objectsOf(lab)
    .filter((object) => object.kind === kind && object.metadata.namespace !== 'nfd')
    .map(({ metadata }) => metadata.name);
const configOf = (lab: Platform, bus: string): unknown =>
  JSON.parse(objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', `config-${bus}`).data['config.yaml']!);

test('links with both buses, and is as the golden file', () => {
  const { lab } = make(BOTH);
  expect(findingsOf(lab)).toEqual([]);
  const plugin = objectOf(lab, 'DaemonSet', 'plugin-pcie');
  expectGolden('compute/golden/edge-tpu-device-plugin.yaml', dump(plugin, { lineWidth: 130, noRefs: true }));
});

test('has one plugin for each bus that is used', () => {
  expect(namesOf(make(BOTH).lab, 'DaemonSet')).toEqual(['plugin-pcie', 'plugin-usb']);
  const { lab } = make({ pools: { cards: { bus: 'pcie' } } });
  expect(namesOf(lab, 'DaemonSet')).toEqual(['plugin-pcie']);
  expect(namesOf(lab, 'NodeFeatureRule')).toEqual(['edge-tpu-pcie']);
});

test('finds the chips by their numbers', () => {
  const { lab } = make(BOTH);
  expect(configOf(lab, 'pcie')).toEqual({
    devices: [{ name: 'edge-tpu', groups: [{ paths: [{ path: '/dev/apex_*', permissions: 'rw' }] }] }],
  });
  expect(configOf(lab, 'usb')).toEqual({
    devices: [{ name: 'edge-tpu', groups: [{ usb: [{ vendor: '18d1', product: '9302' }] }] }],
  });
  expect(objectOf(lab, 'NodeFeatureRule', 'edge-tpu-pcie')).toMatchObject({
    spec: {
      rules: [
        {
          labels: { 'onprem-ml.io/edge-tpu-pcie': 'true' },
          matchFeatures: [
            { feature: 'pci.device', matchExpressions: { vendor: { value: ['1ac1'] }, device: { value: ['089a'] } } },
          ],
        },
      ],
    },
  });
  expect(JSON.stringify(objectOf(lab, 'NodeFeatureRule', 'edge-tpu-usb'))).toContain('"feature":"usb.device"');
});

test('offers them as GPUs are offered', () => {
  const { lab, tpus } = make(BOTH);
  const cards = tpus.pool('cards');
  expect(cards.resource).toEqual({ name: 'onprem-ml.io/edge-tpu', perNode: 2, whole: true });
  expect(cards.placement).toEqual({ nodeSelector: { 'onprem-ml.io/edge-tpu-pcie': 'true' }, tolerations: [] });
  expect(tpus.pool('sticks').placement.tolerations).toEqual([
    { key: 'edge', operator: 'Exists', effect: 'NoSchedule' },
  ]);
  const plugin = objectOf<{ spec: { template: { spec: { tolerations?: unknown; nodeSelector: unknown } } } }>(
    lab,
    'DaemonSet',
    'plugin-usb',
  ).spec.template.spec;
  expect(plugin.tolerations).toEqual([{ key: 'edge', operator: 'Exists', effect: 'NoSchedule' }]);
  expect(plugin.nodeSelector).toEqual({ 'onprem-ml.io/edge-tpu-usb': 'true' });
  expect(() => cards.share({ timeSlices: 2 })).toThrow(
    /pool "cards" can't be shared by {"timeSlices":2}: an Edge TPU is opened by one program at a time/,
  );
});

test('knows Coral’s boards', () => {
  const { tpus } = make({}, { pools: [CARDS, BOARDS, MINIS] });
  expect(tpus.pools.map(({ nodes, tpus: has }) => [nodes.name, has])).toEqual([
    ['boards', { bus: 'pcie', count: 1 }],
    ['minis', { bus: 'usb', count: 1 }],
  ]);
});

test('lets who scrapes in, and nobody else', () => {
  const { lab } = make(BOTH, { scraped: true });
  expect(findingsOf(lab)).toEqual([]);
  expect(namesOf(lab, 'ServiceMonitor')).toEqual(['edge-tpu-pcie', 'edge-tpu-usb']);
  const ingress = (platform: Platform) =>
    objectOf<{ spec: { ingress?: unknown } }>(platform, 'NetworkPolicy', 'plugin-usb').spec.ingress;
  expect(ingress(lab)).toMatchObject([{ ports: [{ port: 8080, protocol: 'TCP' }] }]);
  expect(ingress(make(BOTH).lab)).toBeUndefined();
});

test('finds kubelet where the distribution has it, and sizes the plugin as asked', () => {
  const { lab } = make({ ...BOTH, resources: { plugin: { cpu: 0.1 } } }, { distribution: 'k3s' });
  const plugin = JSON.stringify(objectOf(lab, 'DaemonSet', 'plugin-usb'));
  expect(plugin).toContain(`"hostPath":{"path":"${lab.distribution.kubeletRoot}/device-plugins"`);
  expect(plugin).toContain('"cpu":"100m"');
  expect(namesOf(make(BOTH, { distribution: 'openshift' }).lab, 'RoleBinding')).toHaveLength(2);
});

test.each<[EdgeTpuDevicePluginProps['pools'], RegExp]>([
  [{}, /no pool of site test has an Edge TPU; name them: pools: { "edge": { bus: 'usb' } }/],
  [undefined, /no pool of site test has an Edge TPU/],
  [{ card: { bus: 'pcie' } }, /has no node pool "card"; did you mean "cards"\?/],
  [{ cards: { bus: 'pci' as 'pcie' } }, /pools\.cards\.bus must be one of "pcie", "usb", got "pci"/],
  [{ cards: { bus: 'pcie', count: 17 } }, /pools\.cards\.count must be a whole number from 1 to 16, got 17/],
  [
    { cards: { bus: 'usb', count: 2 } },
    /pools\.cards\.count must be 1 on USB, got 2: the sticks have no serial numbers/,
  ],
])('refuses %j', (pools, message) => {
  expect(() => make({ pools })).toThrow(message);
});

test('refuses to name a pool without', () => {
  const { tpus } = make({ pools: { cards: { bus: 'pcie' } } });
  expect(() => tpus.pool('sticks')).toThrow(/pool "sticks" has no Edge TPUs; name one of "cards"/);
  expect(() => tpus.pool('stick')).toThrow(/has no node pool "stick"; did you mean "sticks"\?/);
});
