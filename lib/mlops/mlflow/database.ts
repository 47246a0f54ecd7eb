import { type EnvValue, type IPostgresDatabase, type ISecret, type Mount, type Stage, volume } from '../../core';

const AUTHORITY_PATH = '/etc/mlflow-database';
/** The public authorities in the image, which is based on Debian. */
const PUBLIC_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** How a container of MLflow reaches its database. */
export interface DatabaseAccess {
  /** Without user and password, which libpq takes from the environment. */
  readonly uri: string;
  readonly env: Readonly<Record<string, EnvValue | undefined>>;
  readonly mounts: readonly Mount[];
}

/**
 * The URI names its driver: which one `postgresql://` means depends on the version of SQLAlchemy that the image happens to hold.
 *
 * @see https://www.postgresql.org/docs/17/libpq-envars.html
 */
export function databaseAccess(stage: Stage, database: IPostgresDatabase, credentials: ISecret): DatabaseAccess {
  const { endpoint, name, sslMode } = database;
  const verify = sslMode === 'verify-full';
  const authority = verify ? database.authority(stage) : undefined;
  return {
    uri: `postgresql+psycopg2://${endpoint.host}:${endpoint.port}/${name}`,
    env: {
      PGUSER: credentials.env('username'),
      PGPASSWORD: credentials.env('password'),
      PGSSLMODE: sslMode,
      // In seconds: without it a packet that a policy drops is waited for until the kernel gives up, minutes later.
      PGCONNECT_TIMEOUT: '10',
      PGSSLROOTCERT: verify ? (authority ? `${AUTHORITY_PATH}/ca.crt` : PUBLIC_AUTHORITIES) : undefined,
    },
    mounts: authority
      ? [{ path: AUTHORITY_PATH, volume: volume.secret('database-authority', authority, { 'ca.crt': 'ca.crt' }) }]
      : [],
  };
}
