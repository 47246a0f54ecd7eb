import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  ConfigFiles,
  Deployment,
  type IJobSets,
  type IMetrics,
  type ProgramResources,
  programResources,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { jobSet } from './crds';
import { images } from './images';
import { clusterRules, metricsRules, ownRules, userRules } from './rbac';
import { CONFIGURATIONS, Webhook } from './webhook';

/** Levels of upstream's flag `--zap-log-level`. */
const LOG_LEVELS = ['error', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface JobSetProps extends SystemProps {
  /** Pods of the manager, 1 to 5: one acts, all answer the webhook. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Cores and memory of each. It keeps the cluster's Jobs, pods and nodes in memory. @default 0.1 cores and 512 MiB */
  readonly resources?: { readonly manager?: ProgramResources };
  /** The least important messages that are logged. A change restarts the pods, one by one. @default 'info' */
  readonly logLevel?: LogLevel;
  /** Collects the metrics. @default - nobody does, and there are none */
  readonly metrics?: IMetrics;
}

const NAME = 'jobset-controller-manager';
/** The name is in the certificate that the program makes for itself. */
const SERVICE = 'jobset-webhook-service';
const SECRET = 'jobset-webhook-server-cert';
/** @see https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/api/config/v1alpha1/defaults.go */
const LEASE = '6d4f6a47.jobset.x-k8s.io';
const PORTS = { webhook: 9443, metrics: 8443, health: 8081 };
const RESOURCES = { manager: { cpu: 0.1, memory: Size.mebibytes(512) } };

/**
 * JobSet: Jobs that start, fail and restart together.
 *
 * Puts into the cluster: the manager with its admission webhook, and the CRD. Needs nothing. Offers JobSets to what runs groups of pods
 * (`IJobSets`): Kubeflow Trainer.
 *
 * @see https://jobset.sigs.k8s.io
 */
export class JobSet extends System implements IJobSets {
  readonly jobSetApiVersion = jobSet.apiVersion;
  readonly readyAfter: readonly Stage[];

  constructor(scope: Construct, id: string, props: JobSetProps = {}) {
    super(scope, id, { name: 'jobset', version: images.manager.tag }, props);
    const { metrics, logLevel = 'info' } = props;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(this.node.path, 'replicas', replicas, 1, 5, 'one pod works, the others stand by');
    checkChoice(this.node.path, 'logLevel', logLevel, LOG_LEVELS);
    const { manager: resources } = programResources(this.node.path, props.resources, RESOURCES);

    this.addCrds([jobSet]);
    const install = this.addStage('install', [metrics]);
    this.readyAfter = install.readyAfter;
    for (const role of ['view', 'edit'] as const) {
      const to = role === 'view' ? ['view', 'edit', 'admin'] : ['edit', 'admin'];
      new k8s.KubeClusterRole(install, `jobset-${role}`, {
        metadata: {
          labels: Object.fromEntries(to.map((name) => [`rbac.authorization.k8s.io/aggregate-to-${name}`, 'true'])),
        },
        rules: userRules[role],
      });
    }
    const config = new ConfigFiles(install, 'manager-config', { 'config.yaml': configuration(metrics !== undefined) });
    const manager = new Deployment(install, NAME, {
      replicas,
      rules: ownRules(LEASE, SECRET),
      clusterRules: [...clusterRules(Object.values(CONFIGURATIONS)), ...(metrics ? metricsRules : [])],
      restartOn: [config],
      terminationGracePeriod: Duration.seconds(10),
      containers: [
        {
          name: 'manager',
          image: images.manager,
          args: ['--config=/config/config.yaml', `--zap-log-level=${logLevel}`, '--zap-devel=false'],
          ports: { webhook: PORTS.webhook, health: PORTS.health, ...(metrics && { metrics: PORTS.metrics }) },
          resources,
          mounts: [
            { path: '/config', volume: volume.config('config', config) },
            { path: '/tmp/k8s-webhook-server/serving-certs', volume: volume.secret('certificate', { name: SECRET }) },
          ],
          // The program fills the Secret soon after its start, when it is mounted already. kubelet mounts the new content when it syncs the
          // pod: as a probe succeeds for the first time, else once a minute. So one does early, another where that was too early.
          startupProbe: probe('/healthz', { initialDelaySeconds: 3, periodSeconds: 1, failureThreshold: 40 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 8, periodSeconds: 3 }),
          livenessProbe: probe('/healthz', { periodSeconds: 20 }),
        },
      ],
    });
    manager.addService({ name: SERVICE, ports: { webhook: { port: 443, target: PORTS.webhook } } });
    // The API server calls, from an address that depends on the network plugin.
    manager.allowFrom('anywhere', PORTS.webhook);
    new Webhook(install, 'webhook', SERVICE, SECRET);
    if (metrics) {
      const { metrics: endpoint } = manager.addService({ name: `${NAME}-metrics`, ports: { metrics: PORTS.metrics } });
      metrics.scrape(install, 'jobset', { endpoint, scheme: 'https', token: true });
    }
  }
}

/** JSON is YAML. @see https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/api/config/v1alpha1/configuration_types.go */
function configuration(metrics: boolean): string {
  const config = {
    apiVersion: 'config.jobset.x-k8s.io/v1alpha1',
    kind: 'Configuration',
    leaderElection: { leaderElect: true, resourceName: LEASE },
    webhook: { port: PORTS.webhook },
    health: { healthProbeBindAddress: `:${PORTS.health}` },
    metrics: { bindAddress: metrics ? `:${PORTS.metrics}` : '0' },
    internalCertManagement: { enable: true, webhookServiceName: SERVICE, webhookSecretName: SECRET },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('health') }, timeoutSeconds: 5, ...times };
}
