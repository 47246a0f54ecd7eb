import { type Construct, type IConstruct } from 'constructs';
import {
  type CredentialValue,
  type ICredentials,
  type ICredentialSource,
  type IOwnCredentialSource,
} from '../contracts/credentials';
import { fail } from '../errors';
import { checkSamePlatform, enclosingSystem, SYSTEM } from '../scope';
import { MintedCredentials } from './minted';

/**
 * Whence a platform's credentials come: minted in the cluster, or from the source that the platform was told to use, for the systems that are
 * made after that. A system asks the same source as long as it lives, whenever it asks: what a source stands on can't need a credential of it.
 */
export class CredentialSources implements ICredentialSource {
  private minted?: MintedCredentials;
  private chosen?: IOwnCredentialSource;
  private readonly earlier = new Set<IConstruct>();

  constructor(private readonly platform: Construct) {}

  use(source: IOwnCredentialSource): void {
    const { path } = this.platform.node;
    if (this.chosen) {
      fail(
        path,
        `credentials come from ${this.chosen.node.path} already, and ${source.node.path} can't be another source; leave one out`,
      );
    }
    checkSamePlatform(this.platform, source);
    for (const construct of this.platform.node.findAll()) if (SYSTEM in construct) this.earlier.add(construct);
    this.chosen = source;
  }

  generate(scope: Construct, name: string, values: Readonly<Record<string, CredentialValue>>): ICredentials {
    return this.sourceOf(scope).generate(scope, name, values);
  }

  private sourceOf(scope: Construct): ICredentialSource {
    const system = enclosingSystem(scope);
    if (this.chosen && !(system && this.earlier.has(system))) return this.chosen;
    return (this.minted ??= new MintedCredentials(this.platform, 'credentials'));
  }
}
