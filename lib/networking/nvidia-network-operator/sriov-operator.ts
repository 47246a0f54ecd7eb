import { Construct } from 'constructs';
import { ConfigFiles, Deployment, type IMetrics, type Resources, type Stage, systemOf } from '../../core';
import * as k8s from '../../core/k8s';
import { ADAPTERS } from './hardware';
import { images } from './images';
import { VENDOR } from './policy';
import { RESOURCE_PREFIX } from './rdma-network';
import { sriovClusterRules, sriovDaemonClusterRules, sriovDaemonRules, sriovOwnRules } from './sriov-rbac';

/** Its flags' defaults. @see https://github.com/Mellanox/sriov-network-operator/blob/network-operator-26.4.x/main.go */
const METRICS_PORT = 8080;
const HEALTH_PORT = 8081;
/** Names that are in the operator's code and manifests. */
const ADAPTERS_CONFIG = 'supported-nic-ids';
const DAEMON = 'sriov-network-config-daemon';

export interface SriovOperatorProps {
  /** Whether each network namespace has RDMA devices of its own. */
  readonly exclusive: boolean;
  readonly resources: Resources;
  readonly metrics?: IMetrics;
}

/** Tells a daemon on each node which ports to divide, empties nodes for it, and turns networks into NetworkAttachmentDefinitions. */
export class SriovOperator extends Deployment {
  constructor(stage: Stage, { exclusive, resources, metrics }: SriovOperatorProps) {
    const system = systemOf(stage);
    const adapters = new ConfigFiles(
      stage,
      ADAPTERS_CONFIG,
      Object.fromEntries(
        ADAPTERS.map(({ name, device, virtualDevice }) => [name, `${VENDOR} ${device} ${virtualDevice}`]),
      ),
    );
    const image = (of: keyof typeof images) => system.image(images[of]);
    super(stage, 'sriov-network-operator', {
      rules: sriovOwnRules(),
      clusterRules: sriovClusterRules(),
      // It elects no leader: two at a time would drain more nodes than they may.
      strategy: 'Recreate',
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      restartOn: [adapters],
      containers: [
        {
          name: 'sriov-network-operator',
          image: images.sriovOperator,
          command: ['sriov-network-operator'],
          args: [`--metrics-bind-address=${metrics ? `:${METRICS_PORT}` : '0'}`],
          env: {
            NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            CLUSTER_TYPE: 'kubernetes',
            // For pods whose service accounts it makes itself. @see controllers/helper.go GetImagePullSecrets
            IMAGE_PULL_SECRETS: system.platform.mirror?.pullSecret,
            RESOURCE_PREFIX,
            SRIOV_CNI_BIN_PATH: system.platform.distribution.cni.binDir,
            SRIOV_NETWORK_CONFIG_DAEMON_IMAGE: image('sriovDaemon'),
            SRIOV_DEVICE_PLUGIN_IMAGE: image('hostDevicePlugin'),
            SRIOV_CNI_IMAGE: image('sriovCni'),
            SRIOV_INFINIBAND_CNI_IMAGE: image('ibSriovCni'),
            // Without it, and without OVS_CNI_IMAGE, the daemon's pods don't bring that plugin.
            RDMA_CNI_IMAGE: exclusive ? image('rdmaCni') : undefined,
          },
          ports: { ...(metrics && { metrics: METRICS_PORT }), health: HEALTH_PORT },
          resources,
          livenessProbe: probe('/healthz', { initialDelaySeconds: 15, periodSeconds: 20 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 5, periodSeconds: 10 }),
        },
      ],
    });
    new DaemonAccount(stage);
    if (metrics) {
      const { metrics: endpoint } = this.addService({
        name: 'sriov-network-operator-metrics',
        ports: { metrics: METRICS_PORT },
      });
      metrics.scrape(stage, 'sriov-network-operator', { endpoint });
    }
  }
}

/** The service account of the daemon's pods, which the operator makes. */
class DaemonAccount extends Construct {
  constructor(stage: Stage) {
    super(stage, DAEMON);
    const { namespace } = systemOf(stage);
    const subjects = [{ kind: 'ServiceAccount', name: DAEMON, namespace }];
    const role = new Construct(this, 'role');
    const clusterRole = new Construct(this, 'cluster-role');
    const clusterName = `${namespace}-${DAEMON}`;
    const apiGroup = 'rbac.authorization.k8s.io';
    new k8s.KubeServiceAccount(this, 'service-account', { metadata: { name: DAEMON } });
    new k8s.KubeRole(role, 'role', { metadata: { name: DAEMON }, rules: sriovDaemonRules(ADAPTERS_CONFIG) });
    new k8s.KubeRoleBinding(role, 'binding', {
      metadata: { name: DAEMON },
      roleRef: { apiGroup, kind: 'Role', name: DAEMON },
      subjects,
    });
    new k8s.KubeClusterRole(clusterRole, 'role', {
      metadata: { name: clusterName },
      rules: sriovDaemonClusterRules(),
    });
    new k8s.KubeClusterRoleBinding(clusterRole, 'binding', {
      metadata: { name: clusterName },
      roleRef: { apiGroup, kind: 'ClusterRole', name: clusterName },
      subjects,
    });
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) }, timeoutSeconds: 5, ...times };
}
