import { Size } from 'cdk8s';
import { join } from 'node:path';
import { LAB } from '../../blueprints/lab';
import { TrainingCluster, type TrainingClusterProps } from '../../blueprints/training-cluster';
import {
  App,
  External,
  image,
  type k8s,
  type NodePoolProps,
  type Platform,
  Site,
  System,
  TrainingJob,
  type TrainingJobProps,
} from '../../lib';
import { type KubeObject } from '../../lib/core/link/types';
import { findingsOf, objectOf, objectsOf } from '../support';

const site = (name: string) => Site.fromFile(join(__dirname, '../../blueprints/sites', `${name}.yaml`));
const lab = site('dgx-lab');
const workstations = site('workstations');
const edge = site('edge');

const OPEN: NodePoolProps = { name: 'open', nodes: 4, cpu: { cores: 32 }, memory: Size.gibibytes(256) };
const AMD: NodePoolProps = {
  name: 'mi300x',
  nodes: 2,
  hardware: 'as-8125gs-tnmr2',
  cpu: { cores: 96 },
  memory: Size.tebibytes(2),
  labels: { gpu: 'mi300x' },
};
const CORAL: NodePoolProps = {
  name: 'cameras',
  nodes: 3,
  hardware: 'coral-dev-board',
  memory: Size.gibibytes(4),
  labels: { tpu: 'cameras' },
};
const made = (...nodePools: readonly NodePoolProps[]) =>
  new Site({
    name: 'made',
    domain: 'made.example',
    nodePools: [OPEN, ...nodePools],
    networks: [
      { name: 'services', cidr: '10.20.0.0/24', loadBalancerRanges: ['10.20.0.100-10.20.0.199'] },
      { name: 'roce', cidr: '10.40.0.0/24' },
    ],
    storageClasses: [{ name: 'fast', tier: 'hot', default: true }],
  });
const withRoce = made({
  name: 'gpu',
  nodes: 2,
  hardware: 'xe9680-h100',
  cpu: { cores: 96 },
  memory: Size.tebibytes(2),
  networkPorts: [{ type: 'ethernet', speed: '400Gb/s', count: 2, network: 'roce' }],
});
const ROCE = { networks: { roce: { interfaces: ['ens1f0np0', 'ens2f0np0'], addresses: '10.40.0.128-10.40.0.254' } } };

const collected = (platform: Platform) =>
  External.prometheus(platform, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });

function make(props: Partial<TrainingClusterProps> = {}): TrainingCluster {
  return new TrainingCluster(new App({ outdir: '/nonexistent' }), 'lab', { site: lab, ...props });
}

function refused(
  props: Partial<TrainingClusterProps>,
  then: (platform: TrainingCluster) => unknown = () => {},
): string {
  try {
    then(make(props));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

function train(platform: TrainingCluster, props: Partial<TrainingJobProps> = {}): TrainingJob {
  return new TrainingJob(platform, 'resnet', {
    training: platform.training,
    gpusPerNode: 1,
    image: image('registry.lab.example/resnet:1.4'),
    command: ['torchrun', '/app/train.py'],
    ...props,
  });
}

/** What drives the site's hardware, in the order it is there. */
const drivers = (platform: TrainingCluster) =>
  platform.node.children
    .filter((child): child is System => child instanceof System)
    .map((system) => system.description.name)
    .filter((name) => /gpu|tpu|jetson|network-operator/.test(name));

interface ClusterQueue {
  readonly spec: {
    readonly fairSharing: { readonly weight: string };
    readonly resourceGroups: readonly [
      {
        readonly flavors: readonly {
          readonly name: string;
          readonly resources: readonly { readonly name: string; readonly nominalQuota: string }[];
        }[];
      },
    ];
  };
}

/** A team's own by pool: `16 nvidia.com/gpu`, or cores where the pool has no GPUs. */
function quotas(platform: TrainingCluster, team: string): Record<string, string> {
  const [{ flavors }] = objectOf<ClusterQueue>(platform, 'ClusterQueue', team).spec.resourceGroups;
  return Object.fromEntries(
    flavors.map(({ name, resources }) => {
      const gpus = resources.find((each) => each.name.includes('/') && each.nominalQuota !== '0');
      const { name: what, nominalQuota } = gpus ?? resources.find((each) => each.name === 'cpu')!;
      return [name, `${nominalQuota} ${what}`];
    }),
  );
}

const container = (platform: TrainingCluster, kind: string, name: string, namespace: string) =>
  objectOf<{ spec: { template: { spec: k8s.PodSpec } } }>(platform, kind, name, namespace).spec.template.spec
    .containers[0]!;

describe('TrainingCluster', () => {
  test.each<[string, Partial<TrainingClusterProps>]>([
    ['the example lab', LAB],
    ['the example lab whose metrics are collected', { ...LAB, metrics: collected }],
    ['the example workstations', { site: workstations, distribution: 'k3s' }],
    ['a box with one GPU', { site: edge, distribution: 'k3s' }],
    ["AMD's GPUs", { site: made(AMD), metrics: collected }],
    ['Edge TPUs alone', { site: made(CORAL), metrics: collected }],
    ['RoCE', { site: withRoce, nvidiaNetworkOperator: ROCE }],
  ])('links without a finding for %s', (_what, props) => {
    expect(findingsOf(make(props))).toEqual([]);
  });

  test.each<[string, Partial<TrainingClusterProps>, string[]]>([
    ['InfiniBand and GPUs of NVIDIA', {}, ['gpu-operator', 'nvidia-network-operator']],
    ['a Jetson too', { site: workstations, distribution: 'k3s' }, ['gpu-operator', 'jetson-device-plugin']],
    ["AMD's GPUs and Edge TPUs", { site: made(AMD, CORAL) }, ['amd-gpu-operator', 'edge-tpu-device-plugin']],
    ['Ethernet that nobody says does RDMA', { site: withRoce }, ['gpu-operator']],
    ['RoCE', { site: withRoce, nvidiaNetworkOperator: ROCE }, ['gpu-operator', 'nvidia-network-operator']],
  ])('has what the site needs: %s', (_what, props, wanted) => {
    expect(drivers(make(props))).toEqual(wanted);
  });

  test('gives all GPUs to one team where none is named', () => {
    expect(quotas(make(), 'training')).toEqual({ training: '32 nvidia.com/gpu', inference: '16 nvidia.com/gpu' });
    const room = make({ site: workstations, distribution: 'k3s', sharing: { desk: { timeSlices: 4 } } });
    expect(quotas(room, 'training')).toEqual({ desk: '12 nvidia.com/gpu.shared', edge: '1 nvidia.com/gpu' });
  });

  test('gives each team a queue of what is its own, in a namespace of its name', () => {
    const platform = make({
      teams: {
        vision: { gpus: { training: 24 }, nodes: { storage: { cpu: 16, memory: Size.gibibytes(64) } } },
        language: { gpus: { training: 8, inference: 16 }, weight: 2 },
      },
    });
    expect(quotas(platform, 'vision')).toEqual({ storage: '16 cpu', training: '24 nvidia.com/gpu' });
    expect(quotas(platform, 'language')).toEqual({ training: '8 nvidia.com/gpu', inference: '16 nvidia.com/gpu' });
    const weight = (team: string) => objectOf<ClusterQueue>(platform, 'ClusterQueue', team).spec.fairSharing.weight;
    expect([weight('vision'), weight('language')]).toEqual(['1', '2']);
    expect(platform.queue('vision')).toMatchObject({ name: 'vision', namespace: 'vision' });
    expect(platform.addTeam('interns', { gpus: { training: 0 } })).toBe(platform.queue('interns'));
    expect(findingsOf(platform)).toEqual([]);
  });

  test('shares the GPUs of a pool as said, and counts in the parts', () => {
    const platform = make({
      sharing: { inference: { mig: '1g.10gb' }, training: { mps: 2 } },
      teams: { all: { gpus: { inference: 112, training: 64 } } },
    });
    expect(platform.gpuPool('inference').resource).toEqual({
      name: 'nvidia.com/mig-1g.10gb',
      perNode: 28,
      whole: false,
    });
    expect(quotas(platform, 'all')).toEqual({
      inference: '112 nvidia.com/mig-1g.10gb',
      training: '64 nvidia.com/gpu.shared',
    });
    expect(findingsOf(platform)).toEqual([]);
  });

  test("takes each system's own props", () => {
    const platform = make({
      nodeFeatureDiscovery: { logLevel: 3 },
      nvidiaGpuOperator: { driver: 'preinstalled' },
      nvidiaNetworkOperator: { networks: { infiniband: { podsPerNode: 3 } } },
      kueue: { cohort: 'everybody', logLevel: 5 },
      jobSet: { logLevel: 'debug' },
      kubeflowTrainer: { runtimes: ['torch'] },
      mlflow: { workers: 3 },
    });
    expect(findingsOf(platform)).toEqual([]);
    const spec = (kind: string, name: string) => objectOf<KubeObject & { spec: object }>(platform, kind, name).spec;
    expect(container(platform, 'Deployment', 'nfd-master', 'node-feature-discovery').args).toContain('-v=3');
    expect(spec('ClusterPolicy', 'cluster-policy')).toMatchObject({ driver: { enabled: false } });
    expect(JSON.stringify(spec('NicClusterPolicy', 'nic-cluster-policy'))).toContain('\\"rdmaHcaMax\\":3');
    expect(spec('ClusterQueue', 'training')).toMatchObject({ cohortName: 'everybody' });
    expect(container(platform, 'Deployment', 'controller-manager', 'kueue').args).toContain('--zap-log-level=5');
    expect(container(platform, 'Deployment', 'jobset-controller-manager', 'jobset').args).toContain(
      '--zap-log-level=debug',
    );
    const runtimes = objectsOf(platform).filter(({ kind }) => kind === 'ClusterTrainingRuntime');
    expect(runtimes.map(({ metadata }) => metadata.name)).toEqual(['torch-distributed']);
    const env = container(platform, 'Deployment', 'server', 'mlflow').env!;
    expect(env.find(({ name }) => name === 'MLFLOW_WORKERS')!.value).toBe('3');

    const amd = make({ site: made(AMD), amdGpuOperator: { partitions: { mi300x: 'cpx_nps1' } } });
    expect(quotas(amd, 'training')).toEqual({ mi300x: '128 amd.com/cpx_nps1' });
    const jetson = make({ site: workstations, jetsonDevicePlugin: { runtimeHandler: 'nvidia-legacy' } });
    expect(objectOf(jetson, 'RuntimeClass', 'jetson')).toMatchObject({ handler: 'nvidia-legacy' });
    const tpus = make({ site: made(AMD), edgeTpuDevicePlugin: { pools: { open: { bus: 'pcie', count: 2 } } } });
    expect(tpus.gpuPool('open').resource).toMatchObject({ name: 'onprem-ml.io/edge-tpu', perNode: 2 });
  });

  test('has the metrics of all that it adds collected, and alerts about its GPUs', () => {
    const of = (kind: string, props: Partial<TrainingClusterProps>) =>
      objectsOf(make(props))
        .filter((object) => object.kind === kind)
        .map(({ metadata }) => metadata.namespace);
    const added = ['node-feature-discovery', 'gpu-operator', 'network-operator', 'kueue', 'jobset', 'kubeflow-trainer'];
    expect(of('ServiceMonitor', { metrics: collected })).toEqual(expect.arrayContaining(added));
    expect(of('PrometheusRule', { metrics: collected })).toEqual(
      expect.arrayContaining(['gpu-operator', 'network-operator']),
    );
    expect(of('ServiceMonitor', {})).toEqual([]);
  });

  test('trains on the GPUs of a team, over the network between them', () => {
    const platform = make(LAB);
    train(platform, {
      queue: platform.queue('vision'),
      pool: platform.gpuPool('training'),
      nodes: 2,
      gpusPerNode: 8,
      network: platform.rdmaNetworks.network('infiniband'),
      data: platform.objects.addBucket('images'),
      checkpoints: platform.objects.addBucket('checkpoints'),
      tracking: platform.mlflow,
    });
    expect(findingsOf(platform)).toEqual([]);
    const runtime = JSON.stringify(objectOf(platform, 'TrainingRuntime', /^resnet-/, 'vision'));
    expect(runtime).toContain('"nvidia.com/gpu":"8","rdma/infiniband":"1"');
    expect(runtime).toContain('"nodeSelector":{"onprem-ml.example/pool":"training"}');
    expect(runtime).toContain('http://mlflow.mlflow.svc.cluster.local:5000');
  });

  test('trains on workstations by TCP, and on what nobody queues for', () => {
    const room = make({ site: workstations, distribution: 'k3s' });
    train(room, { queue: room.queue('training'), pool: room.gpuPool('desk'), nodes: 3 });
    expect(findingsOf(room)).toEqual([]);
    const amd = make({ site: made(AMD) });
    train(amd, { pool: amd.gpuPool('mi300x'), gpusPerNode: 8, nodes: 2 });
    expect(findingsOf(amd)).toEqual([]);
  });

  test('is applied in an order in which each system finds what it needs', () => {
    const platform = make(LAB);
    const wave = ({ readyAfter }: { readyAfter: readonly { wave: number }[] }) =>
      Math.max(...readyAfter.map((stage) => stage.wave));
    expect(wave(platform.nvidiaGpus!)).toBeGreaterThan(wave(platform.nodeFeatures));
    expect(wave(platform.networks!)).toBeGreaterThan(wave(platform.nodeFeatures));
    expect(wave(platform.training)).toBeGreaterThan(wave(platform.jobSets));
    expect(wave(platform.queue('vision'))).toBe(wave(platform.nvidiaGpus!));
    expect(
      train(platform, { queue: platform.queue('vision'), pool: platform.gpuPool('training') }).stage.wave,
    ).toBeGreaterThan(wave(platform.queue('vision')));
  });

  test('tells what is to be done on the nodes', () => {
    const texts = (platform: TrainingCluster) =>
      platform.node.children
        .filter((child): child is System => child instanceof System)
        .flatMap(({ instructions }) => instructions)
        .map(({ what, command }) => `${typeof what === 'string' ? what : what()} ${command ?? ''}`);
    expect(texts(make(LAB))).toEqual(
      expect.arrayContaining([
        expect.stringContaining('./apply.sh --timeout 3600'),
        expect.stringContaining('LimitMEMLOCK=infinity'),
        expect.stringContaining('kueue-batch-user-role'),
      ]),
    );
    expect(texts(make({ site: workstations, distribution: 'k3s' })).join('\n')).not.toContain('LimitMEMLOCK');
  });

  test('refuses a site without GPUs', () => {
    expect(refused({ site: made() })).toBe(
      'lab: site made has no node pool with GPUs that takes workloads; add gpus to one, or use ExperimentTracking',
    );
    const idle = { ...AMD, roles: ['control-plane' as const], nodes: 1 };
    expect(refused({ site: made(idle) })).toContain('has no node pool with GPUs that takes workloads');
  });

  test.each<[string, Partial<TrainingClusterProps>, string]>([
    [
      "AMD's",
      { amdGpuOperator: {} },
      'lab: amdGpuOperator is given, but site dgx-lab has nothing for it; leave it out',
    ],
    [
      'Jetsons',
      { jetsonDevicePlugin: {} },
      'lab: jetsonDevicePlugin is given, but site dgx-lab has nothing for it; leave it out',
    ],
    [
      "NVIDIA's",
      { site: made(AMD), nvidiaGpuOperator: {} },
      'lab: nvidiaGpuOperator is given, but site made has nothing for it; leave it out',
    ],
    [
      'RDMA',
      { site: workstations, nvidiaNetworkOperator: {} },
      'lab/network-operator: site workstations has no worker with ports on an InfiniBand network',
    ],
    ['Edge TPUs', { edgeTpuDevicePlugin: {} }, 'lab/edge-tpu-device-plugin: '],
  ])("refuses props for hardware that isn't there: %s", (_what, props, message) => {
    expect(refused(props)).toContain(message);
  });

  test('refuses what it has not', () => {
    expect(refused({}, (platform) => platform.gpuPool('trainng'))).toBe(
      'lab: there is no pool "trainng" with GPUs; did you mean "training"?',
    );
    expect(refused({ teams: { vision: { gpus: { storage: 8 } } } })).toBe(
      'lab: there is no pool "storage" with GPUs; there is "training", "inference"',
    );
    expect(refused({ sharing: { inferense: { timeSlices: 2 } } })).toContain('did you mean "inference"?');
    expect(refused(LAB, (platform) => platform.queue('visoin'))).toBe(
      'lab: there is no team "visoin"; did you mean "vision"?',
    );
    expect(refused({ site: workstations }, (platform) => platform.rdmaNetworks)).toBe(
      'lab: site workstations has no network for RDMA that workers are plugged into; leave network out, or name RoCE in nvidiaNetworkOperator',
    );
  });

  test("refuses a Kubernetes that one of the site's operators isn't made for", () => {
    expect(refused({ kubernetesVersion: '1.36' })).toContain(
      'lab: nvidia-network-operator v26.4.1 is made for Kubernetes 1.31 to 1.35, got kubernetesVersion "1.36"; use one of these',
    );
    expect(make({ site: workstations, distribution: 'k3s', kubernetesVersion: '1.36' }).kubernetesVersion).toBe('1.36');
    expect(refused({ kubernetesVersion: '1.32' })).toContain(
      'lab/gpu-operator: nvidia-gpu-operator v26.7.0 is made for Kubernetes 1.33 to 1.36, got kubernetesVersion "1.32"',
    );
  });

  test('refuses teams that are given more than there is, or nothing', () => {
    const teams = { vision: { gpus: { training: 24 } }, language: { gpus: { training: 16 } } };
    expect(make({ teams }).queueing.node.validate()).toEqual([
      'queues "vision" (24), "language" (16) are given 40 nvidia.com/gpu of pool "training", which has 32 for jobs; lower one, and let it borrow',
    ]);
    expect(refused({ teams: { idle: {} } })).toBe(
      'lab/kueue/queue-idle: quotas must name at least one pool, got []; give what the queue may use',
    );
    expect(refused({ teams: { Vision: { gpus: { training: 8 } } } })).toContain('lab: the name of a team must be');
    expect(refused({ teams: { kueue: { gpus: { training: 8 } } } })).toContain('namespace "kueue" is taken by');
  });
});
