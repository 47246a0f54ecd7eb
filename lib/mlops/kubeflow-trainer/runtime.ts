import { type TrainingFramework } from '../../core';
import * as k8s from '../../core/k8s';
import { type JsonObject } from '../../crds';
import { type trainingRuntime } from './crds';

/** The container that Trainer puts the training's variables and ports into, and the Job that it is in. */
export const NODE = 'node';
const LAUNCHER = 'launcher';
/** The Job that a TrainJob's `trainer` is about. @see https://github.com/kubeflow/trainer/blob/v2.3.0/pkg/constants/constants.go */
const TRAINER_STEP = { 'trainer.kubeflow.org/trainjob-ancestor-step': 'trainer' };
/** Where the ssh server of upstream's MPI images listens, and what it reads, as user 1000. @see https://github.com/kubeflow/mpi-operator/blob/v0.8.2/build/base/sshd_config */
const SSHD = { command: ['/usr/sbin/sshd'], args: ['-De', '-f', '/home/mpiuser/.sshd_config'], port: 2222 };

export type RuntimeSpec = NonNullable<NonNullable<(typeof trainingRuntime)['body']>['spec']>;
type JobSetSpec = NonNullable<NonNullable<RuntimeSpec['template']>['spec']>;
type MlPolicy = NonNullable<RuntimeSpec['mlPolicy']>;

export interface RuntimeProps {
  readonly framework: TrainingFramework;
  readonly nodes: number;
  /** For `mpi`: processes of a node. */
  readonly processes: number;
  /** The pod of each node, whose container `node` runs the program. */
  readonly pod: k8s.PodTemplateSpec;
  /** Of each Job. */
  readonly job?: Omit<k8s.JobSpec, 'template'>;
  readonly failurePolicy?: JobSetSpec['failurePolicy'];
}

/**
 * What Trainer makes a JobSet from: one Job of as many pods as there are nodes. With `mpi` two: the nodes answer by ssh, and the program runs
 * on one more, which is itself one of the nodes and starts once the others answer.
 */
export function runtimeSpec(props: RuntimeProps): RuntimeSpec {
  const { framework, nodes, processes, pod, job = {}, failurePolicy } = props;
  const replicated = (name: string, template: k8s.PodTemplateSpec, trainer: boolean) => ({
    name,
    template: {
      ...(trainer && { metadata: { labels: TRAINER_STEP } }),
      spec: k8s.toJson_JobSpec({ ...job, template }) as JsonObject,
    },
  });
  const spec: JobSetSpec =
    framework === 'mpi'
      ? {
          network: { publishNotReadyAddresses: true },
          successPolicy: { operator: 'All', targetReplicatedJobs: [LAUNCHER] },
          replicatedJobs: [
            replicated(NODE, sshServer(pod), false),
            { ...replicated(LAUNCHER, pod, true), dependsOn: [{ name: NODE, status: 'Ready' }] },
          ],
        }
      : { replicatedJobs: [replicated(NODE, pod, true)] };
  return {
    mlPolicy: { numNodes: nodes, ...policy(framework, processes) },
    template: { spec: { ...(failurePolicy && { failurePolicy }), ...spec } },
  };
}

function policy(framework: TrainingFramework, processes: number): MlPolicy {
  switch (framework) {
    case 'torch':
      return { torch: {} };
    case 'jax':
      return { jax: {} };
    case 'mpi':
      return {
        mpi: {
          mpiImplementation: 'OpenMPI',
          numProcPerNode: processes,
          runLauncherAsNode: true,
          sshAuthMountPath: '/home/mpiuser/.ssh',
        },
      };
    case 'plain':
      return {};
  }
}

/** The same pod with an ssh server in the program's place. */
function sshServer(pod: k8s.PodTemplateSpec): k8s.PodTemplateSpec {
  const containers = pod.spec!.containers.map((container) =>
    container.name === NODE
      ? {
          ...container,
          command: SSHD.command,
          args: SSHD.args,
          readinessProbe: {
            tcpSocket: { port: k8s.IntOrString.fromNumber(SSHD.port) },
            initialDelaySeconds: 2,
            periodSeconds: 2,
          },
        }
      : container,
  );
  return { ...pod, spec: { ...pod.spec!, containers } };
}
