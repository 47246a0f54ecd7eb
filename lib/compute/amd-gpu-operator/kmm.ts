import { type Size } from 'cdk8s';
import { ConfigFiles, ControlledPods, Deployment, type IMetrics, type Stage, systemOf, volume } from '../../core';
import * as k8s from '../../core/k8s';
import { type Driver, driverJobs } from './driver';
import { images } from './images';
import { KMM } from './operands';
import { kmmRules } from './rbac';

const ELECTION = 'kmm.sigs.x-k8s.io';
const HEALTH_PORT = 8081;
const METRICS_PORT = 8443;

export interface KernelModuleManagementProps {
  readonly driver: Driver;
  readonly resources: { readonly cpu: number; readonly memory: Size };
  readonly metrics?: IMetrics;
}

/** Brings drivers to the nodes: looks whether the registry has the image for a node's kernel, has it built if asked, and starts pods that load it. */
export class KernelModuleManagement extends Deployment {
  constructor(stage: Stage, { driver, resources, metrics }: KernelModuleManagementProps) {
    const system = systemOf(stage);
    const { own, cluster } = kmmRules(ELECTION);
    const config = new ConfigFiles(stage, 'kmm-config', {
      'controller_config.yaml': `healthProbeBindAddress: :${HEALTH_PORT}
leaderElection:
  enabled: true
  resourceID: ${ELECTION}
metrics:
  enableAuthnAuthz: true
  bindAddress: 0.0.0.0:${METRICS_PORT}
  secureServing: true
worker:
  runAsUser: 0
  seLinuxType: spc_t
  firmwareHostPath: /var/lib/firmware
`,
    });
    super(stage, 'kmm-controller', {
      rules: own,
      clusterRules: cluster,
      restartOn: [config],
      containers: [
        {
          name: 'manager',
          image: images.kmm,
          args: ['--config=/etc/kmm/controller_config.yaml'],
          env: {
            OPERATOR_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            RELATED_IMAGE_WORKER: system.image(images.kmmWorker),
            RELATED_IMAGE_BUILD: driver.build && system.image(images.kmmBuild),
            RELATED_IMAGE_SIGN: driver.signing && system.image(images.kmmSign),
          },
          ports: { health: HEALTH_PORT, metrics: METRICS_PORT },
          resources,
          mounts: [{ path: '/etc/kmm', volume: volume.config('config', config) }],
          livenessProbe: probe('/healthz', { initialDelaySeconds: 15, periodSeconds: 20 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 3, periodSeconds: 5 }),
        },
      ],
    });
    // It asks the registry itself which images there are.
    this.allowTo('anywhere', driver.port);
    if (metrics) {
      const { metrics: endpoint } = this.addService({
        name: 'kmm-controller-metrics',
        ports: { metrics: METRICS_PORT },
        headless: true,
      });
      metrics.scrape(stage, 'kmm-controller', { endpoint, scheme: 'https', token: true });
    }
    if (driver.build) {
      const { dns } = system.platform.distribution;
      const dnsPorts = (['UDP', 'TCP'] as const).map((protocol) => ({ port: dns.podPort, protocol }));
      const ports = [...new Set([...(driver.build.ports ?? [80, 443]), driver.port])];
      for (const component of driverJobs(driver)) {
        const labels = { ...KMM, 'app.kubernetes.io/component': component };
        const pods = new ControlledPods(stage, `driver-${component}`, { labels });
        pods.allowTo({ namespace: dns.namespace, podLabels: dns.podLabels }, ...dnsPorts);
        pods.allowTo('anywhere', ...ports);
      }
    }
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) }, timeoutSeconds: 5, ...times };
}
