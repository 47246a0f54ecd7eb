import { type Size } from 'cdk8s';
import { posix } from 'node:path';
import {
  type ContainerProps,
  type EnvValue,
  type IEndpoint,
  type ISecret,
  type Mount,
  type ConfigFiles,
  volume,
} from '../../core';
import { PATHS } from './configuration';
import { images } from './images';

/** How the jobs of this system reach the server as its superuser. */
export interface ServerAccess {
  readonly endpoint: IEndpoint;
  readonly superuser: ISecret;
  readonly scripts: ConfigFiles;
  readonly tls: boolean;
  /** With TLS: the authority of the server's certificate, where it is not a public one. */
  readonly authority?: ISecret;
}

export interface ClientContainerProps {
  readonly name: string;
  /** File of the scripts that it runs, or the path of another one. */
  readonly script: string;
  readonly memory: Size;
  readonly cpu?: number;
  readonly scratch: Size;
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts?: readonly Mount[];
}

/** A container of PostgreSQL's own programs that works at the server over the network, as its superuser. */
export function clientContainer(server: ServerAccess, props: ClientContainerProps): ContainerProps {
  const { endpoint, superuser, authority } = server;
  return {
    name: props.name,
    image: images.postgres,
    command: ['bash', posix.resolve(PATHS.scripts, props.script)],
    env: {
      PGHOST: endpoint.host,
      PGPORT: String(endpoint.port),
      PGUSER: superuser.env('username'),
      PGPASSWORD: superuser.env('password'),
      PGDATABASE: 'postgres',
      PGCONNECT_TIMEOUT: '10',
      PGSSLMODE: sslMode(server),
      PGSSLROOTCERT: authority && '/authorities/server/ca.crt',
      ...props.env,
    },
    resources: { cpu: props.cpu ?? 0.1, memory: props.memory, scratch: props.scratch },
    mounts: [
      { path: PATHS.scripts, volume: volume.config('scripts', server.scripts) },
      { path: '/tmp', volume: volume.scratch('tmp', { limit: props.scratch }) },
      ...(authority
        ? [
            {
              path: '/authorities/server',
              volume: volume.secret('authority-server', authority, { 'ca.crt': 'ca.crt' }),
            },
          ]
        : []),
      ...(props.mounts ?? []),
    ],
  };
}

/** What clients must ask for: encryption where there is a certificate, and its verification where its authority is known. */
export function sslMode({
  tls,
  authority,
}: Pick<ServerAccess, 'tls' | 'authority'>): 'disable' | 'require' | 'verify-full' {
  if (!tls) return 'disable';
  return authority ? 'verify-full' : 'require';
}
