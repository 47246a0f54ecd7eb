/**
 * What users may do on the servers, as rules of an ACL file. Clients may do everything with data; not what concerns the server or all
 * databases (`@admin`, `@dangerous`), but for what is dangerous only by its cost. Rules can't keep a user to some of the databases.
 *
 * @see https://valkey.io/topics/acl/
 */
const CLIENT = '~* &* +@all -@admin -@dangerous +info +keys +role +sort +sort_ro +restore +client|list';

/** Users of the system's own, on the servers. @see https://valkey.io/topics/sentinel/ what replicas and sentinels do as theirs */
const SYSTEM_USERS: Readonly<Record<string, string>> = {
  administrator: '~* &* +@all',
  replication: '+psync +replconf +ping',
  sentinel:
    '&* +multi +exec +slaveof +replicaof +ping +subscribe +publish +config|rewrite +role +info +client|setname +client|kill +script|kill',
  probe: '+ping +info',
  proxy: '+ping +info',
  // What the exporter asks for, apart from keys.
  metrics: '+ping +info +config|get +slowlog +latency +client|list +client|setname +select',
};

/** Users on the sentinels. @see https://valkey.io/topics/sentinel/ */
const SENTINEL_USERS: Readonly<Record<string, string>> = {
  administrator: '&* +@all',
  sentinel: '&* +@connection +hello +ping +publish +subscribe +info +role +sentinel',
  probe: '+ping',
};

/** Clients learn who is the master, and hear of changes. */
const SENTINEL_CLIENT =
  '&* +@connection +@pubsub -publish +ping +info +role +sentinel -sentinel|failover -sentinel|set -sentinel|monitor -sentinel|remove -sentinel|reset ' +
  '-sentinel|config -sentinel|flushconfig -sentinel|debug -sentinel|simulate-failure';

/** Names that clients can't have. */
export const RESERVED_USERS = ['default', ...Object.keys(SYSTEM_USERS)];

/**
 * The users of a set-up. A single server knows those of replicas and sentinels too: when it becomes one of three, the two others must be in step
 * with it before it restarts.
 */
export function systemUsers(metrics: boolean): string[] {
  return Object.keys(SYSTEM_USERS).filter((name) => name !== 'metrics' || metrics);
}

/** The files from which the scripts make the servers' and the sentinels' ACL: a user and its rules on each line. */
export function userFiles(
  system: readonly string[],
  clients: readonly string[],
): { servers: string; sentinels: string } {
  const lines = (rules: Readonly<Record<string, string>>, client: string) =>
    [
      ...system.flatMap((name) => (rules[name] === undefined ? [] : `${name} ${rules[name]}\n`)),
      ...clients.map((name) => `${name} ${client}\n`),
    ].join('');
  return { servers: lines(SYSTEM_USERS, CLIENT), sentinels: lines(SENTINEL_USERS, SENTINEL_CLIENT) };
}
