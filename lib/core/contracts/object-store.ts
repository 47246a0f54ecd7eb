import { type Duration, type Size } from 'cdk8s';
import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

export interface BucketProps {
  /** Keep former versions of changed and deleted objects. @default false */
  readonly versioning?: boolean;
  /** Delete objects this long after they were written, in whole days. @default - never */
  readonly expireAfter?: Duration;
  /** With versioning: delete former versions after this long, in whole days. @default - never */
  readonly expireNoncurrentAfter?: Duration;
  /** Most that the bucket may hold. @default - no limit */
  readonly quota?: Size;
}

/** A bucket with a user of its own, who may do anything within it and nothing elsewhere. */
export interface IBucket extends IReady {
  readonly name: string;
  /** Where the S3 API answers within the cluster. */
  readonly endpoint: IEndpoint;
  /** The S3 API's URL within the cluster: `http://minio.minio.svc.cluster.local:9000`. */
  readonly url: string;
  /** @example 'us-east-1' */
  readonly region: string;
  /** Keys `access-key` and `secret-key`. */
  readonly credentials: ICredentials;
  /** Where `url` is https by a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
  /**
   * Lets people of a group of the identity provider's in, with credentials that the store gives them for a token.
   * @throws when people can't sign in at the store, or the group was let in before
   */
  allowGroup(group: string, access: BucketAccess): void;
}

/** What a group may do with a bucket's objects: list and read them, or change them too. */
export type BucketAccess = 'read' | 'write';

/** Stores objects by the S3 API. */
export interface IObjectStore extends IReady {
  /**
   * Makes a bucket with a user and a policy of its own.
   * @throws when the name is no bucket name, or was asked for before
   */
  addBucket(name: string, props?: BucketProps): IBucket;
}
