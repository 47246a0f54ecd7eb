import { Size } from 'cdk8s';
import {
  Deployment,
  type ICredentials,
  type IMetrics,
  type ProgramResources,
  programResources,
  type Stage,
  systemOf,
} from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { pullSecretNames } from './policy';
import { operatorClusterRules, operatorRules } from './rbac';

const METRICS_PORT = 8080;
const HEALTH_PORT = 8081;
const RESOURCES = { operator: { cpu: 0.2, memory: Size.mebibytes(512) } };

export interface OperatorProps {
  readonly resources?: ProgramResources;
  readonly logLevel: string;
  readonly registryCredentials?: ICredentials;
  readonly metrics?: IMetrics;
}

/** The controller that makes everything else from the ClusterPolicy. One pod: while it is away the operands run on. */
export class Operator extends Deployment {
  constructor(stage: Stage, props: OperatorProps) {
    const system = systemOf(stage);
    const { operator: resources } = programResources(
      system.node.path,
      { ...(props.resources && { operator: props.resources }) },
      RESOURCES,
    );
    super(stage, 'gpu-operator', {
      rules: operatorRules,
      clusterRules: operatorClusterRules,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      // `app` is what the Service selects by that the operator makes for its own metrics; the other keeps it where it is while it drains a node.
      extraPodLabels: { app: 'gpu-operator', 'nvidia.com/gpu-driver-upgrade-drain.skip': 'true' },
      podSpec: props.registryCredentials && {
        // A pod that names one doesn't get its service account's.
        imagePullSecrets: pullSecretNames(system, props.registryCredentials).map((name) => ({ name })),
      },
      containers: [
        {
          name: 'gpu-operator',
          image: images.operator,
          command: ['gpu-operator'],
          args: ['--leader-elect', '--zap-time-encoding=rfc3339', `--zap-log-level=${props.logLevel}`],
          env: {
            // Nodes and resources of all namespaces are looked at; what it makes is in its own.
            WATCH_NAMESPACE: '',
            OPERATOR_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            DRIVER_MANAGER_IMAGE: system.image(images.driverManager),
            VALIDATOR_IMAGE: system.image(images.operator),
          },
          ports: { metrics: METRICS_PORT, health: HEALTH_PORT },
          resources,
          livenessProbe: probe('/healthz', 15, 20),
          readinessProbe: probe('/readyz', 5, 10),
        },
      ],
    });
    if (props.metrics) {
      const { metrics } = this.addService({ name: 'gpu-operator-metrics', ports: { metrics: METRICS_PORT } });
      props.metrics.scrape(stage, 'gpu-operator-metrics', { endpoint: metrics });
    }
  }
}

function probe(path: string, initialDelaySeconds: number, periodSeconds: number): k8s.Probe {
  return {
    httpGet: { path, port: k8s.IntOrString.fromString('health') },
    initialDelaySeconds,
    periodSeconds,
    timeoutSeconds: 5,
  };
}
