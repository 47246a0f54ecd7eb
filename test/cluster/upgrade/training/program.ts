import { TrainingCluster, type TrainingClusterProps } from '../../../../blueprints';
import { LAB } from '../../../../blueprints/lab';
import {
  App,
  JobSet,
  type JobSetProps,
  KubeflowTrainer,
  type KubeflowTrainerProps,
  Kueue,
  type KueueProps,
  type KueueQueueProps,
  NodeFeatureDiscovery,
  type NodeFeatureDiscoveryProps,
  NvidiaGpuOperator,
  type NvidiaGpuOperatorProps,
  NvidiaNetworkOperator,
  type NvidiaNetworkOperatorProps,
  Platform,
} from '../../../../lib';
import { addTracking, platformProps, type Systems as TrackingSystems, type Tuning as TrackingTuning } from '../program';

const NAME = 'training-cluster';

export type Team = 'vision' | 'language';
const TEAMS: readonly Team[] = ['vision', 'language'];

/** Changes against what `blueprints/main.ts` makes of dgx-lab.yaml as the platform training-cluster: the systems' props, laid over its. */
export interface Tuning extends Pick<TrackingTuning, 'site' | 'platform'> {
  readonly nodeFeatureDiscovery?: Partial<NodeFeatureDiscoveryProps>;
  readonly gpuOperator?: Partial<NvidiaGpuOperatorProps>;
  readonly networkOperator?: Partial<NvidiaNetworkOperatorProps>;
  readonly kueue?: Partial<KueueProps>;
  readonly jobSet?: Partial<JobSetProps>;
  readonly kubeflowTrainer?: Partial<KubeflowTrainerProps>;
  /** Of the teams' queues. */
  readonly queues?: Partial<Record<Team, Partial<KueueQueueProps>>>;
  /** How the GPUs of pools are shared. @default - as the lab shares them */
  readonly sharing?: TrainingClusterProps['sharing'];
  /** Props that take what only the platform itself has: laid over the others. */
  readonly wired?: Partial<{ [S in SystemName]: (made: Made) => Partial<SystemTunings[S]> }>;
  /** Of the queues too. */
  readonly wiredQueues?: (made: Required<Made>) => Partial<Record<Team, Partial<KueueQueueProps>>>;
  /** Props of the blueprint itself, which makes the platform then. */
  readonly blueprint?: Partial<TrainingClusterProps>;
  /** What is added once all systems are there. */
  readonly more?: (made: Required<Made>) => void;
}

export type SystemName =
  'nodeFeatureDiscovery' | 'gpuOperator' | 'networkOperator' | 'kueue' | 'jobSet' | 'kubeflowTrainer';
type SystemTunings = Required<Pick<Tuning, SystemName>>;

/** What is there when a system is made. */
export interface Made extends TrackingSystems {
  readonly gpus?: NvidiaGpuOperator;
  readonly queueing?: Kueue;
}

/** The platform of the blueprint, by the systems' own classes so that each of their props can be changed. */
export function compose(tuning: Tuning = {}): Platform {
  const { wired = {} } = tuning;
  const app = new App({ outdir: '/nonexistent' });
  const props = platformProps(tuning);
  if (tuning.blueprint) return new TrainingCluster(app, NAME, { ...props, ...LAB, ...tuning.blueprint });
  const platform = new Platform(app, NAME, props);
  const tracking = addTracking(platform);
  const nodeFeatures = new NodeFeatureDiscovery(platform, 'node-feature-discovery', {
    ...tuning.nodeFeatureDiscovery,
    ...wired.nodeFeatureDiscovery?.(tracking),
  });
  const gpus = new NvidiaGpuOperator(platform, 'gpu-operator', {
    nodeFeatures,
    ...tuning.gpuOperator,
    ...wired.gpuOperator?.(tracking),
  });
  new NvidiaNetworkOperator(platform, 'network-operator', {
    nodeFeatures,
    ...tuning.networkOperator,
    ...wired.networkOperator?.(tracking),
  });
  for (const [pool, sharing] of Object.entries(tuning.sharing ?? LAB.sharing ?? {})) gpus.pool(pool).share(sharing);
  const queueing = new Kueue(platform, 'kueue', { ...tuning.kueue, ...wired.kueue?.(tracking) });
  const jobSets = new JobSet(platform, 'jobset', { ...tuning.jobSet, ...wired.jobSet?.(tracking) });
  new KubeflowTrainer(platform, 'kubeflow-trainer', {
    jobSets,
    ...tuning.kubeflowTrainer,
    ...wired.kubeflowTrainer?.(tracking),
  });
  const made = { ...tracking, gpus, queueing };
  const wiredQueues = tuning.wiredQueues?.(made) ?? {};
  for (const team of TEAMS) {
    queueing.addQueue(team, { quotas: quotasOf(made, team), ...tuning.queues?.[team], ...wiredQueues[team] });
  }
  tuning.more?.(made);
  return platform;
}

/** What is a team's own, as the lab gives it: first what has no GPUs. */
export function quotasOf({ platform, gpus }: Required<Made>, team: Team): KueueQueueProps['quotas'] {
  const own = LAB.teams![team]!;
  return [
    ...Object.entries(own.nodes ?? {}).map(([pool, quota]) => ({ nodes: platform.site.pool(pool), ...quota })),
    ...Object.entries(own.gpus ?? {})
      .filter(([pool]) => gpus.pools.some(({ nodes }) => nodes.name === pool))
      .map(([pool, count]) => ({ pool: gpus.pool(pool), gpus: count })),
  ];
}
