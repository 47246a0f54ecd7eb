/** Where things are in the containers. */
export const PATHS = {
  config: '/vault/config',
  /** Raft's storage; each server's own volume. */
  data: '/vault/data',
  /** The audit log; each server's own volume. */
  audit: '/vault/audit',
  /** Where the command line keeps the token of whoever signed in, in memory. */
  home: '/vault/home',
  tls: '/vault/tls',
  authority: '/vault/authority',
  seal: '/vault/seal',
  sealAuthority: '/vault/seal-authority',
  scripts: '/vault/scripts',
  plan: '/vault/plan',
  /** The pod's own token for Vault, in the Jobs. */
  identity: '/vault/identity',
  /** The client's secret at the identity provider, in the Job that configures. */
  client: '/vault/oidc-client',
  providerAuthority: '/vault/oidc-authority',
  /** The account that makes users of a database, in its Job. */
  administrator: '/vault/administrator',
  databaseAuthority: '/vault/database-authority',
} as const;

/** Ports of the servers. Each listener has one for the servers among themselves, too; that of the metrics' is of no use. */
export const PORTS = { https: 8200, cluster: 8201, metrics: 9102, metricsCluster: 9103 } as const;

/** Audience of the tokens by which this system's own Jobs sign in. */
export const AUDIENCE = 'vault';
/** Path of the Kubernetes auth method, below `auth/`. */
export const AUTH_MOUNT = 'kubernetes';
/** Path of the KV engine. */
export const KV_MOUNT = 'kv';
/** What the configuring Job makes begins so: policies, groups, roles of this system's own. It deletes what begins so and is no longer wanted. */
export const OWN = 'platform-';
