import { type Size } from 'cdk8s';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Distribution } from '../core/distribution';
import { didYouMean, fail, nearest, show } from '../core/errors';
import { check } from './checks';
import { describe, Place, Problems } from './decode';
import { type LoadBalancerRange, Network } from './network';
import { siteNodes, type SiteNode } from './node';
import { type DiskType, NodePool } from './node-pool';
import { type SiteProps } from './props';
import { sum } from './quantity';
import { resolve } from './resolve';
import * as schema from './schema';
import { StorageClass, type StorageTier } from './storage-class';
import { readYaml } from './yaml';

const HOST = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

/**
 * What is in the racks: nodes by pool, networks with their addresses, storage classes by tier, and the domain.
 *
 * Typed or from a YAML file, a site is checked in the same way, and all that is wrong is reported in one `OnPremError`.
 */
export class Site {
  readonly name: string;
  /** The DNS domain under which what is deployed gets its host names. */
  readonly domain: string;
  readonly pools: readonly NodePool[];
  readonly networks: readonly Network[];
  readonly storageClasses: readonly StorageClass[];
  private readonly label: string;

  /** @throws OnPremError with all that is wrong with the props */
  constructor(props: SiteProps) {
    const site = checked(props, new Problems('site'));
    this.name = site.name;
    this.domain = site.domain;
    this.pools = site.nodePools.map((pool) => new NodePool(pool, resolve(pool, site.machines ?? [])));
    this.networks = (site.networks ?? []).map((network) => new Network(network));
    this.storageClasses = (site.storageClasses ?? []).map((storageClass) => new StorageClass(storageClass));
    this.label = `site ${site.name}`;
  }

  /**
   * Reads a site from a YAML file.
   *
   * @param path absolute, or relative to the working directory
   * @throws OnPremError when it can't be read, or with all that is wrong with it
   */
  static fromFile(path: string): Site {
    return Site.fromYaml(readText(path), { file: path });
  }

  /**
   * Reads a site from YAML.
   *
   * @param options.file what errors call it
   * @throws OnPremError with all that is wrong with it
   */
  static fromYaml(text: string, options: { readonly file?: string } = {}): Site {
    const label = options.file ?? 'site';
    if (typeof text !== 'string') fail(label, `must be YAML text, got ${describe(text)}; pass a path to Site.fromFile`);
    const { value, problems } = readYaml(text, label);
    return new Site(checked(value, problems));
  }

  /**
   * A host name in the site's domain: `mlflow` gives `mlflow.dgx-lab.example`.
   *
   * @throws OnPremError when it isn't one or more DNS labels, or the whole is longer than 253 characters
   */
  host(name: string): string {
    const suffix = `.${this.domain}`;
    if (typeof name !== 'string' || name.endsWith(suffix) || !HOST.test(name)) {
      const bare = String(name).toLowerCase();
      const meant = bare.endsWith(suffix) ? bare.slice(0, -suffix.length) : bare;
      const mend = meant !== name && HOST.test(meant) ? `did you mean ${show(meant)}?` : 'rename it';
      fail(this.label, `a host must be named by lower-case DNS labels before the domain, got ${show(name)}; ${mend}`);
    }
    const host = name + suffix;
    if (host.length > 253) {
      fail(this.label, `a host name must have at most 253 characters, got ${host.length}; shorten ${show(name)}`);
    }
    return host;
  }

  /** @throws OnPremError when there is no such pool */
  pool(name: string): NodePool {
    return this.pools.find((pool) => pool.name === name) ?? this.missing('node pool', name, this.pools);
  }

  /** @throws OnPremError when there is no such network */
  network(name: string): Network {
    return this.networks.find((network) => network.name === name) ?? this.missing('network', name, this.networks);
  }

  /**
   * How many ports of each of the pool's nodes are on a network: those that name it, and of InfiniBand, where the site has one such network, those that
   * name none.
   */
  portsOn(network: Network, pool: NodePool): number {
    const only = this.networks.filter(({ type }) => type === network.type).length === 1;
    const assumed = network.type === 'infiniband' && only ? [undefined] : [];
    const names: readonly (string | undefined)[] = [network.name, ...assumed];
    return pool.networkPorts.reduce(
      (sum, port) => sum + (port.type === network.type && names.includes(port.network) ? port.count : 0),
      0,
    );
  }

  /**
   * A storage class by its name, else by its tier; where a tier has several, the default class.
   *
   * @throws OnPremError when there is none, or a tier has several and none of them is the default
   */
  storageClass(nameOrTier: string): StorageClass {
    const named = this.storageClasses.find((candidate) => candidate.name === nameOrTier);
    if (named) return named;
    const tier = this.storageClasses.filter((candidate) => candidate.tier === nameOrTier);
    const chosen = tier.length === 1 ? tier[0] : tier.find((candidate) => candidate.isDefault);
    if (chosen) return chosen;
    if (tier.length > 1)
      fail(
        this.label,
        `has ${tier.length} storage classes of the tier ${show(nameOrTier)}; name one of ${quoted(tier)}`,
      );
    if (this.storageClasses.length === 0)
      fail(this.label, `has no storage class ${show(nameOrTier)}, nor any other; add it to storageClasses`);
    const near = nearest(String(nameOrTier), [
      ...this.storageClasses.map((c) => c.name),
      ...this.storageClasses.map((c) => c.tier),
    ]);
    const all = this.storageClasses.map((candidate) => `${show(candidate.name)} (${candidate.tier})`).join(', ');
    return fail(
      this.label,
      `has no storage class ${show(nameOrTier)}, by name or tier; ${near === undefined ? `there is ${all}` : `did you mean ${show(near)}?`}`,
    );
  }

  /** Whether there is a storage class of the tier. */
  hasTier(tier: StorageTier): boolean {
    return this.storageClasses.some((candidate) => candidate.tier === tier);
  }

  /** The cluster's default storage class, if the site names it. */
  get defaultStorageClass(): StorageClass | undefined {
    return this.storageClasses.find((candidate) => candidate.isDefault);
  }

  /** The addresses that load balancers may hand out, of all networks. */
  get loadBalancerRanges(): readonly LoadBalancerRange[] {
    return this.networks.flatMap((network) => network.loadBalancerRanges);
  }

  /**
   * The networks that share an address with another network, such as the cluster's Services or pods.
   *
   * @param cidr in CIDR notation
   */
  networksIn(cidr: string): readonly Network[] {
    return this.networks.filter((network) => network.overlaps(cidr));
  }

  /** Nodes of the control plane. */
  get controlPlaneNodes(): number {
    return this.pools.filter((pool) => pool.isControlPlane).reduce((total, pool) => total + pool.nodes, 0);
  }

  /** Nodes that take workloads. */
  get schedulableNodes(): number {
    return this.pools.reduce((total, pool) => total + pool.schedulableNodes, 0);
  }

  /** All nodes. */
  get totalNodes(): number {
    return this.pools.reduce((total, pool) => total + pool.nodes, 0);
  }

  /** CPUs of all nodes, as Kubernetes counts them. */
  get totalCpus(): number {
    return this.pools.reduce((total, pool) => total + pool.totalCpus, 0);
  }

  /** Memory of all nodes. */
  get totalMemory(): Size {
    return sum(this.pools.map((pool) => [pool.memory, pool.nodes]));
  }

  /** GPUs of all nodes. */
  get totalGpus(): number {
    return this.pools.reduce((total, pool) => total + pool.totalGpus, 0);
  }

  /** The local disks of all nodes, of one type or of all. */
  totalLocalStorage(type?: DiskType): Size {
    return sum(this.pools.map((pool) => [pool.totalLocalStorage(type), 1]));
  }

  /** The nodes as the cluster would show them, in the order of the pools. */
  nodes(distribution?: Distribution): readonly SiteNode[] {
    return siteNodes(this, distribution);
  }

  private missing(what: string, name: string, candidates: readonly { readonly name: string }[]): never {
    return fail(
      this.label,
      `has no ${what} ${show(name)}${didYouMean(
        String(name),
        candidates.map((candidate) => candidate.name),
      )}`,
    );
  }
}

/** The one way by which a site is checked, whatever it came from. */
function checked(value: unknown, problems: Problems): SiteProps {
  const draft = schema.site(value, new Place(problems));
  if (draft !== undefined) check(draft, problems);
  problems.throwIfAny();
  // Nothing was refused, so nothing is missing.
  return draft as SiteProps;
}

function readText(path: string): string {
  if (typeof path !== 'string' || path === '')
    fail('site', `the path of the site file must be text, got ${show(path)}; pass it as in Site.fromFile("site.yaml")`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return fail(path, whyUnreadable(path, error));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail(path, 'must be text in UTF-8; save it so');
  }
}

function whyUnreadable(path: string, error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
  if (code === 'EISDIR') return 'is a directory; give the file in it';
  if (code !== 'ENOENT') return `can't be read (${code}); mend its permissions or give another`;
  const near = nearest(basename(path), filesIn(dirname(path)));
  return `there is no such file; ${near === undefined ? 'check the path, which starts at the working directory' : `did you mean ${show(near)}?`}`;
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function quoted(candidates: readonly { readonly name: string }[]): string {
  return candidates.map((candidate) => show(candidate.name)).join(', ');
}
