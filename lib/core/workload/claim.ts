import { type Size } from 'cdk8s';
import { type Construct } from 'constructs';
import * as k8s from '../k8s';
import { NEVER_PRUNE } from '../labels';
import { quantity } from '../quantity';

/** A volume that is asked for. */
export interface ClaimProps {
  /** May be raised later, where the class allows it; never lowered. */
  readonly size: Size;
  /** Name of the class, which can't be changed. @default - the cluster's default class */
  readonly storageClassName?: string;
  /** Labels of the claim beyond the system's. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A volume that each replica of a StatefulSet gets for itself. */
export interface ClaimTemplate extends ClaimProps {
  readonly name: string;
}

/**
 * A volume of its own rather than of a StatefulSet's template: its size may be raised in place. Tools that delete what a new output no longer
 * has leave it alone.
 */
export class VolumeClaim extends k8s.KubePersistentVolumeClaim {
  /** @param id also the claim's name */
  constructor(scope: Construct, id: string, props: ClaimProps) {
    super(scope, id, {
      metadata: { name: id, labels: props.labels && { ...props.labels }, annotations: { ...NEVER_PRUNE } },
      spec: claimSpec(props),
    });
  }
}

/** The API's spec of a claim for one node at a time. */
export function claimSpec(claim: ClaimProps): k8s.PersistentVolumeClaimSpec {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName: claim.storageClassName,
    resources: { requests: { storage: k8s.Quantity.fromString(quantity(claim.size)) } },
  };
}
