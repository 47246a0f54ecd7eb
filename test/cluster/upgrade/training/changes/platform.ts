import { type PlatformProps } from '../../../../../lib';
import { type Change, MINT, type Table } from '../../changes/change';
import { ALL as TRACKING, ALL_JOBS, edited, laterImages, LATER_IMAGES as LATER_TRACKING } from '../../changes/platform';
import { type Tuning } from '../program';
import { GPU_OPERATOR, JOBSET, KUEUE, NETWORK_OPERATOR, NODE_FEATURES, NODE_LABELS, TRAINER } from './names';

/** What each image runs in that experiment tracking hasn't; what controllers start isn't named. */
const RUNS_IN: Readonly<Record<string, Pick<Change, 'restarts' | 'jobs'>>> = {
  'registry.k8s.io/nfd/node-feature-discovery:v0.19.0': { restarts: NODE_FEATURES },
  'nvcr.io/nvidia/gpu-operator:v26.7.0': { restarts: [GPU_OPERATOR] },
  // The operator hands it on.
  'nvcr.io/nvidia/cloud-native/k8s-driver-manager:v0.12.0': { restarts: [GPU_OPERATOR] },
  'nvcr.io/nvidia/driver:580.173.02-ubuntu24.04': { restarts: [] },
  'nvcr.io/nvidia/k8s/container-toolkit:v1.20.0': { restarts: [] },
  'nvcr.io/nvidia/k8s-device-plugin:v0.20.0': { restarts: [] },
  'nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0': { restarts: [] },
  'nvcr.io/nvidia/cloud-native/network-operator:v26.4.1': { restarts: [NETWORK_OPERATOR] },
  'nvcr.io/nvidia/mellanox/k8s-rdma-shared-dev-plugin:network-operator-v26.4.1': { restarts: [] },
  'registry.k8s.io/kueue/kueue:v0.19.2': { restarts: [KUEUE] },
  'registry.k8s.io/jobset/jobset:v0.12.0': { restarts: [JOBSET] },
  'ghcr.io/kubeflow/trainer/trainer-controller-manager:v2.3.0': { restarts: [TRAINER] },
  'docker.io/pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime': { restarts: [] },
  'ghcr.io/kubeflow/trainer/deepspeed-runtime:v2.3.0': { restarts: [] },
  'nvcr.io/nvidia/jax:25.10-py3': { restarts: [] },
  // It labels nodes too.
  'quay.io/curl/curl:8.17.0': { restarts: [NODE_LABELS], jobs: [MINT] },
};

/** The operator appends the nodes' system to it. */
const APPENDED = '-ubuntu24.04';

function later(image: string): string {
  return image.endsWith(APPENDED) ? `${image.slice(0, -APPENDED.length)}-2${APPENDED}` : `${image}-2`;
}

/** A later tag of every image. */
export const LATER_IMAGES: Readonly<Record<string, string>> = {
  ...LATER_TRACKING,
  ...laterImages(Object.keys(RUNS_IN), later),
};

const ALL = [
  ...TRACKING,
  ...NODE_FEATURES,
  GPU_OPERATOR,
  NODE_LABELS,
  NETWORK_OPERATOR,
  KUEUE,
  JOBSET,
  TRAINER,
] as const;

export const platform: Table<PlatformProps, Tuning> = {
  requireEncryptedVolumes: 'as with experiment tracking',
  site: [
    {
      what: 'four more nodes for training',
      tuning: {
        site: edited(
          'nodes: 4\n    cpu: { sockets: 2, coresPerSocket: 64',
          'nodes: 8\n    cpu: { sockets: 2, coresPerSocket: 64',
        ),
      },
      restarts: [],
    },
    {
      what: 'four -> eight GPUs of a node',
      tuning: { site: edited('model: NVIDIA A100 80GB PCIe, count: 4', 'model: NVIDIA A100 80GB PCIe, count: 8') },
      restarts: [],
    },
    {
      what: "another label of a pool's nodes",
      tuning: { site: edited('onprem-ml.example/pool: inference', 'onprem-ml.example/pool: serving') },
      restarts: [NODE_LABELS],
    },
    {
      what: "another taint of a pool's nodes",
      tuning: {
        site: edited(
          'onprem-ml.example/pool: training\n    taints:\n      - { key: nvidia.com/gpu, effect: NoSchedule }',
          'onprem-ml.example/pool: training\n    taints:\n      - { key: lab.example/training, effect: NoSchedule }',
        ),
      },
      restarts: [],
    },
  ],
  distribution: 'says which Kubernetes is there',
  kubernetesVersion: [
    {
      what: '1.35 -> one that the network operator is not made for',
      tuning: { platform: { kubernetesVersion: '1.37' } },
      refusedBy: 'synth',
      says: 'is made for Kubernetes',
    },
  ],
  imageLock: 'says of each image what its tag stands for; a reference changes as it does with images',
  registryMirror: [
    {
      what: 'none -> registry.lab.example:5000/mirror',
      tuning: { platform: { registryMirror: 'registry.lab.example:5000/mirror' } },
      restarts: ALL,
      jobs: ALL_JOBS,
    },
  ],
  images: [
    ...Object.entries(RUNS_IN).map(([image, runsIn]) => ({
      what: `${image} -> ${later(image).split(':').at(-1)}`,
      tuning: { platform: { images: laterImages([image], later) } },
      ...runsIn,
    })),
    { what: 'all to their next tags', tuning: { platform: { images: LATER_IMAGES } }, restarts: ALL, jobs: ALL_JOBS },
    {
      what: "the driver's, without the nodes' system",
      tuning: { platform: { images: { 'nvcr.io/nvidia/driver': 'registry.lab.example/driver:580.173.02' } } },
      refusedBy: 'synth',
      says: 'to which the operator appends the nodes\' system; name one that ends in "-ubuntu24.04"',
    },
  ],
};
