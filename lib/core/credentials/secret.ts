import type * as k8s from '../k8s';
import { type ISecret, type ICredentials } from '../contracts/credentials';
import { didYouMean, fail, show } from '../errors';
import { type Stage } from '../stage';

/** A Secret known by name, however it comes to be. */
export class SecretReference implements ISecret {
  constructor(
    readonly namespace: string,
    readonly name: string,
    readonly keys: readonly string[] | undefined,
    readonly readyAfter: readonly Stage[],
  ) {}

  env(key: string): k8s.EnvVarSource {
    if (this.keys && !this.keys.includes(key)) {
      fail(`${this.namespace}/${this.name}`, `the Secret has no key ${show(key)}${didYouMean(key, this.keys)}`);
    }
    return { secretKeyRef: { name: this.name, key } };
  }
}

/** A Secret that the user made: it is where it is, and can't be brought to another namespace. */
export class ExistingCredentials implements ICredentials {
  readonly readyAfter: readonly Stage[] = [];

  constructor(
    private readonly path: string,
    private readonly namespace: string | undefined,
    private readonly name: string,
    readonly keys: readonly string[],
    private readonly onUse: (namespace: string) => void,
  ) {}

  in(namespace: string): ISecret {
    if (this.namespace !== undefined && this.namespace !== namespace) {
      fail(
        this.path,
        `the Secret ${show(this.name)} is in namespace ${show(this.namespace)}, but is used in ${show(namespace)}, and a pod can only ` +
          `use Secrets of its own namespace; make a copy of it there and leave namespace out`,
      );
    }
    this.onUse(namespace);
    return new SecretReference(namespace, this.name, this.keys, []);
  }
}
