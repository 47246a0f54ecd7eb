import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkCpu,
  checkDuration,
  checkInteger,
  checkLabel,
  checkSize,
  ConfigFiles,
  fail,
  type IAuditSink,
  type IAuditWebhook,
  type IBucket,
  type ICertificateIssuer,
  type ICredentials,
  type IEndpoint,
  type IMetrics,
  quantity,
  type ServiceEndpoint,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { Collector, METRICS_SERVICE } from './collector';
import { configuration, FIRST_PORT, type Source } from './configuration';
import { images } from './images';
import { watch } from './metrics';

export interface AuditLogProps extends SystemProps {
  /**
   * Where the records are kept. The bucket of a store that itself reports here can't be given, since it is made later: `keepIn` takes it.
   * @default - what `keepIn` is given
   */
  readonly bucket?: IBucket;
  /** Path within the bucket. @default - the system's id */
  readonly path?: string;
  /**
   * Issues the certificate of the webhooks: records and tokens are encrypted on their way. Needed where the store's certificate is of the same issuer.
   * @default - plain HTTP within the cluster
   */
  readonly certificates?: ICertificateIssuer;
  /** Collectors, 1 to 5, each with a volume of its own: one takes records while another is away. @default 2, or 1 on a site with one node */
  readonly replicas?: number;
  /** How long records are gathered for one object, by each collector and for each system: 10 seconds to an hour. @default 5 minutes */
  readonly interval?: Duration;
  /**
   * Size of each collector's volume, at least 1 GiB: what comes in while the bucket is away must fit. May grow later where the storage class allows
   * it, never shrink.
   * @default 10 GiB
   */
  readonly storage?: Size;
  /** Tier or name of the site's storage class. Can't change once the volumes exist. @default - the tier `hot`, else the site's default, else the cluster's */
  readonly storageClass?: string;
  /** Memory of each collector, at least 256 MiB. @default 512 MiB */
  readonly memory?: Size;
  /** Cores of each collector, requested; it may use four times as many, and at least one. @default 0.1 */
  readonly cpu?: number;
  /** Collects the collectors' metrics, and says when records aren't kept. @default - nobody does */
  readonly metrics?: IMetrics;
}

/** Shares of the volume: what the queues may take in all, and the rest for what the database leaves free within its files. */
const QUEUES = 0.7;
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/**
 * Audit records of all systems in one bucket: who did what in the object store, in Vault, in the registry.
 *
 * Puts into the cluster OpenTelemetry Collectors, each with a volume for what isn't in the bucket yet, and a Service for each system that sends.
 * Needs a bucket; certificates and metrics where wanted. Offers a place to send records to (`IAuditSink`).
 *
 * @see https://opentelemetry.io/docs/collector/
 */
export class AuditLog extends System implements IAuditSink {
  readonly readyAfter: readonly Stage[];
  private readonly install: Stage;
  private readonly collector: Collector;
  private readonly sources: Source[] = [];
  private readonly certificates?: ICertificateIssuer;
  private readonly path: string;
  private bucket?: IBucket;

  constructor(scope: Construct, id: string, props: AuditLogProps = {}) {
    super(scope, id, { name: 'audit-log', version: images.collector.tag }, props);
    const { certificates, metrics } = props;
    const replicas = props.replicas ?? (this.platform.site.schedulableNodes > 1 ? 2 : 1);
    const interval = props.interval ?? Duration.minutes(5);
    const storage = props.storage ?? Size.gibibytes(10);
    const path = props.path ?? id;
    this.path = path;
    check(this.node.path, { ...props, replicas, interval, path });
    this.certificates = certificates;

    const certificate = certificates && this.addStage('certificate', [certificates]);
    this.install = this.addStage('install', [certificate, this.tokens(), props.bucket, metrics]);
    this.readyAfter = this.install.readyAfter;
    const tls =
      certificate &&
      certificates?.issue(certificate, 'tls', {
        dnsNames: () => this.webhooks.map(({ system }) => this.hostOf(system)),
      });
    const config = new ConfigFiles(this.install, 'config', {
      'collector.yaml': () =>
        configuration({
          sources: this.used(),
          bucket: this.kept(),
          path,
          interval,
          queueBytes: Math.floor((storage.toKibibytes() * 1024 * QUEUES) / this.sources.length),
          tls: tls !== undefined,
        }),
    });
    this.collector = new Collector(this.install, {
      replicas,
      config,
      certificate: tls,
      resources: { cpu: props.cpu ?? 0.1, memory: props.memory ?? Size.mebibytes(512) },
      storage,
      storageClassName: this.storageClass(props.storageClass),
      sources: this.sources,
    });
    if (props.bucket) this.use(props.bucket);
    if (metrics) watch(this.install, metrics, this.collector.addMetrics(), interval);
  }

  /**
   * Keeps the records in this bucket: that of a store that reports here, so that it could not be given before. The collectors don't wait for the store:
   * what comes in until then is on their volumes.
   *
   * @throws when there is a bucket already, or its key comes from where the collectors can't wait for
   */
  keepIn(bucket: IBucket): void {
    if (this.bucket) {
      fail(
        this.node.path,
        `keeps its records in ${show(this.bucket.name)} already, and was given ${show(bucket.name)}; give one of the two`,
      );
    }
    const late = bucket.credentials.readyAfter.find((stage) => !this.install.comesAfter(stage));
    if (late) {
      fail(
        this.node.path,
        `can't wait for the key of ${show(bucket.name)}, which ${late.node.path} brings: what reports here would wait for it in turn; ` +
          'make the store before another source of credentials is used, or pass bucket',
      );
    }
    this.use(bucket);
  }

  addWebhook(scope: Construct, system: string): IAuditWebhook {
    this.addSource(scope, system, 'webhook');
    const credentials = this.platform.credentials.generate(this, `${this.node.id}-${system}`, {
      token: { length: 48 },
    });
    this.collector.addToken(system, credentials.in(this.namespace));
    const endpoint = this.endpointOf(system);
    return {
      endpoint,
      url: `${this.certificates ? 'https' : 'http'}://${endpoint.host}:${endpoint.port}/records`,
      scheme: 'Bearer',
      credentials,
      authority: (stage) => this.certificates?.authority(stage),
      readyAfter: this.readyAfter,
    };
  }

  addSyslog(scope: Construct, system: string): IEndpoint {
    this.addSource(scope, system, 'syslog');
    return this.endpointOf(system);
  }

  private get webhooks(): Source[] {
    return this.sources.filter(({ form }) => form === 'webhook');
  }

  private addSource(scope: Construct, system: string, form: Source['form']): void {
    checkLabel(scope.node.path, 'the name that audit records are told apart by', system, 40);
    const own = [this.collector.name, METRICS_SERVICE];
    if (own.includes(system) || this.sources.some((source) => source.system === system))
      fail(scope.node.path, `audit records of ${show(system)} are another system's; give another id`);
    this.sources.push({ system, form, port: FIRST_PORT + this.sources.length });
  }

  /** A Service of its own for each system, so that its name says whose records come there. */
  private endpointOf(system: string): ServiceEndpoint {
    const { form, port } = this.sources.at(-1)!;
    const appProtocol = form === 'syslog' ? 'tcp' : this.certificates ? 'https' : 'http';
    return this.collector.addService({ name: system, ports: { [form]: { port, appProtocol } } })[form]!;
  }

  private hostOf(service: string): string {
    return `${service}.${this.namespace}.svc.${this.platform.distribution.clusterDomain}`;
  }

  private use(bucket: IBucket): void {
    this.bucket = bucket;
    this.addEndpoint('Audit records', `bucket ${bucket.name} of ${bucket.url}, below ${this.path}/`);
    this.collector.connectTo(bucket.endpoint);
    this.collector.keepIn(bucket.credentials.in(this.namespace), bucket.authority(this.install));
  }

  private kept(): IBucket {
    return (
      this.bucket ??
      fail(
        this.node.path,
        'has nowhere to keep records; pass bucket, or call keepIn(objects.addBucket("audit")) once the store is made',
      )
    );
  }

  private used(): readonly Source[] {
    if (this.sources.length > 0) return this.sources;
    return fail(this.node.path, 'gets no records; pass it as audit to MinIO, Vault or Harbor, or leave it out');
  }

  /** Tells what the tokens come from, before any is asked for. It is used nowhere, and so is never made. */
  private tokens(): ICredentials {
    return this.platform.credentials.generate(this, `${this.node.id}-tokens`, { token: { length: 48 } });
  }

  private storageClass(asked: string | undefined): string | undefined {
    const { site } = this.platform;
    if (asked !== undefined) return site.storageClass(asked).name;
    return site.hasTier('hot') ? site.storageClass('hot').name : site.defaultStorageClass?.name;
  }
}

/** @throws when a prop is out of its bounds */
function check(
  path: string,
  props: AuditLogProps & Required<Pick<AuditLogProps, 'replicas' | 'interval' | 'path'>>,
): void {
  checkInteger(path, 'replicas', props.replicas, 1, 5, 'two outlive one of them');
  checkDuration(path, 'interval', props.interval);
  const seconds = props.interval.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds < 10 || seconds > 3600) {
    fail(path, `interval must be from 10 seconds to an hour, got ${show(seconds)} seconds; give Duration.minutes(5)`);
  }
  if (!PATH.test(props.path)) {
    fail(path, `path must be words with "/" between them, got ${show(props.path)}; write it as "audit/lab"`);
  }
  for (const [what, size, least] of [
    ['storage', props.storage, Size.gibibytes(1)],
    ['memory', props.memory, Size.mebibytes(256)],
  ] as const) {
    checkSize(path, what, size);
    if (size && size.toKibibytes() < least.toKibibytes()) {
      fail(path, `${what} must be at least ${quantity(least)}, got ${quantity(size)}; give more`);
    }
  }
  if (props.cpu !== undefined) checkCpu(path, 'cpu', props.cpu);
}
