import { Size, SizeRoundingBehavior } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkCpu,
  checkInteger,
  checkLabel,
  checkSize,
  ConfigFiles,
  digest,
  fail,
  type ICertificateIssuer,
  type ICredentials,
  type IEndpoint,
  type IMetrics,
  type IRedis,
  type IRedisDatabases,
  type IRedisSentinels,
  type ISecret,
  type k8s,
  lazy,
  quantity,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { RESERVED_USERS, systemUsers, userFiles } from './acl';
import { configuration, PORTS } from './configuration';
import { images } from './images';
import { watch } from './metrics';
import { addProxy } from './proxy';
import { scripts } from './scripts';
import { Servers } from './server';

export interface RedisProps extends SystemProps {
  /**
   * Servers: 1, or 3 or 5, of which one is the master and the others follow it, with a sentinel beside each that makes another one the
   * master when it is gone. May be raised later; see the README on how to lower it.
   * @default 1
   */
  readonly replicas?: 1 | 3 | 5;
  /** Memory of each server, at least 128 MiB; data may take six tenths of it. @default 1 GiB */
  readonly memory?: Size;
  /** Cores of each server, requested; it may use four times as many, and at least one. @default 0.25 */
  readonly cpu?: number;
  /** Size of each server's volume, at least twice the memory: the log and the one that replaces it. May be raised, see `grownFrom`. @default 8 GiB, or three times the memory */
  readonly storage?: Size;
  /**
   * The `storage` that the servers were installed with, once it has been raised: a StatefulSet's claim templates can't be changed, so
   * they keep this size while the claims, which are objects of their own, grow.
   * @default - the volumes have the size they were installed with
   */
  readonly grownFrom?: Size;
  /** Tier or name of the site's storage class. Can't change once the volumes exist. @default - the tier `hot`, else the site's default, else the cluster's */
  readonly storageClass?: string;
  /** How many logical databases there are in all, 16 to 16384. @default 1024 */
  readonly databases?: number;
  /**
   * Number of the first database of a user of `addDatabases`, where it must be a certain one. Otherwise it follows from the user's name,
   * so that it stays what it is whoever comes besides; two users whose numbers overlap are an error.
   * @default - by the name
   */
  readonly firstDatabase?: Readonly<Record<string, number>>;
  /** Issues the servers' certificate: clients must use TLS then. Must have an authority of its own, since no public one knows the cluster's names. @default - no TLS */
  readonly certificates?: ICertificateIssuer;
  /** Collects the servers' metrics, by an exporter in each pod, and alerts. @default - none */
  readonly metrics?: IMetrics;
}

/**
 * Redis, by Valkey: keys and values in memory, logged to disk each second. One server, or several with sentinels and a Service that always leads
 * to the master.
 *
 * Puts into the cluster a StatefulSet with a volume for each server and, with `replicas`, two HAProxy pods that know the master. Needs
 * storage; certificates and metrics where wanted. Offers logical databases, each set of them with a user of its own (`IRedis`).
 *
 * @see https://valkey.io/topics/sentinel/
 */
export class Redis extends System implements IRedis {
  /** The master, in the words of a client without sentinels. */
  readonly endpoint: IEndpoint;
  readonly sentinels?: IRedisSentinels;
  readonly readyAfter: readonly Stage[];
  private readonly props: RedisProps;
  private readonly databases: number;
  private readonly users = new Map<string, { readonly numbers: readonly number[]; readonly secret: ISecret }>();

  constructor(scope: Construct, id: string, props: RedisProps = {}) {
    super(scope, id, { name: 'valkey', version: images.valkey.tag }, props);
    const path = this.node.path;
    const memory = props.memory ?? Size.gibibytes(1);
    checkSize(path, 'memory', memory);
    const storage = props.storage ?? Size.mebibytes(Math.max(8192, mebibytes(memory) * 3));
    const replicas = props.replicas ?? 1;
    this.props = props;
    this.databases = props.databases ?? 1024;
    check(path, props, { memory, storage, replicas, databases: this.databases });
    const replicated = replicas > 1;

    const system = systemUsers(props.metrics !== undefined);
    const passwords = this.platform.credentials.generate(
      this,
      `${id}-system`,
      // All of them, whatever is used now: a Secret's keys can't become more.
      Object.fromEntries(systemUsers(true).map((name) => [name, { length: 40 }])),
    );
    const identity = props.certificates && this.addStage('certificate', [props.certificates]);
    const install = this.addStage('install', [passwords, identity, props.metrics]);
    this.readyAfter = install.readyAfter;
    const secret = passwords.in(this.namespace);
    const authority = props.certificates?.authority(install);
    if (props.certificates && !authority) {
      fail(
        path,
        'certificates must be of a private authority, got a public one, which issues none for names of the cluster; use a CertManager with its own',
      );
    }

    const programs = new ConfigFiles(install, 'scripts', scripts(replicated));
    const files = () => userFiles(system, [...this.users.keys()]);
    const config = new ConfigFiles(install, 'config', {
      'redis.conf': configuration({
        memory,
        databases: this.databases,
        replicated,
        tls: props.certificates !== undefined,
      }),
      users: () => files().servers,
      ...(replicated ? { 'sentinel-users': () => files().sentinels } : {}),
    });
    const headless = `${id}-pods`;
    const inCluster = (name: string) => `${name}.${this.namespace}.svc.${this.platform.distribution.clusterDomain}`;
    const hosts = Array.from({ length: replicas }, (_, i) => `${id}-${i}.${inCluster(headless)}`);
    const servers = new Servers(install, id, {
      replicas,
      serviceName: headless,
      hosts,
      memory,
      cpu: props.cpu ?? 0.25,
      storage,
      grownFrom: props.grownFrom,
      storageClassName: this.storageClass(props.storageClass),
      config,
      scripts: programs,
      passwords: this.passwordFiles(secret, system),
      system: secret,
      certificate:
        identity &&
        props.certificates?.issue(identity, 'tls', {
          dnsNames: [
            'localhost',
            ...['', `.${this.namespace}`, `.${this.namespace}.svc`].map((domain) => `${id}${domain}`),
            inCluster(id),
            ...(replicated ? [inCluster(`${id}-sentinels`)] : []),
            `*.${inCluster(headless)}`,
          ],
          usages: ['server auth', 'client auth'],
        }),
      authority,
      metrics: props.metrics !== undefined,
    });
    const pods = servers.addService({
      name: headless,
      headless: true,
      publishNotReadyAddresses: true,
      ports: { redis: PORTS.redis },
    });
    if (replicated) {
      const peers = { namespace: this.namespace, podLabels: servers.podLabels };
      servers.allowTo(peers, PORTS.redis, PORTS.sentinel);
      servers.allowFrom(peers, PORTS.redis, PORTS.sentinel);
      this.endpoint = addProxy(install, { service: id, hosts, servers: pods.redis, passwords: secret, authority });
      const { sentinel } = servers.addService({ name: `${id}-sentinels`, ports: { sentinel: PORTS.sentinel } });
      this.sentinels = {
        masterName: id,
        endpoint: {
          host: sentinel.host,
          port: sentinel.port,
          readyAfter: sentinel.readyAfter,
          // Who asks a sentinel is sent to a server.
          allow: (client) => {
            const edge = sentinel.allow(client);
            return { ...edge, ports: [...edge.ports, ...pods.redis.allow(client).ports] };
          },
        },
      };
    } else {
      this.endpoint = servers.addService({
        name: id,
        ports: { redis: { port: PORTS.redis, appProtocol: 'redis' } },
      }).redis;
    }
    if (props.metrics) {
      const { metrics: endpoint } = servers.addService({ name: `${id}-metrics`, ports: { metrics: PORTS.metrics } });
      watch(install, id, { metrics: props.metrics, endpoint, replicas });
    }
    this.addEndpoint('Redis', `${this.endpoint.host}:${this.endpoint.port}`);
  }

  /**
   * Sets logical databases aside, with a user of their own. The servers restart, one after the other, to learn of a user that was added
   * to a platform that is installed.
   */
  addDatabases(name: string, count = 1): IRedisDatabases {
    const path = this.node.path;
    checkLabel(path, "a user's name", name, 40);
    if ([...RESERVED_USERS, 'system'].includes(name)) {
      fail(path, `a user can't be called ${show(name)}, which Redis or this system uses itself; choose another name`);
    }
    if (this.users.has(name)) {
      fail(path, `user ${show(name)} was added before; pass on what addDatabases returned then, or take another name`);
    }
    const numbers = this.numbers(name, count);
    const credentials: ICredentials = this.platform.credentials.generate(this, `${this.node.id}-${name}`, {
      username: { value: name },
      password: { length: 40 },
    });
    this.users.set(name, { numbers, secret: credentials.in(this.namespace) });
    const { certificates } = this.props;
    return {
      numbers,
      endpoint: this.endpoint,
      sentinels: this.sentinels,
      credentials,
      tls: certificates !== undefined,
      authority: (stage) => certificates?.authority(stage),
      readyAfter: this.readyAfter,
    };
  }

  private numbers(name: string, count: number): number[] {
    const path = this.node.path;
    const all = this.databases;
    checkInteger(path, `user ${show(name)}: count`, count, 1, all, 'raise databases for more');
    const chosen = this.props.firstDatabase?.[name];
    const first = chosen ?? parseInt(digest(name), 16) % (all - count + 1);
    if (chosen !== undefined) {
      checkInteger(
        path,
        `firstDatabase.${name}`,
        chosen,
        0,
        all - count,
        `there are ${all} databases, and ${count} are asked for`,
      );
    }
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    for (const [other, { numbers: taken }] of this.users) {
      if (!numbers.some((number) => taken.includes(number))) continue;
      fail(
        path,
        `user ${show(name)} must have databases of its own, got ${first} to ${first + count - 1}, of which ${show(other)} has ${taken[0]} to ${taken.at(-1)}; ` +
          `choose others by firstDatabase: { ${show(name)}: ... }`,
      );
    }
    return numbers;
  }

  /** The passwords of all users, known when everything is said, as files that the scripts read. */
  private passwordFiles(system: ISecret, users: readonly string[]): k8s.Volume {
    return {
      name: 'passwords',
      projected: {
        defaultMode: 0o440,
        sources: lazy(() => [
          { secret: { name: system.name, items: users.map((name) => ({ key: name, path: name })) } },
          ...[...this.users].map(([name, { secret }]) => ({
            secret: { name: secret.name, items: [{ key: 'password', path: name }] },
          })),
        ]),
      },
    };
  }

  private storageClass(asked: string | undefined): string | undefined {
    const { site } = this.platform;
    if (asked !== undefined) return site.storageClass(asked).name;
    return site.hasTier('hot') ? site.storageClass('hot').name : site.defaultStorageClass?.name;
  }
}

interface Sizes {
  readonly memory: Size;
  readonly storage: Size;
  readonly replicas: number;
  readonly databases: number;
}

/** @throws when a prop is out of its bounds */
function check(path: string, props: RedisProps, { memory, storage, replicas, databases }: Sizes): void {
  checkSize(path, 'storage', storage);
  checkSize(path, 'grownFrom', props.grownFrom);
  if (![1, 3, 5].includes(replicas)) {
    fail(
      path,
      `replicas must be 1, 3 or 5, so that more than half of the sentinels agree when one is gone, got ${show(replicas)}; choose 3`,
    );
  }
  if (mebibytes(memory) < 128) fail(path, `memory must be at least 128Mi, got ${quantity(memory)}; give more`);
  if (mebibytes(storage) < 2 * mebibytes(memory)) {
    fail(
      path,
      `storage must be at least twice the memory of ${quantity(memory)}, for the log and the one that replaces it, got ${quantity(storage)}; give more`,
    );
  }
  if (props.grownFrom && mebibytes(props.grownFrom) > mebibytes(storage)) {
    fail(
      path,
      `storage must not be less than grownFrom, ${quantity(props.grownFrom)}, got ${quantity(storage)}; a volume never shrinks`,
    );
  }
  if (props.cpu !== undefined) checkCpu(path, 'cpu', props.cpu);
  checkInteger(path, 'databases', databases, 16, 16384, 'each that is used takes memory');
}

function mebibytes(size: Size): number {
  return size.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR });
}
