import { entriesOf } from '../changes/change';
import { blueprint } from './changes/blueprint';
import { gpuOperator } from './changes/gpu-operator';
import { jobSet } from './changes/jobset';
import { kubeflowTrainer } from './changes/kubeflow-trainer';
import { kueue, more, queue } from './changes/kueue';
import { networkOperator } from './changes/network-operator';
import { nodeFeatureDiscovery } from './changes/node-feature-discovery';
import { platform } from './changes/platform';
import { type Tuning } from './program';

/** All props of the systems for training, by system. */
export const TABLES = {
  platform,
  blueprint,
  'node-feature-discovery': nodeFeatureDiscovery,
  'gpu-operator': gpuOperator,
  'network-operator': networkOperator,
  kueue,
  queue,
  jobset: jobSet,
  'kubeflow-trainer': kubeflowTrainer,
  more,
} as const;

const { changes, refusals } = entriesOf<Tuning, keyof typeof TABLES>(TABLES);

/** The changes of one prop each that a running platform takes. */
export const CHANGES = changes;

/** Those that it refuses. */
export const REFUSALS = refusals;
