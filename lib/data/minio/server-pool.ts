import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  type ClaimProps,
  type Environment,
  type Image,
  type ISecret,
  type Mount,
  type ServiceEndpoint,
  type Stage,
  StatefulSet,
  systemOf,
  volume,
  VolumeClaim,
} from '../../core';
import * as k8s from '../../core/k8s';
import { AUDIT_ROOM, auditMount } from './audit';
import { type MinIOPool } from './erasure';

export const PORTS = { s3: 9000, console: 9001 } as const;
/** Answer for one server alone. @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/docs/metrics/healthcheck/README.md */
export const HEALTH = { live: '/minio/health/live', ready: '/minio/health/ready' } as const;

/**
 * On the claims, and so in the StatefulSet's templates, which can't be changed: the API server refuses another number of servers of a pool
 * that is installed, whose data is laid out by it.
 */
const LAYOUT = 'minio.onprem-ml.io/layout';
/** On the servers of all pools, so that one Service leads to them and to nothing else of the namespace. */
const SERVER = { 'minio.onprem-ml.io/server': 'true' };
const CERTIFICATES = '/certificates';

export interface ServerPoolProps {
  readonly pool: MinIOPool;
  readonly image: Image;
  /** The server's arguments, the same for all servers of all pools. */
  readonly volumes: readonly string[];
  readonly memory: Size;
  readonly cpu: number;
  readonly storageClassName?: string;
  readonly certificate?: ISecret;
  readonly authority?: ISecret;
  /** What verifies the identity provider. */
  readonly issuerAuthority?: ISecret;
  /** Where there is an audit log, and what verifies it. */
  readonly audit?: { readonly authority?: ISecret };
  readonly env: Environment | undefined;
}

/** One pool of servers: a StatefulSet whose fields that can't be changed follow from the pool alone. */
export class ServerPool extends StatefulSet {
  constructor(stage: Stage, id: string, props: ServerPoolProps) {
    const { pool, certificate } = props;
    const trusted = certificates(props);
    const { servers = 1, drivesPerServer = 1 } = pool;
    const drives = Array.from({ length: drivesPerServer }, (_, i) => `drive-${i}`);
    const labels = { [LAYOUT]: `${servers}x${drivesPerServer}` };
    const probe = (path: string): k8s.Probe => ({
      httpGet: { path, port: k8s.IntOrString.fromNumber(PORTS.s3), scheme: certificate ? 'HTTPS' : 'HTTP' },
    });
    super(stage, id, {
      replicas: servers,
      serviceName: id,
      parallel: true,
      extraPodLabels: SERVER,
      claims: drives.map((name) => ({
        name,
        size: pool.grownFrom ?? pool.driveSize,
        storageClassName: props.storageClassName,
        labels,
      })),
      // The others see its drives some seconds after it sees theirs: when the next one was stopped 15 seconds after the start, a rolling
      // restart cost 5 of 256 uploads, tried on real nodes.
      minReady: servers > 1 ? Duration.seconds(5) : undefined,
      terminationGracePeriod: Duration.seconds(60),
      podSpec: servers > 1 ? { topologySpreadConstraints: [evenly(systemOf(stage).labels, id)] } : undefined,
      containers: [
        {
          name: 'minio',
          image: props.image,
          command: [
            'minio',
            'server',
            '--address',
            `:${PORTS.s3}`,
            '--console-address',
            `:${PORTS.console}`,
            '--certs-dir',
            CERTIFICATES,
          ],
          args: [...props.volumes],
          // Another pod's new address is used that soon; 30 seconds unless told otherwise.
          env: { HOME: '/tmp', MINIO_DNS_CACHE_TTL: servers > 1 ? '3s' : undefined, ...props.env },
          ports: PORTS,
          resources: {
            cpu: props.cpu,
            memory: props.memory,
            scratch: props.audit && Size.gibibytes(AUDIT_ROOM.toGibibytes() + 1),
          },
          mounts: [
            ...drives.map((name, i): Mount => ({ path: `/drives/${i}`, volume: volume.template(name) })),
            { path: '/tmp', volume: volume.scratch('tmp') },
            ...(props.audit ? [auditMount()] : []),
            ...(trusted ? [{ path: CERTIFICATES, volume: trusted }] : []),
          ],
          // Both answer for this server alone: a probe that asked for the quorum would keep servers from ever forming one. Under more
          // requests than it takes, a server refuses these too, which must not get it killed at once.
          readinessProbe: {
            ...probe(HEALTH.ready),
            // A server starts with half of the drives, looks for the others every 15 seconds, and until then answers 404 for what was written
            // while it was down, though it says that it is ready. Tried on real nodes: 9 of 32 downloads.
            initialDelaySeconds: servers > 1 ? 20 : 5,
            periodSeconds: 5,
            timeoutSeconds: 5,
            failureThreshold: 3,
          },
          livenessProbe: {
            ...probe(HEALTH.live),
            initialDelaySeconds: 30,
            periodSeconds: 15,
            timeoutSeconds: 10,
            failureThreshold: 8,
          },
        },
      ],
    });
    this.addService({ name: id, headless: true, publishNotReadyAddresses: true, ports: { peers: PORTS.s3 } });
    this.addClaims(servers, drives, {
      size: pool.driveSize,
      storageClassName: props.storageClassName,
      labels: { ...labels, ...this.podLabels },
    });
  }

  /** Opens the way between this pool's servers and another's, or among its own. */
  connectToPeers(other: ServerPool): void {
    this.allowTo({ namespace: other.namespace, podLabels: other.podLabels }, PORTS.s3);
    other.allowFrom({ namespace: this.namespace, podLabels: this.podLabels }, PORTS.s3);
  }

  /** A Service in front of all pools: any server answers for all. */
  addFrontService(name: string, port: keyof typeof PORTS, pools: readonly ServerPool[]): ServiceEndpoint {
    const { [port]: endpoint } = this.addService({
      name,
      ports: { [port]: PORTS[port] },
      across: { workloads: pools.filter((pool) => pool !== this), selector: { ...systemOf(this).labels, ...SERVER } },
    });
    return endpoint!;
  }

  /**
   * Each server's claims by name, which the StatefulSet takes over. Those that it made from its templates would have their size set by
   * Kubernetes, which would have to be overruled for them to grow.
   */
  private addClaims(servers: number, drives: readonly string[], claim: ClaimProps): void {
    const scope = new Construct(this, 'claims');
    for (const drive of drives) {
      for (let server = 0; server < servers; server++) {
        new VolumeClaim(scope, `${drive}-${this.name}-${server}`, claim);
      }
    }
  }
}

/** One server a node where there are as many nodes, and evenly over fewer; nodes whose taints keep the servers off aren't counted. */
function evenly(systemLabels: Readonly<Record<string, string>>, component: string): k8s.TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    nodeTaintsPolicy: 'Honor',
    labelSelector: { matchLabels: { ...systemLabels, 'app.kubernetes.io/component': component } },
  };
}

/** The folder as the server reads it: its own certificate, and the authorities it trusts. Renewed files are read again by themselves. */
function certificates({ certificate, authority, issuerAuthority, audit }: ServerPoolProps): k8s.Volume | undefined {
  // Most often they are the same one.
  const authorities = [
    { secret: certificate && authority, path: 'CAs/ca.crt' },
    { secret: issuerAuthority, path: 'CAs/issuer.crt' },
    { secret: audit?.authority, path: 'CAs/audit.crt' },
  ].filter(
    (one, i, all): one is { secret: ISecret; path: string } =>
      one.secret !== undefined && all.findIndex(({ secret }) => secret?.name === one.secret?.name) === i,
  );
  const sources = [
    ...(certificate ? [{ secret: { name: certificate.name, items: OWN } }] : []),
    ...authorities.map(({ secret: { name }, path }) => ({ secret: { name, items: [{ key: 'ca.crt', path }] } })),
  ];
  if (sources.length === 0) return undefined;
  return { name: 'certificates', projected: { defaultMode: 0o440, sources } };
}

const OWN = [
  { key: 'tls.crt', path: 'public.crt' },
  { key: 'tls.key', path: 'private.key' },
];
