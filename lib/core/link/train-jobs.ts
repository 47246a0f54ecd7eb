import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { arr, dig, isObj, obj, str, type Obj } from './json';
import { type Pod } from './pods';

/** Pods that a controller makes for an object, as many of them as there are at a time. */
export interface PodSet {
  /** The template, whose entry is the object that holds it. */
  readonly pod: Pod;
  /** Name of the replicated job: `node`, `launcher`. */
  readonly name: string;
  readonly count: number;
  /** Requests of each pod, by resource, as they are written: containers' requests, or limits where there are none. */
  readonly requests: Readonly<Record<string, readonly string[]>>;
}

const STEP = 'trainer.kubeflow.org/trainjob-ancestor-step';

/**
 * The pods that Kubeflow Trainer makes for a TrainJob from its runtime: all of them run at a time. Empty where the runtime isn't in the bundle.
 * @see https://github.com/kubeflow/trainer/blob/v2.3.0/pkg/runtime/core/trainingruntime.go
 */
export function trainJobPods(trainJob: Entry, bundle: Bundle): PodSet[] {
  const { name, kind = 'ClusterTrainingRuntime' } = obj(trainJob.spec.runtimeRef);
  const cluster = String(kind).startsWith('Cluster');
  const runtime = bundle.find(
    `${String(kind)}.trainer.kubeflow.org`,
    cluster ? '' : trainJob.namespace,
    String(name),
  )?.entry;
  if (!runtime) return [];
  const trainer = obj(trainJob.spec.trainer);
  const policy = obj(runtime.spec.mlPolicy);
  const nodes = Number(trainer.numNodes ?? policy.numNodes ?? 1);
  const launcherIsNode = dig(policy, 'mpi', 'runLauncherAsNode') === true;
  const pods = bundle.podsOf(runtime);
  return arr(dig(runtime.spec, 'template', 'spec', 'replicatedJobs')).flatMap((item, i) => {
    const job = obj(item);
    const at = `spec.template.spec.replicatedJobs[${i}].`;
    const pod = pods.find(({ path }) => path.startsWith(at));
    if (!pod) return [];
    const isTrainer = dig(job, 'template', 'metadata', 'labels', STEP) === 'trainer';
    const isNode = job.name === 'node';
    const count = isObj(policy.mpi)
      ? isNode
        ? Math.max(1, launcherIsNode ? nodes - 1 : nodes)
        : 1
      : isTrainer
        ? nodes
        : Number(dig(job, 'template', 'spec', 'parallelism') ?? 1);
    const given = isTrainer || (launcherIsNode && isNode) ? obj(trainer.resourcesPerNode) : {};
    return [{ pod, name: String(job.name), count, requests: requestsOf(pod, given) }];
  });
}

function requestsOf(pod: Pod, given: Obj): Record<string, string[]> {
  const requests: Record<string, string[]> = {};
  for (const { name, spec, init } of pod.containers) {
    if (init) continue;
    const own = obj(spec.resources);
    const laidOver = (which: 'limits' | 'requests') => ({
      ...obj(own[which]),
      ...(name === 'node' && obj(given[which])),
    });
    for (const [resource, amount] of Object.entries({ ...laidOver('limits'), ...laidOver('requests') })) {
      (requests[resource] ??= []).push(str(amount) ?? String(amount));
    }
  }
  return requests;
}
