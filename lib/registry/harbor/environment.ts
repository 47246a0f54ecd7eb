import { Size } from 'cdk8s';
import {
  type ContainerProps,
  type Environment,
  type IBucket,
  type ICredentials,
  type IPostgresDatabase,
  type IRedisDatabases,
  type ISecret,
  k8s,
  type Mount,
  type ServiceEndpoint,
  type Stage,
  volume,
  type Workload,
} from '../../core';

/** Ports of the pods. @see https://github.com/goharbor/harbor-helm/blob/v1.19.1/templates/_helpers.tpl */
export const PORTS = { http: 8080, registry: 5000, metrics: 8001 } as const;

/** What each of the logical databases is for, by its place among those that were set aside. */
const REDIS = { core: 0, jobs: 1, registry: 2, trivy: 3 } as const;
export const REDIS_DATABASES = Object.keys(REDIS).length;

/** What all parts know of each other and of what they need. */
export interface Parts {
  readonly stage: Stage;
  readonly replicas: number;
  readonly database: IPostgresDatabase;
  readonly redis: IRedisDatabases;
  readonly storage: IBucket;
  /** PostgreSQL connections of one pod that uses it. */
  readonly connections: number;
  readonly secrets: HarborSecrets;
  /** URLs of the parts within the cluster. */
  readonly urls: Readonly<
    Record<'core' | 'portal' | 'jobservice' | 'registry' | 'registryController' | 'trivy', string>
  >;
  readonly scanner: boolean;
  readonly metrics: boolean;
}

/** What Harbor's parts know each other by. */
export interface HarborSecrets {
  readonly administrator: ICredentials;
  /** Keys `secret`, `secret-key`, `csrf-key`. */
  readonly core: ICredentials;
  /** Key `secret`. */
  readonly jobs: ICredentials;
  /** Keys `username`, `password`, `http-secret`. */
  readonly registry: ICredentials;
  /** What a Job makes: keys `private_key.pem`; `passwd`. */
  readonly token: ISecret;
  readonly passwords: ISecret;
}

/** `redis://user:password@host:port/number`; user and password are filled in by Kubernetes. */
function redisUrl({ redis }: Parts, of: keyof typeof REDIS, query = ''): string {
  const { endpoint, tls, numbers } = redis;
  const scheme = tls ? 'rediss' : 'redis';
  return `${scheme}://$(REDIS_USERNAME):$(REDIS_PASSWORD)@${endpoint.host}:${endpoint.port}/${numbers[REDIS[of]]}${query}`;
}

/** The variables that `redisUrl`s are filled in from, and the URLs by their variables' names. */
export function redisEnv(parts: Parts, urls: Readonly<Record<string, keyof typeof REDIS>>): Environment {
  const secret = parts.redis.credentials.in(parts.stage.namespace!);
  return {
    REDIS_USERNAME: secret.env('username'),
    REDIS_PASSWORD: secret.env('password'),
    ...Object.fromEntries(
      Object.entries(urls).map(([name, of]) => [
        name,
        redisUrl(parts, of, of === 'jobs' ? '' : '?idle_timeout_seconds=30'),
      ]),
    ),
  };
}

/** Where the registry's cache is, as its configuration says it. */
export function registryRedis({ redis }: Parts): {
  readonly address: string;
  readonly number: number;
  readonly tls: boolean;
} {
  const { endpoint, numbers, tls } = redis;
  return { address: `${endpoint.host}:${endpoint.port}`, number: numbers[REDIS.registry]!, tls };
}

/** PostgreSQL's settings, by the names that core has for them or, with the exporter's prefix, that one. */
export function databaseEnv(
  { stage, database, connections }: Parts,
  prefix: 'POSTGRESQL' | 'HARBOR_DATABASE',
): Environment {
  const secret = database.credentials.in(stage.namespace!);
  const name = prefix === 'POSTGRESQL' ? 'POSTGRESQL_DATABASE' : 'HARBOR_DATABASE_DBNAME';
  return {
    [`${prefix}_HOST`]: database.endpoint.host,
    [`${prefix}_PORT`]: String(database.endpoint.port),
    [`${prefix}_USERNAME`]: secret.env('username'),
    [`${prefix}_PASSWORD`]: secret.env('password'),
    [name]: database.name,
    [`${prefix}_SSLMODE`]: database.sslMode,
    [`${prefix}_MAX_IDLE_CONNS`]: '2',
    [`${prefix}_MAX_OPEN_CONNS`]: String(connections),
    // pgx, which all of Harbor uses, takes it from libpq's variable.
    PGSSLROOTCERT: database.authority(stage) && `${AUTHORITIES}/database/ca.crt`,
  };
}

/** The bucket's key, for the registry and for its controller, which deletes in it. */
export function storageEnv({ stage, storage }: Parts): Environment {
  const secret = storage.credentials.in(stage.namespace!);
  return {
    REGISTRY_STORAGE_S3_ACCESSKEY: secret.env('access-key'),
    REGISTRY_STORAGE_S3_SECRETKEY: secret.env('secret-key'),
  };
}

const AUTHORITIES = '/authorities';

/**
 * Private authorities that a part's clients verify servers by. Upstream's entrypoints write them into the image's bundle, which a read-only
 * root file system refuses; Go reads further folders by itself, besides the bundle.
 *
 * @see https://pkg.go.dev/crypto/x509#SystemCertPool
 */
export function trust(authorities: Readonly<Record<string, ISecret | undefined>>): {
  readonly env: Environment;
  readonly mounts: readonly Mount[];
} {
  const given = Object.entries(authorities).filter((entry): entry is [string, ISecret] => entry[1] !== undefined);
  return {
    env: given.length > 0 ? { SSL_CERT_DIR: given.map(([name]) => `${AUTHORITIES}/${name}`).join(':') } : {},
    mounts: given.map(([name, secret]) => ({
      path: `${AUTHORITIES}/${name}`,
      volume: volume.secret(`authority-${name}`, secret, { 'ca.crt': 'ca.crt' }),
    })),
  };
}

/** A Service in front of a part's metrics, where somebody scrapes them. */
export function metricsOf(parts: Parts, workload: Workload): ServiceEndpoint | undefined {
  if (!parts.metrics) return undefined;
  return workload.addService({ name: `${workload.name}-metrics`, ports: { metrics: PORTS.metrics } }).metrics;
}

/** Room for what is written beside the data: uploads of forms, temporary files. */
export function tmp(limit = Size.mebibytes(256)): Mount {
  return { path: '/tmp', volume: volume.scratch('tmp', { limit }) };
}

export function httpProbe(path: string, port: number, timing: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(port) }, timeoutSeconds: 5, ...timing };
}

/** Probes of a part that answers as soon as it runs. */
export function httpProbes(
  path: string,
  port: number,
): Pick<ContainerProps, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  return {
    startupProbe: httpProbe(path, port, { periodSeconds: 3, failureThreshold: 100 }),
    readinessProbe: httpProbe(path, port, { periodSeconds: 10, failureThreshold: 2 }),
    livenessProbe: httpProbe(path, port, { periodSeconds: 20, failureThreshold: 4 }),
  };
}
