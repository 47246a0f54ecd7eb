import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  type BucketProps,
  checkSize,
  type Environment,
  fail,
  type IAuditSink,
  type IAuditWebhook,
  type ICertificateIssuer,
  type IGateway,
  type IIdentityProvider,
  type IMetrics,
  type IObjectStore,
  type ISecret,
  quantity,
  type ServiceEndpoint,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { type MinIOServers } from './admin-job';
import { auditEnv } from './audit';
import { MinIOBucket } from './bucket';
import { checkBucketName } from './bucket-rules';
import { erasureLayouts, kibibytes, type MinIOPool } from './erasure';
import { images } from './images';
import { Groups } from './groups';
import { identityEnv, oidcClient } from './identity';
import { scrapeMetrics } from './metrics';
import { HEALTH, PORTS, ServerPool } from './server-pool';

export interface MinIOProps extends SystemProps, MinIOPool {
  /**
   * Further pools, for more room than the first has. Only ever append: a pool's position is its name, and its data.
   * @default - none
   */
  readonly expansions?: readonly MinIOPool[];
  /**
   * Drives of each erasure set that may be lost without losing data; the rest is what can be stored. 1 to half of the set, the same
   * for all pools. Objects keep the parity they were written with.
   * @default - upstream's: half of the set, 4 at most; none with a single drive
   * @see https://docs.min.io/community/minio-object-store/operations/concepts/erasure-coding.html
   */
  readonly parity?: number;
  /**
   * StorageClass of the drives, by name or tier: local disks rather than replicated volumes, since erasure coding replicates already.
   * Can't be changed once installed.
   * @default - the site's `warm` tier where there is one, else its default class, else the cluster's
   */
  readonly storageClass?: string;
  /** Memory of each server; it bounds the requests it takes at a time. At least 512 MiB. @default 1 GiB with a single drive, else 4 GiB */
  readonly memory?: Size;
  /** Cores of each server, requested; it may use four times as many. @default 0.5 with a single drive, else 2 */
  readonly cpu?: number;
  /** Issues the servers' certificate: TLS between them and for all clients, within the cluster too. @default - plain HTTP within the cluster */
  readonly certificates?: ICertificateIssuer;
  /** Leads `minio.<site's domain>` to the S3 API and `minio-console.<site's domain>` to the console. @default - reached within the cluster only */
  readonly gateway?: IGateway;
  /** Host of the S3 API on the gateway. @default - the system's id in the site's domain */
  readonly host?: string;
  /** Host of the console on the gateway. @default - the system's id with `-console`, in the site's domain */
  readonly consoleHost?: string;
  /**
   * Also answers to `<bucket>.<host>` on the gateway, which most S3 programs use unless told otherwise. Needs a DNS entry for `*.<host>`.
   * @default true
   */
  readonly virtualHosts?: boolean;
  /**
   * Encrypts all objects that are written, and users, policies and settings, on the drives: with keys that are derived from one that is minted in the
   * cluster as the Secret `encryption`. What was written before stays as it was, and readable. It can't be turned off again: the
   * servers could then read neither their own users and settings nor the objects, until it is back. Keep a copy of the Secret elsewhere, or all is lost with it.
   * @default false
   * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/docs/kms/IAM.md
   */
  readonly encrypted?: boolean;
  /**
   * Gives people credentials for an hour or more in exchange for a token, with what `allowGroup` of a bucket lets their groups do. Needs a
   * gateway, by which people come. Servers that start wait until they reach the issuer.
   * @default - programs alone get in, each with the key of its bucket
   * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/docs/sts/web-identity.md
   */
  readonly identity?: IIdentityProvider;
  /**
   * Who gets a record of each request: who did what, with which object, and how it went. What changes it restarts the servers, one by one.
   * @default - nobody
   */
  readonly audit?: IAuditSink;
  /** Who scrapes the servers' metrics, by a token of its own. @default - nobody */
  readonly metrics?: IMetrics;
}

/**
 * Name of the key, which each object bears: another one would be another key. The key itself never changes either, as the credential that it
 * is: MinIO knows one key of this kind, and what was encrypted by another can't be read.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/internal/kms/secret-key.go
 */
const KEY_NAME = 'onprem-ml';

/** The user that may do everything. */
const ROOT_USER = 'root';

/**
 * MinIO: objects by the S3 API, on one server for small sites, else on several with erasure coding across servers and drives.
 *
 * Puts into the cluster a StatefulSet for each pool of servers with a volume for each drive, the Services that lead to them, the root
 * credential, minted in the cluster and used in this namespace alone, and a Job for each bucket. Needs storage; certificates, a gateway,
 * an audit log and metrics where wanted. Offers buckets, each with a user of its own.
 *
 * @see https://docs.min.io/community/minio-object-store/
 */
export class MinIO extends System implements IObjectStore {
  readonly readyAfter: readonly Stage[];
  /** The S3 API within the cluster. */
  readonly endpoint: ServiceEndpoint;
  /** The S3 API's URL within the cluster: `http://minio.minio.svc.cluster.local:9000`. */
  readonly url: string;
  /** The S3 API's URL from outside, where there is a gateway. */
  readonly externalUrl?: string;
  private readonly servers: MinIOServers;
  private readonly groups: Groups;
  private readonly usableKibibytes: number;
  private readonly buckets = new Set<string>();

  constructor(scope: Construct, id: string, props: MinIOProps) {
    super(scope, id, { name: 'minio', version: images.server.tag }, props);
    const { certificates, gateway, identity: people, metrics } = props;
    const layouts = erasureLayouts(this.node.path, poolsOf(props), props.parity);
    this.usableKibibytes = layouts.reduce((sum, { usableKibibytes }) => sum + usableKibibytes, 0);
    const hosts = this.hosts(props);

    const root = this.platform.credentials
      .generate(this, 'root', { username: { value: ROOT_USER }, password: { length: 40 } })
      .in(this.namespace);
    const key = props.encrypted ? this.encryptionKey() : undefined;
    const client = people && oidcClient(this, people, hosts);
    const identity = certificates && this.addStage('certificate', [certificates]);
    const audit = props.audit?.addWebhook(this, id);
    const stage = this.addStage('install', [
      root,
      key,
      identity,
      client,
      client?.credentials,
      audit,
      audit?.credentials,
    ]);
    this.readyAfter = [stage];
    const pools = this.addPools({ stage, identity, audit }, props, layouts[0]!.setSize === 1, {
      MINIO_ROOT_USER: root.env('username'),
      MINIO_ROOT_PASSWORD: root.env('password'),
      // Kubernetes puts in what stands before: the key is 32 random bytes in base64, and its form `name:key`.
      ENCRYPTION_KEY: key?.env('key'),
      MINIO_KMS_SECRET_KEY: key && `${KEY_NAME}:$(ENCRYPTION_KEY)`,
      MINIO_KMS_AUTO_ENCRYPTION: key && 'on',
      // It would ask upstream's server for a newer version.
      MINIO_UPDATE: 'off',
      MINIO_STORAGE_CLASS_STANDARD: props.parity === undefined ? undefined : `EC:${props.parity}`,
      MINIO_DOMAIN: hosts?.virtual,
      MINIO_BROWSER_REDIRECT_URL: hosts && `https://${hosts.console}`,
      ...(people && client && identityEnv(people, client.id, client.credentials.in(this.namespace))),
      ...(audit && auditEnv(audit, audit.credentials.in(this.namespace))),
    });

    this.endpoint = pools[0]!.addFrontService(id, 's3', pools);
    this.url = `${certificates ? 'https' : 'http'}://${this.endpoint.host}:${this.endpoint.port}`;
    this.servers = {
      stage: this.addStage('configure', [stage]),
      endpoint: this.endpoint,
      url: this.url,
      client: images.client,
      root,
      authority: (of) => certificates?.authority(of),
    };
    this.groups = new Groups(this.servers, this.node.path, people);
    if (gateway && hosts) {
      const console = pools[0]!.addFrontService(`${id}-console`, 'console', pools);
      const route = { scheme: certificates ? 'https' : 'http', timeout: Duration.minutes(10) } as const;
      const s3 = { ...route, to: this.endpoint, healthPath: HEALTH.live };
      this.externalUrl = gateway.addRoute(this, { ...s3, host: hosts.s3 }).url;
      if (hosts.virtual) gateway.addRoute(this, { ...s3, host: `*.${hosts.virtual}` });
      const browser = gateway.addRoute(this, { ...route, to: console, host: hosts.console, healthPath: '/' });
      this.addEndpoint('S3 API (MinIO)', this.externalUrl);
      this.addEndpoint('object browser (MinIO)', browser.url);
    }
    if (metrics) {
      const servers = { ...this.servers, stage: this.addStage('metrics', [stage, metrics]) };
      scrapeMetrics(this, { metrics, servers, endpoint: this.endpoint });
    }
  }

  /**
   * Makes a bucket with a user and a policy of its own. The Job that does it deletes nothing, ever: a bucket that the program no longer
   * has stays as it is.
   *
   * @throws when the name is no bucket name or was asked for before, when days aren't whole, or the quota is more than the drives hold
   */
  addBucket(name: string, props: BucketProps = {}): MinIOBucket {
    const path = this.node.path;
    checkBucketName(path, name, ['minio', ROOT_USER]);
    if (this.buckets.has(name))
      fail(
        path,
        `bucket ${show(name)} was asked for before; pass on what addBucket returned then, or take another name`,
      );
    this.buckets.add(name);
    return new MinIOBucket(this, name, this.servers, this.groups, props, this.quota(name, props.quota));
  }

  /** The key that all others are derived from. It is in this namespace alone, and is never made anew while it is there. */
  private encryptionKey(): ISecret {
    this.addInstruction({
      when: 'after',
      what: `Keep a copy of ${this.node.id}'s key where neither this cluster nor its drives are: without it nothing that is stored can be read`,
      command: `kubectl -n ${this.namespace} get secret encryption -o jsonpath='{.data.key}'`,
    });
    return this.platform.credentials
      .generate(this, 'encryption', { key: { length: 32, form: 'base64' } })
      .in(this.namespace);
  }

  private addPools(
    { stage, identity, audit }: { readonly stage: Stage; readonly identity?: Stage; readonly audit?: IAuditWebhook },
    props: MinIOProps,
    single: boolean,
    env: Environment | undefined,
  ): ServerPool[] {
    const { certificates } = props;
    const path = this.node.path;
    checkSize(path, 'memory', props.memory);
    const memory = props.memory ?? Size.gibibytes(single ? 1 : 4);
    if (kibibytes(memory) < 512 * 1024) {
      fail(path, `memory must be at least 512Mi, some twenty requests at a time, got ${quantity(memory)}; give more`);
    }
    const all = poolsOf(props).map((pool, i) => ({ pool, name: `pool-${i}` }));
    const inCluster = (name: string) => `${name}.${this.namespace}.svc.${this.platform.distribution.clusterDomain}`;
    const scheme = certificates ? 'https' : 'http';
    const volumes = single
      ? ['/drives/0']
      : all.map(({ name, pool: { servers = 1, drivesPerServer = 1 } }) => {
          const drives = drivesPerServer === 1 ? '0' : `{0...${drivesPerServer - 1}}`;
          return `${scheme}://${name}-{0...${servers - 1}}.${inCluster(name)}:${PORTS.s3}/drives/${drives}`;
        });
    const certificate =
      identity &&
      certificates?.issue(identity, 'tls', {
        dnsNames: [
          inCluster(this.node.id),
          `${this.node.id}.${this.namespace}.svc`,
          ...(props.gateway ? [inCluster(`${this.node.id}-console`)] : []),
          ...all.map(({ name }) => `*.${inCluster(name)}`),
        ],
      });
    const storageClassName = this.storageClass(props.storageClass);
    const pools = all.map(
      ({ name, pool }) =>
        new ServerPool(stage, name, {
          pool,
          image: images.server,
          volumes,
          memory,
          cpu: props.cpu ?? (single ? 0.5 : 2),
          storageClassName,
          certificate,
          authority: certificates?.authority(stage),
          issuerAuthority: props.identity?.authority(stage),
          audit: audit && { authority: audit.authority(stage) },
          env,
        }),
    );
    for (const pool of pools) pool.connectTo(props.identity?.endpoint, audit?.endpoint);
    if (!single) for (const one of pools) for (const other of pools) one.connectToPeers(other);
    return pools;
  }

  /** The hosts on the gateway; undefined where there is none. */
  private hosts(props: MinIOProps): { s3: string; console: string; virtual?: string } | undefined {
    const path = this.node.path;
    if (!props.gateway) {
      const needless = (['host', 'consoleHost', 'virtualHosts'] as const).find((prop) => props[prop] !== undefined);
      if (!needless) return undefined;
      fail(path, `${needless} needs a gateway, got ${show(props[needless])}; pass gateway, or leave ${needless} out`);
    }
    const s3 = props.host ?? this.platform.site.host(this.node.id);
    const console = props.consoleHost ?? this.platform.site.host(`${this.node.id}-console`);
    const virtual = (props.virtualHosts ?? true) ? s3 : undefined;
    if (virtual && console.endsWith(`.${virtual}`)) {
      fail(
        path,
        `consoleHost ${show(console)} would be that of a bucket, since ${show(s3)} has virtualHosts; ` +
          `use ${show(`console-${s3}`)}, or turn virtualHosts off`,
      );
    }
    return { s3, console, virtual };
  }

  private quota(name: string, quota: Size | undefined): string {
    if (!quota) return '';
    checkSize(this.node.path, `bucket ${show(name)}: quota`, quota);
    const asked = kibibytes(quota);
    if (asked < 1024)
      fail(this.node.path, `bucket ${show(name)}: quota must be at least 1Mi, got ${quantity(quota)}; give more`);
    if (asked > this.usableKibibytes) {
      const usable = quantity(Size.kibibytes(this.usableKibibytes));
      fail(
        this.node.path,
        `bucket ${show(name)}: quota must be at most what all drives hold, ${usable}, got ${quantity(quota)}; lower it or add drives`,
      );
    }
    return `${quantity(quota)}B`;
  }

  private storageClass(asked: string | undefined): string | undefined {
    const { site } = this.platform;
    if (asked !== undefined) return site.storageClass(asked).name;
    return site.hasTier('warm') ? site.storageClass('warm').name : site.defaultStorageClass?.name;
  }
}

function poolsOf(props: MinIOProps): readonly MinIOPool[] {
  return [props, ...(props.expansions ?? [])];
}
