import { type Entry } from '../entry';
import { type Pod } from '../pods';

/** A name that an object refers to another by. */
export interface Ref {
  readonly from: Entry;
  /** Path of the name. */
  readonly field: string;
  /** Type of what it names: `Secret`, `ClusterIssuer.cert-manager.io`. */
  readonly type: string;
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  /** The key of it that is used. */
  readonly key?: string;
  /** Path of the key. */
  readonly keyField?: string;
  /** Nothing breaks where it doesn't exist. */
  readonly optional?: boolean;
  /** Without it the object is refused, or its pods don't start: it must be there in the same wave or before. */
  readonly hard: boolean;
  /** The bundle works without it: outside strict mode only a slip of the pen is reported. */
  readonly weak?: boolean;
  /** The pod that uses it. */
  readonly pod?: Pod;
}
