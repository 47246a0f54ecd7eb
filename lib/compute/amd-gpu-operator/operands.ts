import { Construct } from 'constructs';
import { ControlledPods, type IMetrics, type Stage, systemOf } from '../../core';
import * as k8s from '../../core/k8s';
import { operandRules } from './rbac';

export const EXPORTER_PORT = 5000;
/** What Kernel Module Management puts on the pods that it makes, besides what they do. @see https://github.com/kubernetes-sigs/kernel-module-management/blob/v2.3.0/internal/utils/podhelper.go */
export const KMM = { 'app.kubernetes.io/name': 'kmm' };
/** What the operator puts on the exporter's pods, besides `daemonset-name`. */
const EXPORTER = { 'app.kubernetes.io/name': 'metrics-exporter' };

export interface OperandsProps {
  /** The nodes of each DeviceConfig, by its name. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly testRunner: boolean;
  readonly partitions: boolean;
  /** Whether drivers come as images. */
  readonly driver: boolean;
  /** Whether nodes are rebooted to upgrade them. */
  readonly reboots: boolean;
  readonly metrics?: IMetrics;
}

/** Service accounts of the pods that the operator makes on the nodes, whose names are in its code, and their ways through the network. */
export class Operands extends Construct {
  constructor(stage: Stage, props: OperandsProps) {
    super(stage, 'operands');
    this.account('kmm-device-plugin');
    this.account('node-labeller', operandRules.nodeLabeller);
    this.account('metrics-exporter', operandRules.metricsExporter);
    if (props.testRunner) this.account('test-runner', operandRules.testRunner);
    if (props.partitions) this.account('config-manager', operandRules.configManager);
    if (props.driver) this.account('kmm-module-loader');
    if (props.reboots) this.account('utils-container');

    // All of a DeviceConfig's pods bear its name; of these the device plugin alone has nothing to say to the API server.
    for (const name of Object.keys(props.nodes)) {
      new ControlledPods(stage, `operands-${name}`, { labels: { 'daemonset-name': name }, usesApi: true });
    }
    for (const [name, nodes] of Object.entries(props.nodes)) {
      props.metrics?.scrape(stage, `amd-gpus-${name}`, {
        // The operator makes a Service for each DeviceConfig.
        endpoint: {
          labels: { 'app.kubernetes.io/service': `${name}-metrics-exporter` },
          port: 'exporter-port',
          pods: { labels: { 'daemonset-name': name, ...EXPORTER }, port: EXPORTER_PORT },
        },
        // The samples name the pod that has the GPU.
        honorLabels: true,
        nodePools: { [name]: nodes },
      });
    }
  }

  private account(suffix: string, rules?: k8s.PolicyRule[]): void {
    const name = `amd-gpu-operator-${suffix}`;
    const { namespace, platform } = systemOf(this);
    const scope = new Construct(this, suffix);
    new k8s.KubeServiceAccount(scope, 'service-account', {
      metadata: { name },
      automountServiceAccountToken: rules !== undefined,
    });
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    if (rules) {
      const role = `${namespace}-${suffix}`;
      new k8s.KubeClusterRole(scope, 'cluster-role', { metadata: { name: role }, rules });
      new k8s.KubeClusterRoleBinding(scope, 'cluster-role-binding', {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects,
      });
    }
    if (platform.distribution.podSecurity === 'scc') {
      new k8s.KubeRoleBinding(scope, 'scc', {
        metadata: { name: `${name}-privileged` },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'system:openshift:scc:privileged',
        },
        subjects,
      });
    }
  }
}
