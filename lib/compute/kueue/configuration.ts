import { type Duration } from 'cdk8s';
import { dump } from 'js-yaml';
import { checkDuration, checkInteger, fail, show } from '../../core';
import { type KueueFramework } from './frameworks';
import { LEASE } from './rbac';
import { VISIBILITY_PORT } from './visibility';
import { MANAGED, WEBHOOK_SECRET, WEBHOOK_SERVICE } from './webhook';

export const PORTS = { webhook: 9443, metrics: 8443, health: 8081 } as const;

/** All or nothing: a job whose pods don't all come up is stopped, and waits again. @see https://kueue.sigs.k8s.io/docs/tasks/manage/setup_wait_for_pods_ready/ */
export interface WaitForPodsReadyProps {
  /** From admission until all pods are ready; image pulls count. At least 10 seconds. @default 30 minutes */
  readonly timeout?: Duration;
  /** From when a running job's pod fails until its replacement is ready; 0 for no limit. @default - as `timeout` */
  readonly recoveryTimeout?: Duration;
  /** A job that was put back so often is given up: it stays suspended until somebody lets it go on. 0 or more. @default - never */
  readonly retries?: number;
  /** Pause before the first of them, doubled each time. @default 1 minute */
  readonly backoff?: Duration;
  /** The longest pause, at least `backoff`. @default 1 hour */
  readonly maxBackoff?: Duration;
  /** No job is admitted while another's pods aren't all ready, so that two never hold halves of what both need. @default false */
  readonly blockAdmission?: boolean;
  /** Where a job that was put back stands: at its old place, or behind those that came until then. @default 'Eviction', behind */
  readonly timestamp?: 'Creation' | 'Eviction';
}

export interface ConfigurationProps {
  readonly namespace: string;
  readonly frameworks: readonly KueueFramework[];
  readonly waitForPodsReady: WaitForPodsReadyProps | false;
  readonly fairSharing: boolean;
  readonly visibility: boolean;
  readonly manageJobsWithoutQueueName: boolean;
  readonly ignoredResources: readonly string[];
}

/**
 * The file that the controller reads at its start; it refuses unknown fields.
 * @see https://kueue.sigs.k8s.io/docs/reference/kueue-config.v1beta2/
 */
interface Configuration {
  readonly apiVersion: 'config.kueue.x-k8s.io/v1beta2';
  readonly kind: 'Configuration';
  readonly namespace: string;
  readonly health: { readonly healthProbeBindAddress: string };
  readonly metrics: { readonly bindAddress: string; readonly enableClusterQueueResources: boolean };
  readonly webhook: { readonly port: number };
  readonly leaderElection: { readonly leaderElect: boolean; readonly resourceName: string };
  readonly controller: { readonly groupKindConcurrency: Readonly<Record<string, number>> };
  readonly clientConnection: { readonly qps: number; readonly burst: number };
  readonly manageJobsWithoutQueueName: boolean;
  readonly managedJobsNamespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly internalCertManagement: {
    readonly enable: boolean;
    readonly webhookServiceName: string;
    readonly webhookSecretName: string;
  };
  readonly waitForPodsReady?: WaitForPodsReady;
  readonly integrations: { readonly frameworks: readonly KueueFramework[] };
  readonly fairSharing?: { readonly preemptionStrategies: readonly string[] };
  readonly resources?: { readonly excludeResourcePrefixes: readonly string[] };
  readonly visibilityServer: { readonly bindPort: number };
  readonly featureGates: Readonly<Record<string, boolean>>;
}

interface WaitForPodsReady {
  readonly timeout: string;
  readonly recoveryTimeout?: string;
  readonly blockAdmission: boolean;
  readonly requeuingStrategy: {
    readonly timestamp: 'Creation' | 'Eviction';
    readonly backoffLimitCount?: number;
    readonly backoffBaseSeconds: number;
    readonly backoffMaxSeconds: number;
  };
}

/** The configuration as the text of its file. */
export function configuration(props: ConfigurationProps): string {
  const { waitForPodsReady, ignoredResources } = props;
  const document: Configuration = {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    namespace: props.namespace,
    health: { healthProbeBindAddress: `:${PORTS.health}` },
    metrics: { bindAddress: `:${PORTS.metrics}`, enableClusterQueueResources: true },
    webhook: { port: PORTS.webhook },
    leaderElection: { leaderElect: true, resourceName: LEASE },
    // As upstream's manifests at v0.19.2; the program's own defaults are one of each.
    controller: {
      groupKindConcurrency: {
        'Job.batch': 5,
        Pod: 5,
        'Workload.kueue.x-k8s.io': 10,
        'LocalQueue.kueue.x-k8s.io': 5,
        'Cohort.kueue.x-k8s.io': 1,
        'ClusterQueue.kueue.x-k8s.io': 5,
        'ResourceFlavor.kueue.x-k8s.io': 1,
      },
    },
    clientConnection: { qps: 300, burst: 500 },
    manageJobsWithoutQueueName: props.manageJobsWithoutQueueName,
    managedJobsNamespaceSelector: { matchLabels: MANAGED },
    internalCertManagement: {
      enable: true,
      webhookServiceName: WEBHOOK_SERVICE,
      webhookSecretName: WEBHOOK_SECRET,
    },
    ...(waitForPodsReady && { waitForPodsReady: waiting(waitForPodsReady) }),
    integrations: { frameworks: props.frameworks },
    ...(props.fairSharing && {
      fairSharing: { preemptionStrategies: ['LessThanOrEqualToFinalShare', 'LessThanInitialShare'] },
    }),
    ...(ignoredResources.length > 0 && { resources: { excludeResourcePrefixes: ignoredResources } }),
    visibilityServer: { bindPort: VISIBILITY_PORT },
    featureGates: {
      // Other clusters, whose credentials it would read.
      MultiKueue: false,
      VisibilityOnDemand: props.visibility,
      // On by default; nothing but the gate turns it off.
      ...(!waitForPodsReady && { DisableWaitForPodsReady: true }),
    },
  };
  return dump(document, { lineWidth: -1, noRefs: true });
}

function waiting(props: WaitForPodsReadyProps): WaitForPodsReady {
  const { timeout, recoveryTimeout, retries, backoff, maxBackoff, blockAdmission = false, timestamp } = props;
  return {
    timeout: seconds(timeout, 1800),
    ...(recoveryTimeout && { recoveryTimeout: seconds(recoveryTimeout, 0) }),
    blockAdmission,
    requeuingStrategy: {
      timestamp: timestamp ?? 'Eviction',
      ...(retries !== undefined && { backoffLimitCount: retries }),
      backoffBaseSeconds: backoff?.toSeconds() ?? 60,
      backoffMaxSeconds: maxBackoff?.toSeconds() ?? 3600,
    },
  };
}

function seconds(duration: Duration | undefined, otherwise: number): string {
  return `${duration?.toSeconds() ?? otherwise}s`;
}

/** Checks what the controller would not start with, or what can't be meant. */
export function checkWaitForPodsReady(path: string, props: WaitForPodsReadyProps): void {
  for (const field of ['timeout', 'recoveryTimeout', 'backoff', 'maxBackoff'] as const) {
    checkDuration(path, `waitForPodsReady.${field}`, props[field]);
  }
  const timeout = props.timeout?.toSeconds({ integral: false });
  if (timeout !== undefined && timeout < 10) {
    fail(
      path,
      `waitForPodsReady.timeout must be at least 10 seconds, got ${timeout}; give pods time to start, or pass waitForPodsReady: false`,
    );
  }
  if (props.retries !== undefined) {
    checkInteger(
      path,
      'waitForPodsReady.retries',
      props.retries,
      0,
      Number.MAX_SAFE_INTEGER,
      'leave it out to go on for ever',
    );
  }
  const [first, longest] = [props.backoff?.toSeconds() ?? 60, props.maxBackoff?.toSeconds() ?? 3600];
  if (first < 1 || longest < first) {
    fail(
      path,
      `waitForPodsReady.maxBackoff must be at least backoff, which must be a second or more, got ${show(longest)} s and ${show(first)} s; lengthen it`,
    );
  }
}
