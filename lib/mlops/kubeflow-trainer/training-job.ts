import { Duration, Size, SizeRoundingBehavior } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import {
  checkDuration,
  checkInteger,
  checkLabel,
  checkSize,
  digest,
  fail,
  type INetworkPeer,
  type IReady,
  LABEL,
  lazy,
  NetworkEdges,
  type Platform,
  platformOf,
  quantity,
  segmentLabels,
  show,
  Stage,
} from '../../core';
import * as k8s from '../../core/k8s';
import { checkPlacement } from '../../core/workload/placement';
import { CustomResource, type JsonObject } from '../../crds';
import { HOME } from './cluster-runtimes';
import { trainingRuntime, trainJob } from './crds';
import { demand } from './demand';
import { environment } from './environment';
import { runtimeSpec } from './runtime';
import { type TrainingJobProps } from './training-job-props';
import { trainingPod } from './training-pod';

export { type TrainingJobProps } from './training-job-props';

const TRAINING = Symbol.for('cdk8s-onprem-ml.TrainingJob');
/** Pods are called `<name>-launcher-0-0-xxxxx`, which must be a label. @see https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/pkg/webhooks/jobset_webhook.go */
const MAX_NAME = 40;
const PREFIX = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/**
 * A distributed training: pods that start together once a queue has room for all of them, and go on from their checkpoint when they had to give
 * way.
 *
 * Puts into the queue's namespace a TrainJob, the TrainingRuntime that says what its pods are, their service account and NetworkPolicy. The
 * TrainJob is called like the construct; its definition can't be changed while it is there: README.md says what to do instead.
 */
export class TrainingJob extends Construct implements INetworkPeer {
  readonly namespace: string;
  readonly podLabels: Readonly<Record<string, string>>;
  /** Where its checkpoints are, `bucket/prefix`; undefined where it has none. */
  readonly checkpointPath?: string;
  /** It is applied here. Nothing waits for a training to end. */
  readonly stage: Stage;
  private readonly edges = new NetworkEdges();
  private readonly platform: Platform;

  constructor(scope: Construct, id: string, props: TrainingJobProps) {
    super(scope, id);
    Object.defineProperty(this, TRAINING, { value: true });
    this.platform = platformOf(this);
    const settings = this.settings(id, props);
    const { queue, data, checkpoints, tracking, network, training, pool } = props;
    this.namespace = queue?.namespace ?? props.namespace ?? id;
    if (!queue) {
      const segment = segmentLabels(this.node.path, pool ? [pool.nodes] : []);
      this.platform.addNamespace(this, this.namespace, 'restricted', segment);
    }
    this.podLabels = { [LABEL.name]: 'training', [LABEL.instance]: id };
    if (checkpoints) {
      this.checkpointPath = `${checkpoints.name}/${settings.checkpointPrefix}`;
      this.checkCheckpoints(this.checkpointPath);
    }

    const needs = [training, queue, pool, data, data?.credentials, checkpoints, checkpoints?.credentials, tracking];
    const stage = (name: string, file: string, wanted: readonly IReady[]) =>
      new Stage(this, name, {
        platform: this.platform,
        file,
        needs: wanted,
        namespace: this.namespace,
        labels: { ...this.podLabels, [LABEL.partOf]: this.platform.name, [LABEL.managedBy]: 'cdk8s-onprem-ml' },
      });
    const all = [...needs, tracking?.credentials, network].filter((need) => need !== undefined);
    const definition = stage('definition', `training-${id}`, all);
    this.stage = stage('job', `training-${id}-job`, [definition, ...all]);
    new k8s.KubeServiceAccount(definition, 'service-account', {
      metadata: { name: id },
      automountServiceAccountToken: false,
    });
    this.policies(definition, id);
    for (const { endpoint } of [data, checkpoints, tracking].filter((need) => need !== undefined)) {
      this.edges.addEgress(endpoint.allow({ namespace: this.namespace, podLabels: this.podLabels }));
    }

    const { env, mounts } = environment(this.node.path, definition, {
      name: id,
      data,
      checkpoints,
      checkpointPrefix: settings.checkpointPrefix,
      tracking,
      experiment: props.experiment ?? id,
      network,
      env: props.env ?? {},
    });
    const home = settings.framework === 'mpi' ? {} : Object.fromEntries(HOME.map(({ name, value }) => [name, value!]));
    const image = this.platform.image(props.image, { owner: this });
    const runtime = new DigestNamedRuntime(definition, 'runtime', trainingRuntime, {
      metadata: { name: id },
      spec: lazy(() => {
        const { devices, placement, runtimeClassName } = demand(this.node.path, settings);
        const pod = trainingPod({
          ...settings,
          labels: { ...definition.labels, ...this.podLabels },
          serviceAccountName: id,
          image,
          command: props.command,
          args: props.args,
          env: { ...home, ...env },
          mounts,
          devices,
          placement: {
            nodeSelector: { ...placement.nodeSelector, ...props.nodeSelector },
            tolerations: [...(placement.tolerations ?? []), ...(props.tolerations ?? [])],
          },
          runtimeClassName,
          priorityClassName: props.priorityClassName,
          distribution: this.platform.distribution,
        });
        return runtimeSpec({ ...settings, pod, ...restarts(settings.maxRestarts) });
      }),
    });
    // The webhook refuses a TrainJob whose runtime it doesn't know yet: it looks into a cache.
    definition.addGate({
      type: 'admission',
      of: `the runtime of training ${id}`,
      object: {
        apiVersion: trainJob.apiVersion,
        kind: trainJob.kind,
        metadata: { name: `${id}-gate`, namespace: this.namespace },
        spec: {
          runtimeRef: {
            kind: trainingRuntime.kind,
            get name() {
              return runtime.digestName;
            },
          },
        },
      },
    });
    new CustomResource(this.stage, 'train-job', trainJob, {
      metadata: { name: id, labels: { ...queue?.jobLabels, ...props.priority } },
      spec: {
        runtimeRef: {
          apiGroup: trainingRuntime.group,
          kind: trainingRuntime.kind,
          name: lazy(() => runtime.digestName),
        },
        trainer: {
          numNodes: settings.nodes,
          ...(['torch', 'mpi'].includes(settings.framework) && { numProcPerNode: settings.processes }),
        },
        ...(props.timeLimit && { activeDeadlineSeconds: props.timeLimit.toSeconds() }),
      },
    });
  }

  /** The props with their defaults. @throws where one is out of its bounds */
  private settings(id: string, props: TrainingJobProps) {
    const path = this.node.path;
    const { framework = 'torch', nodes = 1, gpusPerNode, queue, pool, network, user = 1000 } = props;
    checkLabel(path, 'the id of a training', id, MAX_NAME);
    if (!/^[a-z]/.test(id)) fail(path, `the id of a training must begin with a letter, got ${show(id)}; rename it`);
    if (queue && props.namespace !== undefined) {
      fail(
        path,
        `namespace ${show(props.namespace)} is given, but the queue's jobs run in ${show(queue.namespace)}; leave it out`,
      );
    }
    if (props.priority && !queue)
      fail(path, 'priority is a rank in a queue, but there is no queue; give queue, or leave it out');
    const { frameworks } = props.training;
    if (!frameworks.includes(framework)) {
      fail(path, `framework must be one of ${frameworks.map(show).join(', ')}, got ${show(framework)}; choose one`);
    }
    const { distribution } = this.platform;
    if (framework === 'mpi' && !distribution.fixedUids) {
      fail(
        path,
        `framework "mpi" needs a user that the image knows, but ${distribution.title} gives each namespace other ones; use "torch", "jax" or "plain"`,
      );
    }
    if (framework === 'mpi' && nodes < 2) {
      fail(
        path,
        `nodes must be at least 2 with framework "mpi", which has one that starts and others that answer, got ${nodes}; use "plain" for one`,
      );
    }
    if (props.command.length === 0)
      fail(path, "command must not be empty, got []; give the program, such as ['torchrun', '/app/train.py']");
    checkPlacement(path, props);
    const asked = { queue, pool, nodes, gpusPerNode, network };
    const { share } = demand(path, asked);
    const cpu = props.cpu ?? share?.cpu ?? 4;
    checkInteger(path, 'cpu', cpu, 1, 1024, 'give whole cores, which the kubelet can give to the pod alone');
    checkSize(path, 'memory', props.memory);
    checkSize(path, 'sharedMemory', props.sharedMemory);
    checkSize(path, 'scratch', props.scratch);
    const memory = props.memory ?? share?.memory ?? Size.gibibytes(8);
    const sharedMemory =
      props.sharedMemory ?? Size.mebibytes(Math.ceil(memory.toMebibytes({ rounding: SizeRoundingBehavior.NONE }) / 4));
    if (sharedMemory.toKibibytes() >= memory.toKibibytes()) {
      fail(
        path,
        `sharedMemory must be less than memory, of which it is a part, got ${quantity(sharedMemory)} of ${quantity(memory)}; lower it`,
      );
    }
    const processes = props.processesPerNode ?? Math.max(1, gpusPerNode);
    checkInteger(path, 'processesPerNode', processes, 1, 256, 'one for each GPU is usual');
    const maxRestarts = props.maxRestarts ?? 10;
    checkInteger(path, 'maxRestarts', maxRestarts, 0, 1000, '0 gives up at the first failure');
    checkInteger(path, 'user', user, 1, 2 ** 31 - 1, 'root is not allowed');
    checkDuration(path, 'gracePeriod', props.gracePeriod);
    checkDuration(path, 'timeLimit', props.timeLimit);
    const gracePeriod = (props.gracePeriod ?? Duration.minutes(2)).toSeconds();
    checkInteger(path, 'gracePeriod in seconds', gracePeriod, 1, 3600, 'other jobs wait so long for its GPUs');
    const timeLimit = props.timeLimit?.toSeconds() ?? 60;
    if (timeLimit < 60)
      fail(path, `timeLimit must be at least a minute, got ${timeLimit} seconds; the pods take as long to start`);
    const checkpointPrefix = props.checkpointPrefix ?? id;
    if (!PREFIX.test(checkpointPrefix)) {
      fail(
        path,
        `checkpointPrefix must be a path of letters, digits, "-", "_" and "." between slashes, got ${show(checkpointPrefix)}; write it as "team/resnet"`,
      );
    }
    if (props.checkpointPrefix !== undefined && !props.checkpoints) {
      fail(path, `checkpointPrefix ${show(checkpointPrefix)} is given, but there is no bucket; give checkpoints`);
    }
    if (props.experiment !== undefined && !props.tracking) {
      fail(path, `experiment ${show(props.experiment)} is given, but nobody records it; give tracking`);
    }
    const readOnlyRootFilesystem = props.readOnlyRootFilesystem ?? framework !== 'mpi';
    return {
      ...{ ...asked, framework, cpu, memory, sharedMemory, processes, maxRestarts, gracePeriod, checkpointPrefix },
      scratch: props.scratch ?? Size.gibibytes(50),
      user,
      readOnlyRootFilesystem,
    };
  }

  /** In and out: the pods of this training. Out: DNS and what the program uses. */
  private policies(stage: Stage, id: string): void {
    const { dns } = this.platform.distribution;
    this.edges.addEgress({
      peer: { namespace: dns.namespace, podLabels: dns.podLabels },
      ports: [
        { port: dns.podPort, protocol: 'UDP' },
        { port: dns.podPort, protocol: 'TCP' },
      ],
    });
    new k8s.KubeNetworkPolicy(stage, 'network-policy', {
      metadata: { name: id },
      spec: this.edges.policySpec({ ...this.podLabels }),
    });
    // NCCL, Gloo and MPI choose their ports at random.
    const peers = [{ podSelector: { matchLabels: { ...this.podLabels } } }];
    new k8s.KubeNetworkPolicy(stage, 'peers', {
      metadata: { name: `${id}-peers` },
      spec: {
        podSelector: { matchLabels: { ...this.podLabels } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: peers }],
        egress: [{ to: peers }],
      },
    });
  }

  /** Two trainings that write to one place would each go on from the other's state. */
  private checkCheckpoints(path: string): void {
    const other = this.platform.node
      .findAll()
      .find((one) => one !== this && isTraining(one) && one.checkpointPath === path);
    if (other) {
      fail(
        this.node.path,
        `checkpoints ${show(path)} are those of ${other.node.path}; give one of the two another checkpointPrefix`,
      );
    }
  }
}

function isTraining(construct: IConstruct): construct is TrainingJob {
  return TRAINING in construct;
}

/**
 * A failed pod fails its Job, and that starts all pods anew once the old ones are gone: what trains together can't go on with a part of it. What
 * is no fault of the program's (an eviction, a drained or lost node) doesn't count.
 */
function restarts(maxRestarts: number) {
  const job: Omit<k8s.JobSpec, 'template'> = {
    backoffLimit: 0,
    podFailurePolicy: {
      rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    },
  };
  const failurePolicy = {
    maxRestarts,
    restartStrategy: 'BlockingRecreate',
    rules: [
      { name: 'disruption', action: 'RestartJobSetAndIgnoreMaxRestarts', onJobFailureReasons: ['PodFailurePolicy'] },
    ],
  } as const;
  return { job, failurePolicy };
}

/**
 * Named by a digest of its spec: a TrainJob's reference to its runtime can't be changed, so that the API server refuses a changed training that is
 * there already, whatever changed.
 */
class DigestNamedRuntime extends CustomResource<NonNullable<(typeof trainingRuntime)['body']>> {
  /** The name that it is written with. */
  get digestName(): string {
    return this.toJson().metadata.name;
  }

  override toJson(): { metadata: { name: string } } {
    const json = super.toJson() as { metadata: { name: string }; spec: JsonObject };
    return { ...json, metadata: { ...json.metadata, name: `${json.metadata.name}-${digest(json.spec)}` } };
  }
}
