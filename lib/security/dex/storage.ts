import { type IPostgresDatabase, type k8s, type Mount, type ISecret, type Stage, volume } from '../../core';
import { definitions } from './crds';

/** Where Dex keeps its keys and who is signed in, and how its pods get there. */
export interface DexStorage {
  /** Its part of the configuration, in Dex' words. */
  readonly config: object;
  readonly mounts: readonly Mount[];
  /** Keys `username` and `password`. */
  readonly credentials?: ISecret;
  /** What the pods may do in their own namespace. */
  readonly rules?: k8s.PolicyRule[];
}

/** The variables that the database's user and password are in. */
export const DATABASE_VARIABLES = { user: 'DATABASE_USER', password: 'DATABASE_PASSWORD' } as const;

const AUTHORITY = '/etc/dex-database';

/**
 * Custom resources of Dex' own namespace. Upstream's role allows everything; these are the verbs that its client uses.
 *
 * @see https://github.com/dexidp/dex/blob/v2.45.1/storage/kubernetes/client.go
 */
export function customResources(): DexStorage {
  return {
    // Definitions that are missing are an error, not made: that needs a right to the whole cluster.
    config: { type: 'kubernetes', config: { inCluster: true, crdHandling: 'check' } },
    mounts: [],
    rules: [
      {
        apiGroups: ['dex.coreos.com'],
        resources: definitions.map(({ plural }) => plural),
        verbs: ['get', 'list', 'create', 'update', 'delete'],
      },
    ],
  };
}

/** A database. @see https://dexidp.io/docs/configuration/storage/#postgres */
export function postgres(stage: Stage, database: IPostgresDatabase, namespace: string): DexStorage {
  const { endpoint, name, sslMode } = database;
  const authority = sslMode === 'verify-full' ? database.authority(stage) : undefined;
  return {
    config: {
      type: 'postgres',
      config: {
        host: endpoint.host,
        port: endpoint.port,
        database: name,
        user: `$${DATABASE_VARIABLES.user}`,
        password: `$${DATABASE_VARIABLES.password}`,
        connectionTimeout: 10,
        ssl: { mode: sslMode, ...(authority && { caFile: `${AUTHORITY}/ca.crt` }) },
      },
    },
    mounts: authority
      ? [{ path: AUTHORITY, volume: volume.secret('database-authority', authority, { 'ca.crt': 'ca.crt' }) }]
      : [],
    credentials: database.credentials.in(namespace),
  };
}
