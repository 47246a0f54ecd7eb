import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  ConfigFiles,
  Deployment,
  type IJobSets,
  type IMetrics,
  type ITraining,
  type ProgramResources,
  programResources,
  type Stage,
  System,
  type SystemProps,
  type TrainingFramework,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { addClusterRuntime, type RuntimeName, RUNTIMES } from './cluster-runtimes';
import { definitions, trainJob } from './crds';
import { images, VERSION } from './images';
import { clusterRules, ownRules, userRules } from './rbac';
import { CONFIGURATIONS, Webhook } from './webhook';

/** Levels of upstream's flag `--zap-log-level`. */
const LOG_LEVELS = ['error', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface KubeflowTrainerProps extends SystemProps {
  /** Runs the JobSets that TrainJobs become. */
  readonly jobSets: IJobSets;
  /**
   * ClusterTrainingRuntimes, `torch-distributed` and so on, that people's own TrainJobs may name. Each has an image of gigabytes, which is then
   * on the platform's list. `TrainingJob` needs none of them.
   * @default - torch, deepspeed, jax
   */
  readonly runtimes?: readonly RuntimeName[];
  /** Pods of the manager, 1 to 5: one acts, all answer the webhook. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Cores and memory of each. It keeps the cluster's ConfigMaps and Secrets in memory. @default 0.1 cores and 512 MiB */
  readonly resources?: { readonly manager?: ProgramResources };
  /** The least important messages that are logged. A change restarts the pods, one by one. @default 'info' */
  readonly logLevel?: LogLevel;
  /** Collects the metrics. @default - nobody does, and there are none */
  readonly metrics?: IMetrics;
}

const NAME = 'kubeflow-trainer-controller-manager';
/** The name is in the certificate that the program makes for itself. */
const SERVICE = 'kubeflow-trainer-webhook';
const SECRET = 'kubeflow-trainer-webhook-cert';
const LEASE = 'trainer.kubeflow.org';
const PORTS = { webhook: 9443, metrics: 8443, health: 8081 };
const RESOURCES = { manager: { cpu: 0.1, memory: Size.mebibytes(512) } };

/**
 * Kubeflow Trainer: distributed training as one object, the TrainJob.
 *
 * Puts into the cluster: the manager with its admission webhook, three CRDs, and runtimes that TrainJobs of all namespaces may name. Needs
 * JobSets. Offers trainings (`ITraining`), which `TrainingJob` takes.
 *
 * @see https://www.kubeflow.org/docs/components/trainer/
 */
export class KubeflowTrainer extends System implements ITraining {
  readonly trainJobApiVersion = trainJob.apiVersion;
  readonly frameworks: readonly TrainingFramework[] = ['torch', 'jax', 'mpi', 'plain'];
  readonly readyAfter: readonly Stage[];

  constructor(scope: Construct, id: string, props: KubeflowTrainerProps) {
    super(scope, id, { name: 'kubeflow-trainer', version: VERSION }, props);
    const { metrics, logLevel = 'info', runtimes = RUNTIMES } = props;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(this.node.path, 'replicas', replicas, 1, 5, 'one pod works, the others stand by');
    checkChoice(this.node.path, 'logLevel', logLevel, LOG_LEVELS);
    for (const runtime of runtimes) checkChoice(this.node.path, 'a runtime', runtime, RUNTIMES);
    const { manager: resources } = programResources(this.node.path, props.resources, RESOURCES);

    this.addCrds(definitions);
    const install = this.addStage('install', [props.jobSets, metrics]);
    this.readyAfter = install.readyAfter;
    this.userRoles(install);
    const config = new ConfigFiles(install, 'manager-config', { 'config.yaml': configuration(metrics !== undefined) });
    const manager = new Deployment(install, NAME, {
      replicas,
      rules: ownRules(LEASE, SECRET),
      clusterRules: clusterRules(Object.values(CONFIGURATIONS)),
      restartOn: [config],
      terminationGracePeriod: Duration.seconds(10),
      containers: [
        {
          name: 'manager',
          image: images.manager,
          args: ['--config=/config/config.yaml', `--zap-log-level=${logLevel}`],
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
      metrics.scrape(install, 'kubeflow-trainer', { endpoint, scheme: 'https' });
    }
    if (runtimes.length > 0) {
      const stage = this.addStage('runtimes', [install]);
      const { distribution } = this.platform;
      for (const name of new Set(runtimes)) {
        addClusterRuntime(stage, name, (image) => this.image(image), distribution);
      }
    }
  }

  private userRoles(stage: Stage): void {
    for (const role of ['view', 'edit'] as const) {
      const to = role === 'view' ? ['view', 'edit', 'admin'] : ['edit', 'admin'];
      new k8s.KubeClusterRole(stage, `kubeflow-trainer-${role}`, {
        metadata: {
          labels: Object.fromEntries(to.map((name) => [`rbac.authorization.k8s.io/aggregate-to-${name}`, 'true'])),
        },
        rules: userRules[role],
      });
    }
  }
}

/** JSON is YAML. @see https://github.com/kubeflow/trainer/blob/v2.3.0/pkg/apis/config/v1alpha1/configuration_types.go */
function configuration(metrics: boolean): string {
  const config = {
    apiVersion: 'config.trainer.kubeflow.org/v1alpha1',
    kind: 'Configuration',
    // The program has no defaults for the times, and doesn't start without.
    leaderElection: {
      leaderElect: true,
      resourceName: LEASE,
      leaseDuration: '15s',
      renewDeadline: '10s',
      retryPeriod: '2s',
    },
    webhook: { port: PORTS.webhook },
    health: { healthProbeBindAddress: `:${PORTS.health}` },
    metrics: { bindAddress: metrics ? `:${PORTS.metrics}` : '0', secureServing: true },
    certManagement: { enable: true, webhookServiceName: SERVICE, webhookSecretName: SECRET },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('health') }, timeoutSeconds: 5, ...times };
}
