import { Size } from 'cdk8s';
import { type ExperimentTrackingProps, type TrainingClusterProps } from '../../../../../blueprints';
import { LAB } from '../../../../../blueprints/lab';
import { GATEWAY, MINT, MLFLOW, POSTGRES, type Table } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { GPU_OPERATOR, JOBSET, KUEUE, NETWORK_OPERATOR, NODE_FEATURES, NODE_LABELS, TRAINER } from './names';

const { vision, language } = LAB.teams!;
const [, , WORKER] = NODE_FEATURES;

/** Its own, those of the experiment tracking below it where they are about the systems for training too, and one of the rest. */
export const blueprint: Table<
  Omit<TrainingClusterProps, Exclude<keyof ExperimentTrackingProps, 'metrics' | 'haproxy'>>,
  Tuning
> = {
  teams: [
    {
      what: 'two -> three',
      tuning: {
        blueprint: {
          teams: {
            vision: { ...vision!, gpus: { training: 8, inference: 8 } },
            language: language!,
            robotics: { gpus: { training: 8 }, weight: 0.5 },
          },
        },
      },
      restarts: [],
    },
    { what: 'two -> one', tuning: { blueprint: { teams: { vision: vision! } } }, restarts: [] },
    {
      what: 'one without GPUs, of another weight',
      tuning: {
        blueprint: {
          teams: {
            vision: vision!,
            language: { nodes: { storage: { cpu: 16, memory: Size.gibibytes(64) } }, weight: 2 },
          },
        },
      },
      restarts: [],
    },
    {
      what: 'to what is promised twice',
      tuning: { blueprint: { teams: { vision: { gpus: { training: 32 } }, language: { gpus: { training: 1 } } } } },
      refusedBy: 'synth',
      says: 'are given 33 nvidia.com/gpu of pool "training", which has 32 for jobs',
    },
  ],
  sharing: [
    {
      what: 'halves -> whole GPUs',
      tuning: { blueprint: { sharing: {} } },
      restarts: [NODE_LABELS],
    },
    {
      what: 'halves -> sevenths',
      tuning: { blueprint: { sharing: { inference: { mig: '1g.10gb' } } } },
      restarts: [NODE_LABELS],
    },
    {
      what: 'halves -> taking turns',
      tuning: { blueprint: { sharing: { inference: { timeSlices: 4 } } } },
      restarts: [NODE_LABELS],
    },
    {
      what: 'halves -> parts that the model has not',
      tuning: { blueprint: { sharing: { inference: { mig: '3g.20gb' } } } },
      refusedBy: 'synth',
      says: 'has no MIG profile "3g.20gb"',
    },
  ],
  nodeFeatureDiscovery: [
    {
      what: "its workers' cores 0.02 -> 0.05",
      tuning: { blueprint: { nodeFeatureDiscovery: { resources: { worker: { cpu: 0.05 } } } } },
      restarts: [WORKER],
    },
  ],
  nvidiaGpuOperator: [
    {
      what: 'its driver compiled -> preinstalled',
      tuning: { blueprint: { nvidiaGpuOperator: { driver: 'preinstalled' } } },
      restarts: [],
    },
    {
      what: 'its log level info -> debug',
      tuning: { blueprint: { nvidiaGpuOperator: { logLevel: 'debug' } } },
      restarts: [GPU_OPERATOR],
    },
  ],
  nvidiaNetworkOperator: [
    {
      what: 'its InfiniBand for sixteen pods of a node',
      tuning: { blueprint: { nvidiaNetworkOperator: { networks: { infiniband: { podsPerNode: 16 } } } } },
      restarts: [],
    },
    {
      what: 'its memory 512 MiB -> 1 GiB',
      tuning: { blueprint: { nvidiaNetworkOperator: { resources: { operator: { memory: Size.gibibytes(1) } } } } },
      restarts: [NETWORK_OPERATOR],
    },
  ],
  amdGpuOperator: [
    {
      what: 'given where there are none',
      tuning: { blueprint: { amdGpuOperator: {} } },
      refusedBy: 'synth',
      says: 'amdGpuOperator is given, but site dgx-lab has nothing for it',
    },
  ],
  jetsonDevicePlugin: [
    {
      what: 'given where there are none',
      tuning: { blueprint: { jetsonDevicePlugin: {} } },
      refusedBy: 'synth',
      says: 'jetsonDevicePlugin is given, but site dgx-lab has nothing for it',
    },
  ],
  edgeTpuDevicePlugin: [
    {
      what: 'none -> one in each server for storage',
      tuning: { blueprint: { edgeTpuDevicePlugin: { pools: { storage: { bus: 'usb' } } } } },
      restarts: [],
    },
  ],
  kueue: [{ what: 'its log level 2 -> 5', tuning: { blueprint: { kueue: { logLevel: 5 } } }, restarts: [KUEUE] }],
  jobSet: [{ what: 'its replicas 2 -> 3', tuning: { blueprint: { jobSet: { replicas: 3 } } }, restarts: [] }],
  kubeflowTrainer: [
    {
      what: 'its runtimes three -> one',
      tuning: { blueprint: { kubeflowTrainer: { runtimes: ['torch'] } } },
      restarts: [],
    },
  ],
  metrics: [
    {
      what: 'none -> collected, of all systems',
      tuning: { blueprint: { metrics: prometheus } },
      restarts: [POSTGRES, MLFLOW, JOBSET, TRAINER],
      jobs: ['minio/metrics-token', MINT],
    },
  ],
  haproxy: [{ what: 'its threads 2 -> 4', tuning: { blueprint: { haproxy: { threads: 4 } } }, restarts: [GATEWAY] }],
};
