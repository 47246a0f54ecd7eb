import { type Duration } from 'cdk8s';
import { checkInteger, fail, show } from '../../core';
import { type UpgradePolicy } from './policy';

/**
 * How a driver that is there is replaced by another version: node by node, each cordoned, rid of its pods with GPUs, given the new driver, checked
 * and opened again.
 *
 * @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-driver-upgrades.html
 */
export interface NvidiaDriverUpgradeProps {
  /** False leaves the old driver until its pod is deleted or the node starts anew. @default true */
  readonly automatic?: boolean;
  /** Nodes at a time, 0 for all. @default 1 */
  readonly parallel?: number;
  /** Nodes that may be out of service meanwhile, for whatever reason: a number or a share. @default '25%' */
  readonly maxUnavailable?: number | string;
  /** Waits for pods to finish before a node's are deleted. @default - no pod is waited for */
  readonly waitFor?: {
    /** Selector of the pods: `training.kubeflow.org/job-name`, `app=training`. */
    readonly pods: string;
    /** The longest. @default - for ever */
    readonly timeout?: Duration;
  };
  /** How pods with GPUs are deleted. */
  readonly podDeletion?: PodDeletionProps;
  /** Drains the node besides, where deleting its pods with GPUs doesn't free the driver. @default - it isn't drained */
  readonly drain?: PodDeletionProps & {
    /** Selector of the pods to be drained. @default - all */
    readonly pods?: string;
  };
}

export interface PodDeletionProps {
  /** Pods too that nothing makes anew. @default false */
  readonly force?: boolean;
  /** Pods too whose data is in an `emptyDir`, and lost. @default false */
  readonly deleteEmptyDir?: boolean;
  /** The longest; the upgrade of the node fails then. @default 5 minutes */
  readonly timeout?: Duration;
}

/** Every field, as the API server would fill it in. */
export function upgradePolicy(path: string, props: NvidiaDriverUpgradeProps): UpgradePolicy {
  const { automatic = true, parallel = 1, maxUnavailable = '25%', waitFor, podDeletion, drain } = props;
  checkInteger(path, 'driverUpgrades.parallel', parallel, 0, 5000, 'give the nodes at a time, 0 for all');
  if (typeof maxUnavailable === 'number') {
    checkInteger(
      path,
      'driverUpgrades.maxUnavailable',
      maxUnavailable,
      1,
      5000,
      'give nodes, or a share such as "25%"',
    );
  } else if (!/^([1-9]\d?|100)%$/.test(maxUnavailable)) {
    fail(
      path,
      `driverUpgrades.maxUnavailable must be a share from "1%" to "100%", got ${show(maxUnavailable)}; write it so`,
    );
  }
  if (waitFor?.pods === '') {
    fail(path, 'driverUpgrades.waitFor.pods must select the pods to wait for, got ""; write it as "app=training"');
  }
  return {
    autoUpgrade: automatic,
    maxParallelUpgrades: parallel,
    maxUnavailable,
    waitForCompletion: {
      timeoutSeconds: waitFor?.timeout?.toSeconds() ?? 0,
      ...(waitFor && { podSelector: waitFor.pods }),
    },
    podDeletion: deletion(podDeletion),
    drain: {
      enable: drain !== undefined,
      ...deletion(drain),
      ...(drain?.pods !== undefined && { podSelector: drain.pods }),
    },
  };
}

function deletion({ force = false, deleteEmptyDir = false, timeout }: PodDeletionProps = {}) {
  return { force, deleteEmptyDir, timeoutSeconds: timeout?.toSeconds() ?? 300 };
}
