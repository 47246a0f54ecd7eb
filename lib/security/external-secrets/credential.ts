import { type CredentialValue, type ICredentials, type ISecret, SecretReference, type Stage } from '../../core';

/** What one Secret is made of. */
export interface SecretContent {
  /** Path below the store's mount. */
  readonly path: string;
  /** Where each key of the Secret stands at that path. */
  readonly properties: Readonly<Record<string, string>>;
  /** @default - Opaque, or what the Secret has */
  readonly type?: string;
}

/** Values of the store, which an ExternalSecret brings to each namespace that uses them. */
export class StoredCredentials implements ICredentials {
  readonly namespaces: string[] = [];
  readonly keys: readonly string[];

  /**
   * @param owner path of who asked for them
   * @param name name of the Secret
   * @param serve called once for each namespace
   * @param values how the values come to be, where they are made here
   */
  constructor(
    readonly owner: string,
    readonly name: string,
    readonly content: SecretContent,
    readonly readyAfter: readonly Stage[],
    private readonly serve: (credentials: StoredCredentials, namespace: string) => void,
    readonly values?: Readonly<Record<string, CredentialValue>>,
  ) {
    this.keys = Object.keys(content.properties);
  }

  in(namespace: string): ISecret {
    if (!this.namespaces.includes(namespace)) {
      this.serve(this, namespace);
      this.namespaces.push(namespace);
    }
    return new SecretReference(namespace, this.name, this.keys, this.readyAfter);
  }
}
