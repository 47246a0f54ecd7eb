import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkDuration,
  checkHost,
  checkInteger,
  checkLabel,
  checkSamePlatform,
  ConfigFiles,
  Deployment,
  fail,
  type ICertificateIssuer,
  type IEndpoint,
  type IIdentityProvider,
  type IMetrics,
  type IOidcClient,
  type ISecret,
  type ISignIn,
  k8s,
  type Mount,
  type ProgramResources,
  programResources,
  type ProtectProps,
  show,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import { alphaConfiguration, flags, FOLDERS, PORTS, PROOF } from './configuration';
import { images } from './images';

export interface OAuth2ProxyProps extends SystemProps {
  /** Where people sign in. */
  readonly identity: IIdentityProvider;
  /** Verifies what is behind and speaks https; protecting such an endpoint without is an error. @default - nothing behind speaks https */
  readonly certificates?: ICertificateIssuer;
  /**
   * How long somebody is let in after they signed in, 1 minute to 7 days. Who left a group stays in for as long; a new sign-in costs no click
   * while the identity provider knows them.
   * @default 8 hours
   */
  readonly session?: Duration;
  /** Pods of each sign-in, 1 to 5; they share nothing but a key. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Cores and memory of each pod. @default - 0.05 cores and 96 MiB */
  readonly resources?: { readonly proxy?: ProgramResources };
  /** Collects the metrics. @default - nobody does */
  readonly metrics?: IMetrics;
}

const RESOURCES = { proxy: { cpu: 0.05, memory: Size.mebibytes(96) } };
const OPEN = /^\/[A-Za-z0-9._~/-]+$/;

/**
 * oauth2-proxy: has people sign in before they reach a user interface that knows nothing of OpenID Connect, and tells what is behind who
 * they are.
 *
 * Puts into the cluster a Deployment for each interface that it protects, with a client of its own at the identity provider and a key for its
 * cookies, minted in the cluster. Needs an identity provider. Offers sign-in (`ISignIn`).
 *
 * @see https://oauth2-proxy.github.io/oauth2-proxy/
 */
export class OAuth2Proxy extends System implements ISignIn {
  /** What each sign-in waits for. */
  readonly readyAfter: readonly Stage[];
  private readonly props: OAuth2ProxyProps;
  private readonly session: Duration;
  private readonly replicas: number;
  private readonly resources: Required<ProgramResources>;
  private readonly taken = new Map<string, string>();

  constructor(scope: Construct, id: string, props: OAuth2ProxyProps) {
    super(scope, id, { name: 'oauth2-proxy', version: images.oauth2Proxy.tag }, props);
    const path = this.node.path;
    this.props = props;
    this.readyAfter = props.identity.readyAfter;
    this.replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(path, 'replicas', this.replicas, 1, 5, 'two on different nodes outlive one of them');
    this.session = props.session ?? Duration.hours(8);
    checkDuration(path, 'session', this.session);
    const seconds = this.session.toSeconds({ integral: false });
    if (!Number.isInteger(seconds) || seconds < 60 || seconds > Duration.days(7).toSeconds()) {
      fail(
        path,
        `session must be whole seconds from a minute to 7 days, got ${this.session.toHumanString()}; choose one between`,
      );
    }
    this.resources = programResources(path, props.resources, RESOURCES).proxy;
  }

  protect(scope: Construct, id: string, props: ProtectProps): IEndpoint {
    checkSamePlatform(scope, this);
    this.check(scope.node.path, id, props);
    const { identity, metrics } = this.props;
    const client = identity.addClient(scope, id, {
      title: props.title ?? id,
      redirectUris: [`https://${props.host}/oauth2/callback`],
    });
    const cookie = this.platform.credentials.generate(this, `${this.node.id}-${id}-cookie`, {
      // Read as base64 of 24 bytes, which is a key too.
      'cookie-secret': { length: 32 },
    });
    const stage = this.addStage(id, [identity, client, client.credentials, cookie, props.proof, metrics]);
    const deployment = this.deployment(stage, id, props, client, cookie.in(this.namespace));
    deployment.connectTo(props.to, identity.endpoint);
    const { http } = deployment.addService({ ports: { http: { port: 80, target: PORTS.http, appProtocol: 'http' } } });
    if (metrics) {
      const endpoint = deployment.addService({ name: `${id}-metrics`, ports: { metrics: PORTS.metrics } }).metrics;
      metrics.scrape(stage, id, { endpoint });
    }
    return http;
  }

  private deployment(stage: Stage, id: string, props: ProtectProps, client: IOidcClient, cookie: ISecret): Deployment {
    const { identity, certificates } = this.props;
    const { host, to, scheme = 'http', groups, open = [], proof } = props;
    const issuer = identity.authority(stage);
    const upstream = scheme === 'https' ? certificates?.authority(stage) : undefined;
    const config = new ConfigFiles(stage, `${id}-config`, {
      'alpha.yaml': alphaConfiguration({
        id,
        issuer: identity.issuer,
        clientId: client.id,
        scopes: identity.scopes,
        usernameClaim: identity.usernameClaim,
        groupsClaim: identity.groupsClaim,
        privateAuthority: issuer !== undefined,
        groups,
        upstream: `${scheme}://${to.host}:${to.port}`,
        proof: proof !== undefined,
      }),
    });
    return new Deployment(stage, id, {
      replicas: this.replicas,
      restartOn: [config],
      containers: [
        {
          name: 'oauth2-proxy',
          image: images.oauth2Proxy,
          args: flags({ host, session: this.session, open }),
          env: {
            OAUTH2_PROXY_COOKIE_SECRET: cookie.env('cookie-secret'),
            [PROOF]: proof?.in(this.namespace).env('proof'),
            // What verifies the endpoint behind; the issuer has an authority of its own in the configuration.
            SSL_CERT_FILE: upstream && `${FOLDERS.upstream}/ca.crt`,
          },
          ports: PORTS,
          resources: this.resources,
          mounts: [
            { path: FOLDERS.config, volume: volume.config('config', config) },
            {
              path: FOLDERS.client,
              volume: volume.secret('client', client.credentials.in(this.namespace), {
                'client-secret': 'client-secret',
              }),
            },
            ...authorityMount('issuer', issuer),
            ...authorityMount('upstream', upstream),
          ],
          startupProbe: { ...probe('/ready'), periodSeconds: 2, failureThreshold: 60 },
          readinessProbe: { ...probe('/ready'), periodSeconds: 10 },
          livenessProbe: { ...probe('/ping'), periodSeconds: 20 },
          lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
        },
      ],
    });
  }

  private check(path: string, id: string, { host, scheme, groups, open = [], proof }: ProtectProps): void {
    checkLabel(path, 'the id of a sign-in', id, 40);
    const other = this.taken.get(id);
    if (other !== undefined) fail(path, `sign-in ${show(id)} is that of ${other}; give this one another id`);
    this.taken.set(id, path);
    checkHost(path, 'host of a sign-in', host);
    if (scheme === 'https' && !this.props.certificates) {
      fail(
        path,
        `sign-in ${show(id)}: what is behind speaks https, which nobody here verifies; pass certificates to ${this.node.path}`,
      );
    }
    if (groups?.length === 0) {
      fail(
        path,
        `sign-in ${show(id)}: groups must name at least one, got []; leave it out to let in anybody who can sign in`,
      );
    }
    const illegal = groups?.find((group) => typeof group !== 'string' || group.trim() === '' || group.includes(','));
    if (illegal !== undefined) {
      fail(
        path,
        `sign-in ${show(id)}: groups has ${show(illegal)}, which can't be told apart in a list with commas; rename the group`,
      );
    }
    const wide = open.find((prefix) => !OPEN.test(prefix));
    if (wide !== undefined) {
      fail(path, `sign-in ${show(id)}: open must have path prefixes such as "/api/", got ${show(wide)}; write it so`);
    }
    if (proof && !proof.keys.includes('proof')) {
      fail(
        path,
        `sign-in ${show(id)}: proof must have the key "proof", got ${proof.keys.map(show).join(', ')}; add it`,
      );
    }
  }
}

function authorityMount(name: 'issuer' | 'upstream', authority: ISecret | undefined): Mount[] {
  if (!authority) return [];
  return [{ path: FOLDERS[name], volume: volume.secret(`${name}-authority`, authority, { 'ca.crt': 'ca.crt' }) }];
}

function probe(path: string): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('http') }, timeoutSeconds: 5 };
}
