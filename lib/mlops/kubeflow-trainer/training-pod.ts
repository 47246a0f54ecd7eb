import { type Size } from 'cdk8s';
import {
  type Distribution,
  type EnvValue,
  type IRdmaNetwork,
  type Mount,
  type Placement,
  quantity,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { NODE } from './runtime';

/** The pod that each node of a training runs. */
export interface TrainingPodProps {
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccountName: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
  readonly cpu: number;
  readonly memory: Size;
  readonly devices: Readonly<Record<string, number>>;
  readonly sharedMemory: Size;
  readonly scratch: Size;
  readonly placement: Placement;
  readonly runtimeClassName?: string;
  readonly priorityClassName?: string;
  readonly network?: IRdmaNetwork;
  readonly user: number;
  readonly readOnlyRootFilesystem: boolean;
  readonly gracePeriod: number;
  readonly distribution: Distribution;
}

/** @see https://github.com/k8snetworkplumbingwg/multi-net-spec */
const NETWORKS = 'k8s.v1.cni.cncf.io/networks';

/** Guaranteed by its requests, so that CPUs, GPUs and adapters come from one NUMA node where the kubelet sees to it. */
export function trainingPod(props: TrainingPodProps): k8s.PodTemplateSpec {
  const { network, user, distribution } = props;
  const { nodeSelector = {}, tolerations = [] } = props.placement;
  const amounts = quantities({
    cpu: String(props.cpu),
    memory: quantity(props.memory),
    ...Object.fromEntries(Object.entries(props.devices).map(([name, count]) => [name, String(count)])),
  });
  const mounts: readonly Mount[] = [
    { path: '/dev/shm', volume: volume.scratch('shm', { memory: true, limit: props.sharedMemory }) },
    { path: '/tmp', volume: volume.scratch('tmp', { limit: props.scratch }) },
    ...props.mounts,
  ];
  const attachments = network?.attachments.map(({ namespace, name }) => `${namespace}/${name}`) ?? [];
  return {
    metadata: {
      labels: { ...props.labels },
      annotations: attachments.length > 0 ? { [NETWORKS]: attachments.join(',') } : undefined,
    },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: props.serviceAccountName,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      runtimeClassName: props.runtimeClassName,
      priorityClassName: props.priorityClassName,
      nodeSelector: Object.keys(nodeSelector).length > 0 ? { ...nodeSelector } : undefined,
      tolerations: tolerations.length > 0 ? [...tolerations] : undefined,
      terminationGracePeriodSeconds: props.gracePeriod,
      securityContext: {
        runAsNonRoot: true,
        ...(distribution.fixedUids ? { runAsUser: user, runAsGroup: user, fsGroup: user } : {}),
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: NODE,
          image: props.image,
          imagePullPolicy: 'IfNotPresent',
          command: [...props.command],
          args: props.args && [...props.args],
          env: Object.entries(props.env).map(([name, value]) =>
            typeof value === 'string' ? { name, value } : { name, valueFrom: value },
          ),
          resources: { requests: amounts, limits: amounts },
          volumeMounts: mounts.map(({ path, volume: { name }, readOnly }) => ({
            name,
            mountPath: path,
            readOnly: readOnly ?? (name.startsWith('authority-') ? true : undefined),
          })),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: props.readOnlyRootFilesystem,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
      volumes: mounts.map((mount) => mount.volume),
    },
  };
}

function quantities(values: Readonly<Record<string, string>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, k8s.Quantity.fromString(value)]));
}
