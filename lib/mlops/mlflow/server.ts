import { Duration, Size } from 'cdk8s';
import {
  type ConfigFiles,
  Deployment,
  type EnvValue,
  type IBucket,
  type ISecret,
  intOrString,
  type k8s,
  lazy,
  type Mount,
  type Stage,
  volume,
} from '../../core';
import { POOLS_PER_WORKER, type Settings } from './checks';
import { FILE_PATHS, PROXIED_SCHEME, SIGN_IN_PATHS } from './configuration';
import { type DatabaseAccess } from './database';
import { images } from './images';

const PORT = 5000;
const CONFIG_PATH = '/etc/mlflow';
const AUTHORITY_PATH = '/etc/mlflow-artifacts';
const METRICS_PATH = '/run/prometheus';
/** Longer than gateways keep idle connections, so that none sends a request into one that is being closed. */
const KEEP_ALIVE = Duration.seconds(75);
const GRACE = Duration.seconds(60);

export interface ServerProps extends Settings {
  readonly config: ConfigFiles;
  readonly database: DatabaseAccess;
  readonly bucket: IBucket;
  readonly secrets: {
    /** Keys `access-key` and `secret-key`. */
    readonly bucket: ISecret;
    /** Keys `username` and `password`. */
    readonly administrator: ISecret;
    /** Keys `session-key` and `encryption-passphrase`. */
    readonly keys: ISecret;
  };
  /** Host name on the gateway. */
  readonly host?: string;
  /** Names and ports by which clients in the cluster call the server. */
  readonly hosts: () => string[];
  readonly metrics: boolean;
  /** Where people sign in before they get here. */
  readonly signIn?: {
    /** Key `proof`. */
    readonly proof: ISecret;
    /** Users of teams' programs, by what their variables begin with; known when everything is said. */
    readonly programs: () => readonly { readonly prefix: string; readonly secret: ISecret }[];
  };
}

/** The tracking servers. */
export class Server extends Deployment {
  constructor(stage: Stage, id: string, props: ServerProps) {
    const { database, scratch, memory, cpu, signIn } = props;
    const tmp: Mount = { path: '/tmp', volume: volume.scratch('tmp', { limit: scratch }) };
    const config: Mount = { path: CONFIG_PATH, volume: configVolume(props.config, props.signIn !== undefined) };
    const home = {
      HOME: '/tmp',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_LOGGING_LEVEL: props.logLevel?.toUpperCase(),
      MLFLOW_BACKEND_STORE_URI: database.uri,
      MLFLOW_ENABLE_WORKSPACES: props.signIn && 'true',
    };
    super(stage, id, {
      replicas: props.replicas,
      restartOn: [props.config],
      terminationGracePeriod: GRACE,
      initContainers: [
        {
          name: 'upgrade',
          image: images.mlflow,
          command: ['python3', `${CONFIG_PATH}/upgrade.py`],
          env: { ...database.env, ...home, ...authenticationEnv(props) },
          envFrom: signIn && lazy(() => programVariables(signIn.programs())),
          resources: { cpu: 0.25, memory: Size.mebibytes(640) },
          mounts: [tmp, config, ...database.mounts],
        },
      ],
      containers: [
        {
          name: 'mlflow',
          image: images.mlflow,
          command: ['mlflow', 'server'],
          args: ['--app-name=basic-auth'],
          env: { ...database.env, ...home, ...serverEnv(stage, props) },
          ports: { http: PORT },
          resources: { cpu, memory, scratch: Size.mebibytes(scratch.toMebibytes() + 1024) },
          mounts: [
            tmp,
            config,
            ...database.mounts,
            ...authorityMounts(stage, props.bucket),
            ...(props.metrics ? [{ path: METRICS_PATH, volume: volume.scratch('metrics', METRICS_VOLUME) }] : []),
          ],
          startupProbe: { httpGet: health, periodSeconds: 5, failureThreshold: 60, timeoutSeconds: 3 },
          // Answers once the worker has its database and an up-to-date schema; needs no password, but a host that is allowed.
          readinessProbe: { httpGet: serverInfo, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 },
          livenessProbe: { httpGet: health, periodSeconds: 20, failureThreshold: 6, timeoutSeconds: 10 },
          // Time for the Service to forget the pod before it stops to listen.
          lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
        },
      ],
    });
  }
}

const METRICS_VOLUME = { memory: true, limit: Size.mebibytes(32) };

const health: k8s.HttpGetAction = { path: '/health', port: intOrString(PORT) };
const serverInfo: k8s.HttpGetAction = {
  path: '/api/3.0/mlflow/server-info',
  port: intOrString(PORT),
  httpHeaders: [{ name: 'Host', value: `localhost:${PORT}` }],
};

function serverEnv(stage: Stage, props: ServerProps): Record<string, EnvValue | undefined> {
  const { bucket, host, workers, replicas, connections, secrets } = props;
  const perPool = Math.floor(connections / (replicas * workers * POOLS_PER_WORKER));
  const overflow = Math.floor(perPool / 2);
  return {
    TMPDIR: '/tmp',
    PYTHONPATH: `${CONFIG_PATH}/python`,
    // What a scraper names as the host it calls.
    POD_IP: props.metrics ? { fieldRef: { fieldPath: 'status.podIP' } } : undefined,
    MLFLOW_HOST: '0.0.0.0',
    MLFLOW_PORT: String(PORT),
    MLFLOW_WORKERS: String(workers),
    MLFLOW_UVICORN_OPTS: uvicornOptions(props),
    MLFLOW_SERVER_ALLOWED_HOSTS: lazy(() => allowedHosts(props).join(',')),
    // A browser names the page's own origin in requests that change something, and the server refuses those that aren't listed.
    MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: host && `https://${host}`,
    MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: String(perPool - overflow),
    MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: String(overflow),
    MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE: '1800',
    ...authenticationEnv(props),
    SIGN_IN_PROOF: props.signIn?.proof.env('proof'),
    MLFLOW_FLASK_SERVER_SECRET_KEY: secrets.keys.env('session-key'),
    MLFLOW_CRYPTO_KEK_PASSPHRASE: secrets.keys.env('encryption-passphrase'),
    // On, it starts seven processes of 240 MiB more, whose queues are files of one pod.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_ARTIFACTS_DESTINATION: `${PROXIED_SCHEME}://${bucket.name}`,
    // A store whose servers restart one after another refuses some requests for seconds: the default gives up after one or two.
    AWS_RETRY_MODE: 'standard',
    AWS_MAX_ATTEMPTS: '8',
    MLFLOW_S3_ENDPOINT_URL: bucket.url,
    MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: 'path',
    AWS_DEFAULT_REGION: bucket.region,
    AWS_ACCESS_KEY_ID: secrets.bucket.env('access-key'),
    AWS_SECRET_ACCESS_KEY: secrets.bucket.env('secret-key'),
    AWS_CA_BUNDLE: bucket.authority(stage) && `${AUTHORITY_PATH}/ca.crt`,
    MLFLOW_EXPOSE_PROMETHEUS: props.metrics ? METRICS_PATH : undefined,
    PROMETHEUS_MULTIPROC_DIR: props.metrics ? METRICS_PATH : undefined,
  };
}

function authenticationEnv({ secrets: { administrator } }: ServerProps): Record<string, EnvValue> {
  return {
    MLFLOW_AUTH_CONFIG_PATH: `${CONFIG_PATH}/auth.ini`,
    MLFLOW_AUTH_ADMIN_USERNAME: administrator.env('username'),
    MLFLOW_AUTH_ADMIN_PASSWORD: administrator.env('password'),
  };
}

function uvicornOptions({ logLevel }: Settings): string {
  return [
    `--timeout-keep-alive ${KEEP_ALIVE.toSeconds()}`,
    `--timeout-graceful-shutdown ${GRACE.toSeconds() - 15}`,
    ...(logLevel === undefined ? [] : [`--log-level ${logLevel}`]),
  ].join(' ');
}

/** Hosts that requests may name; the server refuses others, against pages that rebind their name to its address. */
function allowedHosts({ host, hosts, metrics }: ServerProps): string[] {
  return [
    ...(host === undefined ? [] : [host, `${host}:*`]),
    ...hosts(),
    'localhost:*',
    ...(metrics ? [`$(POD_IP):${PORT}`] : []),
  ];
}

function authorityMounts(stage: Stage, bucket: IBucket): Mount[] {
  const authority = bucket.authority(stage);
  const source = authority && volume.secret('artifacts-authority', authority, { 'ca.crt': 'ca.crt' });
  return source ? [{ path: AUTHORITY_PATH, volume: source }] : [];
}

function programVariables(
  programs: readonly { readonly prefix: string; readonly secret: ISecret }[],
): k8s.EnvFromSource[] | undefined {
  if (programs.length === 0) return undefined;
  return programs.map(({ prefix, secret }) => ({ prefix, secretRef: { name: secret.name } }));
}

/** The files, those of the Python package in folders of their own. */
function configVolume({ name }: ConfigFiles, signIn: boolean): k8s.Volume {
  const paths = { ...FILE_PATHS, ...(signIn && SIGN_IN_PATHS) };
  return { name: 'config', configMap: { name, items: Object.entries(paths).map(([key, path]) => ({ key, path })) } };
}
