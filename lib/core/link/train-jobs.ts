import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { arr, dig, isObj, obj, type Obj } from './json';
import { type Pod } from './pods';

/** Pods that a controller makes for an object, as many of them as there are at a time. */
export interface PodSet {
  /** The template, whose entry is the object that holds it. */
  readonly pod: Pod;
  /** Name of the replicated job: `node`, `launcher`. */
  readonly name: string;
  readonly count: number;
  /** The pods' spec, with the resources that the object itself gives them. */
  readonly spec: Obj;
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
    return [{ pod, name: String(job.name), count, spec: withResources(pod.spec, given) }];
  });
}

/** Resources that a TrainJob gives are those of the container `node`. */
function withResources(spec: Obj, given: Obj): Obj {
  if (Object.keys(given).length === 0) return spec;
  const containers = arr(spec.containers).map((item) => {
    const container = obj(item);
    if (container.name !== 'node') return container;
    const own = obj(container.resources);
    const laidOver = (which: string) => ({ ...obj(own[which]), ...obj(given[which]) });
    return { ...container, resources: { ...own, limits: laidOver('limits'), requests: laidOver('requests') } };
  });
  return { ...spec, containers };
}
