import { Duration } from 'cdk8s';
import { Deployment, type IMetrics, type Resources, type Stage, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { images } from './images';
import { controllerRules } from './rbac';
import { ValidatingWebhook } from './webhook';

/** The name is in the certificate that the controller makes for itself. */
export const WEBHOOK_SERVICE = 'metallb-webhook-service';
/** The controller's own default. */
const WEBHOOK_SECRET = 'metallb-webhook-cert';
/** Hard-coded in the controller. */
const WEBHOOK_CONFIGURATION = 'metallb-webhook-configuration';

export const METRICS_PORT = 9120;
export const HEALTH_PORT = 17472;

export interface ControllerProps {
  /** Whether FRR speaks BGP, and the webhook may let its settings pass. */
  readonly withFrr: boolean;
  readonly resources: Resources;
  readonly logLevel: string;
  readonly metrics?: IMetrics;
}

/**
 * Gives Services their addresses, and validates MetalLB's resources by a webhook. One replica: two would hand out the same
 * address, and there is no election.
 */
export class Controller extends Deployment {
  constructor(stage: Stage, props: ControllerProps) {
    const { own, cluster } = controllerRules(WEBHOOK_SECRET, WEBHOOK_CONFIGURATION);
    super(stage, 'controller', {
      strategy: 'Recreate',
      user: 65534,
      rules: own,
      clusterRules: cluster,
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      terminationGracePeriod: Duration.seconds(5),
      containers: [
        {
          name: 'controller',
          image: images.controller,
          args: [`--port=${METRICS_PORT}`, `--log-level=${props.logLevel}`, '--webhook-mode=enabled'],
          env: {
            METALLB_POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
            METALLB_BGP_TYPE: props.withFrr ? 'frr-k8s' : undefined,
          },
          ports: { metrics: METRICS_PORT, webhook: 9443, health: HEALTH_PORT },
          resources: props.resources,
          mounts: [
            {
              path: '/tmp/k8s-webhook-server/serving-certs',
              volume: volume.secret('certificate', { name: WEBHOOK_SECRET }),
            },
          ],
          // The program fills the Secret a second or a few after its start, when it is mounted already. kubelet mounts the new content when
          // it syncs the pod: as a probe succeeds for the first time, else once a minute. So one does early, another where that was too early.
          startupProbe: probe('/healthz', { initialDelaySeconds: 3, periodSeconds: 1, failureThreshold: 40 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 8, periodSeconds: 3 }),
          livenessProbe: probe('/healthz', {}),
        },
      ],
    });
    this.addService({ name: WEBHOOK_SERVICE, ports: { webhook: { port: 443, target: 9443 } } });
    // The API server calls, from an address that depends on the network plugin.
    this.allowFrom('anywhere', 9443);
    new ValidatingWebhook(stage, 'webhook', {
      name: WEBHOOK_CONFIGURATION,
      service: WEBHOOK_SERVICE,
      secret: WEBHOOK_SECRET,
      reviewed: [
        { group: 'metallb.io', version: 'v1beta2', resource: 'bgppeers', kind: 'bgppeer' },
        {
          group: 'metallb.io',
          version: 'v1beta1',
          resource: 'bfdprofiles',
          kind: 'bfdprofile',
          operations: ['CREATE', 'DELETE'],
        },
        { group: 'metallb.io', version: 'v1beta1', resource: 'bgpadvertisements', kind: 'bgpadvertisement' },
        { group: 'metallb.io', version: 'v1beta1', resource: 'communities', kind: 'community' },
        { group: 'metallb.io', version: 'v1beta1', resource: 'ipaddresspools', kind: 'ipaddresspool' },
        { group: 'metallb.io', version: 'v1beta1', resource: 'l2advertisements', kind: 'l2advertisement' },
      ],
    });
    // The pod may be ready before its certificate is mounted and the webhook listens.
    stage.addGate({
      type: 'admission',
      of: "metallb's webhook",
      object: {
        apiVersion: 'metallb.io/v1beta1',
        kind: 'L2Advertisement',
        metadata: { name: 'admission-gate', namespace: this.namespace },
        spec: {},
      },
    });
    if (props.metrics) {
      const { metrics } = this.addService({
        name: 'controller-metrics',
        ports: { metrics: METRICS_PORT },
        headless: true,
      });
      props.metrics.scrape(stage, 'metallb-controller', { endpoint: metrics, scheme: 'https', token: true });
    }
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) }, timeoutSeconds: 5, ...times };
}
