import { type Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  AmdGpuOperator,
  type AmdGpuOperatorProps,
  checkKubernetes,
  checkLabel,
  checkOperators,
  didYouMean,
  EdgeTpuDevicePlugin,
  type EdgeTpuDevicePluginProps,
  fail,
  type GpuSharing,
  gpuModel,
  type GpuQuota,
  type IGpuPool,
  type IGpus,
  type IQueue,
  type IRdmaNetworks,
  JetsonDevicePlugin,
  type JetsonDevicePluginProps,
  JobSet,
  type JobSetProps,
  KubeflowTrainer,
  type KubeflowTrainerProps,
  Kueue,
  type KueueProps,
  NodeFeatureDiscovery,
  type NodeFeatureDiscoveryProps,
  MACHINE_MODELS,
  machineModel,
  type NodePool,
  type NodeQuota,
  NvidiaGpuOperator,
  type NvidiaGpuOperatorProps,
  NvidiaNetworkOperator,
  type NvidiaNetworkOperatorProps,
  type QueueQuota,
  show,
  Team,
} from '../lib';
import { ExperimentTracking, type ExperimentTrackingProps } from './experiment-tracking';

/** What is a team's own. Teams lend each other what is idle, and take it back when they want it. */
export interface TeamProps {
  /**
   * GPUs by the name of their pool, or parts of GPUs as the pool is shared: `{ training: 16 }`. Pools are tried in this order.
   * @default - none
   */
  readonly gpus?: Readonly<Record<string, number>>;
  /** Cores and memory by the name of a pool without GPUs, for jobs without any: tried before those with GPUs. @default - none */
  readonly nodes?: Readonly<Record<string, { readonly cpu: number; readonly memory: Size }>>;
  /** Its share of what is idle, against those of others. @default 1 */
  readonly weight?: number;
  /**
   * Its people, a group of the directory: they alone may do something in its namespace, and have buckets, runs, and, where there are Harbor and Vault, images and
   * secrets of their own. Needs `dex`, with which each team needs one.
   * @default - whom you bind to roles by hand
   */
  readonly group?: string;
}

type Own<P> = Partial<Omit<P, 'nodeFeatures' | 'metrics' | 'jobSets' | 'certificates'>>;

export interface TrainingClusterProps extends ExperimentTrackingProps {
  /**
   * Teams by name, each with a queue in a namespace of that name.
   * @default - one, `training`, that has all GPUs
   */
  readonly teams?: Readonly<Record<string, TeamProps>>;
  /** How GPUs are shared, by the name of their pool: `{ inference: { mig: '3g.40gb' } }`. @default - they are whole */
  readonly sharing?: Readonly<Record<string, GpuSharing>>;
  /** Node Feature Discovery's own props. @default - its own */
  readonly nodeFeatureDiscovery?: Own<NodeFeatureDiscoveryProps>;
  /** The NVIDIA GPU operator's own props: `{ driver: 'preinstalled' }`. An error where the site has no such GPUs. @default - its own */
  readonly nvidiaGpuOperator?: Own<NvidiaGpuOperatorProps>;
  /** The NVIDIA network operator's own props: `{ networks: { roce: {...} } }`. @default - its own, where workers are plugged into InfiniBand */
  readonly nvidiaNetworkOperator?: Own<NvidiaNetworkOperatorProps>;
  /** The AMD GPU operator's own props. An error where the site has no such GPUs. @default - its own */
  readonly amdGpuOperator?: Own<AmdGpuOperatorProps>;
  /** The own props of the device plugin for Jetsons. An error where the site has none. @default - its own */
  readonly jetsonDevicePlugin?: Own<JetsonDevicePluginProps>;
  /**
   * The own props of the device plugin for Edge TPUs: `{ pools: { cameras: { bus: 'usb' } } }`.
   * @default - its own, where a pool is of Coral's boards
   */
  readonly edgeTpuDevicePlugin?: Own<EdgeTpuDevicePluginProps>;
  /** Kueue's own props: `{ topology: [...] }`. @default - its own */
  readonly kueue?: Own<KueueProps>;
  /** JobSet's own props. @default - its own */
  readonly jobSet?: Own<JobSetProps>;
  /** Kubeflow Trainer's own props. @default - its own */
  readonly kubeflowTrainer?: Own<KubeflowTrainerProps>;
}

/** The team that has all, where none is named. */
const ONLY_TEAM = 'training';

/**
 * Experiment tracking, and the GPUs of the site for distributed training: found, driven, shared, and queued for by teams.
 *
 * What the site has decides what is there: an operator for each maker of GPUs, the network operator for InfiniBand or RoCE, device plugins
 * for Jetsons and Edge TPUs. Trainings are added to it: `new TrainingJob(lab, 'resnet', { training: lab.training, queue: lab.queue('vision'), ... })`.
 */
export class TrainingCluster extends ExperimentTracking {
  readonly nodeFeatures: NodeFeatureDiscovery;
  /** NVIDIA's GPUs, where there are some. */
  readonly nvidiaGpus?: NvidiaGpuOperator;
  /** AMD's GPUs, where there are some. */
  readonly amdGpus?: AmdGpuOperator;
  /** The GPUs of Jetsons, where there are some. */
  readonly jetsons?: JetsonDevicePlugin;
  /** Edge TPUs, where there are some. */
  readonly edgeTpus?: EdgeTpuDevicePlugin;
  /** InfiniBand and RoCE, where workers are plugged into some. */
  readonly networks?: NvidiaNetworkOperator;
  readonly queueing: Kueue;
  readonly jobSets: JobSet;
  readonly training: KubeflowTrainer;
  /** The teams whose people sign in, by name. */
  readonly teams = new Map<string, Team>();
  private readonly queues = new Map<string, IQueue>();

  /** @throws where the site has no GPUs, or a prop is about hardware that it lacks */
  constructor(scope: Construct, id: string, props: TrainingClusterProps) {
    super(scope, id, props);
    const { pools } = props.site;
    const metrics = this.metrics;
    const nodeFeatures = new NodeFeatureDiscovery(this, 'node-feature-discovery', {
      ...props.nodeFeatureDiscovery,
      metrics,
    });
    this.nodeFeatures = nodeFeatures;

    const workers = pools.filter(({ schedulableNodes }) => schedulableNodes > 0);
    const reached = (reach: string) => workers.filter((pool) => reachOf(pool) === reach);
    const own = <P>(
      name: keyof TrainingClusterProps,
      given: P | undefined,
      found: readonly NodePool[],
    ): P | undefined => {
      if (found.length === 0 && given !== undefined)
        fail(this.node.path, `${name} is given, but site ${props.site.name} has nothing for it; leave it out`);
      return given;
    };
    const nvidia = reached('nvidia-gpu-operator');
    const nvidiaProps = own('nvidiaGpuOperator', props.nvidiaGpuOperator, nvidia);
    if (nvidia.length > 0)
      this.nvidiaGpus = new NvidiaGpuOperator(this, 'gpu-operator', { ...nvidiaProps, nodeFeatures, metrics });
    const amd = reached('amd-gpu-operator');
    const amdProps = own('amdGpuOperator', props.amdGpuOperator, amd);
    if (amd.length > 0)
      this.amdGpus = new AmdGpuOperator(this, 'amd-gpu-operator', { ...amdProps, nodeFeatures, metrics });
    const jetsons = reached('nvidia-device-plugin');
    const jetsonProps = own('jetsonDevicePlugin', props.jetsonDevicePlugin, jetsons);
    if (jetsons.length > 0)
      this.jetsons = new JetsonDevicePlugin(this, 'jetson-device-plugin', { ...jetsonProps, nodeFeatures });
    if (props.edgeTpuDevicePlugin || workers.some(({ hardware }) => isCoral(hardware)))
      this.edgeTpus = new EdgeTpuDevicePlugin(this, 'edge-tpu-device-plugin', {
        ...props.edgeTpuDevicePlugin,
        nodeFeatures,
        metrics,
      });
    if (this.drivers.length === 0)
      fail(
        this.node.path,
        `site ${props.site.name} has no node pool with GPUs that takes workloads; add gpus to one, or use ExperimentTracking`,
      );

    const networkProps = props.nvidiaNetworkOperator;
    if (networkProps || hasInfiniband(workers)) {
      this.networks = new NvidiaNetworkOperator(this, 'network-operator', { ...networkProps, nodeFeatures, metrics });
      const { version } = this.networks.description;
      checkKubernetes(this.node.path, 'nvidia-network-operator', version, this.kubernetesVersion);
      if (this.nvidiaGpus) {
        checkOperators(this.node.path, this.nvidiaGpus.description.version, version, { rdma: true });
      }
    }
    for (const [pool, sharing] of Object.entries(props.sharing ?? {})) this.gpuPool(pool).share(sharing);

    this.queueing = new Kueue(this, 'kueue', { ...props.kueue, metrics });
    this.jobSets = new JobSet(this, 'jobset', { ...props.jobSet, metrics });
    this.training = new KubeflowTrainer(this, 'kubeflow-trainer', {
      ...props.kubeflowTrainer,
      jobSets: this.jobSets,
      metrics,
    });
    const teams = Object.entries(props.teams ?? { [ONLY_TEAM]: { gpus: this.allGpus() } });
    for (const [name, team] of teams) this.addTeam(name, team);
  }

  /** All that drive GPUs here. */
  get drivers(): readonly IGpus[] {
    return [this.nvidiaGpus, this.amdGpus, this.jetsons, this.edgeTpus].filter((driver) => driver !== undefined);
  }

  /** The GPUs of a pool of the site, whoever made them. @throws where the pool has none, or there is no such pool */
  gpuPool(name: string): IGpuPool {
    const all = this.drivers.flatMap(({ pools }) => pools);
    const names = all.map(({ nodes }) => nodes.name);
    return (
      all.find(({ nodes }) => nodes.name === name) ??
      fail(this.node.path, `there is no pool ${show(name)} with GPUs${didYouMean(name, names)}`)
    );
  }

  /** A team's queue. @throws where there is no such team */
  queue(team: string): IQueue {
    return (
      this.queues.get(team) ??
      fail(this.node.path, `there is no team ${show(team)}${didYouMean(team, this.queues.keys())}`)
    );
  }

  /** Adds a team, with a queue in a namespace of its name. @throws where the name is taken, or it has nothing of its own */
  addTeam(name: string, { gpus = {}, nodes = {}, weight, group }: TeamProps): IQueue {
    checkLabel(this.node.path, 'the name of a team', name);
    const withGpus = Object.entries(gpus).map(([pool, count]): GpuQuota => ({ pool: this.gpuPool(pool), gpus: count }));
    const without = Object.entries(nodes).map(([pool, quota]): NodeQuota => ({
      nodes: this.site.pool(pool),
      ...quota,
    }));
    const quotas = [...without, ...withGpus];
    const queue = this.people(name, group, quotas, weight) ?? this.queueing.addQueue(name, { quotas, weight });
    this.queues.set(name, queue);
    return queue;
  }

  /** What belongs to a team's people, where they sign in. @returns its queue */
  private people(
    name: string,
    group: string | undefined,
    quotas: readonly QueueQuota[],
    weight: number | undefined,
  ): IQueue | undefined {
    const { identity } = this;
    if (!identity) {
      if (group === undefined) return undefined;
      fail(this.node.path, `team ${show(name)} has the group ${show(group)}, but nobody signs in; pass dex`);
    }
    if (group === undefined) fail(this.node.path, `team ${show(name)} needs the group of its people; pass group`);
    const team = new Team(this, name, {
      group,
      identity,
      queueing: this.queueing,
      quotas,
      weight,
      training: this.training,
      objects: this.objects,
      tracking: this.mlflow,
      registry: this.registry,
      secrets: this.vault,
    });
    this.teams.set(name, team);
    return team.queue;
  }

  /** The networks by which GPUs of different nodes talk. @throws where workers are plugged into none */
  get rdmaNetworks(): IRdmaNetworks {
    return (
      this.networks ??
      fail(
        this.node.path,
        `site ${this.site.name} has no network for RDMA that workers are plugged into; leave network out, or name RoCE in nvidiaNetworkOperator`,
      )
    );
  }

  private allGpus(): Record<string, number> {
    const pools = this.drivers.flatMap((driver) => driver.pools);
    return Object.fromEntries(pools.map(({ nodes, resource }) => [nodes.name, nodes.nodes * resource.perNode]));
  }
}

/** Who brings a pool's GPUs to pods. */
function reachOf({ gpus }: NodePool): string | undefined {
  return gpus && (gpuModel(gpus.model)?.reach ?? `${gpus.vendor}-gpu-operator`);
}

/** Whether it is a board with an Edge TPU on it. */
function isCoral(hardware: string | undefined): boolean {
  return machineModel(hardware ?? '', MACHINE_MODELS)?.accelerator !== undefined;
}

function hasInfiniband(pools: readonly NodePool[]): boolean {
  return pools.some(({ networkPorts }) => networkPorts.some(({ type }) => type === 'infiniband'));
}
