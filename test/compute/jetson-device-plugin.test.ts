import { Size } from 'cdk8s';
import { JetsonDevicePlugin, type JetsonDevicePluginProps } from '../../lib/compute/jetson-device-plugin';
import { NodeFeatureDiscovery } from '../../lib/compute/node-feature-discovery';
import { App, Platform } from '../../lib/core';
import { dump } from 'js-yaml';
import { type NodePoolProps, Site } from '../../lib/site';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';

const EDGE: NodePoolProps = {
  name: 'edge',
  nodes: 4,
  hardware: 'jetson-agx-orin-64',
  labels: { 'lab.example/pool': 'edge' },
};
const WORKERS: NodePoolProps = { name: 'workers', nodes: 3, cpu: { cores: 32 }, memory: Size.gibibytes(256) };

function make(
  props: Partial<JetsonDevicePluginProps> = {},
  pools: readonly NodePoolProps[] = [EDGE],
  distribution: 'kubeadm' | 'k3s' | 'openshift' = 'kubeadm',
) {
  const site = new Site({ name: 'test', domain: 'test.example', nodePools: [WORKERS, ...pools], networks: [] });
  const lab = new Platform(new App({ outdir: '/nonexistent' }), 'lab', { site, distribution });
  const nodeFeatures = new NodeFeatureDiscovery(lab, 'nfd');
  return { lab, jetsons: new JetsonDevicePlugin(lab, 'jetson', { nodeFeatures, ...props }) };
}

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Record<string, string> };
      readonly spec: {
        readonly nodeSelector: Record<string, string>;
        readonly tolerations?: readonly object[];
        readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
        readonly containers: readonly [
          {
            readonly image: string;
            readonly env: readonly { readonly name: string; readonly value: string }[];
            readonly securityContext: object;
            readonly resources: { readonly limits: Record<string, string> };
          },
        ];
      };
    };
  };
}
const pluginOf = (lab: Platform, pool = 'edge') =>
  objectOf<DaemonSet>(lab, 'DaemonSet', `plugin-${pool}`).spec.template;
const configOf = (lab: Platform, pool = 'edge') =>
  objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', `config-${pool}`).data['config.yaml'];

test('links with its defaults, and is as the golden file', () => {
  const { lab } = make();
  expect(findingsOf(lab)).toEqual([]);
  const plugin = objectOf(lab, 'DaemonSet', 'plugin-edge');
  expectGolden('compute/golden/jetson-device-plugin.yaml', dump(plugin, { lineWidth: 130, noRefs: true }));
});

test('finds Jetsons by their kernel, and runs their pods by NVIDIA’s runtime there', () => {
  const { lab, jetsons } = make();
  expect(objectOf(lab, 'NodeFeatureRule', 'jetson')).toMatchObject({
    spec: {
      rules: [
        {
          labels: { 'onprem-ml.io/jetson': 'true' },
          matchFeatures: [
            { feature: 'kernel.version', matchExpressions: { full: { op: 'InRegexp', value: ['-tegra$'] } } },
          ],
        },
      ],
    },
  });
  expect(objectOf(lab, 'RuntimeClass', 'jetson')).toMatchObject({
    handler: 'nvidia',
    scheduling: { nodeSelector: { 'onprem-ml.io/jetson': 'true' } },
  });
  const pool = jetsons.pool('edge');
  expect(pool.runtimeClassName).toBe('jetson');
  expect(pool.resource).toEqual({ name: 'nvidia.com/gpu', perNode: 1, whole: true });
  expect(pool.placement).toEqual({
    nodeSelector: { 'onprem-ml.io/jetson': 'true', 'lab.example/pool': 'edge' },
    tolerations: [],
  });
  const { command } = jetsons.instructions[0]!;
  expect(command).toContain('--nvidia-runtime-name=nvidia');
});

test('has containerd be told of the runtime, but where the distribution finds it itself', () => {
  const command = (props: Partial<JetsonDevicePluginProps>, distribution?: 'k3s') =>
    make(props, [EDGE], distribution).jetsons.instructions.map((each) => each.command);
  expect(command({})).toEqual([expect.stringContaining('nvidia-ctk runtime configure')]);
  expect(command({}, 'k3s')).toEqual(['command -v nvidia-container-runtime']);
  expect(command({ runtimeHandler: 'nvidia-legacy' }, 'k3s')).toEqual([expect.stringContaining('nvidia-legacy')]);
});

test('takes another name of the runtime', () => {
  const { lab } = make({ runtimeHandler: 'nvidia-legacy' });
  expect(objectOf(lab, 'RuntimeClass', 'jetson')).toMatchObject({ handler: 'nvidia-legacy' });
  expect(() => make({ runtimeHandler: 'NVIDIA Runtime' })).toThrow(
    /runtimeHandler must be a name of lower-case letters, got "NVIDIA Runtime"; write it as "nvidia"/,
  );
});

test('tells the plugin what it runs on, and gives it no more than kubelet’s sockets', () => {
  const { spec } = pluginOf(make().lab);
  expect(spec.containers[0].env).toEqual(
    expect.arrayContaining([{ name: 'DEVICE_DISCOVERY_STRATEGY', value: 'tegra' }]),
  );
  expect(spec.volumes.filter(({ hostPath }) => hostPath)).toEqual([
    { name: 'sockets', hostPath: { path: '/var/lib/kubelet/device-plugins', type: 'Directory' } },
  ]);
  expect(spec.containers[0].securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  });
});

test('shares by time, which may be said after the plugin was made, and restarts it then', () => {
  const { lab, jetsons } = make();
  expect(configOf(make().lab)).toBe('version: v1\n');
  expect(jetsons.pool('edge').share({ timeSlices: 4 })).toEqual({ name: 'nvidia.com/gpu', perNode: 4, whole: false });
  expect(jetsons.pool('edge').share({ timeSlices: 4 }).perNode).toBe(4);
  expect(configOf(lab)).toContain('- name: nvidia.com/gpu\n        replicas: 4\n');
  const digest = (platform: Platform) => pluginOf(platform).metadata.annotations['onprem-ml.io/config-digest'];
  expect(digest(lab)).not.toBe(digest(make().lab));
});

test.each([
  [{ mig: '1g.5gb' }, /can't be shared by {"mig":"1g.5gb"}: a Jetson's GPU has no MIG/],
  [{ mps: 2 }, /can't be shared by {"mps":2}.*NVIDIA's plugin no Multi-Process Service for it; give timeSlices/],
  [{ timeSlices: 1 }, /pool "edge": timeSlices must be a whole number from 2 to 64, got 1/],
])('refuses to share by %j', (sharing, message) => {
  expect(() => make().jetsons.pool('edge').share(sharing)).toThrow(message);
});

test('refuses a second way of sharing', () => {
  const pool = make().jetsons.pool('edge');
  pool.share({ timeSlices: 2 });
  expect(() => pool.share({ timeSlices: 3 })).toThrow(/pool "edge" is shared by 2 pods already, got 3/);
});

test('tolerates the taints of its pool, and sizes the plugin as asked', () => {
  const taints = [{ key: 'edge', value: 'factory', effect: 'NoSchedule' }] as const;
  const { lab } = make({ resources: { plugin: { memory: Size.mebibytes(96) } } }, [{ ...EDGE, taints }]);
  const { spec } = pluginOf(lab);
  expect(spec.tolerations).toEqual([{ key: 'edge', operator: 'Equal', value: 'factory', effect: 'NoSchedule' }]);
  expect(spec.containers[0].resources.limits.memory).toBe('96Mi');
});

test('finds kubelet where the distribution has it', () => {
  const { lab } = make({}, [EDGE], 'k3s');
  const [sockets] = pluginOf(lab).spec.volumes;
  expect(sockets?.hostPath?.path).toBe(`${lab.distribution.kubeletRoot}/device-plugins`);
  const bindings = (platform: Platform) => objectsOf(platform).filter(({ kind }) => kind === 'RoleBinding').length;
  expect(bindings(make({}, [EDGE], 'openshift').lab)).toBeGreaterThan(bindings(lab));
});

test('keeps pools apart, and takes Jetsons alone', () => {
  const nano: NodePoolProps = {
    ...EDGE,
    name: 'nx',
    hardware: 'jetson-orin-nx-8',
    labels: { 'lab.example/pool': 'nx' },
  };
  const { lab, jetsons } = make({}, [EDGE, nano]);
  expect(jetsons.pools.map(({ nodes }) => nodes.name)).toEqual(['edge', 'nx']);
  expect(findingsOf(lab)).toEqual([]);
  expect(() => make({}, [EDGE, { ...nano, labels: {} }])).toThrow(
    /pools "edge" and "nx" both have Jetsons, and no label/,
  );
  expect(() => make({}, [])).toThrow(/site test has no Jetsons; give a pool the hardware "jetson-agx-orin-64"/);
  expect(() => jetsons.pool('workers')).toThrow(/pool "workers" has no GPUs, this plugin is for Jetsons; name one of/);
  const two = { model: 'Orin', count: 2, memory: Size.gibibytes(8) };
  const rack: NodePoolProps = { name: 'rack', nodes: 1, cpu: { cores: 8 }, memory: Size.gibibytes(64), gpus: two };
  expect(() => make({}, [rack])).toThrow(/pool "rack" has 2 GPUs a node, but a Jetson has one; correct the site/);
});
