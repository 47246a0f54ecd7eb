import { type Construct, type IConstruct } from 'constructs';
import type * as k8s from '../k8s';
import { type IReady } from '../stage';

/** A Secret in one namespace, and the keys it holds. */
export interface ISecret extends IReady {
  readonly namespace: string;
  readonly name: string;
  /** Keys it holds; undefined where they are not known. */
  readonly keys?: readonly string[];
  /**
   * The value of an environment variable that is read from a key.
   * @throws when the Secret has no such key
   */
  env(key: string): k8s.EnvVarSource;
}

/** A reference to secret values, never the values. Whoever uses them asks for a Secret in the namespace where the pod runs. */
export interface ICredentials extends IReady {
  /** Keys of the values: `username`, `password`. */
  readonly keys: readonly string[];
  /**
   * The Secret that a pod of this namespace uses. Sharing one credential among namespaces is the library's work.
   * @throws when the credential exists elsewhere only and can't be brought there
   */
  in(namespace: string): ISecret;
}

/** How one value of a credential comes to be: given, where it is no secret (a user name), or made at random in the cluster. */
export type CredentialValue =
  | { readonly value: string }
  | {
      /** Number of characters, at least 16. */
      readonly length: number;
      /** `alphanumeric` is legal in URLs and configuration files without quoting; `base64` gives that many random bytes, encoded. @default 'alphanumeric' */
      readonly form?: 'alphanumeric' | 'hex' | 'base64';
    };

/** Where credentials come from. */
export interface ICredentialSource {
  /**
   * Asks for a credential that lives as long as the installation does, and differs on each.
   *
   * @param scope who asks: its path stands in errors
   * @param name name of the Secret, the same in each namespace
   * @param values what it holds. The keys are part of its identity: a later version that needs another key asks for a credential of another name
   */
  generate(scope: Construct, name: string, values: Readonly<Record<string, CredentialValue>>): ICredentials;
}

/** A source of credentials that a platform can be told to use: a construct of that platform. */
export interface IOwnCredentialSource extends ICredentialSource, IConstruct {}
