import { Duration, Size } from 'cdk8s';
import { type KueueProps, type KueueQueueProps } from '../../../../../lib';
import { INSTALLATION, placed, type Table } from '../../changes/change';
import { edited } from '../../changes/platform';
import { prometheus } from '../../program';
import { quotasOf, type Tuning } from '../program';
import { KUEUE } from './names';

const RACK = 'topology.lab.example/rack';
const HOST = 'kubernetes.io/hostname';

export const kueue: Table<KueueProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { kueue: { crds: 'external' } }, restarts: [] }],
  ...placed((kueue): Tuning => ({ kueue }), { restarts: [KUEUE] }),
  frameworks: [
    { what: 'three -> Jobs alone', tuning: { kueue: { frameworks: ['batch/job'] } }, restarts: [KUEUE] },
    {
      what: 'three -> Deployments too, by their pods',
      tuning: {
        kueue: {
          frameworks: ['batch/job', 'jobset.x-k8s.io/jobset', 'trainer.kubeflow.org/trainjob', 'deployment'],
        },
      },
      restarts: [KUEUE],
    },
  ],
  manageJobsWithoutQueueName: [
    { what: 'wait -> run at once', tuning: { kueue: { manageJobsWithoutQueueName: false } }, restarts: [KUEUE] },
  ],
  waitForPodsReady: [
    {
      what: 'for 30 minutes -> for 10, and three times',
      tuning: { kueue: { waitForPodsReady: { timeout: Duration.minutes(10), retries: 3, blockAdmission: true } } },
      restarts: [KUEUE],
    },
    { what: 'on -> off', tuning: { kueue: { waitForPodsReady: false } }, restarts: [KUEUE] },
  ],
  fairSharing: [{ what: 'on -> off', tuning: { kueue: { fairSharing: false } }, restarts: [KUEUE] }],
  preemption: [
    {
      what: 'queues take back their own -> they wait for it',
      tuning: { kueue: { preemption: { reclaimWithinCohort: 'Never', withinClusterQueue: 'Never' } } },
      restarts: [],
    },
    {
      what: 'to borrow by stopping others, with fair sharing',
      tuning: { kueue: { preemption: { borrowWithinCohort: { maxPriority: 100 } } } },
      refusedBy: 'synth',
      says: 'preemption.borrowWithinCohort is given, but fair sharing decides',
    },
  ],
  cohort: [{ what: "the platform's name -> another", tuning: { kueue: { cohort: 'company' } }, restarts: [] }],
  priorities: [
    {
      what: 'three -> two, one of another value',
      tuning: { kueue: { priorities: { high: { value: 5000 }, normal: { value: 0, description: 'All.' } } } },
      restarts: [],
    },
  ],
  allocatable: [{ what: '0.9 -> 0.8', tuning: { kueue: { allocatable: 0.8 } }, restarts: [] }],
  podsPerNode: [{ what: '100 -> 200', tuning: { kueue: { podsPerNode: 200 } }, restarts: [] }],
  defaultRequests: [
    {
      what: '1 core and 2 GiB -> 0.5 and 1',
      tuning: { kueue: { defaultRequests: { cpu: 0.5, memory: Size.gibibytes(1) } } },
      restarts: [],
    },
  ],
  ignoredResources: [
    { what: 'three -> one', tuning: { kueue: { ignoredResources: ['rdma/'] } }, restarts: [KUEUE] },
    { what: 'three -> none', tuning: { kueue: { ignoredResources: [] } }, restarts: [KUEUE] },
  ],
  topology: [
    { what: 'none -> by racks', tuning: { kueue: { topology: [RACK, HOST] } }, restarts: [] },
    {
      what: 'by nodes -> by racks',
      from: { kueue: { topology: [HOST] } },
      tuning: { kueue: { topology: [RACK, HOST] } },
      refusedBy: 'cluster',
      says: 'field is immutable',
    },
    {
      what: 'by racks -> none',
      from: { kueue: { topology: [RACK, HOST] } },
      tuning: {},
      refusedBy: 'cluster',
      says: 'topologyName is immutable when topologyName is set',
    },
    {
      what: "another label of a pool's nodes, with a topology",
      from: { kueue: { topology: [HOST] } },
      tuning: {
        site: edited('onprem-ml.example/pool: training', 'onprem-ml.example/pool: dgx'),
        kueue: { topology: [HOST] },
      },
      refusedBy: 'cluster',
      says: 'nodeLabels are immutable when topologyName is set',
    },
  ],
  visibility: [{ what: 'on -> off', tuning: { kueue: { visibility: false } }, restarts: [KUEUE] }],
  replicas: [
    { what: '2 -> 3', tuning: { kueue: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { kueue: { replicas: 1 } }, restarts: [] },
    { what: '2 -> 6', tuning: { kueue: { replicas: 6 } }, refusedBy: 'synth', says: 'replicas must be' },
  ],
  resources: [
    {
      what: 'memory 512 MiB -> 1 GiB',
      tuning: { kueue: { resources: { manager: { memory: Size.gibibytes(1) } } } },
      restarts: [KUEUE],
    },
  ],
  logLevel: [{ what: '2 -> 5', tuning: { kueue: { logLevel: 5 } }, restarts: [KUEUE] }],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { kueue: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};

export const queue: Table<KueueQueueProps, Tuning> = {
  quotas: [
    {
      what: 'fewer GPUs, and bounds for what is lent and borrowed',
      tuning: {
        wiredQueues: (made) => ({
          vision: { quotas: [{ pool: made.gpus.pool('training'), gpus: 8, borrowingLimit: 8, lendingLimit: 4 }] },
        }),
      },
      restarts: [],
    },
    {
      what: 'another order of the pools',
      tuning: { wiredQueues: (made) => ({ vision: { quotas: [...quotasOf(made, 'vision')].reverse() } }) },
      restarts: [],
    },
    {
      what: 'more GPUs than there are',
      tuning: {
        wiredQueues: (made) => ({ vision: { quotas: [{ pool: made.gpus.pool('training'), gpus: 24 }] } }),
      },
      refusedBy: 'synth',
      says: 'queues "vision" (24), "language" (16) are given 40 nvidia.com/gpu of pool "training", which has 32 for jobs',
    },
  ],
  namespace: [
    {
      what: 'vision -> computer-vision',
      tuning: { queues: { vision: { namespace: 'computer-vision' } } },
      restarts: [],
    },
    {
      what: "to another queue's, which takes its",
      tuning: { queues: { vision: { namespace: 'language' }, language: { namespace: 'vision' } } },
      refusedBy: 'cluster',
      says: 'field is immutable',
    },
  ],
  weight: [{ what: '1 -> 2', tuning: { queues: { vision: { weight: 2 } } }, restarts: [] }],
  queueingStrategy: [
    {
      what: 'BestEffortFIFO -> StrictFIFO',
      tuning: { queues: { vision: { queueingStrategy: 'StrictFIFO' } } },
      restarts: [],
    },
  ],
  preemption: [
    {
      what: 'as all queues -> among its own jobs too',
      tuning: { queues: { vision: { preemption: { withinClusterQueue: 'LowerOrNewerEqualPriority' } } } },
      restarts: [],
    },
  ],
  podSecurity: [
    {
      what: 'restricted -> privileged',
      tuning: { queues: { vision: { podSecurity: 'privileged' } } },
      restarts: [],
    },
  ],
};

/** What a platform gets more of. */
export const more = {
  queue: [
    {
      what: 'one more, that borrows all',
      tuning: {
        more: ({ queueing, gpus }) =>
          void queueing.addQueue('guests', { quotas: [{ pool: gpus.pool('training'), gpus: 0 }] }),
      },
      restarts: [],
    },
  ],
  priority: [
    {
      what: 'one more',
      tuning: { more: ({ queueing }) => void queueing.addPriority('urgent', { value: 9000 }) },
      restarts: [],
    },
  ],
} satisfies Table<{ queue: never; priority: never }, Tuning>;
