import { Duration } from 'cdk8s';
import {
  ConfigFiles,
  DaemonSet,
  Deployment,
  type IMetrics,
  type Mount,
  type Resources,
  type Stage,
  systemOf,
  volume,
  type Workload,
} from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { collectorRules, masterClusterRules, masterRules, topologyUpdaterRules, workerRules } from './rbac';

/** Health and metrics of each of the programs, since v0.18 on one port. */
const PORT = 8080;

export interface PartProps {
  readonly resources: Resources;
  /** klog's `-v`. */
  readonly logLevel: number;
  readonly metrics?: IMetrics;
}

export interface MasterProps extends PartProps {
  readonly replicas: number;
  readonly extraLabelNamespaces: readonly string[];
  readonly taints: boolean;
}

/** Labels the nodes. One pod leads, the others stand by. */
export class Master extends Deployment {
  constructor(stage: Stage, props: MasterProps) {
    super(stage, 'nfd-master', {
      replicas: props.replicas,
      rules: masterRules,
      clusterRules: masterClusterRules,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name: 'master',
          image: images.nodeFeatureDiscovery,
          command: ['nfd-master'],
          // No configuration file: an absent one stands for the defaults.
          args: [
            ...common(props),
            '-enable-leader-election',
            ...(props.extraLabelNamespaces.length > 0
              ? [`-extra-label-ns=${props.extraLabelNamespaces.join(',')}`]
              : []),
            ...(props.taints ? ['-enable-taints'] : []),
          ],
          env: { NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          ports: { http: PORT },
          resources: props.resources,
          startupProbe: started(),
          livenessProbe: probe({ periodSeconds: 10 }),
          readinessProbe: probe({ periodSeconds: 5 }),
        },
      ],
    });
    scrape(stage, this, props.metrics);
  }
}

export interface WorkerProps extends PartProps {
  readonly config: string;
}

/** Where the node's own files are in the container, fixed in upstream's image. @see https://github.com/kubernetes-sigs/node-feature-discovery/blob/v0.19.0/Makefile */
const HOST_FILES = {
  boot: ['/boot', '/host-boot'],
  'os-release': ['/etc/os-release', '/host-etc/os-release'],
  sys: ['/sys', '/host-sys'],
  'usr-lib': ['/usr/lib', '/host-usr/lib'],
  lib: ['/lib', '/host-lib'],
  swaps: ['/proc/swaps', '/host-proc/swaps'],
} as const;
/** Where others on the node leave files with features of theirs, such as NVIDIA's container toolkit. */
const FEATURES_D = '/etc/kubernetes/node-feature-discovery/features.d';

/** Looks at each node, tainted ones too, and writes what it finds into the node's NodeFeature. */
export class Worker extends DaemonSet {
  constructor(stage: Stage, props: WorkerProps) {
    const config = new ConfigFiles(stage, 'nfd-worker-config', { 'nfd-worker.conf': props.config });
    super(stage, 'nfd-worker', {
      rules: workerRules,
      priorityClassName: 'system-node-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      // Nodes with GPUs are tainted more often than not.
      tolerations: [{ operator: 'Exists' }],
      maxUnavailable: '10%',
      terminationGracePeriod: Duration.seconds(5),
      restartOn: [config],
      containers: [
        {
          name: 'worker',
          image: images.nodeFeatureDiscovery,
          command: ['nfd-worker'],
          args: [...common(props), '-config=/etc/nfd-worker/nfd-worker.conf'],
          env: {
            NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
            POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            POD_UID: { fieldRef: { fieldPath: 'metadata.uid' } },
          },
          ports: { http: PORT },
          resources: props.resources,
          mounts: [
            ...Object.entries(HOST_FILES).map(([name, [host, path]]) => hostPath(`host-${name}`, host, path)),
            hostPath('features-d', FEATURES_D, FEATURES_D, 'DirectoryOrCreate'),
            { path: '/etc/nfd-worker', volume: volume.config('config', config) },
          ],
          startupProbe: started(),
          livenessProbe: probe({ periodSeconds: 10 }),
          readinessProbe: probe({ periodSeconds: 10 }),
        },
      ],
    });
    if (systemOf(stage).platform.distribution.podSecurity === 'scc') {
      this.bindClusterRole('system:openshift:scc:hostmount-anyuid', this.namespace);
    }
    scrape(stage, this, props.metrics);
  }
}

/** Deletes what was written for nodes that are gone. */
export class GarbageCollector extends Deployment {
  constructor(stage: Stage, props: PartProps & { readonly interval: Duration }) {
    super(stage, 'nfd-gc', {
      clusterRules: collectorRules,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      containers: [
        {
          name: 'gc',
          image: images.nodeFeatureDiscovery,
          command: ['nfd-gc'],
          args: [...common(props), `-gc-interval=${props.interval.toSeconds()}s`],
          env: { NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          ports: { http: PORT },
          resources: props.resources,
          startupProbe: started(),
          livenessProbe: probe({ periodSeconds: 10 }),
          readinessProbe: probe({ periodSeconds: 5 }),
        },
      ],
    });
    scrape(stage, this, props.metrics);
  }
}

export interface TopologyUpdaterPartProps extends PartProps {
  readonly interval: Duration;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** Writes each node's NUMA zones and what is free in them, by kubelet's own account. */
export class TopologyUpdater extends DaemonSet {
  constructor(stage: Stage, props: TopologyUpdaterPartProps) {
    const { kubeletRoot, podSecurity } = systemOf(stage).platform.distribution;
    const socket = '/host-var/lib/kubelet-podresources/kubelet.sock';
    super(stage, 'nfd-topology-updater', {
      // kubelet's socket belongs to root.
      user: 0,
      podSecurityContext: { runAsNonRoot: false },
      clusterRules: topologyUpdaterRules,
      nodeSelector: { 'kubernetes.io/os': 'linux', ...props.nodeSelector },
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      maxUnavailable: '10%',
      containers: [
        {
          name: 'topology-updater',
          image: images.nodeFeatureDiscovery,
          command: ['nfd-topology-updater'],
          args: [
            ...common(props),
            `-podresources-socket=${socket}`,
            `-sleep-interval=${props.interval.toSeconds()}s`,
            '-watch-namespace=*',
            '-kubelet-state-dir=/host-var/lib/kubelet',
          ],
          env: {
            NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
            NODE_ADDRESS: { fieldRef: { fieldPath: 'status.hostIP' } },
          },
          ports: { http: PORT },
          resources: props.resources,
          mounts: [
            hostPath('kubelet-podresources', `${kubeletRoot}/pod-resources/kubelet.sock`, socket),
            hostPath('kubelet-state', kubeletRoot, '/host-var/lib/kubelet'),
            hostPath('host-sys', '/sys', '/host-sys'),
          ],
          startupProbe: started(),
          livenessProbe: probe({ periodSeconds: 10 }),
          readinessProbe: probe({ periodSeconds: 10, failureThreshold: 10 }),
        },
      ],
    });
    // kubelet's own configuration, on the node.
    this.allowTo('anywhere', 10250);
    if (podSecurity === 'scc') this.bindClusterRole('system:openshift:scc:hostmount-anyuid', this.namespace);
    scrape(stage, this, props.metrics);
  }
}

function common({ logLevel }: PartProps): string[] {
  return [`-port=${PORT}`, `-v=${logLevel}`];
}

function hostPath(name: string, host: string, path: string, type?: string): Mount {
  return { path, volume: { name, hostPath: { path: host, type } }, readOnly: true };
}

function probe(times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path: '/healthz', port: k8s.IntOrString.fromString('http') }, timeoutSeconds: 5, ...times };
}

/** Two minutes for a program to be there: each listens once it has reached the API server. */
function started(): k8s.Probe {
  return probe({ periodSeconds: 2, failureThreshold: 60 });
}

function scrape(stage: Stage, workload: Workload, metrics?: IMetrics): void {
  if (!metrics) return;
  const { http } = workload.addService({ name: `${workload.name}-metrics`, ports: { http: PORT }, headless: true });
  metrics.scrape(stage, workload.name, { endpoint: http });
}
