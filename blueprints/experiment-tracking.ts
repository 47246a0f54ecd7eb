import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  type BucketProps,
  CertManager,
  type CertManagerProps,
  checkChoice,
  External,
  fail,
  HAProxy,
  type HAProxyProps,
  type IMetrics,
  Istio,
  type IstioProps,
  MetalLB,
  type MetalLBProps,
  MinIO,
  type MinIOProps,
  MLflow,
  type MLflowProps,
  Platform,
  type PlatformProps,
  Postgres,
  type PostgresProps,
  show,
  type Site,
} from '../lib';

/**
 * How much is at stake: `edge` is one of everything, which fits on one node; `team` keeps artifacts through the loss of a node and answers from two
 * servers; `production` has more of both, TLS within the cluster too, and former versions of changed and deleted artifacts.
 */
export type ExperimentTrackingSize = 'edge' | 'team' | 'production';

export interface ExperimentTrackingProps extends PlatformProps {
  /**
   * `team` and `production` need four nodes that take pods without a toleration.
   * @default 'team' where the site has such nodes, else 'edge'
   */
  readonly size?: ExperimentTrackingSize;
  /**
   * Size of each of MinIO's drives: one with `edge`; four with `team`, half of which is room for artifacts; sixteen with `production`,
   * three quarters of which are. Once installed, raise it together with `minio: { grownFrom }`.
   * @default 200 GiB, 1 TiB or 3 TiB
   */
  readonly driveSize?: Size;
  /** Size of PostgreSQL's volume. @default 20, 100 or 500 GiB */
  readonly databaseStorage?: Size;
  /** Address of the gateway, for which the DNS entries are made. @default - the lowest free one of the site's ranges */
  readonly address?: string;
  /**
   * The company's authority, to sign the certificates: a Secret in the namespace `cert-manager` with the keys `tls.crt` and `tls.key`.
   * @default - a private authority, made in the cluster
   */
  readonly authority?: { readonly name: string };
  /** Namespaces of notebooks and training jobs, whose pods may call MLflow within the cluster. @default - they come by the gateway */
  readonly clientNamespaces?: readonly string[];
  /** MetalLB's own props: `{ logLevel: 'warn' }`. @default - its own */
  readonly metallb?: Omit<MetalLBProps, 'metrics'>;
  /** cert-manager's own props. @default - its own */
  readonly certManager?: Omit<CertManagerProps, 'authority' | 'metrics'>;
  /** What the gateway is; the systems behind it are the same with either. @default 'haproxy' */
  readonly gateway?: GatewayKind;
  /** HAProxy's own props, over those of the size: `{ replicas: 4, tcpPorts: [5432] }`. @default - those of the size */
  readonly haproxy?: Partial<Omit<HAProxyProps, 'addresses' | 'address' | 'certificates' | 'metrics'>>;
  /** Istio's own props, over those of the size, where it is the gateway. @default - those of the size */
  readonly istio?: Partial<Omit<IstioProps, 'addresses' | 'address' | 'certificates' | 'metrics'>>;
  /**
   * MinIO's own props, over those of the size: `{ memory: Size.gibibytes(8), expansions: [...] }`. `servers` and `drivesPerServer` can't be
   * changed once it is installed.
   * @default - those of the size
   */
  readonly minio?: Partial<Omit<MinIOProps, 'driveSize' | 'gateway' | 'certificates' | 'metrics'>>;
  /** PostgreSQL's own props, over those of the size: `{ settings: { work_mem: '64MB' } }`. @default - those of the size */
  readonly postgres?: Partial<Omit<PostgresProps, 'storage' | 'backups' | 'certificates' | 'metrics'>>;
  /** MLflow's own props, over those of the size: `{ workers: 8, administrator: 'ml-ops' }`. @default - those of the size */
  readonly mlflow?: Partial<Omit<MLflowProps, 'database' | 'artifacts' | 'gateway' | 'clientNamespaces' | 'metrics'>>;
  /** Collects all systems' metrics: `(lab) => External.prometheus(lab, {...})`. @default - nobody does */
  readonly metrics?: (platform: Platform) => IMetrics;
}

/** HAProxy, for sites without a service mesh, or Istio. */
export type GatewayKind = 'haproxy' | 'istio';

interface Plan {
  readonly gateway: Pick<HAProxyProps & IstioProps, 'replicas'>;
  readonly objects: Pick<MinIOProps, 'servers' | 'drivesPerServer' | 'driveSize'>;
  readonly database: Pick<PostgresProps, 'memory' | 'cpu' | 'backupsKept'> & { readonly storage: Size };
  readonly artifacts: BucketProps;
  readonly tracking: Pick<MLflowProps, 'replicas' | 'workers' | 'scratch'>;
  /** TLS between systems too. */
  readonly encrypted: boolean;
}

const PLANS: Readonly<Record<ExperimentTrackingSize, Plan>> = {
  edge: {
    gateway: {},
    objects: { servers: 1, drivesPerServer: 1, driveSize: Size.gibibytes(200) },
    database: { storage: Size.gibibytes(20), memory: Size.gibibytes(1), cpu: 0.25, backupsKept: 2 },
    artifacts: {},
    tracking: { replicas: 1, workers: 2, scratch: Size.gibibytes(10) },
    encrypted: false,
  },
  team: {
    gateway: { replicas: 2 },
    objects: { servers: 4, drivesPerServer: 1, driveSize: Size.tebibytes(1) },
    database: { storage: Size.gibibytes(100), memory: Size.gibibytes(4), cpu: 1, backupsKept: 7 },
    artifacts: {},
    tracking: { replicas: 2, workers: 2, scratch: Size.gibibytes(20) },
    encrypted: false,
  },
  production: {
    gateway: { replicas: 3 },
    objects: { servers: 4, drivesPerServer: 4, driveSize: Size.tebibytes(3) },
    database: { storage: Size.gibibytes(500), memory: Size.gibibytes(16), cpu: 4, backupsKept: 14 },
    artifacts: { versioning: true, expireNoncurrentAfter: Duration.days(30) },
    tracking: { replicas: 3, workers: 4, scratch: Size.gibibytes(50) },
    encrypted: true,
  },
};

const SIZES = Object.keys(PLANS) as ExperimentTrackingSize[];
/** MinIO's servers, each on a node of its own. */
const NODES = 4;

/**
 * Experiment tracking and a model registry for a team: MLflow with its data in PostgreSQL and its artifacts in MinIO, over HTTPS on an
 * address of the site's own network. The S3 API and its console are on the gateway too, PostgreSQL is backed up into a bucket, and runs
 * that were deleted a month ago are removed with their artifacts.
 */
export class ExperimentTracking extends Platform {
  readonly size: ExperimentTrackingSize;
  readonly addresses: MetalLB;
  readonly certificates: CertManager;
  readonly gateway: HAProxy | Istio;
  readonly objects: MinIO;
  readonly postgres: Postgres;
  readonly mlflow: MLflow;
  /** Collects the systems' metrics, where somebody does. */
  protected readonly metrics?: IMetrics;

  /** @throws when the site has too few nodes for the size */
  constructor(scope: Construct, id: string, props: ExperimentTrackingProps) {
    super(scope, id, props);
    this.size = sizeFor(this.node.path, props);
    const plan = PLANS[this.size];
    const metrics = props.metrics?.(this);
    this.metrics = metrics;

    this.addresses = new MetalLB(this, 'metallb', { ...props.metallb, metrics });
    this.certificates = new CertManager(this, 'cert-manager', {
      ...props.certManager,
      authority: props.authority && External.credentials(this, props.authority, ['tls.crt', 'tls.key']),
      metrics,
    });
    const edge = { addresses: this.addresses, certificates: this.certificates, address: props.address, metrics };
    this.gateway =
      gatewayKind(this.node.path, props) === 'istio'
        ? new Istio(this, 'gateway', { ...over(plan.gateway, props.istio), ...edge })
        : new HAProxy(this, 'gateway', { ...over(plan.gateway, props.haproxy), ...edge });
    const certificates = plan.encrypted ? this.certificates : undefined;
    this.objects = new MinIO(this, 'minio', {
      ...over(plan.objects, props.minio),
      ...(props.driveSize && { driveSize: props.driveSize }),
      gateway: this.gateway,
      certificates,
      metrics,
    });
    this.postgres = new Postgres(this, 'postgres', {
      ...over(plan.database, props.postgres),
      ...(props.databaseStorage && { storage: props.databaseStorage }),
      backups: this.objects.addBucket('postgres-backups'),
      certificates,
      metrics,
    });
    this.mlflow = new MLflow(this, 'mlflow', {
      ...over({ ...plan.tracking, garbageCollection: {} }, props.mlflow),
      database: this.postgres.addDatabase('mlflow'),
      artifacts: this.objects.addBucket('mlflow', plan.artifacts),
      gateway: this.gateway,
      clientNamespaces: props.clientNamespaces,
      metrics,
    });
  }
}

/** The plan's props with the user's over them; one that is undefined leaves the plan's. */
function over<P extends object, T extends object>(plan: P, own: T | undefined): P & T {
  const given = Object.entries(own ?? {}).filter(([, value]) => value !== undefined);
  return { ...plan, ...(Object.fromEntries(given) as T) };
}

function gatewayKind(path: string, { gateway = 'haproxy', haproxy, istio }: ExperimentTrackingProps): GatewayKind {
  checkChoice(path, 'gateway', gateway, ['haproxy', 'istio']);
  const [other, props] = gateway === 'istio' ? ['haproxy', haproxy] : ['istio', istio];
  if (props !== undefined) {
    fail(
      path,
      `${other} has props, but the gateway is ${show(gateway)}; leave them out, or pass gateway: ${show(other)}`,
    );
  }
  return gateway;
}

function sizeFor(path: string, { size, site }: ExperimentTrackingProps): ExperimentTrackingSize {
  const nodes = openNodes(site);
  if (size === undefined) return nodes < NODES ? 'edge' : 'team';
  if (!SIZES.includes(size))
    fail(path, `size must be one of ${SIZES.map(show).join(', ')}, got ${show(size)}; choose one`);
  if (size !== 'edge' && nodes < NODES) {
    fail(
      path,
      `size ${show(size)} needs ${NODES} nodes that take pods without a toleration, but site ${site.name} has ${nodes}; choose "edge", or add nodes`,
    );
  }
  return size;
}

/** Nodes that take any pod. */
function openNodes({ pools }: Site): number {
  return pools
    .filter(({ taints }) => taints.every(({ effect }) => effect === 'PreferNoSchedule'))
    .reduce((sum, { schedulableNodes }) => sum + schedulableNodes, 0);
}
