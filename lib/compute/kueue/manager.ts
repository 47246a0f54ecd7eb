import { Duration } from 'cdk8s';
import { ConfigFiles, Deployment, type IMetrics, type Resources, type Stage, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { configuration, type ConfigurationProps, PORTS } from './configuration';
import { images } from './images';
import { clusterRules, ownRules } from './rbac';
import { Visibility, VISIBILITY_PORT } from './visibility';
import { MUTATING, VALIDATING, WEBHOOK_SECRET, WEBHOOK_SERVICE } from './webhook';

const CONFIG_FILE = 'controller_manager_config.yaml';

export interface ManagerProps extends Omit<ConfigurationProps, 'namespace'> {
  readonly replicas: number;
  readonly resources: Resources;
  readonly logLevel: number;
  readonly metrics?: IMetrics;
}

/** Kueue's one program. One pod leads and decides; all answer the webhooks. */
export class Manager extends Deployment {
  constructor(stage: Stage, props: ManagerProps) {
    const { frameworks, visibility, metrics } = props;
    const config = new ConfigFiles(stage, 'kueue-manager-config', {
      [CONFIG_FILE]: configuration({ ...props, namespace: stage.namespace! }),
    });
    super(stage, 'controller-manager', {
      replicas: props.replicas,
      rules: ownRules(WEBHOOK_SECRET),
      clusterRules: clusterRules({
        frameworks,
        visibility,
        mutatingWebhook: MUTATING,
        validatingWebhook: VALIDATING,
      }),
      // While it is away no job of a queue's namespace can be made or changed.
      priorityClassName: 'system-cluster-critical',
      terminationGracePeriod: Duration.seconds(10),
      restartOn: [config],
      containers: [
        {
          name: 'manager',
          image: images.kueue,
          args: [`--config=/etc/kueue/${CONFIG_FILE}`, `--zap-log-level=${props.logLevel}`],
          ports: { ...PORTS, ...(visibility && { visibility: VISIBILITY_PORT }) },
          resources: props.resources,
          mounts: [
            { path: '/etc/kueue', volume: volume.config('config', config) },
            {
              path: '/tmp/k8s-webhook-server/serving-certs',
              volume: volume.secret('certificate', { name: WEBHOOK_SECRET }),
            },
            // The certificate that it signs for this port at each start.
            ...(visibility ? [{ path: '/visibility', volume: volume.scratch('visibility') }] : []),
          ],
          // The program fills the Secret some seconds after its first start, when it is mounted already, and waits for the file. kubelet mounts
          // the new content when it syncs the pod: as a probe succeeds for the first time, else once a minute. Ready it is only with the file, so
          // it is the startup probe that must not come too early.
          startupProbe: probe('/healthz', { initialDelaySeconds: 6, periodSeconds: 1, failureThreshold: 60 }),
          readinessProbe: probe('/readyz', { periodSeconds: 3 }),
          livenessProbe: probe('/healthz', { periodSeconds: 20 }),
        },
      ],
    });
    this.addService({ name: WEBHOOK_SERVICE, ports: { webhook: { port: 443, target: PORTS.webhook } } });
    // The API server calls, from an address that depends on the network plugin.
    this.allowFrom('anywhere', PORTS.webhook);
    if (visibility) new Visibility(stage, 'visibility', this);
    if (metrics) {
      const { metrics: endpoint } = this.addService({
        name: 'kueue-metrics',
        ports: { metrics: PORTS.metrics },
        headless: true,
      });
      metrics.scrape(stage, 'kueue', { endpoint, scheme: 'https', token: true });
    }
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(PORTS.health) }, timeoutSeconds: 5, ...times };
}
