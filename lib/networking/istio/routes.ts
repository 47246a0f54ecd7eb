import { Construct } from 'constructs';
import {
  digest,
  type IEndpoint,
  type ISecret,
  lazy,
  type RouteProps,
  type Stage,
  systemOf,
  type TcpPorts,
} from '../../core';
import { CustomResource } from '../../crds';
import {
  type ClientTls,
  destinationRule,
  envoyFilter,
  type EnvoyFilterSpec,
  httpRoute,
  istioGateway,
  referenceGrant,
  serviceEntry,
  virtualService,
} from './crds';
import { PORTS } from './ingress';

/** An endpoint that is gone is given up after five seconds, a connection to one after two minutes. */
const CONNECTIONS = { connectTimeout: '5s', tcpKeepalive: { time: '60s', interval: '15s', probes: 4 } } as const;
const ROUTES = 'gateway.networking.k8s.io';

/** A route that was checked. */
export interface HttpRouteProps extends Pick<RouteProps, 'host' | 'to' | 'scheme'> {
  /** Path prefix of whole segments. */
  readonly path: string;
  /** Longest silence, in seconds. */
  readonly timeout: number;
}

export interface RoutesProps {
  /** Name of the Gateway. */
  readonly gateway: string;
  /** Labels of the gateway's pods. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly tcpPorts: TcpPorts;
  readonly revision: string;
  /** What verifies endpoints that speak https, as `ca.crt`. @default - the public authorities */
  readonly authority?: ISecret;
  /** Seconds that browsers must remember to come by https; 0 doesn't say so. */
  readonly hsts: number;
  /** Seconds that a WebSocket may be silent. */
  readonly tunnel: number;
  readonly minimumTls: '1.2' | '1.3';
}

/** An endpoint as Istio knows it: a Service, or a host of its own registry. */
interface Backend {
  readonly host: string;
  readonly service?: { readonly name: string; readonly namespace: string };
}

/** How one host is spoken to: it grows with the routes. */
interface HostRules {
  readonly tlsPorts: Map<number, ClientTls>;
  readonly ports: Set<number>;
  /** Longest silence of connections that are handed on as they are, in seconds. */
  idle: number;
}

/** What routes become: HTTPRoutes, and around them what Gateway API has no word for. */
export class Routes extends Construct {
  private readonly namespace: string;
  private readonly clusterDomain: string;
  private readonly hosts = new Map<string, HostRules>();
  private readonly granted = new Set<string>();
  /** The longest silence of each rule, in seconds. */
  private readonly silences = new Map<string, number>();

  constructor(
    stage: Stage,
    private readonly props: RoutesProps,
  ) {
    super(stage, 'routes');
    const { namespace, platform } = systemOf(stage);
    this.namespace = namespace;
    this.clusterDomain = platform.distribution.clusterDomain;
    this.redirect();
    this.envoySettings();
    if (props.tcpPorts.numbers.length > 0) this.openTcpPorts();
  }

  /**
   * One rule for requests and one for WebSockets, which may be silent for longer.
   *
   * The client's address and the host are put in place of what the client claims; Envoy evaluates the expressions in the values.
   *
   * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
   */
  addHttp({ host, path, to, scheme, timeout }: HttpRouteProps): void {
    const { hsts, tunnel, gateway, revision } = this.props;
    const backend = this.backendOf(to);
    if (scheme === 'https') this.speakTls(backend, to);
    const name = `${host.replace('*', 'wildcard')}${path === '/' ? '' : `-${digest(path)}`}`;
    const upgrade = `${name}-upgrade`;
    this.silences.set(name, timeout).set(upgrade, Math.max(tunnel, timeout));
    const filters = [
      {
        type: 'RequestHeaderModifier' as const,
        requestHeaderModifier: {
          set: [
            { name: 'X-Forwarded-For', value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%' },
            { name: 'X-Forwarded-Host', value: '%REQ(:AUTHORITY)%' },
            { name: 'X-Forwarded-Port', value: '443' },
          ],
          remove: ['Forwarded'],
        },
      },
      ...(hsts > 0
        ? [
            {
              type: 'ResponseHeaderModifier' as const,
              responseHeaderModifier: {
                set: [{ name: 'Strict-Transport-Security', value: `max-age=${hsts}` }],
              },
            },
          ]
        : []),
    ];
    const backendRefs = [
      backend.service
        ? { kind: 'Service', name: backend.service.name, namespace: backend.service.namespace, port: to.port }
        : { group: 'networking.istio.io', kind: 'Hostname', name: backend.host, port: to.port },
    ];
    const prefix = { type: 'PathPrefix' as const, value: path };
    const websocket = { name: 'Upgrade', type: 'RegularExpression' as const, value: '(?i)websocket' };
    new CustomResource(new Construct(this, name), 'route', httpRoute, {
      metadata: { name, labels: { 'istio.io/rev': revision } },
      spec: {
        parentRefs: [{ name: gateway, sectionName: 'https' }],
        hostnames: [host],
        rules: [
          { name: upgrade, matches: [{ path: prefix, headers: [websocket] }], filters, backendRefs },
          { name, matches: [{ path: prefix }], filters, backendRefs },
        ],
      },
    });
  }

  /**
   * In Istio's own words: at 1.30 it reads TCPRoutes by a version that Gateway API v1.6 doesn't serve any more.
   *
   * @param timeout longest silence, in seconds
   * @see https://github.com/istio/istio/blob/1.30.3/pkg/config/schema/gvr/resources.gen.go
   */
  addTcp(port: number, to: IEndpoint, timeout: number): void {
    const { host } = this.backendOf(to);
    const rules = this.rulesOf(host);
    rules.idle = Math.max(rules.idle, timeout);
    new CustomResource(new Construct(this, `tcp-${port}`), 'route', virtualService, {
      metadata: { name: `tcp-${port}` },
      spec: {
        hosts: ['*'],
        gateways: [`${this.namespace}/${this.props.gateway}-tcp`],
        exportTo: ['.'],
        tcp: [{ match: [{ port }], route: [{ destination: { host, port: { number: to.port } } }] }],
      },
    });
  }

  private redirect(): void {
    const { gateway, revision } = this.props;
    new CustomResource(new Construct(this, 'to-https'), 'route', httpRoute, {
      metadata: { name: 'to-https', labels: { 'istio.io/rev': revision } },
      spec: {
        parentRefs: [{ name: gateway, sectionName: 'http' }],
        rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 308 } }] }],
      },
    });
  }

  private openTcpPorts(): void {
    const { gateway, podLabels, tcpPorts } = this.props;
    new CustomResource(new Construct(this, 'tcp'), 'gateway', istioGateway, {
      metadata: { name: `${gateway}-tcp` },
      spec: {
        selector: podLabels,
        servers: tcpPorts.numbers.map((number) => ({
          port: { number, name: `tcp-${number}`, protocol: 'TCP' as const },
          hosts: ['*'],
        })),
      },
    });
  }

  /**
   * The longest silence on each route, which neither Gateway API nor Istio has a field for: theirs bound whole requests, and an upload
   * or a WebSocket takes as long as it takes. And the oldest TLS, which Gateway API has none for either.
   *
   * @see https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts
   */
  private envoySettings(): void {
    const { podLabels, minimumTls } = this.props;
    const patches = (): EnvoyFilterSpec['configPatches'] => [
      ...(minimumTls === '1.3' ? [onlyTls13()] : []),
      ...[...this.silences].map(([name, seconds]) => silence(name, seconds)),
    ];
    new CustomResource(new Construct(this, 'gateway-settings'), 'filter', envoyFilter, {
      metadata: { name: 'gateway-settings' },
      spec: { workloadSelector: { labels: podLabels }, configPatches: lazy(patches) },
    });
  }

  /** A Service of the cluster is known by its name; the gateway's routes are let into its namespace. Other hosts are made known. */
  private backendOf({ host, port }: IEndpoint): Backend {
    const suffix = `.svc.${this.clusterDomain}`;
    const [name, namespace, ...more] = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : [];
    if (name !== undefined && namespace !== undefined && more.length === 0) {
      this.grant(namespace, name);
      return { host, service: { name, namespace } };
    }
    const known = /^[\d.]+$/.test(host) ? `ip-${host.replaceAll('.', '-')}.invalid` : host;
    const rules = this.rulesOf(known);
    if (rules.ports.size === 0) this.register(known, host, rules);
    rules.ports.add(port);
    return { host: known };
  }

  private grant(namespace: string, service: string): void {
    if (namespace === this.namespace || this.granted.has(`${namespace}/${service}`)) return;
    this.granted.add(`${namespace}/${service}`);
    const name = `${this.props.gateway}-to-${service}`;
    new CustomResource(new Construct(this, `grant-${namespace}-${service}`), 'grant', referenceGrant, {
      metadata: { name, namespace },
      spec: {
        from: [{ group: ROUTES, kind: 'HTTPRoute', namespace: this.namespace }],
        to: [{ group: '', kind: 'Service', name: service }],
      },
    });
  }

  private register(host: string, address: string, { ports }: HostRules): void {
    new CustomResource(new Construct(this, `host-${host}`), 'entry', serviceEntry, {
      metadata: { name: host },
      spec: {
        hosts: [host],
        exportTo: ['.'],
        location: 'MESH_EXTERNAL',
        resolution: host === address ? 'DNS' : 'STATIC',
        ports: lazy(() => [...ports].map((number) => ({ number, name: `tcp-${number}`, protocol: 'TCP' }))),
        ...(host !== address && { endpoints: [{ address }] }),
      },
    });
  }

  /**
   * By a DestinationRule, since BackendTLSPolicy takes an authority from a ConfigMap only, and issuers write Secrets.
   *
   * @see https://github.com/istio/istio/blob/1.30.3/pilot/pkg/config/kube/gateway/backend_policies.go (getBackendTLSCredentialName)
   */
  private speakTls({ host }: Backend, to: IEndpoint): void {
    this.rulesOf(host).tlsPorts.set(to.port, {
      mode: 'SIMPLE',
      ...(this.props.authority && { credentialName: this.props.authority.name }),
      sni: to.host,
      subjectAltNames: [to.host],
    });
  }

  /** How a host is spoken to; only the gateway goes by it. */
  private rulesOf(host: string): HostRules {
    const known = this.hosts.get(host);
    if (known) return known;
    const rules: HostRules = { tlsPorts: new Map(), ports: new Set(), idle: 0 };
    this.hosts.set(host, rules);
    new CustomResource(new Construct(this, `rules-${host}`), 'rule', destinationRule, {
      metadata: { name: host },
      spec: {
        host,
        exportTo: ['.'],
        trafficPolicy: {
          connectionPool: {
            tcp: { ...CONNECTIONS, idleTimeout: lazy(() => (rules.idle > 0 ? `${rules.idle}s` : undefined)) },
          },
          // What a port's settings leave out isn't taken from the host's.
          portLevelSettings: lazy(() => {
            const list = [...rules.tlsPorts].map(([number, tls]) => ({
              port: { number },
              tls,
              connectionPool: { tcp: CONNECTIONS },
            }));
            return list.length > 0 ? list : undefined;
          }),
        },
      },
    });
    return rules;
  }
}

function silence(name: string, seconds: number): EnvoyFilterSpec['configPatches'][number] {
  return {
    applyTo: 'HTTP_ROUTE',
    match: { context: 'GATEWAY', routeConfiguration: { vhost: { route: { name } } } },
    patch: { operation: 'MERGE', value: { route: { idle_timeout: `${seconds}s` } } },
  };
}

function onlyTls13(): EnvoyFilterSpec['configPatches'][number] {
  return {
    applyTo: 'FILTER_CHAIN',
    match: { context: 'GATEWAY', listener: { portNumber: PORTS.https } },
    patch: {
      operation: 'MERGE',
      value: {
        transport_socket: {
          name: 'envoy.transport_sockets.tls',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
            common_tls_context: { tls_params: { tls_minimum_protocol_version: 'TLSv1_3' } },
          },
        },
      },
    },
  };
}
