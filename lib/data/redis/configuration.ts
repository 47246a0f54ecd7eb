import { type Size, SizeRoundingBehavior } from 'cdk8s';

/** Ports of the containers. */
export const PORTS = { redis: 6379, sentinel: 26379, metrics: 9121 } as const;

/** Of a server's memory, the part that data may take: the rest is for replicas and clients that lag, and for pages that change while the log is rewritten. */
const DATA_SHARE = 0.6;

export interface ConfigurationInput {
  readonly memory: Size;
  readonly databases: number;
  readonly replicated: boolean;
  readonly tls: boolean;
}

/**
 * The servers' configuration, but for what differs between them. Each change is on disk within a second, and nothing is ever evicted: a
 * server without room refuses to write.
 *
 * @see https://github.com/valkey-io/valkey/blob/8.1/valkey.conf
 */
export function configuration({ memory, databases, replicated, tls }: ConfigurationInput): string {
  const data = Math.floor(memory.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR }) * DATA_SHARE);
  const settings = {
    ...(tls
      ? {
          port: 0,
          'tls-port': PORTS.redis,
          'tls-cert-file': '/tls/tls.crt',
          'tls-key-file': '/tls/tls.key',
          'tls-ca-cert-file': '/authority/ca.crt',
          'tls-auth-clients': 'no',
          'tls-replication': replicated ? 'yes' : 'no',
        }
      : { port: PORTS.redis }),
    // Users and passwords protect it, and the NetworkPolicy.
    'protected-mode': 'no',
    aclfile: '/run/redis/users.acl',
    dir: '/data',
    databases,
    maxmemory: `${data}mb`,
    'maxmemory-policy': 'noeviction',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '""',
    'tcp-keepalive': 60,
    ...(replicated
      ? {
          // A master that the others have lost sight of takes no writes, which would be lost when it finds them again.
          'min-replicas-to-write': 1,
          'min-replicas-max-lag': 10,
          'repl-diskless-sync': 'yes',
          'repl-diskless-sync-delay': 1,
          'repl-backlog-size': '32mb',
        }
      : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}
