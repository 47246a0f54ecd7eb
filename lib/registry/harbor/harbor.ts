import { Duration } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkHost,
  checkInteger,
  checkLabel,
  checkSchedule,
  fail,
  type IAuditSink,
  type IBucket,
  type ICertificateIssuer,
  type ICredentials,
  type IEndpoint,
  type IGateway,
  type IIdentityProvider,
  type IMetrics,
  type IPostgresDatabase,
  type IRedisDatabases,
  type IRegistry,
  type ISecret,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { Configuration } from './configuration';
import { addCore, addPortal } from './core';
import { type HarborSecrets, type Parts, PORTS, REDIS_DATABASES } from './environment';
import { images } from './images';
import { addExporter, addJobs } from './jobs';
import { addMadeSecrets } from './made-secrets';
import { watch } from './metrics';
import { HarborProject, type HarborProjectProps } from './project';
import { PUBLIC_REGISTRIES, type PublicRegistry } from './public-registries';
import { addRegistry } from './registry';
import { addScanner } from './scanner';

export interface HarborProps extends SystemProps {
  /** Holds all but the images' content. */
  readonly database: IPostgresDatabase;
  /** Sessions, caches and the queue of jobs: four logical databases, `redis.addDatabases('harbor', 4)`. */
  readonly redis: IRedisDatabases;
  /** Where the images' content goes. */
  readonly storage: IBucket;
  /** Leads the host to Harbor. */
  readonly gateway: IGateway;
  /** Who issued the gateway's certificate: nodes and pods verify Harbor by its authority. @default - a public one */
  readonly certificates?: ICertificateIssuer;
  /** Host by which everybody reaches it, and which stands in images' references. Can't change once images are there. @default - the system's id in the site's domain */
  readonly host?: string;
  /** Pods of core, user interface, registry and jobs, 1 to 10. @default 2, or 1 on a site with one node */
  readonly replicas?: number;
  /** Has people sign in with the company's directory. Can't be changed to or from once somebody has signed in. @default - the administrator alone */
  readonly identity?: IIdentityProvider;
  /** Group of the identity provider's whose members administer Harbor. @default - the minted administrator alone */
  readonly administrators?: string;
  /** Whether Trivy looks for known vulnerabilities. What it knows is among the images: mirror it where there is no way to the internet. @default true */
  readonly scanner?: boolean;
  /**
   * Public registries that Harbor stands before: project `docker.io` fetches what is asked for and keeps it. Needs a way there; where there is none, make
   * projects of these names by `addProject` and push into them.
   * @default - none
   */
  readonly proxies?: readonly PublicRegistry[];
  /** Accounts at public registries, with the keys `username` and `password`. @default - none: what anybody may have */
  readonly proxyCredentials?: Partial<Readonly<Record<PublicRegistry, ICredentials>>>;
  /** When content that no image refers to any more is deleted, in cron's five fields, UTC. @default '0 3 * * 6' */
  readonly garbageCollection?: string;
  /** Jobs at a time in each pod of jobservice, 1 to 100. @default 10 */
  readonly workers?: number;
  /** PostgreSQL connections that all pods take together, at least 20. @default 40 */
  readonly connections?: number;
  /** Who gets a line for each thing that somebody did, besides the database, which keeps them too. @default - nobody */
  readonly audit?: IAuditSink;
  /** Scrapes all parts, and alerts. @default - nobody */
  readonly metrics?: IMetrics;
}

/** Where what is pushed is sent too. */
export interface ReplicationProps {
  /** URL of the registry: `https://harbor.other.example`. It must answer when the platform is applied. */
  readonly url: string;
  /** What answers there, in Harbor's words: `harbor`, `docker-registry`, `github-ghcr`, ... @default 'harbor' */
  readonly type?: string;
  /** Keys `username` and `password`. @default - none */
  readonly credentials?: ICredentials;
  /** Repositories, with `*` for a name and `**` for any path: `vision/**`. */
  readonly repositories: string;
  /** When, in cron's five fields, UTC. @default - as soon as something is pushed */
  readonly schedule?: string;
}

/**
 * Harbor: a registry for container images with projects, members, robots, scans, quotas and proxies.
 *
 * Puts into the cluster Deployments of core, user interface, registry, jobs, scanner and exporter, without a volume of their own; a Job that makes the
 * key of tokens, and one that tells Harbor by its API what the program says. Needs a database, Redis, a bucket and a gateway; an identity
 * provider, an audit log and metrics where wanted. Offers projects (`IRegistry`).
 *
 * @see https://goharbor.io/docs/
 */
export class Harbor extends System implements IRegistry {
  readonly host: string;
  /** `https://harbor.lab.example`. */
  readonly url: string;
  readonly endpoint: IEndpoint;
  readonly readyAfter: readonly Stage[];
  /** Keys `username` and `password` of the administrator. */
  readonly administrator: ICredentials;
  private readonly certificates?: ICertificateIssuer;
  private readonly configuration: Configuration;
  private readonly openInternet: () => void;

  constructor(scope: Construct, id: string, props: HarborProps) {
    super(scope, id, { name: 'harbor', version: images.core.tag }, props);
    const { database, redis, storage, gateway, identity, metrics } = props;
    const { site, distribution } = this.platform;
    const path = this.node.path;
    this.host = props.host ?? site.host(id);
    this.url = `https://${this.host}`;
    this.certificates = props.certificates;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, site.schedulableNodes));
    const connections = props.connections ?? 40;
    const workers = props.workers ?? 10;
    const scanner = props.scanner ?? true;
    check(path, props, { host: this.host, replicas, connections, workers });

    const minted = this.mint();
    this.administrator = minted.administrator;
    const made = addMadeSecrets(this.addStage('secrets', [minted.registry]), minted.registry);
    const secrets: HarborSecrets = { ...minted, ...made };
    const redirectUri = `${this.url}/c/oidc/callback`;
    const client = identity?.addClient(this, id, { title: 'Harbor', redirectUris: [redirectUri] });
    const stage = this.addStage('install', [
      database,
      redis,
      storage,
      made.token,
      minted.administrator,
      props.certificates,
      identity,
      metrics,
    ]);
    const inCluster = (name: string, port: number) =>
      `http://${name}.${this.namespace}.svc.${distribution.clusterDomain}:${port}`;
    const parts: Parts = {
      stage,
      replicas,
      database,
      redis,
      storage,
      // Each pod of core and of jobs has as many; the exporter takes three.
      connections: Math.floor((connections - 3) / (2 * replicas)),
      secrets,
      urls: {
        core: inCluster('core', 80),
        portal: inCluster('portal', 80),
        jobservice: inCluster('jobservice', 80),
        registry: inCluster('registry', PORTS.registry),
        registryController: inCluster('registry', PORTS.http),
        trivy: inCluster('trivy', PORTS.http),
      },
      scanner,
      metrics: metrics !== undefined,
    };
    const core = addCore(parts, {
      externalUrl: this.url,
      identityAuthority: identity?.authority(stage),
      ownAuthority: props.certificates?.authority(stage),
    });
    const portal = addPortal(parts);
    const registry = addRegistry(parts);
    const jobs = addJobs(parts, workers);
    const trivy = scanner ? addScanner(parts, core.endpoint) : undefined;
    core.workload.connectTo(registry.endpoint, registry.controller, jobs.endpoint, portal, trivy, identity?.endpoint);
    jobs.workload.connectTo(core.endpoint, registry.endpoint, registry.controller, trivy);
    this.openInternet = () => {
      for (const { workload } of [core, jobs]) workload.allowTo('anywhere', 443);
    };

    // Layers are large, and a push of one may be silent for long while the bucket takes it.
    const api = { host: this.host, to: core.endpoint, healthPath: '/api/v2.0/ping', timeout: Duration.minutes(15) };
    for (const prefix of ['/api', '/service', '/v2', '/c']) gateway.addRoute(this, { ...api, path: prefix });
    this.endpoint = gateway.addRoute(this, { host: this.host, to: portal, healthPath: '/' }).endpoint;

    const audit = props.audit?.addSyslog(this, id);
    core.workload.connectTo(audit);
    const configure = this.addStage('configure', [
      stage,
      client,
      props.audit,
      ...Object.values(props.proxyCredentials ?? {}),
    ]);
    this.readyAfter = configure.readyAfter;
    this.configuration = new Configuration(configure, {
      host: this.host,
      core: core.endpoint,
      administrator: minted.administrator.in(this.namespace),
      scanner,
      collectionSchedule: props.garbageCollection ?? '0 3 * * 6',
      audit,
      identity: identity && client && { provider: identity, client, administrators: props.administrators },
      proxyCredentials: this.secretsOf(props.proxyCredentials ?? {}),
    });
    for (const proxied of props.proxies ?? []) this.addProxy(proxied);
    if (metrics) {
      watch(stage, metrics, {
        core: core.metrics,
        registry: registry.metrics,
        jobservice: jobs.metrics,
        exporter: addExporter(parts, core.endpoint),
      });
    }
    this.addEndpoint('Harbor', this.url);
    this.addInstruction({
      when: 'after',
      what: "Harbor's administrator",
      command: `kubectl -n ${this.namespace} get secret ${minted.administrator.in(this.namespace).name} -o go-template='{{.data.username | base64decode}} {{.data.password | base64decode}}{{"\\n"}}'`,
    });
  }

  authority(stage: Stage): ISecret | undefined {
    return this.certificates?.authority(stage);
  }

  addProject(name: string, props: HarborProjectProps = {}): HarborProject {
    const path = this.node.path;
    if (this.configuration.projects.some((project) => project.name === name)) {
      fail(
        path,
        `project ${show(name)} was asked for before; pass on what addProject returned then, or take another name`,
      );
    }
    const project = new HarborProject(this, name, props, this.configuration);
    this.configuration.projects.push(project);
    return project;
  }

  /**
   * The project that stands before a public registry: one of `proxies`.
   * @throws when it isn't
   */
  proxy(registry: PublicRegistry): HarborProject {
    const found = this.configuration.projects.find(({ proxyOf }) => proxyOf === registry);
    return found ?? fail(this.node.path, `nothing stands before ${show(registry)}; add it to proxies`);
  }

  /**
   * Sends what is pushed to a registry elsewhere too; nothing that is deleted here is deleted there.
   * @throws when the name is taken, or the URL isn't https
   */
  addReplication(name: string, props: ReplicationProps): void {
    const path = this.node.path;
    checkLabel(path, "a replication's name", name);
    const { replications } = this.configuration;
    if (replications.some((one) => one.name === name)) {
      fail(path, `replication ${show(name)} was asked for before; take another name`);
    }
    if (!/^https:\/\/[A-Za-z0-9.:/-]+$/.test(props.url)) {
      fail(
        path,
        `replication ${show(name)}: url must be https, got ${show(props.url)}; write "https://harbor.other.example"`,
      );
    }
    if (!/^[A-Za-z0-9-]+$/.test(props.type ?? 'harbor') || !/^[^\s"\\]+$/.test(props.repositories)) {
      fail(
        path,
        `replication ${show(name)}: type and repositories must be one word each, got ${show(props.type)} and ${show(props.repositories)}; write "harbor" and "vision/**"`,
      );
    }
    if (props.schedule !== undefined) checkSchedule(path, props.schedule);
    this.openInternet();
    replications.push({ name, type: 'harbor', ...props, credentials: props.credentials?.in(this.namespace) });
  }

  /** Public: what may be pulled without an account there may be pulled without one here, by nodes that have none. */
  private addProxy(registry: PublicRegistry): void {
    this.openInternet();
    const project = new HarborProject(this, registry, { public: true }, this.configuration, registry);
    this.configuration.projects.push(project);
  }

  private secretsOf(credentials: Readonly<Record<string, ICredentials>>): Record<string, ISecret> {
    return Object.fromEntries(Object.entries(credentials).map(([name, one]) => [name, one.in(this.namespace)]));
  }

  private mint(): Omit<HarborSecrets, 'token' | 'passwords'> {
    const { credentials } = this.platform;
    const id = this.node.id;
    return {
      administrator: credentials.generate(this, `${id}-admin`, {
        username: { value: 'admin' },
        password: { length: 32 },
      }),
      core: credentials.generate(this, `${id}-core`, {
        secret: { length: 32 },
        // Of just these lengths: passwords that Harbor keeps are encrypted by the one, forms are signed by the other.
        'secret-key': { length: 16 },
        'csrf-key': { length: 32 },
      }),
      jobs: credentials.generate(this, `${id}-jobservice`, { secret: { length: 32 } }),
      registry: credentials.generate(this, `${id}-registry`, {
        username: { value: 'harbor_registry_user' },
        password: { length: 32 },
        'http-secret': { length: 32 },
      }),
    };
  }
}

interface Checked {
  readonly host: string;
  readonly replicas: number;
  readonly connections: number;
  readonly workers: number;
}

/** @throws when a prop is out of its bounds, or of no use without another */
function check(path: string, props: HarborProps, { host, replicas, connections, workers }: Checked): void {
  checkHost(path, 'host', host);
  checkInteger(path, 'replicas', replicas, 1, 10, 'two on different nodes outlive one of them');
  checkInteger(path, 'workers', workers, 1, 100, 'each takes connections and memory');
  const least = Math.max(20, 3 + 2 * replicas * 5);
  checkInteger(
    path,
    'connections',
    connections,
    least,
    1000,
    `five for each pod of core and of jobs, ${least} in all, are the least`,
  );
  if (props.redis.numbers.length < REDIS_DATABASES) {
    fail(
      path,
      `redis must have ${REDIS_DATABASES} logical databases, got ${props.redis.numbers.length}; pass redis.addDatabases("harbor", ${REDIS_DATABASES})`,
    );
  }
  if (props.administrators !== undefined && !props.identity) {
    fail(
      path,
      `administrators are a group of the identity provider's, and there is none, got ${show(props.administrators)}; pass identity`,
    );
  }
  if (props.garbageCollection !== undefined) checkSchedule(path, props.garbageCollection);
  for (const registry of [...(props.proxies ?? []), ...Object.keys(props.proxyCredentials ?? {})]) {
    if (registry in PUBLIC_REGISTRIES) continue;
    const known = Object.keys(PUBLIC_REGISTRIES).map(show).join(', ');
    fail(path, `proxies must be of ${known}, got ${show(registry)}; choose among them`);
  }
  const useless = Object.keys(props.proxyCredentials ?? {}).find(
    (registry) => !props.proxies?.includes(registry as PublicRegistry),
  );
  if (useless !== undefined)
    fail(path, `proxyCredentials has ${show(useless)}, which isn't among proxies; add it there`);
  const twice = props.proxies?.find((registry, i) => props.proxies!.indexOf(registry) !== i);
  if (twice !== undefined) fail(path, `proxies has ${show(twice)} twice; leave one out`);
}
