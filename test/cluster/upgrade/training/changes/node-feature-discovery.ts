import { Duration, Size } from 'cdk8s';
import { type NodeFeatureDiscoveryProps } from '../../../../../lib';
import { INSTALLATION, placed, type Table } from '../../changes/change';
import { prometheus } from '../../program';
import { type Tuning } from '../program';
import { NODE_FEATURES } from './names';

const [MASTER, COLLECTOR, WORKER] = NODE_FEATURES;

export const nodeFeatureDiscovery: Table<NodeFeatureDiscoveryProps, Tuning> = {
  namespace: INSTALLATION,
  crds: [{ what: 'included -> external', tuning: { nodeFeatureDiscovery: { crds: 'external' } }, restarts: [] }],
  // The workers are on all nodes.
  ...placed(
    (nodeFeatureDiscovery): Tuning => ({ nodeFeatureDiscovery }),
    { restarts: [MASTER, COLLECTOR] },
    { restarts: NODE_FEATURES },
  ),
  worker: [
    {
      what: 'looks every 60 -> 300 seconds',
      tuning: { nodeFeatureDiscovery: { worker: { interval: Duration.minutes(5) } } },
      restarts: [WORKER],
    },
    {
      what: 'labels USB devices by their vendor alone',
      tuning: { nodeFeatureDiscovery: { worker: { usb: { deviceClasses: ['ff'], labelFields: ['vendor'] } } } },
      restarts: [WORKER],
    },
    {
      what: 'without what the GPU operator looks for',
      tuning: { nodeFeatureDiscovery: { worker: { labelSources: ['all', '-pci'] } } },
      refusedBy: 'synth',
      says: 'worker.labelSources leaves pci out, but another system looks for the label feature.node.kubernetes.io/pci-10de.present',
    },
  ],
  topologyUpdater: [
    {
      what: 'none -> on the nodes of a pool',
      tuning: {
        nodeFeatureDiscovery: { topologyUpdater: { nodeSelector: { 'onprem-ml.example/pool': 'training' } } },
      },
      restarts: [],
    },
  ],
  replicas: [
    { what: '2 -> 3', tuning: { nodeFeatureDiscovery: { replicas: 3 } }, restarts: [] },
    { what: '2 -> 1', tuning: { nodeFeatureDiscovery: { replicas: 1 } }, restarts: [] },
    {
      what: '2 -> 6',
      tuning: { nodeFeatureDiscovery: { replicas: 6 } },
      refusedBy: 'synth',
      says: 'replicas must be',
    },
  ],
  extraLabelNamespaces: [
    {
      what: 'none -> one',
      tuning: { nodeFeatureDiscovery: { extraLabelNamespaces: ['lab.kubernetes.io'] } },
      restarts: [MASTER],
    },
  ],
  taints: [{ what: 'off -> on', tuning: { nodeFeatureDiscovery: { taints: true } }, restarts: [MASTER] }],
  collectionInterval: [
    {
      what: '1 hour -> 10 minutes',
      tuning: { nodeFeatureDiscovery: { collectionInterval: Duration.minutes(10) } },
      restarts: [COLLECTOR],
    },
  ],
  resources: [
    {
      what: "the master's memory 512 MiB -> 1 GiB",
      tuning: { nodeFeatureDiscovery: { resources: { master: { memory: Size.gibibytes(1) } } } },
      restarts: [MASTER],
    },
    {
      what: "the workers' and the collector's cores 0.02 -> 0.05",
      tuning: { nodeFeatureDiscovery: { resources: { worker: { cpu: 0.05 }, gc: { cpu: 0.05 } } } },
      restarts: [WORKER, COLLECTOR],
    },
  ],
  logLevel: [{ what: '0 -> 4', tuning: { nodeFeatureDiscovery: { logLevel: 4 } }, restarts: NODE_FEATURES }],
  metrics: [
    {
      what: 'none -> collected',
      tuning: { wired: { nodeFeatureDiscovery: ({ platform }) => ({ metrics: prometheus(platform) }) } },
      restarts: [],
    },
  ],
};
