import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkDuration,
  checkHost,
  checkInteger,
  checkSamePlatform,
  ConfigFiles,
  type ContainerProps,
  Deployment,
  type EnvValue,
  fail,
  type ICertificateIssuer,
  type IEndpoint,
  type IGateway,
  type IIdentityProvider,
  type IMetrics,
  type IOidcClient,
  type IPostgresDatabase,
  type ISecret,
  k8s,
  type Mount,
  type OidcClientProps,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import { checkClientId, Client } from './clients';
import {
  type ClientEntry,
  DOLLAR,
  literal,
  LOG_LEVELS,
  type LogLevel,
  PORTS,
  renderConfiguration,
  TLS_FOLDER,
} from './configuration';
import { definitions } from './crds';
import { ENTRYPOINT } from './entrypoint';
import { images } from './images';
import { bindVariables, type LdapConnector, ldapConnector, type LdapConnectorProps } from './ldap';
import { customResources, DATABASE_VARIABLES, type DexStorage, postgres } from './storage';
import { type LocalUser, mintUsers, type MintedUser } from './users';

export interface DexProps extends SystemProps {
  /** Leads `https://<host>` to the sign-in page, by which people's browsers and the platform's programs come alike. */
  readonly gateway: IGateway;
  /**
   * Issues the gateway's certificates: what is signed by a private authority, clients in the cluster verify by it, and Dex has a
   * certificate of its own, so that passwords are encrypted behind the gateway too. With a public authority the gateway speaks HTTP to Dex.
   */
  readonly certificates: ICertificateIssuer;
  /** Host on the gateway. It is part of each token, and so can't be changed without everybody signing in again. @default - the system's id in the site's domain: `dex.lab.example` */
  readonly host?: string;
  /** The company's directories. One of these or of `users` must be there. @default - none */
  readonly ldap?: readonly LdapConnectorProps[];
  /** People of sites without a directory, whose passwords are minted in the cluster. @default - none */
  readonly users?: readonly LocalUser[];
  /** Keeps signing keys and who is signed in. @default - custom resources in Dex' namespace, so that Dex needs no database */
  readonly database?: IPostgresDatabase;
  /**
   * Id of the client without a secret, by which programs on people's own machines sign in, such as kubectl. `false` for none.
   * @default 'cli'
   */
  readonly publicClient?: string | false;
  /** What the sign-in page is headed with. @default - the platform's name */
  readonly title?: string;
  /** Pods, 1 to 5, which share all their state. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /**
   * How long a token is good for, 1 minute to 24 hours. Somebody who left a group, or the company, is let in by a token for as long.
   * @default 1 hour
   */
  readonly idTokens?: Duration;
  /** How long a program may rest without its user signing in again, 1 hour to 90 days. @default 7 days */
  readonly session?: Duration;
  /** How long at most until a user must sign in again, 1 hour to 365 days. @default 30 days */
  readonly longestSession?: Duration;
  /** How often there is a new key to sign tokens with, 1 hour to 30 days; those signed with the last one stay good. @default 6 hours */
  readonly signingKeys?: Duration;
  /** Cores and memory of each pod. @default - 0.05 cores and 128 MiB */
  readonly resources?: { readonly dex?: ProgramResources };
  /** The least important messages that are logged. A change restarts the pods, one by one. @default 'info' */
  readonly logLevel?: LogLevel;
  /** Collects the metrics. @default - nobody does */
  readonly metrics?: IMetrics;
}

const RESOURCES = { dex: { cpu: 0.05, memory: Size.mebibytes(128) } };
const CONFIG_FOLDER = '/etc/dex-config';
/** Ends so that the image's entry program takes it for a template. */
const TEMPLATE = 'config.yaml.tmpl';
const PLAIN = 'config.yaml';

/**
 * Dex: says who somebody is and which groups they are in, by OpenID Connect, for all systems of the platform, and asks the company's LDAP or
 * Active Directory for it. Sites without a directory have local users.
 *
 * Puts into the cluster a Deployment, its configuration, its CRDs unless it has a database, and a route on the gateway. Needs a gateway and
 * the issuer of its certificates. Offers clients (`IIdentityProvider`), each with a secret of its own that is minted in the cluster.
 *
 * @see https://dexidp.io/docs/
 */
export class Dex extends System implements IIdentityProvider {
  readonly issuer: string;
  readonly endpoint: IEndpoint;
  readonly groupsClaim = 'groups';
  readonly usernameClaim = 'email';
  readonly scopes: readonly string[] = ['openid', 'email', 'profile', 'groups'];
  readonly publicClient?: string;
  readonly readyAfter: readonly Stage[];
  private readonly certificates: ICertificateIssuer;
  private readonly clients: { readonly client: Client; readonly secret: ISecret }[] = [];

  constructor(scope: Construct, id: string, props: DexProps) {
    super(scope, id, { name: 'dex', version: images.dex.tag }, props);
    const path = this.node.path;
    const { gateway, certificates, database, metrics } = props;
    const host = props.host ?? this.platform.site.host(id);
    checkHost(path, 'host', host);
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(path, 'replicas', replicas, 1, 5, 'two on different nodes outlive one of them');
    const logLevel = props.logLevel ?? 'info';
    checkChoice(path, 'logLevel', logLevel, LOG_LEVELS);
    const resources = programResources(path, props.resources, RESOURCES);
    const times = checkTimes(path, props);
    this.publicClient = props.publicClient === false ? undefined : (props.publicClient ?? 'cli');
    if (this.publicClient !== undefined) checkClientId(path, this.publicClient);
    this.certificates = certificates;

    const { credentials } = this.platform;
    const users = mintUsers(this, id, credentials, props.users ?? []);
    const connectors = (props.ldap ?? []).map((ldap) => ldapConnector(path, this.namespace, ldap, literal));
    checkConnectors(path, connectors, users);
    // Clients come later than the stage that has their secrets: all that are minted are ready with the first.
    const minted = credentials.generate(this, `${id}-clients`, { 'client-secret': { length: 40 } });

    if (!database) this.addCrds(definitions);
    const identity = this.addStage('certificate', [certificates]);
    // An issuer without an authority is a public one, which signs for no name within the cluster.
    const certificate =
      certificates.authority(identity) && certificates.issue(identity, 'tls', { dnsNames: this.hostNames });
    const stage = this.addStage('install', [
      minted,
      identity,
      database,
      metrics,
      ...users.map((user) => user.credentials),
      ...(props.ldap ?? []).flatMap(({ server, authority, bind }) => [server, authority, bind]),
    ]);
    const storage = database ? postgres(stage, database, this.namespace) : customResources();
    const configuration = new ConfigFiles(stage, 'configuration', {
      [users.length > 0 ? TEMPLATE : PLAIN]: () =>
        renderConfiguration({
          issuer: this.issuer,
          title: props.title ?? this.platform.name,
          tls: certificate !== undefined,
          storage: storage.config,
          connectors: connectors.map(({ config }) => config),
          users,
          clients: this.clientEntries,
          ...times,
          logLevel,
        }),
    });
    const scripts = certificate && new ConfigFiles(stage, 'entrypoint', { 'run.sh': ENTRYPOINT });
    const deployment = new Deployment(stage, 'dex', {
      replicas,
      user: 1001,
      rules: storage.rules,
      restartOn: scripts ? [configuration, scripts] : [configuration],
      containers: [
        {
          name: 'dex',
          image: images.dex,
          ...command(users.length > 0, scripts !== undefined),
          env: () => ({
            ...this.environment(storage, connectors, users, certificate !== undefined),
            ...Object.fromEntries(
              this.clients.map(({ client, secret }) => [client.variable, secret.env('client-secret')]),
            ),
          }),
          ports: { web: PORTS.web, telemetry: PORTS.telemetry },
          resources: resources.dex,
          mounts: [
            { path: CONFIG_FOLDER, volume: volume.config('configuration', configuration) },
            // The entry program writes the filled-in configuration here, with the hashes of passwords.
            { path: '/tmp', volume: volume.scratch('tmp', { memory: true, limit: Size.mebibytes(4) }) },
            ...(certificate ? [{ path: TLS_FOLDER, volume: volume.secret('tls', certificate) }] : []),
            ...(scripts ? [scriptMount(scripts)] : []),
            ...storage.mounts,
            ...connectors.flatMap(({ mounts }) => mounts),
          ],
          startupProbe: { ...probe('/healthz/ready'), periodSeconds: 2, failureThreshold: 60 },
          readinessProbe: { ...probe('/healthz/ready'), periodSeconds: 10 },
          livenessProbe: { ...probe('/healthz/live'), periodSeconds: 20 },
          // Time for the gateway to forget the pod before it stops to listen.
          lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
        },
      ],
    });
    deployment.connectTo(database?.endpoint, ...connectors.map(({ server }) => server));

    const { web } = deployment.addService({ ports: { web: PORTS.web } });
    const route = gateway.addRoute(this, {
      host,
      to: web,
      scheme: certificate ? 'https' : 'http',
      healthPath: '/healthz',
    });
    this.issuer = route.url;
    this.endpoint = route.endpoint;
    this.readyAfter = [...new Set([...stage.readyAfter, ...gateway.readyAfter])];
    if (metrics) {
      const { telemetry } = deployment.addService({ name: 'dex-metrics', ports: { telemetry: PORTS.telemetry } });
      metrics.scrape(stage, 'dex', { endpoint: telemetry });
    }
    this.addEndpoint('Sign-in (Dex)', this.issuer);
    this.addInstructions(users, host);
  }

  addClient(scope: Construct, id: string, props: OidcClientProps): IOidcClient {
    const path = scope.node.path;
    checkSamePlatform(scope, this);
    checkClientId(path, id);
    if (id === this.publicClient || this.clients.some(({ client }) => client.id === id)) {
      fail(path, `client ${show(id)} of ${this.node.path} is there already; give this one another id`);
    }
    const credentials = this.platform.credentials.generate(this, `${this.node.id}-client-${id}`, {
      'client-id': { value: id },
      'client-secret': { length: 40 },
    });
    const client = new Client({ ...props, path, id, credentials, readyAfter: this.readyAfter });
    this.clients.push({ client, secret: credentials.in(this.namespace) });
    return client;
  }

  authority(stage: Stage): ISecret | undefined {
    return this.certificates.authority(stage);
  }

  private get hostNames(): string[] {
    const name = `dex.${this.namespace}.svc`;
    return [`${name}.${this.platform.distribution.clusterDomain}`, name];
  }

  private get clientEntries(): ClientEntry[] {
    const trustedPeers = this.publicClient === undefined ? [] : [this.publicClient];
    return [
      ...(this.publicClient === undefined
        ? []
        : [{ id: this.publicClient, title: 'a program on your own machine', redirectUris: [], trustedPeers: [] }]),
      ...this.clients.map(({ client }) => ({
        id: client.id,
        title: client.title,
        secretVariable: client.variable,
        redirectUris: client.redirectUris,
        trustedPeers: client.personal ? trustedPeers : [],
      })),
    ];
  }

  private environment(
    storage: DexStorage,
    connectors: readonly LdapConnector[],
    users: readonly MintedUser[],
    tls: boolean,
  ): Record<string, EnvValue | undefined> {
    return {
      KUBERNETES_POD_NAMESPACE: storage.rules && { fieldRef: { fieldPath: 'metadata.namespace' } },
      CERTIFICATE: tls ? `${TLS_FOLDER}/tls.crt` : undefined,
      [DOLLAR]: connectors.length > 0 ? '$' : undefined,
      [DATABASE_VARIABLES.user]: storage.credentials?.env('username'),
      [DATABASE_VARIABLES.password]: storage.credentials?.env('password'),
      ...Object.fromEntries(
        connectors.flatMap(({ id, bind }) => {
          const { user, password } = bindVariables(id);
          return bind ? [[user, bind.env('username')] as const, [password, bind.env('password')] as const] : [];
        }),
      ),
      ...Object.fromEntries(
        users.map(({ credentials, variable }) => [variable, credentials.in(this.namespace).env('password')]),
      ),
    };
  }

  private addInstructions(users: readonly MintedUser[], host: string): void {
    this.addInstruction({
      when: 'before',
      what:
        `The cluster's own DNS leads ${host} to the gateway's address too: programs in the cluster reach Dex by the name that stands in ` +
        'its tokens',
    });
    for (const { user, credentials } of users) {
      const { name } = credentials.in(this.namespace);
      this.addInstruction({
        when: 'after',
        what: `How ${user.title ?? user.name} (${user.email}) signs in`,
        command: `kubectl -n ${this.namespace} get secret ${name} -o jsonpath='{.data.password}' | base64 -d`,
      });
    }
  }
}

/** Dex itself; with local users by the image's own entry program, which fills in the configuration first; with a certificate by ours. */
function command(withUsers: boolean, withCertificate: boolean): Pick<ContainerProps, 'command' | 'args'> {
  return {
    command: withCertificate ? ['/bin/sh', '/scripts/run.sh'] : [withUsers ? 'docker-entrypoint' : 'dex'],
    args: [
      ...(withCertificate ? [...(withUsers ? ['docker-entrypoint'] : []), 'dex'] : withUsers ? ['dex'] : []),
      'serve',
      `${CONFIG_FOLDER}/${withUsers ? TEMPLATE : PLAIN}`,
    ],
  };
}

function scriptMount(scripts: ConfigFiles): Mount {
  return { path: '/scripts', volume: volume.config('entrypoint', scripts) };
}

function probe(path: string): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('telemetry') }, timeoutSeconds: 5 };
}

function checkConnectors(path: string, connectors: readonly LdapConnector[], users: readonly MintedUser[]): void {
  if (connectors.length + users.length === 0) {
    fail(path, 'nobody could sign in; pass ldap, the directory of people, or users');
  }
  const ids = connectors.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) fail(path, `two connectors have the id ${show(twice)}; give one of them another`);
}

interface Times {
  readonly idTokens: Duration;
  readonly session: Duration;
  readonly longestSession: Duration;
  readonly signingKeys: Duration;
}

function checkTimes(path: string, props: DexProps): Times {
  const time = (what: keyof Times, own: Duration, least: Duration, most: Duration): Duration => {
    const value = props[what] ?? own;
    checkDuration(path, what, value);
    const seconds = value.toSeconds({ integral: false });
    if (!Number.isInteger(seconds) || seconds < least.toSeconds() || seconds > most.toSeconds()) {
      fail(
        path,
        `${what} must be whole seconds from ${least.toHumanString()} to ${most.toHumanString()}, got ${value.toHumanString()}; choose one between`,
      );
    }
    return value;
  };
  return {
    idTokens: time('idTokens', Duration.hours(1), Duration.minutes(1), Duration.hours(24)),
    session: time('session', Duration.days(7), Duration.hours(1), Duration.days(90)),
    longestSession: time('longestSession', Duration.days(30), Duration.hours(1), Duration.days(365)),
    signingKeys: time('signingKeys', Duration.hours(6), Duration.hours(1), Duration.days(30)),
  };
}
