import { type Distribution, type Image, type Stage, type TrainingFramework, volume } from '../../core';
import type * as k8s from '../../core/k8s';
import { Size } from 'cdk8s';
import { CustomResource } from '../../crds';
import { clusterTrainingRuntime } from './crds';
import { images } from './images';
import { NODE, runtimeSpec } from './runtime';

/** Runtimes that people's own TrainJobs may name, as upstream calls their frameworks. */
export const RUNTIMES = ['torch', 'deepspeed', 'jax'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

const OF: Readonly<Record<RuntimeName, { readonly image: Image; readonly framework: TrainingFramework }>> = {
  torch: { image: images.torch, framework: 'torch' },
  deepspeed: { image: images.deepspeed, framework: 'mpi' },
  jax: { image: images.jax, framework: 'jax' },
};

/** User and group 1000, which MPI's images have an ssh server for. */
const USER = 1000;

/** Adds the ClusterTrainingRuntime `<name>-distributed`: upstream's, within the restricted standard and with shared memory for NCCL. */
export function addClusterRuntime(
  stage: Stage,
  name: RuntimeName,
  reference: (image: Image) => string,
  { fixedUids }: Distribution,
): void {
  const { image, framework } = OF[name];
  const shm = volume.scratch('shm', { memory: true, limit: Size.gibibytes(8) });
  const pod: k8s.PodSpec = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      ...(fixedUids ? { runAsUser: USER, runAsGroup: USER, fsGroup: USER } : {}),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: NODE,
        image: reference(image),
        imagePullPolicy: 'IfNotPresent',
        // The user has no entry in these images, hence no home; MPI's has one, with its packages in it.
        env: framework === 'mpi' ? undefined : HOME,
        volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
    volumes: [shm],
  };
  new CustomResource(stage, `runtime-${name}`, clusterTrainingRuntime, {
    metadata: { name: `${name}-distributed`, labels: { 'trainer.kubeflow.org/framework': name } },
    spec: runtimeSpec({ framework, nodes: 1, processes: 1, pod: { spec: pod } }),
  });
}

/** Where programs keep their caches, and who PyTorch's compiler takes them for: it asks for the user's name. */
export const HOME: k8s.EnvVar[] = [
  { name: 'HOME', value: '/tmp' },
  { name: 'USER', value: 'trainer' },
];
