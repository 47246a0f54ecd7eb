import { type DemandOf } from './demand';
import { trainJobPods } from './train-jobs';

/**
 * The pods that the controllers of custom kinds make, by kind: what the rule `fit` counts besides Kubernetes' own workloads. A function
 * reads the custom resource and says which pods become of it, how many, and which of them must run together:
 *
 *     'Server.example.com': ({ spec, labels }) => [{ labels, spec: obj(spec.pod), count: Number(spec.size), field: 'spec.size', gang: 'all' }]
 *
 * A kind that isn't here makes no pods that are known of.
 */
export const CUSTOM_DEMAND: Readonly<Record<string, DemandOf>> = {
  'TrainJob.trainer.kubeflow.org': (entry, bundle) =>
    trainJobPods(entry, bundle).map(({ pod, count, spec }) => ({
      labels: pod.labels,
      spec,
      count,
      field: 'spec.trainer.numNodes',
      gang: 'all',
      inTurn: QUEUE in entry.labels || entry.spec.suspend === true,
    })),
};

/** What carries it waits until its queue has room, and takes turns with others. */
const QUEUE = 'kueue.x-k8s.io/queue-name';
