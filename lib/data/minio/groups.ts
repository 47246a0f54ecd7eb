import { digest, fail, type IIdentityProvider, lazy, show } from '../../core';
import { addAdminJob, type MinIOServers } from './admin-job';
import { type BucketGrant, policyOf } from './bucket-rules';

/** Policies that the server brings along: a group of such a name has what they allow, whatever is said here. */
const BUILT_IN = ['readonly', 'readwrite', 'writeonly', 'diagnostics', 'consoleAdmin'];
/** What can be a part of a file's name on the drives, where policies are kept. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,127}$/;

/**
 * What groups of the identity provider's may do. The server takes each group of a token for the name of a policy, so a group has one policy, with
 * all its buckets.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/docs/sts/web-identity.md
 */
export class Groups {
  private readonly grants = new Map<string, BucketGrant[]>();

  constructor(
    private readonly servers: MinIOServers,
    /** The system's path. */
    private readonly system: string,
    private readonly identity: IIdentityProvider | undefined,
  ) {}

  /** @throws when nobody signs in here, the name can't be a policy's, or the group has access to the bucket already */
  allow(path: string, group: string, grant: BucketGrant): void {
    if (!this.identity) {
      fail(
        path,
        `group ${show(group)} can't come in, since people don't sign in here; pass identity to ${this.system}`,
      );
    }
    if (typeof group !== 'string' || !NAME.test(group) || BUILT_IN.includes(group) || group.startsWith('user-')) {
      fail(
        path,
        `group ${show(group)} can't be let in: its name must be one for a policy, of letters, digits, spaces and ". _ @ + -", and none that ` +
          'the server or its users have; give the directory another group',
      );
    }
    const before = this.grants.get(group);
    if (before?.some(({ bucket }) => bucket === grant.bucket)) {
      fail(path, `group ${show(group)} was let in before; say once what it may do`);
    }
    if (before) {
      before.push(grant);
      return;
    }
    const grants = [grant];
    this.grants.set(group, grants);
    addAdminJob(`group-${label(group)}`, {
      servers: this.servers,
      policy: { name: group, text: lazy(() => policyOf(grants)) },
    });
  }
}

/** The group's name as a label, told apart by a digest where it isn't one. */
function label(group: string): string {
  const plain = group
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain === group ? plain : `${plain}-${digest(group)}`;
}
