import { Duration, type Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkHost,
  ConfigFiles,
  type IBucket,
  type ICredentials,
  type IExperimentTracking,
  type IGateway,
  type IMetrics,
  type IPostgresDatabase,
  type ServiceEndpoint,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { check } from './checks';
import {
  authenticationIni,
  type DefaultPermission,
  type LogLevel,
  PLUGIN_ENTRY_POINTS,
  PLUGIN_METADATA,
  PROXIED_S3_PLUGIN,
  UPGRADE_SCRIPT,
} from './configuration';
import { databaseAccess } from './database';
import { GarbageCollection, type GarbageCollectionProps } from './garbage-collection';
import { images } from './images';
import { Server } from './server';

export interface MLflowProps extends SystemProps {
  /** Holds runs, parameters, metrics, registered models and users. */
  readonly database: IPostgresDatabase;
  /** Holds models and other artifacts. Clients need no access to it: all goes through the server. */
  readonly artifacts: IBucket;
  /** Leads `https://<host>` to the server. @default - reached from within the cluster only */
  readonly gateway?: IGateway;
  /** Host name on the gateway, in lower case. @default - the system's id in the site's domain: `mlflow.lab.example` */
  readonly host?: string;
  /**
   * Namespaces whose pods may call the server within the cluster: those of notebooks and training jobs that the platform doesn't make.
   * Their own policies must let them out to it.
   * @default - none but the gateway, and systems that are given this one
   */
  readonly clientNamespaces?: readonly string[];
  /** Servers, which share all their state, so that any number is safe; 1 to 20. @default 1 */
  readonly replicas?: number;
  /** Processes of each server that answer requests; 1 to 32. Each takes up to 512 MiB. @default 2 */
  readonly workers?: number;
  /**
   * Memory of each server; at least 320 MiB for each worker and as much again. @default 512 MiB for each worker and as much again
   */
  readonly memory?: Size;
  /**
   * Cores of each server, requested; it may use four times as many, and at least one, when the node has them. Above 0, at most 256.
   * @default 0.25 for each worker
   */
  readonly cpu?: number;
  /**
   * Most connections to the database that all servers hold together; at least 6 for each worker. While the servers are updated there is
   * one server more.
   * @default 12 for each worker
   */
  readonly connections?: number;
  /**
   * Space on the node's disk for artifacts on their way, for each server; at least 1 GiB. The server buffers each file whole, so it
   * must hold the largest files that are up- and downloaded at a time; a pod that needs more is evicted.
   * @default 20 GiB
   */
  readonly scratch?: Size;
  /**
   * Name of the administrator, whose password is minted in the cluster. Taken when the Secret is made, which is never changed afterwards:
   * README.md says how to rename or give another password.
   * @default 'admin'
   */
  readonly administrator?: string;
  /**
   * What users may do with experiments and models that nobody gave them a permission for.
   * @default 'READ'
   * @see https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/
   */
  readonly defaultPermission?: DefaultPermission;
  /**
   * How long a worker remembers a verified password, up to an hour; 0 is never. Verifying takes a fifth of a second of a core for each
   * request; the price is that a changed password or a deleted user is good for as long with other workers.
   * @default 1 minute
   */
  readonly passwordCache?: Duration;
  /**
   * The least important messages that the servers log: MLflow's own and those of uvicorn, whose line for each request is `info`. A change
   * restarts the servers, one by one.
   * @default 'info'
   * @see https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html#mlflow.environment_variables.MLFLOW_LOGGING_LEVEL
   */
  readonly logLevel?: LogLevel;
  /** Remove for good what users deleted. @default - deleted runs and their artifacts are kept for ever */
  readonly garbageCollection?: GarbageCollectionProps;
  /** Collects the servers' metrics. @default - they have none */
  readonly metrics?: IMetrics;
}

/**
 * MLflow's tracking server with model registry, behind basic authentication.
 *
 * Puts into the cluster: a Deployment whose pods bring the database's schema up to date before they serve, a Service, and, as options, a
 * route on the gateway, a CronJob for garbage collection and a monitor. Needs a PostgreSQL database and a bucket. Offers the tracking
 * URI, and the administrator's credentials.
 *
 * @see https://mlflow.org/docs/latest/self-hosting/
 */
export class MLflow extends System implements IExperimentTracking {
  readonly endpoint: ServiceEndpoint;
  readonly trackingUri: string;
  readonly externalUrl?: string;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];

  constructor(scope: Construct, id: string, props: MLflowProps) {
    super(scope, id, { name: 'mlflow', version: images.mlflow.tag }, props);
    const settings = check(this.node.path, props);
    const { database, artifacts, gateway, metrics } = props;
    const host = gateway && (props.host ?? this.platform.site.host(id));
    if (host !== undefined) checkHost(this.node.path, 'host', host);

    this.credentials = this.platform.credentials.generate(this, `${id}-admin`, {
      username: { value: settings.administrator },
      password: { length: 32 },
    });
    // Whoever changes these logs everybody out, and makes the keys of model providers in the database unreadable.
    const keys = this.platform.credentials.generate(this, `${id}-keys`, {
      'session-key': { length: 64 },
      'encryption-passphrase': { length: 64 },
    });
    const stage = this.addStage('install', [database, artifacts, this.credentials, keys, metrics]);
    this.readyAfter = stage.readyAfter;

    const administrator = this.credentials.in(this.namespace);
    const access = databaseAccess(stage, database, database.credentials.in(this.namespace));
    const config = new ConfigFiles(stage, 'config', {
      'auth.ini': authenticationIni({
        databaseUri: access.uri,
        defaultPermission: settings.defaultPermission,
        cacheSeconds: settings.passwordCache.toSeconds(),
      }),
      'upgrade.py': UPGRADE_SCRIPT,
      'proxied_s3.py': PROXIED_S3_PLUGIN,
      METADATA: PLUGIN_METADATA,
      'entry_points.txt': PLUGIN_ENTRY_POINTS,
    });
    const server = new Server(stage, 'server', {
      ...settings,
      config,
      database: access,
      bucket: artifacts,
      secrets: {
        bucket: artifacts.credentials.in(this.namespace),
        administrator,
        keys: keys.in(this.namespace),
      },
      host,
      hosts: () => serviceHosts(this.endpoint, this.namespace),
      metrics: metrics !== undefined,
    });
    this.endpoint = server.addService({ name: id, ports: { http: { port: 5000, appProtocol: 'http' } } }).http;
    server.connectTo(database.endpoint, artifacts.endpoint);
    for (const namespace of props.clientNamespaces ?? []) {
      this.endpoint.allow({ namespace, podLabels: {} });
      this.platform.addExternal({ kind: 'Namespace', name: namespace });
    }
    this.trackingUri = `http://${this.endpoint.host}:${this.endpoint.port}`;

    if (gateway && host !== undefined) {
      // The server fetches an artifact whole before it sends the first byte.
      const timeout = Duration.minutes(10);
      this.externalUrl = gateway.addRoute(this, { host, to: this.endpoint, healthPath: '/health', timeout }).url;
    }
    this.addEndpoint('MLflow', this.externalUrl ?? this.trackingUri);
    this.addInstruction({
      when: 'after',
      what: "MLflow's administrator, who gives others their accounts",
      command: `kubectl -n ${this.namespace} get secret ${administrator.name} -o go-template='{{.data.username | base64decode}} {{.data.password | base64decode}}{{"\\n"}}'`,
    });

    if (props.garbageCollection) {
      new GarbageCollection(stage, 'gc', props.garbageCollection, {
        database: access,
        databaseEndpoint: database.endpoint,
        server: this.endpoint,
        trackingUri: this.trackingUri,
        administrator,
      });
    }
    metrics?.scrape(stage, id, { endpoint: this.endpoint, basicAuth: administrator });
  }
}

/** The Service's names as clients in the cluster write them. */
function serviceHosts({ host, service, port }: ServiceEndpoint, namespace: string): string[] {
  return [host, `${service}.${namespace}.svc`, `${service}.${namespace}`, service].map((name) => `${name}:${port}`);
}
