import { Duration, Size } from 'cdk8s';
import {
  type ConfigFiles,
  type ContainerProps,
  CronJob,
  type EnvValue,
  fail,
  type IBucket,
  type Mount,
  show,
  type Stage,
  volume,
} from '../../core';
import { clientContainer, type ServerAccess } from './client';
import { images } from './images';
import { PATHS } from './paths';

/** Name of the CronJob and of its ServiceAccount. */
export const SNAPSHOT_JOB = 'snapshot';

export interface SnapshotsProps {
  readonly servers: ServerAccess;
  readonly scripts: ConfigFiles;
  readonly bucket: IBucket;
  /** Path within the bucket. */
  readonly path: string;
  readonly schedule: string;
  readonly kept: number;
  /** What the servers' volume holds: a snapshot may be as large. */
  readonly storage: Size;
}

const TOOLS = volume.scratch('tools', { limit: Size.mebibytes(128) });
const PATH = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(\/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$/;

/** @throws when it can't be a path within a bucket */
export function checkSnapshotPath(path: string, value: string): void {
  if (PATH.test(value) && value.length <= 200) return;
  fail(
    path,
    `snapshotPath must be lower-case words with "/" between them, got ${show(value)}; write it as "vault" or "lab/vault"`,
  );
}

/** Snapshots of all that Vault holds, encrypted as it is in its storage, each read back after it was stored; then retention. */
export function addSnapshots(stage: Stage, props: SnapshotsProps): void {
  const { servers, bucket } = props;
  const access = bucketAccess(stage, props);
  const job = new CronJob(stage, SNAPSHOT_JOB, {
    schedule: props.schedule,
    terminationGracePeriod: Duration.seconds(10),
    initContainers: [copyClient()],
    containers: [
      clientContainer(servers, {
        name: 'snapshot',
        script: `${PATHS.scripts}/snapshot.sh`,
        memory: Size.mebibytes(256),
        scratch: Size.kibibytes(props.storage.toKibibytes() + 64 * 1024),
        env: { KEEP: String(props.kept), ...access.env },
        mounts: [
          { path: PATHS.scripts, volume: volume.config('scripts', props.scripts) },
          { path: '/scratch', volume: volume.scratch('work', { limit: props.storage }) },
          { path: '/tools', volume: TOOLS, readOnly: true },
          ...access.mounts,
        ],
      }),
    ],
  });
  job.connectTo(servers.active, bucket.endpoint);
}

/** `mc` copied to where the script finds it: one static program. */
function copyClient(): ContainerProps {
  return {
    name: 'client',
    image: images.client,
    command: ['cp', '/usr/bin/mc', '/tools/mc'],
    resources: { cpu: 0.05, memory: Size.mebibytes(64) },
    mounts: [{ path: '/tools', volume: TOOLS }],
  };
}

function bucketAccess(
  stage: Stage,
  { bucket, path }: SnapshotsProps,
): { readonly env: Readonly<Record<string, EnvValue>>; readonly mounts: readonly Mount[] } {
  const secret = bucket.credentials.in(stage.namespace!);
  const authority = bucket.authority(stage);
  return {
    env: {
      ARCHIVE: `archive/${bucket.name}/${path}`,
      ACCESS_KEY: secret.env('access-key'),
      SECRET_KEY: secret.env('secret-key'),
      // Kubernetes fills the two in. mc takes them as they are, without decoding.
      MC_HOST_archive: bucket.url.replace('://', '://$(ACCESS_KEY):$(SECRET_KEY)@'),
      // Beside the system's own authorities, which Go reads from files elsewhere. Vault's command line goes by VAULT_CACERT.
      ...(authority ? { SSL_CERT_DIR: '/authorities/archive' } : {}),
    },
    mounts: authority
      ? [
          {
            path: '/authorities/archive',
            volume: volume.secret('authority-archive', authority, { 'ca.crt': 'ca.crt' }),
          },
        ]
      : [],
  };
}
