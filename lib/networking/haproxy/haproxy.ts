import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  checkRouteHost,
  checkSamePlatform,
  ConfigFiles,
  Deployment,
  fail,
  gatewaySeconds,
  type ICertificateIssuer,
  type IEndpoint,
  type IGateway,
  type ILoadBalancer,
  type IMetrics,
  type IRoute,
  type Mount,
  routeEndpoint,
  RouteOwners,
  type RouteProps,
  show,
  type Stage,
  System,
  type SystemProps,
  TcpPorts,
  type TcpRouteProps,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { type HttpRoute, LOG_LEVELS, type LogLevel, type MinimumTls, renderConfig, type TcpRoute } from './config';
import { entrypoint, PATHS } from './entrypoint';
import { images } from './images';
import { httpRoute, PORTS, tcpRoute } from './routes';

export interface HAProxyProps extends SystemProps {
  /** Gives the gateway its address. */
  readonly addresses: ILoadBalancer;
  /** Issues one certificate for the hosts of all routes. */
  readonly certificates: ICertificateIssuer;
  /** This very address, for which the DNS entries are made. @default - any free one */
  readonly address?: string;
  /** Domains besides the site's own that hosts of routes may be in. @default - none */
  readonly domains?: readonly string[];
  /** Ports besides 80 and 443 that `addTcpRoute` may use. They are part of the pods' spec: a change restarts them, one by one. @default - none */
  readonly tcpPorts?: readonly number[];
  /** Pods, 1 to 20, on different nodes where there are enough. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Connections of each pod at a time, 100 to 100000; memory grows by 96 KiB for each. @default 4000 */
  readonly maxConnections?: number;
  /** Threads of each pod, and the cores it may use, 1 to 64. @default 2 */
  readonly threads?: number;
  /**
   * The least important messages that are logged, in syslog's words. Each request is one of `info`; one that failed (an error on the way, a
   * timeout, a retry, an answer of 500 and more) is one of `err` where those of `info` are left out, so that `warning` logs failures alone.
   * Changed without restarting a pod.
   * @default 'info'
   * @see https://docs.haproxy.org/3.2/configuration.html#4.2-log
   */
  readonly logLevel?: LogLevel;
  /** The oldest TLS that clients may speak. Older ones are broken, and refused. @default '1.2' */
  readonly minimumTls?: MinimumTls;
  /** How long browsers must remember to come by HTTPS only; zero doesn't say so. @default 365 days */
  readonly hsts?: Duration;
  /** How long a WebSocket may stay silent, and how long old connections go on after a reload. @default 1 hour */
  readonly tunnelTimeout?: Duration;
  /** How long connections may take to end when a pod stops. @default 60 seconds */
  readonly drainTimeout?: Duration;
  /**
   * `Local` keeps the clients' addresses for logs and `X-Forwarded-For`, and sends traffic to nodes with a pod alone.
   * @default 'Local'
   */
  readonly externalTrafficPolicy?: 'Local' | 'Cluster';
  /** Who scrapes `/metrics`. @default - nobody */
  readonly metrics?: IMetrics;
}

/** How long a stopping pod takes new connections, until load balancers have learned that it goes. */
const LINGER = 10;
const MAX_HSTS = 10 * 365 * 24 * 3600;

/**
 * HAProxy as the edge gateway, for sites without a service mesh: one address of the site's own network, TLS, and routes by host and
 * path to the systems behind it.
 *
 * Puts into the cluster a Deployment, its configuration, a Service of type LoadBalancer and a Certificate for all hosts. Needs addresses
 * and certificates. Offers routes. A new route or a renewed certificate is put into effect without restarting a pod or closing a connection.
 *
 * @see https://docs.haproxy.org/3.2/configuration.html
 */
export class HAProxy extends System implements IGateway {
  readonly readyAfter: readonly Stage[];
  private readonly deployment: Deployment;
  private readonly https: IEndpoint;
  private readonly caFile: string;
  private readonly domains: readonly string[];
  private readonly tcpPorts: TcpPorts;
  private readonly routes: HttpRoute[] = [];
  private readonly tcpRoutes: TcpRoute[] = [];
  private readonly owners = new RouteOwners();

  constructor(scope: Construct, id: string, props: HAProxyProps) {
    super(scope, id, { name: 'haproxy', version: images.haproxy.tag }, props);
    const { addresses, certificates, metrics } = props;
    const path = this.node.path;
    const { site } = this.platform;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, site.schedulableNodes));
    const maxConnections = props.maxConnections ?? 4000;
    const threads = props.threads ?? 2;
    const minimumTls = props.minimumTls ?? '1.2';
    const logLevel = props.logLevel ?? 'info';
    const drain = gatewaySeconds(path, 'drainTimeout', props.drainTimeout, 60);
    const tunnelTimeout = gatewaySeconds(path, 'tunnelTimeout', props.tunnelTimeout, 3600);
    const hsts = (props.hsts ?? Duration.days(365)).toSeconds({ integral: false });
    checkInteger(path, 'replicas', replicas, 1, 20, 'two on different nodes outlive one of them');
    checkInteger(path, 'maxConnections', maxConnections, 100, 100000, 'a browser holds about six');
    checkInteger(path, 'threads', threads, 1, 64, 'each may use one core');
    checkInteger(path, 'hsts', hsts, 0, MAX_HSTS, 'give a Duration of at most ten years, in whole seconds');
    checkChoice(path, 'logLevel', logLevel, LOG_LEVELS);
    if (!['1.2', '1.3'].includes(minimumTls)) {
      fail(
        path,
        `minimumTls must be "1.2" or "1.3", got ${show(minimumTls)}; what is older is broken and no browser speaks it`,
      );
    }
    this.domains = props.domains ?? [];
    this.tcpPorts = new TcpPorts(path, props.tcpPorts ?? [], Object.values(PORTS));

    const identity = this.addStage('certificate', [certificates]);
    const stage = this.addStage('install', [identity, addresses, metrics]);
    this.readyAfter = [stage];
    const ownHost = site.host(id);
    const certificate = certificates.issue(identity, 'tls', {
      dnsNames: () => [...new Set([ownHost, ...this.hosts])].sort(),
    });
    // An issuer with an authority of its own writes it next to the certificate; another hands it out apart, or has a public one.
    const apart = certificate.keys?.includes('ca.crt') ? undefined : certificates.authority(identity);
    this.caFile = certificate.keys?.includes('ca.crt')
      ? `${PATHS.certificate}/ca.crt`
      : apart
        ? `${PATHS.authority}/ca.crt`
        : '@system-ca';
    const scripts = new ConfigFiles(stage, 'entrypoint', { 'run.sh': entrypoint({ linger: LINGER, drain }) });
    const configuration = new ConfigFiles(stage, 'configuration', {
      'haproxy.cfg': () =>
        renderConfig({
          httpPort: PORTS.http,
          httpsPort: PORTS.https,
          metricsPort: PORTS.metrics,
          certificateFile: `${PATHS.certificate}/tls.crt`,
          keyFile: `${PATHS.certificate}/tls.key`,
          runFolder: PATHS.run,
          threads,
          maxConnections,
          logLevel,
          minimumTls,
          hsts,
          tunnelTimeout,
          http: this.routes,
          tcp: this.tcpRoutes,
        }),
    });
    const mounts: Mount[] = [
      { path: PATHS.scripts, volume: volume.config('entrypoint', scripts) },
      { path: PATHS.config, volume: volume.config('configuration', configuration) },
      { path: PATHS.certificate, volume: volume.secret('tls', certificate) },
      ...(apart ? [{ path: PATHS.authority, volume: volume.secret('authority', apart) }] : []),
      { path: PATHS.run, volume: volume.scratch('run', { memory: true, limit: Size.mebibytes(1) }) },
    ];
    this.deployment = new Deployment(stage, 'haproxy', {
      replicas,
      // The configuration is not among these: it is put into effect by the entry script.
      restartOn: [scripts],
      terminationGracePeriod: Duration.seconds(LINGER + drain + 15),
      containers: [
        {
          name: 'haproxy',
          image: images.haproxy,
          command: ['/bin/sh', `${PATHS.scripts}/run.sh`],
          ports: {
            http: PORTS.http,
            https: PORTS.https,
            metrics: PORTS.metrics,
            ...this.tcpPorts.containerPorts,
          },
          resources: {
            cpu: Math.min(0.25, threads),
            cpuLimit: threads,
            memory: Size.mebibytes(128 + Math.ceil((maxConnections * 96) / 1024)),
          },
          mounts,
          readinessProbe: {
            httpGet: { path: '/healthz', port: k8s.IntOrString.fromString('metrics') },
            periodSeconds: 2,
            failureThreshold: 2,
          },
          livenessProbe: {
            tcpSocket: { port: k8s.IntOrString.fromString('metrics') },
            initialDelaySeconds: 30,
            periodSeconds: 10,
          },
        },
      ],
      // Names are fully qualified; without this the resolver would try each with all of the cluster's suffixes first.
      podSpec: {
        dnsConfig: {
          options: [
            { name: 'ndots', value: '1' },
            { name: 'timeout', value: '1' },
            { name: 'attempts', value: '2' },
          ],
        },
      },
    });
    this.deployment.allowFrom('anywhere', PORTS.http, PORTS.https, ...Object.values(this.tcpPorts.containerPorts));

    const address = addresses.addAddress(this, { address: props.address });
    const { https } = this.deployment.addService({
      ports: {
        http: { port: 80, target: PORTS.http },
        https: { port: 443, target: PORTS.https },
        ...this.tcpPorts.servicePorts,
      },
      type: 'LoadBalancer',
      annotations: address.annotations,
      spec: { externalTrafficPolicy: props.externalTrafficPolicy ?? 'Local' },
    });
    this.https = https;
    if (metrics) {
      const { metrics: endpoint } = this.deployment.addService({
        name: 'haproxy-metrics',
        ports: { metrics: PORTS.metrics },
      });
      metrics.scrape(stage, 'haproxy', { endpoint });
    }
    if (address.address !== undefined) this.addEndpoint('address of the gateway', address.address);
    this.addInstruction({
      when: 'after',
      what: () => `DNS entries for ${this.hosts.join(', ')} lead to the gateway's address`,
      command: `kubectl -n ${this.namespace} get service ${this.deployment.name} -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`,
    });
  }

  addRoute(scope: Construct, props: RouteProps): IRoute {
    const path = scope.node.path;
    const { host } = props;
    checkSamePlatform(scope, this);
    checkRouteHost(path, host, this.platform.site, this.domains);
    const route = httpRoute(path, props, this.caFile);
    const url = `https://${host}${route.path === '/' ? '' : route.path}`;
    this.owners.takeUrl(path, url);
    this.routes.push(route);
    this.deployment.connectTo(props.to);
    return { host, url, endpoint: routeEndpoint(host, this.https) };
  }

  /**
   * Hands a port on as it is, for what isn't HTTP: a database, for example. TLS is the endpoint's own matter.
   *
   * @throws when the port isn't one of `tcpPorts`, or has a route already
   */
  addTcpRoute(scope: Construct, props: TcpRouteProps): void {
    const path = scope.node.path;
    this.tcpPorts.check(path, props.port);
    const route = tcpRoute(path, props, this.tcpPorts);
    this.owners.takePort(path, props.port);
    this.tcpRoutes.push(route);
    this.deployment.connectTo(props.to);
  }

  /** The hosts of the routes, each once. */
  private get hosts(): string[] {
    return [...new Set(this.routes.map(({ host }) => host))];
  }
}
