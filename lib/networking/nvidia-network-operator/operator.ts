import { Duration } from 'cdk8s';
import { Deployment, type IMetrics, type ISecret, type Resources, type Stage, systemOf, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { clusterRules, ownRules, type Parts } from './rbac';
import { WEBHOOK_PORT, WEBHOOK_SERVICE } from './webhook';

/** Its flags' defaults. @see https://github.com/Mellanox/network-operator/blob/v26.4.1/main.go */
const METRICS_PORT = 8080;
const HEALTH_PORT = 8081;
/** Where controller-runtime looks for a webhook's certificate. */
const CERTIFICATES = '/tmp/k8s-webhook-server/serving-certs';

export interface OperatorProps {
  readonly parts: Parts;
  readonly resources: Resources;
  /** Certificate of the webhook. @default - there is no webhook */
  readonly certificate?: ISecret;
  /** Port of the registry that has the driver's images, where the driver comes from there. */
  readonly registryPort?: number;
  readonly metrics?: IMetrics;
}

/** Rolls out what the policy says, on the nodes that have the adapters, and turns networks into NetworkAttachmentDefinitions. */
export class Operator extends Deployment {
  constructor(stage: Stage, props: OperatorProps) {
    const { parts, certificate } = props;
    const { cni } = systemOf(stage).platform.distribution;
    super(stage, 'network-operator', {
      rules: ownRules(parts),
      clusterRules: clusterRules(parts),
      // A node whose driver is exchanged is emptied of all pods but the one that does it.
      extraPodLabels: { 'nvidia.com/ofed-driver-upgrade-drain.skip': 'true' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      terminationGracePeriod: Duration.seconds(10),
      containers: [
        {
          name: 'network-operator',
          image: images.operator,
          command: ['/manager'],
          args: ['--leader-elect'],
          env: {
            STATE_MANIFEST_BASE_DIR: '/manifests',
            POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            OPERATOR_NAME: 'network-operator',
            ENABLE_WEBHOOKS: String(certificate !== undefined),
            CNI_BIN_DIR: cni.binDir,
            CNI_NETWORK_DIR: cni.confDir,
            USE_DTK: String(parts.scc),
            OFED_INIT_CONTAINER_IMAGE: parts.driver ? systemOf(stage).image(images.driverInit) : undefined,
          },
          ports: {
            metrics: METRICS_PORT,
            health: HEALTH_PORT,
            ...(certificate && { webhook: WEBHOOK_PORT }),
          },
          resources: props.resources,
          mounts: certificate ? [{ path: CERTIFICATES, volume: volume.secret('certificate', certificate) }] : [],
          livenessProbe: probe('/healthz', { initialDelaySeconds: 15, periodSeconds: 20 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 5, periodSeconds: 10 }),
        },
      ],
    });
    if (certificate) {
      this.addService({ name: WEBHOOK_SERVICE, ports: { webhook: { port: 443, target: WEBHOOK_PORT } } });
      // The API server calls, from an address that depends on the network plugin.
      this.allowFrom('anywhere', WEBHOOK_PORT);
    }
    // It looks up which tags of the driver's image there are.
    if (props.registryPort !== undefined) this.allowTo('anywhere', props.registryPort);
    if (props.metrics) {
      const { metrics } = this.addService({ name: 'network-operator-metrics', ports: { metrics: METRICS_PORT } });
      props.metrics.scrape(stage, 'network-operator', { endpoint: metrics });
    }
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) }, timeoutSeconds: 5, ...times };
}
