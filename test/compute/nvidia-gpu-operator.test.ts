import { Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { type k8s } from '../../lib/core';
import { type KubeObject } from '../../lib/core/link/types';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { NodeFeatureDiscovery } from '../../lib/compute/node-feature-discovery';
import { NvidiaGpuOperator } from '../../lib/compute/nvidia-gpu-operator';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import {
  A100,
  B200,
  driver,
  files,
  L4,
  make,
  MI300X,
  nodeLabels,
  policy,
  type OperandSpec,
  pool,
  RTX4090,
  selectorOf,
} from './nvidia-gpu-operator-support';

/** The images that the ClusterPolicy has the operator run, as it puts them together. */
function policyImages(spec: object, os: string): string[] {
  const found: string[] = [];
  const walk = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { repository, image, version } = value as OperandSpec;
    if (repository !== undefined) {
      const ending = ['driver', 'gds', 'gdrcopy'].includes(name) ? `-${os}` : '';
      const tag = version!.startsWith('sha256:') ? `@${version}` : `:${version}${ending}`;
      found.push(`${repository}/${image}${tag}`);
    }
    for (const [key, part] of Object.entries(value)) walk(key, part);
  };
  walk('spec', spec);
  return found;
}

describe('NvidiaGpuOperator', () => {
  test.each([
    ['defaults', {}],
    ['metrics', { metrics: true, standaloneDcgm: true, nodeStatus: true, podLabels: true }],
    ['a preinstalled driver', { driver: 'preinstalled', preinstalledToolkit: true }],
    ['drivers by pool', { poolDrivers: { training: { directStorage: true, gdrCopy: true } } }],
    [
      'configuration',
      { driver: { packages: { files: { 'a.list': 'deb http://mirror.lab.example:8081/ noble main' } } } },
    ],
  ] as const)('links without a finding: %s', (_, props) => {
    expect(findingsOf(make(props).lab)).toEqual([]);
  });

  test('links on K3s, with one box', () => {
    const { lab } = make({}, { pools: [pool('box', L4, { nodes: 1, labels: {} })], platform: { distribution: 'k3s' } });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its policy is this', () => {
    const lab = make({ metrics: true });
    lab.gpus.pool('training').share({ mig: '3g.40gb' });
    lab.gpus.pool('inference').share({ timeSlices: 4 });
    expectGolden(
      'compute/golden/nvidia-gpu-operator.yaml',
      [policy(lab), files(lab, 'device-plugin-config'), files(lab, 'mig-config'), nodeLabels(lab)]
        .map((each) => dump(each))
        .join('---\n'),
    );
  });

  test('every image that the operator starts is on the platform’s list', () => {
    const lab = make({
      metrics: true,
      standaloneDcgm: true,
      nodeStatus: true,
      driver: { directStorage: true, gdrCopy: true },
    });
    const images = policyImages(policy(lab), 'ubuntu24.04');
    expect(images.length).toBeGreaterThan(10);
    expect([...lab.lab.images.keys()]).toEqual(expect.arrayContaining(images));
    const env = objectOf<KubeObject & { spec: { template: { spec: k8s.PodSpec } } }>(
      lab.lab,
      'Deployment',
      'gpu-operator',
    ).spec.template.spec.containers[0]!.env!;
    for (const name of ['DRIVER_MANAGER_IMAGE', 'VALIDATOR_IMAGE']) {
      expect(images).toContain(env.find((each) => each.name === name)!.value);
    }
  });

  test('a mirror replaces the registry in all of them', () => {
    const lab = make(
      { metrics: true, driver: { directStorage: true } },
      { platform: { registryMirror: 'registry.lab.example:5000/mirror' } },
    );
    const images = policyImages(policy(lab), 'ubuntu24.04');
    expect(images.filter((image) => !image.startsWith('registry.lab.example:5000/mirror/nvidia/'))).toEqual([]);
    expect([...lab.lab.images.keys()]).toEqual(expect.arrayContaining(images));
    expect(findingsOf(lab.lab)).toEqual([]);
  });

  test('another build of an image takes its place, by digest too', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const lab = make(
      {},
      { platform: { images: { 'nvcr.io/nvidia/k8s-device-plugin': `registry.lab.example/plugin:1@${digest}` } } },
    );
    expect(policy(lab).devicePlugin).toMatchObject({
      repository: 'registry.lab.example',
      image: 'plugin',
      version: digest,
    });
  });

  test('what isn’t deployed names no image', () => {
    const spec = policy(make({ driver: 'preinstalled', preinstalledToolkit: true }));
    for (const operand of ['toolkit', 'dcgm', 'dcgmExporter', 'nodeStatusExporter']) {
      expect(spec[operand]).toMatchObject({ enabled: false });
      expect(spec[operand]).not.toHaveProperty('repository');
    }
    for (const operand of ['sandboxWorkloads', 'ccManager', 'vgpuManager', 'vfioManager']) {
      expect(spec[operand]).toEqual({ enabled: false });
    }
    expect(spec.driver).toMatchObject({ enabled: false, useNvidiaDriverCRD: false });
  });

  test('operands tolerate what the pools are tainted with, and what is asked for', () => {
    const taints = [
      { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' },
      { key: 'reserved', effect: 'NoExecute' },
    ] as const;
    const lab = make(
      {
        tolerations: [{ key: 'lab', operator: 'Exists' }],
        priorityClassName: 'system-cluster-critical',
        maxUnavailable: '10%',
      },
      { pools: [pool('training', A100, { taints }), pool('inference', L4, { taints })] },
    );
    expect(policy(lab).daemonsets).toMatchObject({
      tolerations: [
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'dedicated', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' },
        { key: 'reserved', operator: 'Exists', effect: 'NoExecute' },
        { key: 'lab', operator: 'Exists' },
      ],
      priorityClassName: 'system-cluster-critical',
      rollingUpdate: { maxUnavailable: '10%' },
    });
    expect(lab.gpus.pool('training').placement).toEqual({
      nodeSelector: { 'onprem-ml.example/pool': 'training' },
      tolerations: [
        { key: 'dedicated', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' },
        { key: 'reserved', operator: 'Exists', effect: 'NoExecute' },
      ],
    });
  });

  test('the toolkit finds containerd where the distribution has it, and CRI-O by itself', () => {
    const env = (distribution: 'kubeadm' | 'rke2' | 'k3s') =>
      (policy(make({}, { platform: { distribution } })).toolkit!.env as { name: string; value: string }[]).map(
        ({ name, value }) => `${name}=${value}`,
      );
    expect(env('k3s')).toEqual([
      'CONTAINERD_CONFIG=/var/lib/rancher/k3s/agent/etc/containerd/config.toml',
      'CONTAINERD_SOCKET=/run/k3s/containerd/containerd.sock',
      'RUNTIME_DROP_IN_CONFIG=/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/99-nvidia.toml',
      'RUNTIME_CONFIG_SOURCE=file=/var/lib/rancher/k3s/agent/etc/containerd/config.toml',
    ]);
    expect(env('kubeadm')).toHaveLength(3);
    expect(env('rke2')[0]).toBe('CONTAINERD_CONFIG=/var/lib/rancher/rke2/agent/etc/containerd/config.toml');
    expect(env('kubeadm')[1]).toBe('CONTAINERD_SOCKET=/run/containerd/containerd.sock');
    const openshift = make({ driver: { os: ['rhcos4.22'] } }, { platform: { distribution: 'openshift' } });
    expect(policy(openshift).toolkit).not.toHaveProperty('env');
  });

  test('the drivers of pools with MIG alone make a MIG manager', () => {
    expect(policy(make()).migManager).toMatchObject({ enabled: true, config: { name: 'mig-config', default: '' } });
    expect(policy(make({ migReboot: true })).migManager).toMatchObject({
      env: [{ name: 'WITH_REBOOT', value: 'true' }],
    });
    const consumer = make({}, { pools: [pool('box', RTX4090)] });
    expect(policy(consumer).migManager).toEqual({ enabled: false });
    expect(objectsOf(consumer.lab).some(({ metadata }) => metadata.name === 'mig-config')).toBe(false);
    expect(nodeLabels(consumer)).toEqual({
      [selectorOf('box')]: {
        'nvidia.com/gpu.deploy.operands': 'true',
        'nvidia.com/device-plugin.config': 'whole',
      },
    });
  });

  test('metrics come from the exporter’s own Service, and the operator makes no monitor for it', () => {
    const lab = make({
      metrics: true,
      gpuMetrics: [{ field: 'DCGM_FI_DEV_GPU_UTIL', type: 'gauge', help: 'Utilization in percent' }],
      podLabels: true,
    });
    expect(policy(lab).dcgmExporter).toMatchObject({
      enabled: true,
      serviceMonitor: { enabled: false },
      enablePodLabels: true,
      config: { name: expect.stringMatching(/^gpu-metrics-[0-9a-f]{8}$/) as string },
    });
    expect(files(lab, /^gpu-metrics-/)).toEqual({
      'dcgm-metrics.csv': 'DCGM_FI_DEV_GPU_UTIL, gauge, Utilization in percent\n',
    });
    const monitor = objectOf<KubeObject & { spec: Record<string, unknown> }>(lab.lab, 'ServiceMonitor', 'gpus-nvidia');
    expect(monitor.spec).toMatchObject({
      selector: { matchLabels: { app: 'nvidia-dcgm-exporter' } },
      endpoints: [{ port: 'gpu-metrics', interval: '30s', honorLabels: true }],
    });
    expect(objectOf(lab.lab, 'NetworkPolicy', 'scrape-gpus-nvidia')).toMatchObject({
      spec: { podSelector: { matchLabels: { app: 'nvidia-dcgm-exporter' } }, ingress: [{ ports: [{ port: 9400 }] }] },
    });
    expect(objectOf(lab.lab, 'PrometheusRule', 'gpus-nvidia')).toBeDefined();
    expect(Object.values(files(make({ metrics: true }), /^gpu-metrics-/)).join()).toContain(
      'DCGM_EXP_XID_ERRORS_COUNT',
    );
    expect(policy(make()).dcgmExporter).toEqual({ enabled: false, serviceMonitor: { enabled: false } });
  });

  test('operands reach the API server, the driver alone its packages, and the exporter the host engine', () => {
    const egress = (lab: ReturnType<typeof make>, name: string) =>
      objectOf<KubeObject & { spec: { egress: { ports: { port: number }[] }[] } }>(lab.lab, 'NetworkPolicy', name)
        .spec.egress.flatMap(({ ports }) => ports)
        .map(({ port }) => port);
    const lab = make({ metrics: true, standaloneDcgm: true });
    expect(egress(lab, 'operands')).toEqual([53, 53, 6443]);
    expect(egress(lab, 'driver-packages')).toEqual([80, 443]);
    expect(egress(lab, 'dcgm-exporter')).toEqual([5555]);
    expect(objectOf(lab.lab, 'NetworkPolicy', 'operands')).toMatchObject({
      spec: { podSelector: { matchLabels: (policy(lab).daemonsets as { labels: object }).labels } },
    });
    const offline = make({
      driver: { packages: { files: { a: 'deb http://10.0.0.5:8081/ noble main' }, cidr: '10.0.0.5/32' } },
    });
    expect(objectOf(offline.lab, 'NetworkPolicy', 'driver-packages')).toMatchObject({
      spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.5/32' } }], ports: [{ port: 8081 }] }] },
    });
    const precompiled = make({ driver: { precompiled: ['6.8.0-60-generic'] } });
    expect(objectsOf(precompiled.lab).some(({ metadata }) => metadata.name === 'driver-packages')).toBe(false);
  });

  test('operands get the resources given to them', () => {
    const spec = policy(make({ resources: { devicePlugin: { memory: Size.mebibytes(256) }, gfd: { cpu: 0.5 } } }));
    expect(spec.devicePlugin!.resources).toEqual({
      requests: { cpu: '50m', memory: '256Mi' },
      limits: { memory: '256Mi' },
    });
    expect(spec.gfd!.resources).toEqual({ requests: { cpu: '500m', memory: '128Mi' } });
  });

  test('the mirror’s Secret is given besides a registry’s own', () => {
    const registryMirror = { host: 'registry.lab.example', pullCredentials: { secret: 'registry-pull' } };
    const lab = make({}, { secret: 'nvcr', platform: { registryMirror } });
    expect(policy(lab).devicePlugin!.imagePullSecrets).toEqual(['nvcr', 'registry-pull']);
    const { spec } = objectOf<{ spec: { template: { spec: object } } }>(lab.lab, 'Deployment', 'gpu-operator');
    // A pod that names one doesn't get its ServiceAccount's.
    expect(spec.template.spec).toHaveProperty('imagePullSecrets', [{ name: 'nvcr' }, { name: 'registry-pull' }]);
    expect(findingsOf(lab.lab)).toEqual([]);
  });

  test('a registry’s credentials are given to every operand', () => {
    const lab = make({ metrics: true, standaloneDcgm: true, nodeStatus: true }, { secret: 'nvcr' });
    const spec = policy(lab);
    for (const operand of [
      'driver',
      'toolkit',
      'devicePlugin',
      'gfd',
      'dcgm',
      'dcgmExporter',
      'migManager',
      'validator',
    ]) {
      expect([operand, spec[operand]!.imagePullSecrets]).toEqual([operand, ['nvcr']]);
    }
    expect(lab.lab.externals).toContainEqual({
      kind: 'Secret',
      namespace: 'gpu-operator',
      name: 'nvcr',
      keys: ['.dockerconfigjson'],
    });
    expect(findingsOf(make({ driver: { os: ['ubuntu24.04', 'rhel9.6'] } }, { secret: 'nvcr' }).lab)).toEqual([]);
  });

  test('what builds on GPUs waits until all operands are up on all nodes with GPUs', () => {
    const { lab, gpus } = make();
    expect(gpus.readyAfter.flatMap(({ gates }) => gates)).toEqual([
      {
        type: 'field',
        resource: 'clusterpolicies.nvidia.com',
        name: 'cluster-policy',
        jsonPath: '{.status.conditions[?(@.type=="Ready")].reason}',
        value: 'Reconciled',
      },
    ]);
    const script = platformFiles(linked(lab).bundle).find(({ name }) => name === 'apply.sh')!.text;
    expect(script).toContain(`'{.status.conditions[?(@.type=="Ready")].reason}'`);
    expect(gpus.pool('training').readyAfter).toEqual(gpus.readyAfter);
  });

  test('with AMD’s GPUs in the site too, it drives NVIDIA’s alone', () => {
    const lab = make({}, { pools: [pool('amd', MI300X), pool('nvidia', B200)] });
    expect(lab.gpus.pools.map(({ nodes }) => nodes.name)).toEqual(['nvidia']);
    expect(Object.keys(nodeLabels(lab))).toEqual([selectorOf('nvidia')]);
  });

  test('the only pool with NVIDIA’s GPUs needs no label of its own', () => {
    const { gpus } = make({}, { pools: [pool('box', L4, { labels: {} }), pool('other', undefined, { labels: {} })] });
    expect(gpus.pool('box').placement.nodeSelector).toEqual({ 'nvidia.com/gpu.present': 'true' });
  });

  test('what the policy names must exist', () => {
    expect(findingsOf(make({ priorityClassName: 'gpu-critical' }).lab)).toEqual([
      expect.stringContaining('spec.daemonsets.priorityClassName "gpu-critical"'),
    ]);
    const byPool = make({ priorityClassName: 'gpu-critical', poolDrivers: { training: {} } });
    expect(findingsOf(byPool.lab)).toHaveLength(3);
  });

  test('labels that the operator looks for must be there', () => {
    const lab = testPlatform({ site: make().lab.site });
    const nodeFeatures = new NodeFeatureDiscovery(lab, 'nfd', { worker: { labelSources: ['pci', 'kernel'] } });
    expect(() => new NvidiaGpuOperator(lab, 'gpu-operator', { nodeFeatures })).toThrow(
      'lab/nfd: worker.labelSources leaves system out, but another system looks for the label feature.node.kubernetes.io/system-os_release.ID; leave it in',
    );
  });

  test('pools can be left out, whose nodes then get no operands', () => {
    const lab = make({ pools: ['inference'] });
    const { gpus } = lab;
    expect(nodeLabels(lab)[selectorOf('training')]).toEqual({ 'nvidia.com/gpu.deploy.operands': 'false' });
    expect(nodeLabels(lab)[selectorOf('inference')]).toMatchObject({ 'nvidia.com/gpu.deploy.operands': 'true' });
    expect(gpus.pools.map(({ nodes }) => nodes.name)).toEqual(['inference']);
    expect(() => gpus.pool('training')).toThrow(
      'lab/gpu-operator: pool "training" has no GPUs that are driven here; there is "inference"',
    );
  });

  test('the drivers differ by pool with NVIDIADriver resources', () => {
    const lab = make({ driver: { version: '595.91.07' }, poolDrivers: { training: { gdrCopy: true } } });
    expect(policy(lab).driver).toMatchObject({ enabled: true, useNvidiaDriverCRD: true });
    expect(policy(lab).driver).not.toHaveProperty('version');
    expect(policy(lab).gdrcopy).toEqual({ enabled: true });
    expect(driver(lab, 'default')).toMatchObject({ default: true, version: '595.91.07', gdrcopy: { enabled: false } });
    expect(driver(lab, 'default')).not.toHaveProperty('nodeSelector');
    expect(driver(lab, 'training')).toMatchObject({
      default: false,
      version: '580.173.02',
      nodeSelector: { 'onprem-ml.example/pool': 'training' },
      gdrcopy: { enabled: true, image: 'gdrdrv' },
    });
  });

  test('nodes whose driver is preinstalled among others are labelled so, and get none', () => {
    const lab = make({ poolDrivers: { training: 'preinstalled' } });
    expect(nodeLabels(lab)[selectorOf('training')]).toMatchObject({ 'nvidia.com/gpu.deploy.driver': 'pre-installed' });
    expect(nodeLabels(lab)[selectorOf('inference')]).not.toHaveProperty(['nvidia.com/gpu.deploy.driver']);
    expect(objectsOf(lab.lab).filter(({ kind }) => kind === 'NVIDIADriver')).toHaveLength(1);
  });
});
