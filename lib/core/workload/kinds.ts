import { fail, show } from '../errors';
import * as k8s from '../k8s';
import { ASKS, CREATES } from '../labels';
import { checkInteger, digest } from '../names';
import { lazy } from '../network';
import { systemOf } from '../scope';
import { type Stage } from '../stage';
import { claimSpec, type ClaimTemplate } from './claim';
import { Workload, type WorkloadProps } from './workload';

/** Names of pods, with what controllers append, must stay labels of 63 letters. */
const MAX_NAME = 52;
/** The Job's name gets `-` and a digest, its pods five more. */
const MAX_JOB_NAME = 46;
/** A CronJob's Jobs append eleven. @see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
const MAX_CRON_JOB_NAME = 43;

export interface DeploymentProps extends WorkloadProps {
  /** @default 1 */
  readonly replicas?: number;
  /** `Recreate` stops the old pod first, which a volume for one node needs. @default 'RollingUpdate', one more than wanted at a time */
  readonly strategy?: 'RollingUpdate' | 'Recreate';
  /** Of the replicas, how many may be down while nodes are drained. @default 1 */
  readonly maxUnavailable?: number;
}

/** Pods that are all the same. */
export class Deployment extends Workload {
  constructor(stage: Stage, id: string, props: DeploymentProps) {
    super(stage, id, props, MAX_NAME);
    const replicas = props.replicas ?? 1;
    checkInteger(this.node.path, 'replicas', replicas, 1, 1000, 'give the number of pods');
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { name: this.name },
      spec: {
        replicas,
        revisionHistoryLimit: 3,
        minReadySeconds: props.minReady?.toSeconds(),
        selector: { matchLabels: { ...this.podLabels } },
        strategy:
          props.strategy === 'Recreate'
            ? { type: 'Recreate' }
            : {
                type: 'RollingUpdate',
                rollingUpdate: {
                  maxSurge: k8s.IntOrString.fromNumber(1),
                  maxUnavailable: k8s.IntOrString.fromNumber(0),
                },
              },
        // With one replica too, so that a second one doesn't restart the first.
        template: this.template(props.strategy === 'Recreate' ? {} : this.spread()),
      },
    });
    this.disruptionBudget(replicas, props.maxUnavailable);
  }
}

export interface StatefulSetProps extends WorkloadProps {
  /** @default 1 */
  readonly replicas?: number;
  /** Name of the headless Service that gives the replicas their host names; make it with `addService`. */
  readonly serviceName: string;
  /** Volumes of each replica. Kept when the set is scaled down or deleted. */
  readonly claims?: readonly ClaimTemplate[];
  /** Start and stop all replicas at once rather than one after another. @default false */
  readonly parallel?: boolean;
  /** Of the replicas, how many may be down while nodes are drained. @default 1 */
  readonly maxUnavailable?: number;
  /** What a person must do before its pods get ready, with the command; apply.sh says it while it waits. @default - nothing */
  readonly ask?: string;
}

/** Pods that each have a name and volumes of their own. */
export class StatefulSet extends Workload {
  constructor(stage: Stage, id: string, props: StatefulSetProps) {
    super(stage, id, props, MAX_NAME);
    const replicas = props.replicas ?? 1;
    checkInteger(this.node.path, 'replicas', replicas, 1, 1000, 'give the number of pods');
    new CompleteStatefulSet(this, 'stateful-set', {
      metadata: { name: this.name, annotations: asks(props.ask) },
      spec: {
        replicas,
        serviceName: props.serviceName,
        podManagementPolicy: props.parallel ? 'Parallel' : 'OrderedReady',
        revisionHistoryLimit: 3,
        minReadySeconds: props.minReady?.toSeconds(),
        selector: { matchLabels: { ...this.podLabels } },
        updateStrategy: { type: 'RollingUpdate' },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: this.template(replicas > 1 ? this.spread() : {}),
        volumeClaimTemplates: props.claims?.map((claim) => ({
          metadata: { name: claim.name, labels: { ...claim.labels, ...this.podLabels } },
          spec: claimSpec(claim),
        })),
      },
    });
    this.disruptionBudget(replicas, props.maxUnavailable);
  }
}

/** The API server gives claim templates their kind; without it the output would differ from what is stored, which GitOps tools show for ever. */
class CompleteStatefulSet extends k8s.KubeStatefulSet {
  override toJson(): StatefulSetJson {
    const json = super.toJson() as StatefulSetJson;
    const volumeClaimTemplates = json.spec.volumeClaimTemplates?.map((claim) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      ...claim,
    }));
    return volumeClaimTemplates ? { ...json, spec: { ...json.spec, volumeClaimTemplates } } : json;
  }
}

interface StatefulSetJson {
  readonly spec: { readonly volumeClaimTemplates?: readonly object[] };
}

export interface DaemonSetProps extends WorkloadProps {
  /** How many nodes are updated at a time, as a number or a share. @default 1 */
  readonly maxUnavailable?: number | string;
  /**
   * How many nodes have the new pod beside the old one while they are updated, for pods that hand over to each other; none is then
   * unavailable, and pods that listen in the node's network can't do it.
   * @default - the old one stops first
   */
  readonly maxSurge?: number;
}

/** One pod on each node that `nodeSelector` and `tolerations` admit; the system's `nodeSelector`, which is for what may run anywhere, doesn't count. */
export class DaemonSet extends Workload {
  constructor(stage: Stage, id: string, props: DaemonSetProps) {
    super(stage, id, props, MAX_NAME, { tolerations: systemOf(stage).placement.tolerations });
    const { maxSurge } = props;
    const maxUnavailable = maxSurge === undefined ? (props.maxUnavailable ?? 1) : 0;
    new k8s.KubeDaemonSet(this, 'daemon-set', {
      metadata: { name: this.name },
      spec: {
        revisionHistoryLimit: 3,
        minReadySeconds: props.minReady?.toSeconds(),
        selector: { matchLabels: { ...this.podLabels } },
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: {
            maxSurge: maxSurge === undefined ? undefined : k8s.IntOrString.fromNumber(maxSurge),
            maxUnavailable:
              typeof maxUnavailable === 'number'
                ? k8s.IntOrString.fromNumber(maxUnavailable)
                : k8s.IntOrString.fromString(maxUnavailable),
          },
        },
        template: this.template(),
      },
    });
  }
}

/** Something that a Job makes while it runs, so that link knows who made it. */
export interface Creation {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
}

export interface JobProps extends WorkloadProps {
  /** Attempts after the first, with growing pauses. @default 6 */
  readonly retries?: number;
  /** What it makes at run time. */
  readonly creates?: () => readonly Creation[];
  /** What a person must do before it can end, with the command; apply.sh says it while it waits. @default - nothing */
  readonly ask?: string;
}

/**
 * Work that is done once, and again when it changes: the name carries a digest of the spec, since a Job's spec can't be changed.
 * What it does must do no harm when done again.
 */
export class Job extends Workload {
  constructor(stage: Stage, id: string, props: JobProps) {
    super(stage, id, props, MAX_JOB_NAME);
    const { creates } = props;
    new DigestNamedJob(this, 'job', {
      metadata: {
        name: this.name,
        annotations:
          creates || props.ask !== undefined
            ? { ...(creates && { [CREATES]: lazy(() => JSON.stringify(creates())) }), ...asks(props.ask) }
            : undefined,
      },
      spec: {
        backoffLimit: props.retries ?? 6,
        template: this.template({ restartPolicy: 'Never' }),
      },
    });
  }
}

class DigestNamedJob extends k8s.KubeJob {
  override toJson(): { metadata: { name: string }; spec: unknown } {
    const json = super.toJson() as { metadata: { name: string }; spec: unknown };
    return { ...json, metadata: { ...json.metadata, name: `${json.metadata.name}-${digest(json.spec)}` } };
  }
}

function asks(ask: string | undefined): Record<string, string> | undefined {
  return ask === undefined ? undefined : { [ASKS]: ask };
}

const CRON = /^(@(hourly|daily|weekly|monthly|yearly)|(\S+\s+){4}\S+)$/;
const CRON_FIELD =
  /^(\*|\d{1,2}(-\d{1,2})?)(\/\d{1,2})?(,(\*|\d{1,2}(-\d{1,2})?)(\/\d{1,2})?)*$|^[A-Z]{3}(-[A-Z]{3})?$/i;

export interface CronJobProps extends WorkloadProps {
  /** When, in cron's five fields, UTC: `0 3 * * *`. */
  readonly schedule: string;
  /** Attempts after the first. @default 2 */
  readonly retries?: number;
}

/** Work that is done again and again, never twice at a time. */
export class CronJob extends Workload {
  constructor(stage: Stage, id: string, props: CronJobProps) {
    super(stage, id, props, MAX_CRON_JOB_NAME);
    checkSchedule(this.node.path, props.schedule);
    new k8s.KubeCronJob(this, 'cron-job', {
      metadata: { name: this.name },
      spec: {
        schedule: props.schedule,
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        successfulJobsHistoryLimit: 2,
        failedJobsHistoryLimit: 2,
        startingDeadlineSeconds: 3600,
        jobTemplate: {
          spec: { backoffLimit: props.retries ?? 2, template: this.template({ restartPolicy: 'Never' }) },
        },
      },
    });
  }
}

/** Checks a cron schedule of five fields or `@daily` and the like. */
export function checkSchedule(path: string, schedule: string): void {
  const legal =
    CRON.test(schedule) && (schedule.startsWith('@') || schedule.split(/\s+/).every((field) => CRON_FIELD.test(field)));
  if (!legal)
    fail(
      path,
      `schedule must be cron's five fields in UTC, got ${show(schedule)}; write "0 3 * * *" for every day at three`,
    );
}
