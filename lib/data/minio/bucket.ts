import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type BucketProps,
  checkLabel,
  digest,
  fail,
  type IBucket,
  type ICredentials,
  type IEndpoint,
  type Image,
  type ISecret,
  Job,
  show,
  type Stage,
  systemOf,
  volume,
} from '../../core';

import { type Access, lifecycle, policy } from './bucket-rules';

/** What buckets know of their server. */
export interface BucketServer {
  /** The stage of the Jobs; it needs the servers. */
  readonly stage: Stage;
  readonly endpoint: IEndpoint;
  readonly url: string;
  readonly region: string;
  readonly client: Image;
  /** Keys `username` and `password`, in the server's own namespace. */
  readonly root: ISecret;
  authority(stage: Stage): ISecret | undefined;
}

/**
 * A bucket, made by an idempotent Job that deletes nothing, and a user who may read and write its objects and do nothing else. The Job
 * runs again whenever something of the bucket changes, and sets it as the program says: versioning, lifecycle, quota, policy, key.
 */
export class MinIOBucket extends Construct implements IBucket {
  readonly endpoint: IEndpoint;
  readonly url: string;
  readonly region: string;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];
  private readonly readers = new Map<string, IBucket>();

  constructor(
    scope: Construct,
    readonly name: string,
    private readonly server: BucketServer,
    props: BucketProps,
    quota: string,
  ) {
    super(scope, `bucket-${name}`);
    this.endpoint = server.endpoint;
    this.url = server.url;
    this.region = server.region;
    this.readyAfter = server.stage.readyAfter;
    this.credentials = this.addUser(name, 'owner', props.versioning ?? false, {
      VERSIONING: props.versioning ? 'on' : 'off',
      LIFECYCLE: lifecycle(scope.node.path, name, props),
      QUOTA: quota,
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
    if (this.readers.has(name)) fail(this.node.path, `reader ${show(name)} was added before; use what addReader returned then, or another name`);
    const reader: IBucket = {
      name: this.name,
      endpoint: this.endpoint,
      url: this.url,
      region: this.region,
      credentials: this.addUser(`${this.name}.${name}`, 'reader', false),
      authority: (stage) => this.authority(stage),
      readyAfter: this.readyAfter,
    };
    this.readers.set(name, reader);
    return reader;
  }

  authority(stage: Stage): ISecret | undefined {
    return this.server.authority(stage);
  }

  private addUser(user: string, access: Access, versioning: boolean, bucket?: Readonly<Record<string, string>>): ICredentials {
    const { stage, root, client, endpoint, url } = this.server;
    const system = systemOf(this);
    const label = user.replace('.', '-reader-');
    const credentials = system.platform.credentials.generate(this, short(`${system.node.id}-${label}`, 63), {
      'access-key': { value: user },
      'secret-key': { length: 40 },
    });
    const own = credentials.in(system.namespace);
    const authority = this.server.authority(stage);
    const job = new Job(stage, short(`bucket-${label}`, 46), {
      containers: [
        {
          name: 'mc',
          image: client,
          command: ['/bin/sh', '-ec', bucket ? `${CONNECT}${MAKE_BUCKET}${MAKE_USER}` : `${CONNECT}${MAKE_USER}`],
          env: {
            ENDPOINT: url,
            ROOT_USER: root.env('username'),
            ROOT_PASSWORD: root.env('password'),
            BUCKET: this.name,
            ...bucket,
            POLICY_NAME: `bucket-${user}`,
            POLICY: policy(this.name, access, versioning),
            ACCESS_KEY: own.env('access-key'),
            SECRET_KEY: own.env('secret-key'),
            MC_CONFIG_DIR: '/tmp/mc',
            SSL_CERT_FILE: authority && '/authority/ca.crt',
          },
          resources: { cpu: 0.05, memory: Size.mebibytes(128) },
          mounts: [
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(8) }) },
            ...(authority ? [{ path: '/authority', volume: volume.secret('authority', authority, { 'ca.crt': 'ca.crt' }) }] : []),
          ],
        },
      ],
    });
    job.connectTo(endpoint);
    return credentials;
  }
}

/** A name within what Kubernetes allows, told apart by a digest where it had to be cut. */
function short(name: string, max: number): string {
  return name.length <= max ? name : `${name.slice(0, max - 9).replace(/-+$/, '')}-${digest(name)}`;
}

// The client's image has a shell and coreutils and no more: no grep, no sed. Secrets come by environment and by pipe, never as
// arguments, which every process of the node can read.

/** Waits until the servers take writes. */
const CONNECT = `export MC_HOST_minio="\${ENDPOINT%%://*}://$ROOT_USER:$ROOT_PASSWORD@\${ENDPOINT#*://}"
mc --quiet ready minio
`;

/** Makes the bucket what the program says, whatever it was before; nothing is deleted. */
const MAKE_BUCKET = `mc --quiet mb --ignore-existing "minio/$BUCKET"
case "$VERSIONING $(mc --json version info "minio/$BUCKET")" in
  on*) mc --quiet version enable "minio/$BUCKET" ;;
  off*Enabled*) mc --quiet version suspend "minio/$BUCKET" ;;
esac
if [ -n "$LIFECYCLE" ]; then
  printf '%s' "$LIFECYCLE" | mc --quiet ilm rule import "minio/$BUCKET"
elif mc --quiet ilm rule export "minio/$BUCKET" > /dev/null 2>&1; then
  mc --quiet ilm rule rm --all --force "minio/$BUCKET"
fi
if [ -n "$QUOTA" ]; then
  mc --quiet quota set "minio/$BUCKET" --size "$QUOTA"
else
  mc --quiet quota clear "minio/$BUCKET"
fi
`;

/** Makes the policy and the user, or brings both up to date. */
const MAKE_USER = `printf '%s' "$POLICY" > /tmp/policy.json
mc --quiet admin policy create minio "$POLICY_NAME" /tmp/policy.json
printf '%s\\n%s\\n' "$ACCESS_KEY" "$SECRET_KEY" | mc --quiet admin user add minio
mc --quiet admin policy attach minio "$POLICY_NAME" --user "$ACCESS_KEY"
`;
