import { Duration, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { NodeFeatureDiscovery, type NodeFeatureDiscoveryProps } from '../../lib/compute/node-feature-discovery';
import { External, type k8s, type Platform, type Stage, System } from '../../lib/core';
import { type KubeObject } from '../../lib/core/link/types';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

function make(props: NodeFeatureDiscoveryProps = {}): { lab: Platform; features: NodeFeatureDiscovery } {
  const lab = testPlatform();
  return { lab, features: new NodeFeatureDiscovery(lab, 'node-feature-discovery', props) };
}

/** A system that has rules of its own. */
class Consumer extends System {
  readonly stage: Stage;

  constructor(lab: Platform, features?: NodeFeatureDiscovery) {
    super(lab, 'consumer', { name: 'consumer', version: '1' }, {});
    this.stage = this.addStage('install', [features]);
  }
}

interface Workload {
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: k8s.PodSpec } };
}

const container = (lab: Platform, kind: string, name: string) =>
  objectOf<Workload>(lab, kind, name).spec.template.spec.containers[0]!;
const config = (lab: Platform) =>
  JSON.parse(
    objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'nfd-worker-config').data['nfd-worker.conf']!,
  ) as { core: Record<string, unknown>; sources: Record<string, unknown> };

const RULE = {
  labels: { 'lab.example/fast': 'true' },
  matches: [{ feature: 'pci.device', expressions: { vendor: { op: 'In', value: ['10de'] } } }],
} as const;

describe('NodeFeatureDiscovery', () => {
  test('links without a finding, with everything on', () => {
    expect(findingsOf(make().lab)).toEqual([]);
    const lab = testPlatform();
    new NodeFeatureDiscovery(lab, 'node-feature-discovery', {
      topologyUpdater: {},
      metrics: External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its programs are these', () => {
    const { lab } = make();
    const own = objectsOf(lab).filter(({ kind }) => ['DaemonSet', 'Deployment'].includes(kind));
    const facts = own.map((object) => {
      const { spec } = (object as KubeObject & Workload).spec.template;
      const [{ command, args, image, ports, volumeMounts }] = spec.containers as [k8s.Container];
      return {
        [`${object.kind} ${object.metadata.name}`]: {
          image,
          command,
          args,
          ports,
          mounts: volumeMounts?.map(({ mountPath }) => mountPath),
          tolerations: spec.tolerations,
        },
      };
    });
    expectGolden('compute/golden/node-feature-discovery.yaml', dump(Object.assign({}, ...facts) as object));
  });

  test('its CRDs are the three of its group, and the topology one with the updater', () => {
    const crds = (lab: Platform) =>
      objectsOf(lab)
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map(({ metadata }) => metadata.name)
        .sort();
    const group = ['nodefeaturegroups', 'nodefeaturerules', 'nodefeatures'].map((name) => `${name}.nfd.k8s-sigs.io`);
    expect(crds(make().lab)).toEqual(group);
    const withUpdater = make({ topologyUpdater: {} }).lab;
    expect(crds(withUpdater)).toEqual([...group, 'noderesourcetopologies.topology.node.k8s.io']);
    // The API server refuses definitions below k8s.io without it.
    expect(objectOf(withUpdater, 'CustomResourceDefinition', /^noderesource/).metadata.annotations).toHaveProperty([
      'api-approved.kubernetes.io',
    ]);
  });

  test('workers are on every node, tainted ones too, and only they and the updater see the node', () => {
    const { lab } = make({ topologyUpdater: { nodeSelector: { gpus: 'yes' } } });
    const { template } = objectOf<Workload>(lab, 'DaemonSet', 'nfd-worker').spec;
    expect(template.spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(objectOf<Workload>(lab, 'DaemonSet', 'nfd-topology-updater').spec.template.spec.nodeSelector).toMatchObject({
      gpus: 'yes',
    });
    for (const name of ['nfd-master', 'nfd-gc']) {
      expect(objectOf<Workload>(lab, 'Deployment', name).spec.template.spec.volumes).toBeUndefined();
    }
  });

  test('what the workers look at', () => {
    expect(config(make().lab)).toEqual({
      core: { sleepInterval: '60s' },
      sources: { pci: { deviceClassWhitelist: ['02', '03', '0b40', '12'], deviceLabelFields: ['vendor'] } },
    });
    const worker = {
      interval: Duration.minutes(5),
      labelWhiteList: '^pci-',
      featureSources: ['all', '-usb'],
      labelSources: ['pci', 'cpu'],
      pci: { deviceClasses: ['0302'], labelFields: ['class', 'vendor'] },
      usb: { deviceClasses: ['0e'], labelFields: ['device'] },
      cpuFlagsLeftOut: ['AVX10'],
      kernelOptions: ['X86'],
    } as const;
    expect(config(make({ worker }).lab)).toEqual({
      core: {
        sleepInterval: '300s',
        labelWhiteList: '^pci-',
        featureSources: ['all', '-usb'],
        labelSources: ['pci', 'cpu'],
      },
      sources: {
        pci: { deviceClassWhitelist: ['0302'], deviceLabelFields: ['class', 'vendor'] },
        usb: { deviceClassWhitelist: ['0e'], deviceLabelFields: ['device'] },
        cpu: { cpuid: { attributeBlacklist: ['AVX10'] } },
        kernel: { configOpts: ['X86'] },
      },
    });
  });

  test('a change of what they look at restarts the workers', () => {
    const digest = (lab: Platform) =>
      objectOf<{ spec: { template: { metadata: { annotations: object } } } }>(lab, 'DaemonSet', 'nfd-worker').spec
        .template.metadata.annotations;
    expect(digest(make().lab)).not.toEqual(digest(make({ worker: { kernelOptions: ['X86'] } }).lab));
  });

  test('replicas, namespaces, taints, intervals, resources and log level', () => {
    const { lab } = make({
      replicas: 3,
      extraLabelNamespaces: ['lab.kubernetes.io'],
      taints: true,
      collectionInterval: Duration.minutes(10),
      topologyUpdater: { interval: Duration.seconds(15) },
      resources: { master: { memory: Size.gibibytes(2) } },
      logLevel: 4,
    });
    expect(objectOf<Workload>(lab, 'Deployment', 'nfd-master').spec.replicas).toBe(3);
    const master = container(lab, 'Deployment', 'nfd-master');
    expect(master.args).toEqual([
      '-port=8080',
      '-v=4',
      '-enable-leader-election',
      '-extra-label-ns=lab.kubernetes.io',
      '-enable-taints',
    ]);
    expect(master.resources).toMatchObject({ limits: { memory: '2Gi' } });
    expect(container(lab, 'Deployment', 'nfd-gc').args).toContain('-gc-interval=600s');
    expect(container(lab, 'DaemonSet', 'nfd-topology-updater').args).toContain('-sleep-interval=15s');
  });

  test('the kubelet’s place is the distribution’s', () => {
    const { kubeletRoot } = make().lab.distribution;
    const lab = make({ topologyUpdater: {} }).lab;
    const { volumes } = objectOf<Workload>(lab, 'DaemonSet', 'nfd-topology-updater').spec.template.spec;
    expect(volumes).toContainEqual({
      name: 'kubelet-podresources',
      hostPath: { path: `${kubeletRoot}/pod-resources/kubelet.sock` },
    });
  });

  test('a rule of a consumer’s is in its own stage, and labels by all that it names', () => {
    const { lab, features } = make();
    const { stage } = new Consumer(lab, features);
    features.addRule(stage, 'fast', RULE);
    expect(objectOf<{ spec: unknown }>(lab, 'NodeFeatureRule', 'fast').spec).toEqual({
      rules: [
        {
          name: 'fast',
          labels: { 'lab.example/fast': 'true' },
          matchFeatures: [{ feature: 'pci.device', matchExpressions: { vendor: { op: 'In', value: ['10de'] } } }],
        },
      ],
    });
    expect(stage.comesAfter(features.readyAfter[0]!)).toBe(true);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('the label of PCI devices is by their vendor, if they are labelled so', () => {
    expect(make().features.pciLabel('10de')).toBe('feature.node.kubernetes.io/pci-10de.present');
    expect(() => make().features.pciLabel('10DE')).toThrow(
      'lab/node-feature-discovery: vendor must be 4 hexadecimal digits in lower case, got "10DE"; write it as "10de"',
    );
    const pci = (worker: NodeFeatureDiscoveryProps['worker']) => () => make({ worker }).features.pciLabel('10de', '03');
    const sought = 'but another system looks for the label feature.node.kubernetes.io/pci-10de.present; leave it in';
    expect(pci({ pci: { deviceClasses: ['02', '0302'] } })()).toBe('feature.node.kubernetes.io/pci-10de.present');
    expect(pci({ pci: { labelFields: ['class', 'vendor'] } })).toThrow(
      `lab/node-feature-discovery: worker.pci.labelFields ["class","vendor"] makes other labels, ${sought}`,
    );
    expect(pci({ pci: { deviceClasses: ['02'] } })).toThrow(
      `worker.pci.deviceClasses ["02"] leaves the class 03 out, ${sought}`,
    );
    expect(pci({ featureSources: ['all', '-pci'] })).toThrow(`worker.featureSources leaves pci out, ${sought}`);
  });

  test('a label that is left out is refused to those who look for it', () => {
    const label = (worker: NodeFeatureDiscoveryProps['worker']) => () =>
      make({ worker }).features.label('kernel-version.full');
    expect(label({})()).toBe('feature.node.kubernetes.io/kernel-version.full');
    expect(label({ labelSources: ['kernel'] })()).toBe('feature.node.kubernetes.io/kernel-version.full');
    const sought = 'but another system looks for the label feature.node.kubernetes.io/kernel-version.full; leave it in';
    expect(label({ labelSources: ['pci'] })).toThrow(`worker.labelSources leaves kernel out, ${sought}`);
    expect(label({ labelWhiteList: '^pci-' })).toThrow(`worker.labelWhiteList "^pci-" leaves it out, ${sought}`);
  });

  test.each<[string, NodeFeatureDiscoveryProps]>([
    ['replicas must be a whole number from 1 to 5, got 0; one pod leads', { replicas: 0 }],
    ['logLevel must be a whole number from 0 to 10, got 11;', { logLevel: 11 }],
    ['worker.interval must be at least a second, got 0.5 s;', { worker: { interval: Duration.millis(500) } }],
    ['worker.labelWhiteList must be a regular expression, got "(";', { worker: { labelWhiteList: '(' } }],
    ['worker.labelSources must be one of', { worker: { labelSources: ['gpu'] } }],
    [
      'worker.pci.deviceClasses must be hexadecimal digits in lower case, got "3D";',
      { worker: { pci: { deviceClasses: ['3D'] } } },
    ],
    [
      'worker.usb.deviceClasses must be hexadecimal digits in lower case, got "0e0e";',
      { worker: { usb: { deviceClasses: ['0e0e'] } } },
    ],
    [
      'collectionInterval must be at least 60 s, got 1 s; give it more time',
      { collectionInterval: Duration.seconds(1) },
    ],
    ['topologyUpdater.interval must be at least 1 s, got 0 s;', { topologyUpdater: { interval: Duration.seconds(0) } }],
    [
      'extraLabelNamespaces must be DNS names such as "lab.kubernetes.io", got "Lab/"; write it so',
      { extraLabelNamespaces: ['Lab/'] },
    ],
    [
      'resources.topologyUpdater is given, but there is no topologyUpdater; leave it out, or give both',
      { resources: { topologyUpdater: { cpu: 1 } } },
    ],
  ])('refuses: %s', (message, props) => {
    expect(() => make(props)).toThrow(`lab/node-feature-discovery: ${message}`);
  });

  test('refuses rules that the master would only log, or that hit every node', () => {
    const { lab, features } = make();
    const { stage } = new Consumer(lab, features);
    features.addRule(stage, 'fast', RULE);
    const add = (name: string, props: object) => () => features.addRule(stage, name, { ...RULE, ...props });
    expect(add('fast', {})).toThrow(
      'lab/consumer/install/fast: rule "fast" is taken by lab/consumer/install; give this one another name',
    );
    expect(add('none', { labels: {} })).toThrow('labels must name at least one, got {}; add it');
    expect(add('bare', { labels: { fast: 'true' } })).toThrow(
      'label "fast" must have a prefix and a name; write it as "lab.example/fast-nvme"',
    );
    expect(add('value', { labels: { 'lab.example/fast': 'so fast' } })).toThrow(
      'label lab.example/fast must have a label\'s value, got "so fast"; write it as "true"',
    );
    expect(add('all', { matches: [] })).toThrow(
      'matches must name at least one feature, got []; without, every node would get the labels',
    );
  });
});
