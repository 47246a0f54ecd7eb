import { Duration, type Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkHost,
  ConfigFiles,
  fail,
  type IBucket,
  type ICredentials,
  type IGateway,
  type IMetrics,
  type IPostgresDatabase,
  type ISignIn,
  type ITeamTracking,
  type ServiceEndpoint,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { check } from './checks';
import {
  authenticationIni,
  BASIC,
  type DefaultPermission,
  type LogLevel,
  PLUGIN_ENTRY_POINTS,
  PLUGIN_METADATA,
  PROXIED_S3_PLUGIN,
  UPGRADE_SCRIPT,
  UPGRADE_TEAMS,
} from './configuration';
import { databaseAccess } from './database';
import { GarbageCollection, type GarbageCollectionProps } from './garbage-collection';
import { images } from './images';
import { Server } from './server';
import { MODULE, settingsJson, SIGN_IN_MODULE, type SignInSettings, TEAMS_SCRIPT } from './sign-in';
import { checkTeam, MLflowTeam, programOf } from './team';

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
  /**
   * Has people sign in with the company's directory before they reach the user interface, and makes workspaces, by which `addTeam` keeps
   * teams apart. Needs a gateway. Programs go on with user and password, at the same host. Once there are teams it stays: MLflow refuses
   * to start without workspaces while they hold something.
   * @default - people have users and passwords of MLflow's own
   */
  readonly signIn?: ISignIn;
  /** Groups of the identity provider's whose people administer MLflow. Needs `signIn`. @default - none but the minted administrator does */
  readonly administratorGroups?: readonly string[];
  /** Collects the servers' metrics. @default - they have none */
  readonly metrics?: IMetrics;
}

/** What programs call with a user and a password of their own: the REST API, traces by OpenTelemetry, and what asks whether the server is well. */
const PROGRAM_PATHS = ['/api/', '/v1/', '/health', '/version'];

/**
 * MLflow's tracking server with model registry, behind basic authentication.
 *
 * Puts into the cluster: a Deployment whose pods bring the database's schema up to date before they serve, a Service, and, as options, a
 * route on the gateway, a CronJob for garbage collection and a monitor. Needs a PostgreSQL database and a bucket. Offers the tracking
 * URI, and the administrator's credentials.
 *
 * @see https://mlflow.org/docs/latest/self-hosting/
 */
export class MLflow extends System implements ITeamTracking {
  readonly endpoint: ServiceEndpoint;
  readonly trackingUri: string;
  readonly externalUrl?: string;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];
  private readonly teams: MLflowTeam[] = [];
  private readonly settings: Omit<SignInSettings, 'teams'>;
  private readonly signIn?: ISignIn;

  constructor(scope: Construct, id: string, props: MLflowProps) {
    super(scope, id, { name: 'mlflow', version: images.mlflow.tag }, props);
    const settings = check(this.node.path, props);
    const { database, artifacts, gateway, metrics, signIn } = props;
    this.signIn = signIn;
    this.settings = { administrators: props.administratorGroups ?? [], reserved: [settings.administrator] };
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
    const proof = signIn && this.platform.credentials.generate(this, `${id}-sign-in`, { proof: { length: 48 } });
    const stage = this.addStage('install', [database, artifacts, this.credentials, keys, proof, metrics]);
    this.readyAfter = stage.readyAfter;

    const administrator = this.credentials.in(this.namespace);
    const access = databaseAccess(stage, database, database.credentials.in(this.namespace));
    const config = new ConfigFiles(stage, 'config', {
      'auth.ini': () =>
        authenticationIni({
          databaseUri: access.uri,
          defaultPermission: settings.defaultPermission,
          cacheSeconds: settings.passwordCache.toSeconds(),
          authenticate: signIn ? `${MODULE}:authenticate` : BASIC,
          // What is in no team's workspace was everybody's before there were teams, and is the administrators' then.
          sharedWorkspace: signIn !== undefined && this.teams.length === 0,
        }),
      'upgrade.py': signIn ? `${UPGRADE_SCRIPT}${UPGRADE_TEAMS}` : UPGRADE_SCRIPT,
      'proxied_s3.py': PROXIED_S3_PLUGIN,
      METADATA: PLUGIN_METADATA,
      'entry_points.txt': PLUGIN_ENTRY_POINTS,
      ...(signIn && {
        'sign-in.json': () => settingsJson(this.signInSettings),
        'teams.py': TEAMS_SCRIPT,
        [`${MODULE}.py`]: SIGN_IN_MODULE,
      }),
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
      signIn: proof && {
        proof: proof.in(this.namespace),
        programs: () =>
          this.teams.map(({ prefix, credentials }) => ({ prefix, secret: credentials.in(this.namespace) })),
      },
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
      const to =
        signIn?.protect(this, id, { title: 'MLflow', host, to: this.endpoint, open: PROGRAM_PATHS, proof }) ??
        this.endpoint;
      this.externalUrl = gateway.addRoute(this, { host, to, healthPath: '/health', timeout }).url;
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
        workspaces: signIn !== undefined,
        administrator,
      });
    }
    metrics?.scrape(stage, id, { endpoint: this.endpoint, basicAuth: administrator });
  }

  /**
   * Makes a workspace for a team. People of the group do everything with what is in it, and see nothing else; the team's programs have a user
   * of their own there.
   *
   * @throws when the name or the group is another team's, the name can't be a workspace's, or nobody signs in
   */
  addTeam(name: string, { group }: { readonly group: string }): MLflowTeam {
    const path = this.node.path;
    if (!this.signIn) fail(path, `team ${show(name)} needs people who sign in; pass signIn`);
    checkTeam(path, name, group, this.teams);
    const credentials = this.platform.credentials.generate(this, `${this.node.id}-team-${name}`, {
      username: { value: programOf(name) },
      password: { length: 32 },
    });
    // The servers make the user, so they have the Secret from the start.
    credentials.in(this.namespace);
    const team = new MLflowTeam(this, name, group, credentials);
    this.teams.push(team);
    return team;
  }

  private get signInSettings(): SignInSettings {
    const { administrators, reserved } = this.settings;
    return {
      administrators,
      reserved: [...reserved, ...this.teams.map(({ program }) => program)],
      teams: this.teams.map(({ workspace, group, program, prefix }) => ({
        name: workspace,
        group,
        program,
        variable: `${prefix}password`,
      })),
    };
  }
}

/** The Service's names as clients in the cluster write them. */
function serviceHosts({ host, service, port }: ServiceEndpoint, namespace: string): string[] {
  return [host, `${service}.${namespace}.svc`, `${service}.${namespace}`, service].map((name) => `${name}:${port}`);
}
