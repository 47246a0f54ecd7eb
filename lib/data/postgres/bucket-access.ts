import { Size } from 'cdk8s';
import { type ContainerProps, type EnvValue, type IBucket, type Mount, type Stage, volume } from '../../core';
import { PATHS } from './configuration';
import { images } from './images';

/** A path of a bucket that holds base backups and WAL, as the scripts reach it. */
export interface Archive {
  readonly bucket: IBucket;
  readonly path: string;
}

/** Environment and mounts by which containers of one stage reach archives; each archive goes by an alias of `mc`. */
export interface ArchiveAccess {
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly mounts: readonly Mount[];
}

const TOOLS = volume.scratch('tools', { limit: Size.mebibytes(128) });

/**
 * The access of a stage's containers to archives. The alias in capitals is the variable that names the place: `archive` gives `ARCHIVE`,
 * the value `archive/<bucket>/<path>`.
 */
export function archiveAccess(stage: Stage, archives: Readonly<Record<string, Archive | undefined>>): ArchiveAccess {
  const env: Record<string, EnvValue> = {};
  const authorities: Mount[] = [];
  for (const [alias, archive] of Object.entries(archives)) {
    if (!archive) continue;
    const { bucket, path } = archive;
    const name = alias.toUpperCase();
    const secret = bucket.credentials.in(stage.namespace!);
    env[name] = `${alias}/${bucket.name}/${path}`;
    env[`${name}_ACCESS_KEY`] = secret.env('access-key');
    env[`${name}_SECRET_KEY`] = secret.env('secret-key');
    // Kubernetes fills the two in. mc takes them as they are, without decoding.
    env[`MC_HOST_${alias}`] = bucket.url.replace('://', `://$(${name}_ACCESS_KEY):$(${name}_SECRET_KEY)@`);
    const authority = bucket.authority(stage);
    if (authority)
      authorities.push({
        path: `/authorities/${alias}`,
        volume: volume.secret(`authority-${alias}`, authority, { 'ca.crt': 'ca.crt' }),
      });
  }
  // Beside the system's own authorities, which Go reads from files elsewhere.
  if (authorities.length > 0) env.SSL_CERT_DIR = authorities.map(({ path }) => path).join(':');
  return {
    env,
    mounts: Object.keys(env).length > 0 ? [{ path: PATHS.tools, volume: TOOLS, readOnly: true }, ...authorities] : [],
  };
}

/** Copies `mc` to where the scripts find it. Runs before any container with an `ArchiveAccess`. */
export function copyClient(): ContainerProps {
  return {
    name: 'client',
    image: images.client,
    command: ['cp', '/usr/bin/mc', `${PATHS.tools}/mc`],
    resources: { cpu: 0.05, memory: Size.mebibytes(64) },
    mounts: [{ path: PATHS.tools, volume: TOOLS }],
  };
}
