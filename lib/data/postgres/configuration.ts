import { type Duration } from 'cdk8s';
import { type Settings } from './tuning';

/** Paths within PostgreSQL's containers. */
export const PATHS = {
  /** Mount point of the volume. The data are a directory in it: initdb refuses a file system's root with its `lost+found`. */
  volume: '/var/lib/postgresql/data',
  data: '/var/lib/postgresql/data/pgdata',
  config: '/config',
  scripts: '/scripts',
  sockets: '/var/run/postgresql',
  /** Where mc is copied to. */
  tools: '/tools',
  certificate: '/tls',
} as const;

export interface ConfigurationInput {
  /** Whether clients must use TLS. */
  readonly tls: boolean;
  /** Whether WAL is archived, and after which time a segment that is not full is. */
  readonly archiveTimeout?: Duration;
}

/**
 * The settings that don't depend on the hardware. A single instance is never a standby: without `hot_standby` it refuses clients until a
 * recovery is over, so nobody reads data of the past.
 *
 * @see https://www.postgresql.org/docs/17/runtime-config.html
 */
export function baseSettings({ tls, archiveTimeout }: ConfigurationInput): Settings {
  return {
    listen_addresses: '*',
    port: 5432,
    unix_socket_directories: PATHS.sockets,
    hba_file: `${PATHS.config}/pg_hba.conf`,
    // What ALTER SYSTEM writes would outrank this file.
    allow_alter_system: 'off',
    password_encryption: 'scram-sha-256',
    ...(tls
      ? {
          ssl: 'on',
          ssl_cert_file: `${PATHS.certificate}/tls.crt`,
          ssl_key_file: `${PATHS.certificate}/tls.key`,
          ssl_min_protocol_version: 'TLSv1.2',
        }
      : {}),
    // A pod on a node with huge pages reserved gets SIGBUS from "try": https://github.com/docker-library/postgres/issues/451
    huge_pages: 'off',
    hot_standby: 'off',
    wal_level: 'replica',
    wal_compression: 'lz4',
    ...(archiveTimeout
      ? {
          archive_mode: 'on',
          archive_command: `bash ${PATHS.scripts}/archive.sh "%p" "%f"`,
          archive_timeout: `${archiveTimeout.toSeconds()}s`,
        }
      : { archive_mode: 'off' }),
    // Clients whose node died are noticed within two minutes.
    tcp_keepalives_idle: '60s',
    tcp_keepalives_interval: '10s',
    tcp_keepalives_count: 6,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%u@%d ',
    log_lock_waits: 'on',
    lc_messages: 'C.UTF-8',
  };
}

/**
 * Who may connect: everybody with a password, by TLS alone where there is a certificate. The NetworkPolicy decides from where. The superuser
 * needs none at the pod's own socket, where `kubectl exec` arrives under the server's user.
 *
 * @see https://www.postgresql.org/docs/17/auth-pg-hba-conf.html
 */
export function hostBasedAuthentication(tls: boolean): string {
  const type = tls ? 'hostssl' : 'host';
  return [
    'local all postgres peer',
    'local all all scram-sha-256',
    `${type} all all all scram-sha-256`,
    `${type} replication postgres all scram-sha-256`,
    '',
  ].join('\n');
}
