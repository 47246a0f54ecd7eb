import { type Construct } from 'constructs';
import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ISecret } from './credentials';

/** A ServiceAccount of the cluster. */
export interface ServiceAccountReference {
  readonly namespace: string;
  readonly name: string;
}

export interface StoreRoleProps {
  /** Who signs in by it, with a token of its own. */
  readonly serviceAccount: ServiceAccountReference;
  /** Audience that its tokens must be made for. */
  readonly audience: string;
  /** Paths below the store's mount that it may read, in full or with `*` at the end: `platform/mlflow/*`. Asked for when everything is said. */
  readonly read?: readonly string[] | (() => readonly string[]);
  /** Paths at which it may put a secret where there has never been one; it can't change one that is there. */
  readonly create?: readonly string[] | (() => readonly string[]);
  /** Paths that it may write too. */
  readonly write?: readonly string[] | (() => readonly string[]);
}

/** A role of a store of secrets: what a ServiceAccount may do there. */
export interface IStoreRole extends IReady {
  readonly name: string;
}

/** Keeps secrets by path, each version of them, and hands them to whom its policies name: Vault's KV store, version 2. */
export interface ISecretStore extends IReady {
  readonly endpoint: IEndpoint;
  /** `https://vault.vault.svc.cluster.local:8200`. */
  readonly url: string;
  /** Where the KV store of version 2 is mounted: `kv`. */
  readonly mount: string;
  /** Where Kubernetes' tokens are accepted: `kubernetes`, that is `auth/kubernetes`. */
  readonly authMount: string;
  /** Its certificate's authority, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
  /**
   * Makes a role with a policy of its own, in addition to the store's default one, by which a token may look at itself and give itself back.
   * What waits for the store waits for the role too, however late it is asked for.
   * @throws when the name was asked for before
   */
  addRole(scope: Construct, name: string, props: StoreRoleProps): IStoreRole;
  /** Lets people of a group of the identity provider's read and write everything below a path. */
  allowGroup(group: string, path: string): void;
}
