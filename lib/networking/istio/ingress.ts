import { Duration, Size } from 'cdk8s';
import {
  Deployment,
  type DeploymentProps,
  type IAddress,
  type IEndpoint,
  type IMetrics,
  type Stage,
  systemOf,
  type TcpPorts,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CLUSTER_ID, type ControlPlane, rootVolume, tokenVolume } from './control-plane';
import { images } from './images';

/** Ports of the pods. Those above 15000 are the proxy's own: administration, metrics, health, Envoy's metrics. */
export const PORTS = { http: 8080, https: 8443, admin: 15000, metrics: 15020, health: 15021, envoy: 15090 } as const;

/** How long a stopping pod takes new connections, until load balancers have learned that it goes. */
export const LINGER = 10;

export interface IngressProps {
  readonly controlPlane: ControlPlane;
  readonly trustDomain: string;
  readonly replicas: number;
  readonly threads: number;
  readonly maxConnections: number;
  readonly logLevel: string;
  /** Seconds that connections may take to end when a pod stops. */
  readonly drain: number;
  readonly tcpPorts: TcpPorts;
  readonly address: IAddress;
  readonly externalTrafficPolicy: 'Local' | 'Cluster';
  readonly metrics?: IMetrics;
}

/**
 * Envoy at the edge: the pods that the routes' traffic comes in by. They ask istiod for all they do, so that a route or a certificate changes
 * without a restart.
 *
 * @see https://github.com/istio/istio/blob/1.30.3/manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml
 */
export class Ingress extends Deployment {
  readonly https: IEndpoint;

  constructor(stage: Stage, id: string, props: IngressProps) {
    super(stage, id, podsOf(stage, id, props));
    const { tcpPorts, address, metrics } = props;
    this.connectTo(props.controlPlane.endpoint);
    this.allowFrom('anywhere', PORTS.http, PORTS.https, ...Object.values(tcpPorts.containerPorts));
    this.https = this.addService({
      ports: {
        http: { port: 80, target: PORTS.http },
        https: { port: 443, target: PORTS.https },
        ...tcpPorts.servicePorts,
      },
      type: 'LoadBalancer',
      annotations: address.annotations,
      spec: { externalTrafficPolicy: props.externalTrafficPolicy },
    }).https;
    if (metrics) {
      const { metrics: endpoint } = this.addService({ name: `${id}-metrics`, ports: { metrics: PORTS.metrics } });
      metrics.scrape(stage, id, { endpoint, path: '/stats/prometheus' });
    }
  }
}

function podsOf(stage: Stage, id: string, props: IngressProps): DeploymentProps {
  const { replicas, threads, maxConnections, drain, tcpPorts } = props;
  const { namespace, platform } = systemOf(stage);
  const domain = `${namespace}.svc.${platform.distribution.clusterDomain}`;
  const limit = (resource: string): k8s.EnvVarSource => ({
    resourceFieldRef: { resource, divisor: k8s.Quantity.fromString('1') },
  });
  return {
    replicas,
    user: 1337,
    podAnnotations: { 'sidecar.istio.io/inject': 'false' },
    terminationGracePeriod: Duration.seconds(LINGER + drain + 15),
    containers: [
      {
        name: 'istio-proxy',
        image: images.proxy,
        args: [
          'proxy',
          'router',
          `--domain=${domain}`,
          `--proxyLogLevel=${props.logLevel === 'info' ? 'warning' : envoyLevel(props.logLevel)}`,
          '--proxyComponentLogLevel=misc:error',
          `--log_output_level=default:${props.logLevel}`,
        ],
        env: {
          PILOT_CERT_PROVIDER: 'istiod',
          CA_ADDR: props.controlPlane.address,
          POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
          POD_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
          INSTANCE_IP: { fieldRef: { fieldPath: 'status.podIP' } },
          HOST_IP: { fieldRef: { fieldPath: 'status.hostIP' } },
          SERVICE_ACCOUNT: { fieldRef: { fieldPath: 'spec.serviceAccountName' } },
          ISTIO_META_NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
          ISTIO_CPU_LIMIT: limit('limits.cpu'),
          GOMAXPROCS: limit('limits.cpu'),
          GOMEMLIMIT: limit('limits.memory'),
          PROXY_CONFIG: JSON.stringify({
            discoveryAddress: props.controlPlane.address,
            concurrency: threads,
            drainDuration: `${LINGER}s`,
            proxyMetadata: { ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS: String(maxConnections) },
          }),
          // Stops when the last connection is closed, or is killed at the end of the grace period.
          EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true',
          MINIMUM_DRAIN_DURATION: `${LINGER}s`,
          TRUST_DOMAIN: props.trustDomain,
          ISTIO_META_MESH_ID: props.trustDomain,
          ISTIO_META_CLUSTER_ID: CLUSTER_ID,
          ISTIO_META_POD_PORTS: '[]',
          ISTIO_META_INTERCEPTION_MODE: 'REDIRECT',
          ISTIO_META_WORKLOAD_NAME: id,
          ISTIO_META_OWNER: `kubernetes://apis/apps/v1/namespaces/${namespace}/deployments/${id}`,
        },
        ports: {
          http: PORTS.http,
          https: PORTS.https,
          metrics: PORTS.metrics,
          health: PORTS.health,
          ...tcpPorts.containerPorts,
        },
        resources: {
          cpu: Math.min(0.25, threads),
          cpuLimit: threads,
          memory: Size.mebibytes(256 + Math.ceil((maxConnections * 96) / 1024)),
        },
        mounts: [
          { path: '/var/run/secrets/istio', volume: rootVolume() },
          { path: '/var/run/secrets/tokens', volume: tokenVolume(), readOnly: true },
          { path: '/var/run/secrets/workload-spiffe-uds', volume: volume.scratch('workload-socket') },
          { path: '/var/run/secrets/credential-uds', volume: volume.scratch('credential-socket') },
          { path: '/var/run/secrets/workload-spiffe-credentials', volume: volume.scratch('workload-certs') },
          { path: '/var/lib/istio/data', volume: volume.scratch('istio-data') },
          { path: '/etc/istio/proxy', volume: volume.scratch('istio-envoy', { memory: true }) },
          { path: '/etc/istio/pod', volume: podInfo(), readOnly: true },
        ],
        startupProbe: { ...ready(), periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...ready(), periodSeconds: 2, failureThreshold: 2 },
        livenessProbe: {
          tcpSocket: { port: k8s.IntOrString.fromString('metrics') },
          initialDelaySeconds: 30,
          periodSeconds: 10,
          failureThreshold: 6,
        },
      },
    ],
  };
}

/** Which Gateways the proxy serves follows from its labels. */
function podInfo(): k8s.Volume {
  return {
    name: 'istio-podinfo',
    downwardApi: {
      items: ['labels', 'annotations'].map((path) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } })),
    },
  };
}

function envoyLevel(level: string): string {
  return { warn: 'warning', none: 'off' }[level] ?? level;
}

function ready(): k8s.Probe {
  return { httpGet: { path: '/healthz/ready', port: k8s.IntOrString.fromString('health') }, timeoutSeconds: 1 };
}
