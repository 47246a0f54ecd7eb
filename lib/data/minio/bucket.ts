import { Construct } from 'constructs';
import {
  type BucketAccess,
  type BucketProps,
  checkLabel,
  digest,
  fail,
  type IBucket,
  type ICredentials,
  type IEndpoint,
  type ISecret,
  show,
  type Stage,
  systemOf,
} from '../../core';
import { addAdminJob, type MinIOServers, shortName, userPolicy } from './admin-job';
import { lifecycle, policy } from './bucket-rules';
import { type Groups } from './groups';
import { MAKE_BUCKET } from './scripts';

/** The servers take requests for any region; programs must name one. */
const REGION = 'us-east-1';

/**
 * A bucket, made by an idempotent Job that deletes nothing, and a user who may read and write its objects and do nothing else. The Job
 * runs again whenever something of the bucket changes, and sets it as the program says: versioning, lifecycle, quota, policy, key.
 */
export class MinIOBucket extends Construct implements IBucket {
  readonly endpoint: IEndpoint;
  readonly url: string;
  readonly region = REGION;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];
  private readonly readers = new Set<string>();
  private readonly versioning: boolean;

  constructor(
    scope: Construct,
    readonly name: string,
    private readonly servers: MinIOServers,
    private readonly groups: Groups,
    props: BucketProps,
    quota: string,
  ) {
    super(scope, `bucket-${name}`);
    this.endpoint = servers.endpoint;
    this.url = servers.url;
    this.readyAfter = servers.stage.readyAfter;
    const versioning = props.versioning ?? false;
    this.versioning = versioning;
    this.credentials = this.credentialsOf(name, name);
    addAdminJob(`bucket-${name}`, {
      servers,
      policy: userPolicy(name, policy(name, 'owner', versioning)),
      user: this.credentials,
      before: MAKE_BUCKET,
      env: {
        BUCKET: name,
        VERSIONING: versioning ? 'on' : 'off',
        LIFECYCLE: lifecycle(scope.node.path, name, props),
        QUOTA: quota,
      },
    });
  }

  /**
   * Gives one more user the right to read the bucket: the same bucket, with credentials of its own.
   *
   * @param name who reads, such as `dashboards`; part of the user's name
   * @throws when the name is no label, or was asked for before
   */
  addReader(name: string): IBucket {
    checkLabel(this.node.path, "a reader's name", name, 40);
    if (this.readers.has(name)) {
      fail(
        this.node.path,
        `reader ${show(name)} was added before; pass on what addReader returned then, or take another name`,
      );
    }
    this.readers.add(name);
    const user = `${this.name}.${name}`;
    // Reader b-c of bucket a isn't reader c of bucket a-b.
    const label = `${this.name}-${name}-${digest(user, 4)}`;
    const credentials = this.credentialsOf(user, label);
    addAdminJob(`reader-${label}`, {
      servers: this.servers,
      policy: userPolicy(user, policy(this.name, 'reader', false)),
      user: credentials,
    });
    return {
      name: this.name,
      endpoint: this.endpoint,
      url: this.url,
      region: this.region,
      credentials,
      authority: (stage) => this.authority(stage),
      allowGroup: (group, access) => this.allowGroup(group, access),
      readyAfter: this.readyAfter,
    };
  }

  allowGroup(group: string, access: BucketAccess): void {
    const path = this.node.path;
    this.groups.allow(path, group, {
      bucket: this.name,
      access: access === 'write' ? 'owner' : 'reader',
      versioning: this.versioning,
    });
  }

  authority(stage: Stage): ISecret | undefined {
    return this.servers.authority(stage);
  }

  private credentialsOf(user: string, label: string): ICredentials {
    const system = systemOf(this);
    return system.platform.credentials.generate(this, shortName(`${system.node.id}-${label}`, 63), {
      'access-key': { value: user },
      'secret-key': { length: 40 },
    });
  }
}
