import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  bundled,
  checkChoice,
  checkHealthPath,
  checkHost,
  checkInteger,
  checkLabel,
  checkRouteHost,
  checkSamePlatform,
  didYouMean,
  fail,
  gatewaySeconds,
  type ICertificateIssuer,
  type ICredentials,
  type IEndpoint,
  type IGateway,
  type ILoadBalancer,
  type IMetrics,
  type IRoute,
  type ProgramResources,
  programResources,
  routeEndpoint,
  RouteOwners,
  routePath,
  type RouteProps,
  show,
  type Stage,
  System,
  type SystemProps,
  TcpPorts,
  type TcpRouteProps,
} from '../../core';
import { CustomResource } from '../../crds';
import { ControlPlane } from './control-plane';
import { definitions, gateway, gatewayClass, gatewayDefinitions } from './crds';
import { images } from './images';
import { Ingress, PORTS } from './ingress';
import { Mesh } from './mesh';
import { CniAgent, MODE, type NodeProps, Ztunnel, ZTUNNEL } from './nodes';
import { Routes } from './routes';

/** The least important messages that are logged, in the words of istiod and its agents. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'none'] as const;
export type IstioLogLevel = (typeof LOG_LEVELS)[number];

export interface IstioMeshProps {
  /** Namespaces of systems that stay outside: one whose throughput counts for more than who asks, for example. @default - none */
  readonly outside?: readonly string[];
}

export interface IstioProps extends SystemProps {
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
  /** Pods of the gateway, 1 to 20, on different nodes where there are enough. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Connections of each of the gateway's pods at a time, 100 to 100000; memory grows by 96 KiB for each. @default 4000 */
  readonly maxConnections?: number;
  /** Threads of each of the gateway's pods, and the cores it may use, 1 to 64. @default 2 */
  readonly threads?: number;
  /** The least important messages that istiod and the gateway log; requests are apart, see `accessLogs`. @default 'info' */
  readonly logLevel?: IstioLogLevel;
  /** Whether each request is logged, without its query. @default true */
  readonly accessLogs?: boolean;
  /** The oldest TLS that clients may speak. Older ones are broken, and refused. @default '1.2' */
  readonly minimumTls?: '1.2' | '1.3';
  /** How long browsers must remember to come by HTTPS only; zero doesn't say so. @default 365 days */
  readonly hsts?: Duration;
  /** How long a WebSocket may stay silent. @default 1 hour */
  readonly tunnelTimeout?: Duration;
  /** How long connections may take to end when a pod stops. @default 60 seconds */
  readonly drainTimeout?: Duration;
  /**
   * `Local` keeps the clients' addresses for logs and `X-Forwarded-For`, and sends traffic to nodes with a pod alone.
   * @default 'Local'
   */
  readonly externalTrafficPolicy?: 'Local' | 'Cluster';
  /** Pods of istiod, 1 to 5. Without any, what is configured goes on, and nothing changes. @default - 2, or 1 where the site has a single node */
  readonly controlPlaneReplicas?: number;
  /**
   * Cores and memory of istiod, which keeps all Services, pods and Secrets of the cluster in memory, and of the two programs on each node. Those of
   * `ztunnel` grow with what its node's pods send and receive.
   * @default - istiod 0.25 cores and 1 GiB, cni 0.1 and 128 MiB, ztunnel 0.2 and 512 MiB
   */
  readonly resources?: {
    readonly istiod?: ProgramResources;
    readonly cni?: ProgramResources;
    readonly ztunnel?: ProgramResources;
  };
  /**
   * Name that tells control planes apart: `1-30-3`. Another one puts a second istiod beside the first, and moves the gateway over to it pod by
   * pod; the first one stays until it is deleted by hand, so that the way back is to give its name again. At most 20 characters.
   * @default - one istiod, which is updated in place
   */
  readonly revision?: string;
  /** First part of all identities, `spiffe://<trustDomain>/ns/<namespace>/sa/<service account>`. A change of it renames everybody. @default 'cluster.local' */
  readonly trustDomain?: string;
  /**
   * The mesh behind the gateway; `false` leaves it out, with all that runs on each node, and the gateway speaks to systems as HAProxy does. On OpenShift
   * it must be left out: its network plugin calls others only by name.
   * @default - systems whose pods talk with each other, or are reached through the gateway, are in it
   */
  readonly mesh?: false | IstioMeshProps;
  /**
   * Signs the certificates of workloads: a Secret in Istio's namespace with the keys `tls.crt` (an authority below the root), `tls.key` and `ca.crt` (the
   * root). Not one that signs for others as well: who has it sign `spiffe://...` is taken for whom that names.
   * @default - an authority of ten years that istiod makes, in the Secret `istio-ca-secret`
   */
  readonly authority?: ICredentials;
  /** Who scrapes istiod and the gateway. @default - nobody */
  readonly metrics?: IMetrics;
}

const MAX_HSTS = 10 * 365 * 24 * 3600;
const RESOURCES = {
  istiod: { cpu: 0.25, memory: Size.gibibytes(1) },
  cni: { cpu: 0.1, memory: Size.mebibytes(128) },
  ztunnel: { cpu: 0.2, memory: Size.mebibytes(512) },
};
const AUTHORITY_KEYS = ['tls.crt', 'tls.key', 'ca.crt'];
const NAME = 'ingress';

/**
 * Istio as the edge gateway: one address of the site's own network, TLS, and routes by host and path to the systems behind it.
 *
 * Puts into the cluster istiod, Envoy as a Deployment with a Service of type LoadBalancer, a Certificate for all hosts, a Gateway and HTTPRoutes of
 * Gateway API, and the definitions of both. Needs addresses and certificates. Offers routes. A new route or a renewed certificate is put into
 * effect without restarting a pod or closing a connection.
 *
 * @see https://istio.io/latest/docs/
 */
export class Istio extends System implements IGateway {
  readonly readyAfter: readonly Stage[];
  private readonly ingress: Ingress;
  private readonly https: IEndpoint;
  private readonly domains: readonly string[];
  private readonly tcpPorts: TcpPorts;
  private readonly routes: Routes;
  private readonly hosts = new Set<string>();
  private readonly owners = new RouteOwners();

  constructor(scope: Construct, id: string, props: IstioProps) {
    const ambient = props.mesh !== false;
    // What puts pods into the mesh works on the nodes; the rest meets the restricted standard.
    const podSecurity = ambient ? 'privileged' : 'restricted';
    super(scope, id, { name: 'istio', version: images.pilot.tag, podSecurity }, props);
    const { addresses, certificates, metrics, authority, revision } = props;
    const path = this.node.path;
    const { site, distribution } = this.platform;
    const pods = Math.min(2, Math.max(1, site.schedulableNodes));
    const replicas = props.replicas ?? pods;
    const controlPlaneReplicas = props.controlPlaneReplicas ?? pods;
    const maxConnections = props.maxConnections ?? 4000;
    const threads = props.threads ?? 2;
    const minimumTls = props.minimumTls ?? '1.2';
    const logLevel = props.logLevel ?? 'info';
    const trustDomain = props.trustDomain ?? 'cluster.local';
    const drain = gatewaySeconds(path, 'drainTimeout', props.drainTimeout, 60);
    const tunnel = gatewaySeconds(path, 'tunnelTimeout', props.tunnelTimeout, 3600);
    const hsts = (props.hsts ?? Duration.days(365)).toSeconds({ integral: false });
    checkInteger(path, 'replicas', replicas, 1, 20, 'two on different nodes outlive one of them');
    checkInteger(
      path,
      'controlPlaneReplicas',
      controlPlaneReplicas,
      1,
      5,
      'two on different nodes outlive one of them',
    );
    checkInteger(path, 'maxConnections', maxConnections, 100, 100000, 'a browser holds about six');
    checkInteger(path, 'threads', threads, 1, 64, 'each may use one core');
    checkInteger(path, 'hsts', hsts, 0, MAX_HSTS, 'give a Duration of at most ten years, in whole seconds');
    checkChoice(path, 'logLevel', logLevel, LOG_LEVELS);
    checkHost(path, 'trustDomain', trustDomain);
    if (revision !== undefined) checkLabel(path, 'revision', revision, 20);
    if (!['1.2', '1.3'].includes(minimumTls)) {
      fail(
        path,
        `minimumTls must be "1.2" or "1.3", got ${show(minimumTls)}; what is older is broken and no browser speaks it`,
      );
    }
    this.checkAuthority(authority);
    const resources = programResources(path, props.resources, RESOURCES);
    const unused = (['cni', 'ztunnel'] as const).find((name) => !ambient && props.resources?.[name]);
    if (unused) fail(path, `resources.${unused} is for a program of the mesh, but mesh is false; leave it out`);
    this.domains = props.domains ?? [];
    this.tcpPorts = new TcpPorts(path, props.tcpPorts ?? [], Object.values(PORTS));

    this.addDefinitions();
    const install = this.addStage('control-plane', [authority, metrics]);
    const controlPlane = new ControlPlane(install, {
      revision,
      replicas: controlPlaneReplicas,
      resources: resources.istiod,
      logLevel,
      trustDomain,
      accessLogs: props.accessLogs ?? true,
      ambient,
      ztunnel: ZTUNNEL,
      authority,
      metrics,
    });

    const identity = this.addStage('certificate', [certificates]);
    const stage = this.addStage('install', [install, identity, addresses, metrics]);
    this.readyAfter = [stage];
    const ownHost = site.host(id);
    const certificate = certificates.issue(identity, 'tls', {
      dnsNames: () => [...new Set([ownHost, ...this.hosts])].sort(),
    });
    const address = addresses.addAddress(this, { address: props.address });
    this.ingress = new Ingress(stage, NAME, {
      controlPlane,
      trustDomain,
      replicas,
      threads,
      maxConnections,
      logLevel,
      drain,
      tcpPorts: this.tcpPorts,
      address,
      externalTrafficPolicy: props.externalTrafficPolicy ?? 'Local',
      metrics,
    });
    this.https = this.ingress.https;
    this.addGateway(stage, certificate.name, revision ?? 'default');
    this.routes = new Routes(stage, {
      gateway: NAME,
      podLabels: this.ingress.podLabels,
      tcpPorts: this.tcpPorts,
      revision: revision ?? 'default',
      // An issuer with an authority of its own writes it next to the certificate; another hands it out apart, or has a public one.
      authority: certificate.keys?.includes('ca.crt') ? certificate : certificates.authority(identity),
      hsts,
      tunnel,
      minimumTls,
    });
    if (props.mesh !== false)
      this.addMesh(props.mesh ?? {}, { controlPlane, resources, logLevel, metrics }, trustDomain, install);
    if (address.address !== undefined) this.addEndpoint('address of the gateway', address.address);
    this.addInstruction({
      when: 'after',
      what: () => `DNS entries for ${[...this.hosts].join(', ')} lead to the gateway's address`,
      command: `kubectl -n ${this.namespace} get service ${NAME} -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`,
    });
    const rival = bundled(distribution, 'gateway-api');
    if (rival?.disable) {
      this.addInstruction({
        when: 'before',
        what: `${rival.name}, which ${distribution.title} brings along, has definitions of Gateway API of its own; make the cluster without it: ${rival.disable}`,
      });
    }
  }

  addRoute(scope: Construct, props: RouteProps): IRoute {
    const path = scope.node.path;
    const { host, to, scheme } = props;
    checkSamePlatform(scope, this);
    checkRouteHost(path, host, this.platform.site, this.domains);
    const prefix = routePath(path, props);
    checkHealthPath(path, props);
    const timeout = gatewaySeconds(path, 'timeout', props.timeout, 60);
    const url = `https://${host}${prefix === '/' ? '' : prefix}`;
    this.owners.takeUrl(path, url);
    this.hosts.add(host);
    this.routes.addHttp({ host, path: prefix, to, scheme, timeout });
    this.ingress.connectTo(to);
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
    const timeout = gatewaySeconds(path, 'timeout', props.timeout, 3600);
    this.owners.takePort(path, props.port);
    this.routes.addTcp(props.port, props.to, timeout);
    this.ingress.connectTo(props.to);
  }

  /** The pods are ours: a Gateway whose address is a Service's name has its traffic from there, and istiod makes none. */
  private addGateway(stage: Stage, secretName: string, revision: string): void {
    const labels = { 'istio.io/rev': revision };
    new CustomResource(stage, 'istio', gatewayClass, {
      metadata: { name: 'istio', labels },
      spec: { controllerName: 'istio.io/gateway-controller', description: 'Envoy, configured by istiod' },
    });
    new CustomResource(stage, 'gateway', gateway, {
      metadata: { name: NAME, labels },
      spec: {
        gatewayClassName: 'istio',
        addresses: [{ type: 'Hostname', value: this.https.host }],
        listeners: [
          { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } },
          {
            name: 'https',
            port: 443,
            protocol: 'HTTPS',
            tls: { mode: 'Terminate', certificateRefs: [{ name: secretName }] },
            allowedRoutes: { namespaces: { from: 'Same' } },
          },
        ],
      },
    });
  }

  private addMesh({ outside = [] }: IstioMeshProps, nodes: NodeProps, trustDomain: string, controlPlane: Stage): void {
    const { platform } = this;
    if (platform.distribution.podSecurity === 'scc') {
      fail(
        this.node.path,
        `the mesh isn't made for ${platform.distribution.title}, whose network plugin calls others only by name; pass mesh: false`,
      );
    }
    const stage = this.addStage('mesh', [controlPlane, nodes.metrics]);
    new CniAgent(stage, nodes);
    new Ztunnel(stage, nodes);
    const policies = this.addStage('policies', [stage]);
    const mesh = new Mesh(policies, {
      platform,
      rootNamespace: this.namespace,
      trustDomain,
      gateway: this.ingress,
      outside,
    });
    platform.addCompletion(() => {
      const unknown = outside.find((name) => !platform.namespaces.some((known) => known.name === name));
      if (unknown === undefined) return;
      const names = platform.namespaces.map(({ name }) => name);
      fail(this.node.path, `mesh.outside: the platform has no namespace ${show(unknown)}${didYouMean(unknown, names)}`);
    });
    this.addInstruction({
      when: 'before',
      what: 'The network plugin calls others behind it: with Cilium, cni.exclusive=false and socketLB.hostNamespaceOnly=true; with Calico, not in eBPF mode with connect-time load balancing',
    });
    this.addInstruction({
      when: 'after',
      what: () =>
        `In the mesh, encrypted and known by name, are ${list(mesh.inside)}. Outside (${MODE}=none) are ${list(mesh.outside)}, the trainings and all pods in their nodes' network`,
      command: `kubectl get namespaces -L ${MODE}`,
    });
  }

  /** Where a distribution brings Gateway API's definitions along and can't be made without them, they are used. */
  private addDefinitions(): void {
    const rival = bundled(this.platform.distribution, 'gateway-api');
    const theirs = rival !== undefined && rival.disable === undefined;
    if (theirs) {
      for (const { name } of gatewayDefinitions) {
        this.platform.addExternal({ kind: 'CustomResourceDefinition', name });
      }
    }
    this.addCrds([...(theirs ? [] : gatewayDefinitions), ...definitions]);
  }

  private checkAuthority(authority: ICredentials | undefined): void {
    const missing = authority && AUTHORITY_KEYS.find((key) => !authority.keys.includes(key));
    if (missing === undefined) return;
    fail(
      this.node.path,
      `authority must be a Secret with the keys ${AUTHORITY_KEYS.map(show).join(', ')}, got ${show(authority?.keys)}; add ${show(missing)}`,
    );
  }
}

function list(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'none';
}
