import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  AuditLog,
  type AuditLogProps,
  type BucketProps,
  CertManager,
  type CertManagerProps,
  checkChoice,
  Dex,
  type DexProps,
  External,
  ExternalSecrets,
  type ExternalSecretsProps,
  fail,
  Harbor,
  type HarborProps,
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
  OAuth2Proxy,
  type OAuth2ProxyProps,
  Platform,
  type PlatformProps,
  Postgres,
  type PostgresProps,
  Redis,
  type RedisProps,
  show,
  type Site,
  Vault,
  type VaultAuthorityProps,
  type VaultProps,
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
  readonly minio?: Partial<Omit<MinIOProps, 'driveSize' | 'gateway' | 'certificates' | 'audit' | 'metrics'>>;
  /** PostgreSQL's own props, over those of the size: `{ settings: { work_mem: '64MB' } }`. @default - those of the size */
  readonly postgres?: Partial<Omit<PostgresProps, 'storage' | 'backups' | 'certificates' | 'metrics'>>;
  /** MLflow's own props, over those of the size: `{ workers: 8, administrator: 'ml-ops' }`. @default - those of the size */
  readonly mlflow?: Partial<Omit<MLflowProps, 'database' | 'artifacts' | 'gateway' | 'clientNamespaces' | 'metrics'>>;
  /**
   * People sign in with the company's directory, at Dex: `(lab) => ({ ldap: [...] })`, or with passwords minted for `users`. MLflow then has them sign in and gives
   * each team a workspace, MinIO gives them credentials for an hour.
   * @default - MLflow's own accounts
   */
  readonly dex?: (platform: Platform) => Partial<Omit<DexProps, 'gateway' | 'certificates' | 'database' | 'metrics'>>;
  /** The own props of the sign-in before MLflow. @default - its own */
  readonly oauth2Proxy?: Partial<Omit<OAuth2ProxyProps, 'identity' | 'certificates' | 'metrics'>>;
  /**
   * Passwords and keys are in Vault, and come from there by External Secrets; `{}` is Vault with its own choices. Those of Dex and MinIO are minted all the
   * same: people sign in to Vault by the one, and its snapshots are in the other.
   * @default - all are minted
   */
  readonly vault?: Partial<
    Omit<VaultProps, 'certificates' | 'gateway' | 'identity' | 'snapshots' | 'snapshotPath' | 'audit' | 'metrics'>
  >;
  /** External Secrets' own props, where there is Vault. @default - its own */
  readonly externalSecrets?: Partial<Omit<ExternalSecretsProps, 'store' | 'certificates' | 'metrics'>>;
  /**
   * An authority in Vault signs the certificates of what comes after it, PostgreSQL's, where it has one, Redis's and Harbor's; `{}` is a root of its own. An
   * intermediate without its `chain` has its request in the summary's command, and signs nothing yet.
   * @default - what signs all others' does
   */
  readonly vaultAuthority?: VaultAuthorityProps;
  /**
   * A group of the directory for whose people Vault makes users that read MLflow's database, all teams' runs, for an hour:
   * `vault read database/creds/mlflow-read`.
   * @default - nobody but MLflow gets to it
   */
  readonly databaseReaders?: string;
  /**
   * A registry for the teams' images, `{}` is Harbor with its own choices. Where `registryMirror` names its host, it is the mirror of all images too.
   * @default - none
   */
  readonly harbor?: Partial<
    Omit<HarborProps, 'database' | 'redis' | 'storage' | 'gateway' | 'certificates' | 'identity' | 'audit' | 'metrics'>
  >;
  /** The own props of Harbor's Redis. @default - three servers where there are as many nodes */
  readonly redis?: Partial<Omit<RedisProps, 'certificates' | 'metrics'>>;
  /** Who did what in MinIO, Vault and Harbor is kept in a bucket of its own, as long as is said here; `{}` for the defaults. @default - it isn't */
  readonly auditLog?: Partial<Omit<AuditLogProps, 'bucket' | 'certificates' | 'metrics'>> & {
    /** How long records are kept, in whole days. What somebody deletes or overwrites before that is there for another 30 days. @default 400 days */
    readonly expireAfter?: Duration;
  };
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
  /** Says who signs in, where there is a directory. */
  readonly identity?: Dex;
  readonly objects: MinIO;
  /** Keeps passwords and keys, where that isn't left to the cluster. */
  readonly vault?: Vault;
  readonly externalSecrets?: ExternalSecrets;
  readonly postgres: Postgres;
  readonly mlflow: MLflow;
  readonly redis?: Redis;
  /** Keeps what systems record of who did what, where that is wanted. */
  readonly auditLog?: AuditLog;
  /** Holds the teams' images, where they have a registry. */
  readonly registry?: Harbor;
  /** Collects the systems' metrics, where somebody does. */
  protected readonly metrics?: IMetrics;

  /** @throws when the site has too few nodes for the size */
  constructor(scope: Construct, id: string, props: ExperimentTrackingProps) {
    super(scope, id, props);
    checkParts(this.node.path, props);
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
    const trusted = { certificates: this.certificates, metrics };
    const edge = { addresses: this.addresses, certificates: this.certificates, address: props.address, metrics };
    this.gateway =
      gatewayKind(this.node.path, props) === 'istio'
        ? new Istio(this, 'gateway', { ...over(plan.gateway, props.istio), ...edge })
        : new HAProxy(this, 'gateway', { ...over(plan.gateway, props.haproxy), ...edge });
    this.identity = props.dex && new Dex(this, 'dex', { ...props.dex(this), ...trusted, gateway: this.gateway });
    const signIn =
      this.identity && new OAuth2Proxy(this, 'sign-in', { ...props.oauth2Proxy, identity: this.identity, metrics });
    const certificates = plan.encrypted ? this.certificates : undefined;
    const { expireAfter = Duration.days(400), ...auditLog } = props.auditLog ?? {};
    const audit = props.auditLog && new AuditLog(this, 'audit', { ...auditLog, ...trusted });
    this.auditLog = audit;
    this.objects = new MinIO(this, 'minio', {
      ...over(plan.objects, props.minio),
      ...(props.driveSize && { driveSize: props.driveSize }),
      gateway: this.gateway,
      identity: this.identity,
      certificates,
      audit,
      metrics,
    });
    audit?.keepIn(
      this.objects.addBucket('audit', {
        versioning: true,
        expireAfter,
        expireNoncurrentAfter: Duration.days(30),
      }),
    );
    if (props.vault) {
      this.vault = new Vault(this, 'vault', {
        ...props.vault,
        ...trusted,
        gateway: this.gateway,
        identity: this.identity,
        audit,
        snapshots: this.objects.addBucket('vault-snapshots'),
      });
      this.externalSecrets = new ExternalSecrets(this, 'external-secrets', {
        ...props.externalSecrets,
        ...trusted,
        store: this.vault,
      });
      this.useCredentials(this.externalSecrets);
    }
    const authority = props.vaultAuthority && this.vault!.addAuthority('pki', props.vaultAuthority);
    const { intermediate } = props.vaultAuthority ?? {};
    const isSigned = intermediate === undefined || intermediate.chain !== undefined;
    const signer = authority && isSigned ? this.certificates.addIssuer('vault', { signer: authority }) : undefined;
    const late = { certificates: signer ?? this.certificates, metrics };
    this.postgres = new Postgres(this, 'postgres', {
      ...over(plan.database, props.postgres),
      ...(props.databaseStorage && { storage: props.databaseStorage }),
      backups: this.objects.addBucket('postgres-backups'),
      certificates: plan.encrypted ? late.certificates : undefined,
      metrics,
    });
    const runs = this.postgres.addDatabase('mlflow');
    if (props.databaseReaders !== undefined)
      this.vault!.addDatabase('mlflow', { database: runs }).allowGroup(props.databaseReaders, 'read');
    this.mlflow = new MLflow(this, 'mlflow', {
      ...over({ ...plan.tracking, garbageCollection: {} }, props.mlflow),
      database: runs,
      artifacts: this.objects.addBucket('mlflow', plan.artifacts),
      gateway: this.gateway,
      signIn,
      clientNamespaces: props.clientNamespaces,
      metrics,
    });
    if (props.harbor) {
      this.redis = new Redis(this, 'redis', {
        ...over({ replicas: this.size === 'edge' ? 1 : 3 } as const, props.redis),
        ...late,
      });
      this.registry = new Harbor(this, 'harbor', {
        ...props.harbor,
        ...late,
        gateway: this.gateway,
        database: this.postgres.addDatabase('harbor'),
        redis: this.redis.addDatabases('harbor', 4),
        storage: this.objects.addBucket('harbor'),
        identity: this.identity,
        audit,
      });
      if (this.mirror?.host === this.registry.host) this.serveMirrorBy(this.registry);
    }
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

/** Props of a part that isn't there would do nothing. */
function checkParts(path: string, props: ExperimentTrackingProps): void {
  const parts = [
    ['oauth2Proxy', 'dex'],
    ['externalSecrets', 'vault'],
    ['vaultAuthority', 'vault'],
    ['databaseReaders', 'vault'],
    ['databaseReaders', 'dex'],
    ['redis', 'harbor'],
  ] as const;
  for (const [part, whole] of parts) {
    if (props[part] !== undefined && props[whole] === undefined)
      fail(path, `${part} is given, but there is no ${whole}; leave it out, or pass ${whole}`);
  }
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
