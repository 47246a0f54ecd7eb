import { didYouMean, show } from '../core/errors';
import { Address, AddressRange, Cidr } from './address';
import { type Draft, formatPath, type Path, type Problems, Refusal } from './decode';
import { type NetworkProps } from './network';
import { type NodePoolProps } from './node-pool';
import { type SiteProps } from './props';

const MAX_NODES = 5000;

/** What can only be seen when all of a site is there. It works on whatever could be read, so that all is reported at once. */
export function check(site: Draft<SiteProps>, problems: Problems): void {
  uniqueNames('nodePools', site.nodePools, problems);
  uniqueNames('networks', site.networks, problems);
  uniqueNames('storageClasses', site.storageClasses, problems);
  checkNodes(site, problems);
  site.nodePools?.forEach((pool, i) => pool && checkPool(pool, ['nodePools', i], site, problems));
  site.networks?.forEach((network, i) => network && checkNetwork(network, ['networks', i], problems));
  checkOverlaps(site, problems);
  checkStorageClasses(site, problems);
}

function uniqueNames(
  key: string,
  items: readonly ({ readonly name?: string } | undefined)[] | undefined,
  problems: Problems,
): void {
  const first = new Map<string, number>();
  items?.forEach((item, i) => {
    if (item?.name === undefined) return;
    const earlier = first.get(item.name);
    if (earlier === undefined) first.set(item.name, i);
    else problems.add([key, i, 'name'], `must be unique, got ${show(item.name)} as ${key}[${earlier}] has; rename one`);
  });
}

function checkNodes(site: Draft<SiteProps>, problems: Problems): void {
  const pools = site.nodePools;
  // A pool whose roles or number of nodes could not be read leaves the sums unknown.
  if (pools === undefined || pools.some((pool) => pool?.nodes === undefined || pool.roles?.includes(undefined))) return;
  const nodes = (role?: 'control-plane' | 'worker') =>
    pools
      .filter((pool) => role === undefined || (pool?.roles ?? ['worker']).includes(role))
      .reduce((sum, pool) => sum + (pool?.nodes ?? 0), 0);
  const controlPlane = nodes('control-plane');
  if (controlPlane > 0 && controlPlane % 2 === 0) {
    problems.add(
      ['nodePools'],
      `must have an odd number of control-plane nodes, or etcd's quorum gains nothing, got ${controlPlane}; use ${controlPlane - 1} or ${controlPlane + 1}`,
    );
  }
  if (pools.length > 0 && nodes('worker') === 0) {
    problems.add(['nodePools'], 'must have nodes that take workloads, got none; give a pool the role worker');
  }
  if (nodes() > MAX_NODES)
    problems.add(
      ['nodePools'],
      `must have at most ${MAX_NODES} nodes together, got ${nodes()}; make two sites of them`,
    );
}

function checkPool(pool: Draft<NodePoolProps>, path: Path, site: Draft<SiteProps>, problems: Problems): void {
  repeated(pool.roles, (role) => role).forEach(([i, role]) =>
    problems.add([...path, 'roles', i], `must not be repeated, got ${show(role)} again; remove it`),
  );
  repeated(pool.taints, (taint) => (taint.key && taint.effect ? `${taint.key}:${taint.effect}` : undefined)).forEach(
    ([i, taint]) => problems.add([...path, 'taints', i], `must not be repeated, got ${show(taint)} again; remove one`),
  );
  if (pool.segment !== undefined && !pool.taints?.some((taint) => taint === undefined || KEEPS_OFF.has(taint.effect))) {
    problems.add(
      [...path, 'segment'],
      `must not be given to nodes that any pod may come to, got ${show(pool.segment)}; give the pool a taint of effect NoSchedule, or remove segment`,
    );
  }
  pool.networkPorts?.forEach((port, i) => {
    if (port?.network === undefined || site.networks?.some((network) => network?.name === undefined)) return;
    const at = [...path, 'networkPorts', i];
    const network = site.networks?.find((candidate) => candidate?.name === port.network);
    if (network === undefined) {
      const names = (site.networks ?? []).flatMap((candidate) => candidate?.name ?? []);
      problems.add(
        [...at, 'network'],
        `must name a network of the site, got ${show(port.network)}${didYouMean(port.network, new Set(names))}`,
      );
    } else if (port.type !== undefined && port.type !== (network.type ?? 'ethernet')) {
      problems.add(
        [...at, 'type'],
        `must be that of the network ${show(port.network)}, ${network.type ?? 'ethernet'}, got ${show(port.type)}; change one of them`,
      );
    }
  });
}

const KEEPS_OFF: ReadonlySet<string | undefined> = new Set(['NoSchedule', 'NoExecute', undefined]);

/** The indices and keys of the entries that an earlier one equals. */
function repeated<T>(
  items: readonly (T | undefined)[] | undefined,
  key: (item: T) => string | undefined,
): [number, string][] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, i): [number, string][] => {
    const name = item === undefined ? undefined : key(item);
    if (name === undefined) return [];
    if (seen.has(name)) return [[i, name]];
    seen.add(name);
    return [];
  });
}

function checkNetwork(network: Draft<NetworkProps>, path: Path, problems: Problems): void {
  const cidr = cidrOf(network);
  if (cidr !== undefined) {
    const special = SPECIAL.find(([block]) => block.overlaps(cidr));
    if (special)
      problems.add(
        [...path, 'cidr'],
        `must not be ${special[1]} (${special[0]}), got ${show(network.cidr)}; give the network's own addresses`,
      );
  }
  if (network.type === 'infiniband') {
    if (network.vlan !== undefined)
      problems.add([...path, 'vlan'], `must not be given for InfiniBand, got ${network.vlan}; remove it`);
    if (network.loadBalancerRanges?.length) {
      problems.add(
        [...path, 'loadBalancerRanges'],
        'must not be given for InfiniBand; move them to an Ethernet network',
      );
    }
  }
  rangesOf(network).forEach(
    ([range, i]) => cidr && checkRange(range, cidr, [...path, 'loadBalancerRanges', i], problems),
  );
  if (network.bgp === undefined) return;
  if (!network.loadBalancerRanges?.length)
    problems.add([...path, 'bgp'], 'has no addresses to announce; add loadBalancerRanges or remove bgp');
  repeated(network.bgp.peers, (peer) => peer.address).forEach(([i, address]) =>
    problems.add([...path, 'bgp', 'peers', i, 'address'], `must be unique, got ${show(address)} again; remove one`),
  );
  network.bgp.peers?.forEach((peer, i) => {
    const address = peer?.address === undefined ? undefined : Address.parse(peer.address);
    if (address === undefined || address instanceof Refusal) return;
    const range = rangesOf(network).find(([candidate]) => candidate.contains(address));
    if (range)
      problems.add(
        [...path, 'bgp', 'peers', i, 'address'],
        `must not lie in loadBalancerRanges (${range[0]}), got ${show(peer?.address)}; shrink the range`,
      );
  });
}

function checkRange(range: AddressRange, cidr: Cidr, path: Path, problems: Problems): void {
  if (!cidr.contains(range)) {
    return problems.add(
      path,
      `must lie in the network ${cidr}, got ${show(range.toString())}; use addresses of ${cidr.hosts}`,
    );
  }
  for (const { address, what } of cidr.reserved) {
    if (range.contains(address))
      problems.add(
        path,
        `must leave out ${address}, the network's ${what} address, got ${show(range.toString())}; use addresses of ${cidr.hosts}`,
      );
  }
}

function checkOverlaps(site: Draft<SiteProps>, problems: Problems): void {
  const networks = (site.networks ?? []).flatMap((network, i) =>
    network ? [{ network, i, cidr: cidrOf(network) }] : [],
  );
  pairs(networks).forEach(([a, b]) => {
    if (a.cidr && b.cidr && a.cidr.overlaps(b.cidr)) {
      problems.add(
        ['networks', b.i, 'cidr'],
        `must not overlap with ${formatPath(['networks', a.i])} (${a.cidr}), got ${show(b.network.cidr)}; give it addresses of its own`,
      );
    }
  });
  // Of two networks with the same addresses enough is said: their ranges are compared within each network.
  networks.forEach(({ network, i }) =>
    pairs(rangesOf(network)).forEach(([[a, j], [b, k]]) => {
      if (!a.overlaps(b)) return;
      problems.add(
        ['networks', i, 'loadBalancerRanges', k],
        `must not overlap with ${formatPath(['networks', i, 'loadBalancerRanges', j])} (${a}), got ${show(b.toString())}; join or part them`,
      );
    }),
  );
}

function checkStorageClasses(site: Draft<SiteProps>, problems: Problems): void {
  const defaults = (site.storageClasses ?? []).flatMap((storageClass, i) => (storageClass?.default ? [i] : []));
  defaults
    .slice(1)
    .forEach((i) =>
      problems.add(
        ['storageClasses', i, 'default'],
        `must be true for one class only, and storageClasses[${defaults[0]}] is it; remove one`,
      ),
    );
  site.storageClasses?.forEach((storageClass, i) => {
    const { name, tier } = storageClass ?? {};
    if (name !== undefined && tier !== undefined && name !== tier && ['hot', 'warm', 'cold'].includes(name)) {
      problems.add(
        ['storageClasses', i, 'tier'],
        `must be ${show(name)} as the class is named, got ${show(tier)}; change one of them`,
      );
    }
  });
}

/** Addresses that no network of hosts has. Private and documentation ranges are not among them. */
const SPECIAL: readonly (readonly [Cidr, string])[] = (
  [
    ['0.0.0.0/8', 'this-network addresses'],
    ['127.0.0.0/8', 'loopback addresses'],
    ['169.254.0.0/16', 'link-local addresses'],
    ['224.0.0.0/4', 'multicast addresses'],
    ['240.0.0.0/4', 'reserved addresses'],
    ['::/127', 'loopback addresses'],
    ['fe80::/10', 'link-local addresses'],
    ['ff00::/8', 'multicast addresses'],
  ] as const
).flatMap(([text, what]) => {
  const cidr = Cidr.parse(text);
  return cidr instanceof Refusal ? [] : [[cidr, what] as const];
});

function cidrOf(network: Draft<NetworkProps>): Cidr | undefined {
  const cidr = network.cidr === undefined ? undefined : Cidr.parse(network.cidr);
  return cidr instanceof Refusal ? undefined : cidr;
}

function rangesOf(network: Draft<NetworkProps>): [AddressRange, number][] {
  return (network.loadBalancerRanges ?? []).flatMap((text, i): [AddressRange, number][] => {
    const range = text === undefined ? undefined : AddressRange.parse(text);
    return range === undefined || range instanceof Refusal ? [] : [[range, i]];
  });
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}
