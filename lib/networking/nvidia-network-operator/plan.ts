import { checkChoice, checkInteger, didYouMean, fail, show } from '../../core';
import { type Network, type NodePool, type Site } from '../../site';
import { checkAddress, checkCidr } from './addresses';
import { type KnownPort, knownPorts } from './hardware';
import { type RdmaNetworkPlan } from './rdma-network';
import { checkUndivided, type VirtualFunctionProps, virtualFunctions } from './sriov-plan';

/** How a network of the site is brought to pods. */
export interface RdmaNetworkProps extends VirtualFunctionProps {
  /**
   * `shared`: the pods of a node use its adapters together, each with all of them. `host-device`: each adapter is one pod's at a time and moves into it, its
   * network interface and all; meant for pods that take whole nodes. `sriov`: each port is divided into virtual functions, of which each is one pod's at a time; the
   * port itself stays with the node.
   * @default 'shared'
   */
  readonly mode?: (typeof MODES)[number];
  /**
   * Network interfaces that are the nodes' ports on this network: `['ens1f0np0', 'ens2f0np0']`. All nodes call them so. Needed for Ethernet, for `addresses`,
   * for `sriov`, and where nodes are on more than one InfiniBand network.
   * @default - those that the server's model has, where it is known; else all of the network's type
   */
  readonly interfaces?: readonly string[];
  /** RDMA devices that go with `interfaces`, as in /sys/class/infiniband: `['mlx5_0', 'mlx5_1']`. Not with `sriov`. @default - those that the server's model has, where it is known */
  readonly devices?: readonly string[];
  /**
   * Addresses of the network that are the pods', a range or a CIDR within it that leaves out the nodes' own: `10.40.8.0-10.40.11.254`. Needed for Ethernet; over InfiniBand
   * pods then get IPoIB interfaces, which RDMA itself doesn't need.
   * @default - none
   */
  readonly addresses?: string;
  /** Router of the network, which no pod gets as its address. @default - none */
  readonly gateway?: string;
  /** Networks that pods reach by the gateway, in CIDR notation: the other rails. @default - none but this */
  readonly routes?: readonly string[];
  /**
   * Pods of one node that use the network at a time, 1 to 1000. Each has an address for each port. Not with `host-device`, where it is the number of ports,
   * nor with `sriov`, where `functions` says it.
   * @default - the most GPUs that a node has, at least 8
   */
  readonly podsPerNode?: number;
  /** Largest packet of the pods' interfaces, 1280 to 9978, on Ethernet that is shared or divided; with `sriov` the ports get it too. @default - as the node's interface has it */
  readonly mtu?: number;
  /** NCCL_IB_GID_INDEX, 0 to 255, for NCCL before 2.21 over Ethernet, which can't look for it. @default - NCCL looks for it */
  readonly gidIndex?: number;
  /**
   * NCCL_NET_GDR_LEVEL: how far from a GPU an adapter may be to read and write its memory.
   * @default - NCCL's own
   * @see https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-net-gdr-level-formerly-nccl-ib-gdr-level
   */
  readonly gdrLevel?: 'LOC' | 'PIX' | 'PXB' | 'PHB' | 'SYS';
}

const MODES = ['shared', 'host-device', 'sriov'] as const;
const INTERFACE = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/;
const DEVICE = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/;

/**
 * The networks that pods use by RDMA: all InfiniBand that workers are plugged into, and the Ethernet that `networks` names, since the site doesn't say which
 * ports do RDMA.
 *
 * @throws where there is none, or the props don't fit the site
 */
export function plans(
  path: string,
  site: Site,
  given: Readonly<Record<string, RdmaNetworkProps>>,
): readonly RdmaNetworkPlan[] {
  for (const name of Object.keys(given)) {
    if (!site.networks.some((network) => network.name === name)) {
      const names = site.networks.map((network) => network.name);
      fail(path, `networks has ${show(name)}, which is no network of site ${site.name}${didYouMean(name, names)}`);
    }
  }
  const found = site.networks
    .filter((network) => network.name in given || (network.type === 'infiniband' && portsOn(site, network).size > 0))
    .map((network) => plan(path, site, network, given[network.name] ?? {}));
  if (found.length === 0) {
    fail(
      path,
      `site ${site.name} has no worker with ports on an InfiniBand network, and networks names no other; add networkPorts with their network to a node pool, or name the Ethernet that does RoCE`,
    );
  }
  checkApart(path, site, found);
  return found;
}

/** The pools of workers that are plugged into a network, with the ports of a node. */
function portsOn(site: Site, network: Network): ReadonlyMap<NodePool, number> {
  return new Map(
    site.pools
      .filter((pool) => pool.schedulableNodes > 0)
      .map((pool) => [pool, site.portsOn(network, pool)] as const)
      .filter(([, count]) => count > 0),
  );
}

function plan(path: string, site: Site, network: Network, props: RdmaNetworkProps): RdmaNetworkPlan {
  const at = `networks.${network.name}`;
  const pools = portsOn(site, network);
  const { mode = 'shared', addresses, gateway, routes, mtu, gidIndex, gdrLevel } = props;
  checkChoice(path, `${at}.mode`, mode, MODES);
  if (pools.size === 0) {
    fail(
      path,
      `${at}: no worker of the site has a port on it; add networkPorts with network: ${network.name} to a node pool`,
    );
  }
  const known = props.rootDevices ? undefined : knownOf(network, pools);
  const interfaces = props.interfaces ?? known?.map((port) => port.interface);
  // A virtual function's device has another name than its port's.
  const devices =
    props.devices ?? (props.interfaces || mode === 'sriov' ? undefined : known?.map(({ device }) => device));
  checkPorts(path, `${at}.interfaces`, pools, interfaces, INTERFACE);
  checkPorts(path, `${at}.devices`, pools, devices, DEVICE);
  const most = Math.max(...pools.values());
  if (mode !== 'shared' && [...pools.values()].some((count) => count !== most)) {
    const counts = [...pools].map(([pool, count]) => `${pool.name} ${count}`).join(', ');
    fail(path, `${at}: with ${mode} all nodes must have as many ports, got ${counts}; use shared`);
  }
  if (mode !== 'sriov') checkUndivided(path, at, mode, props);
  const functions = mode === 'sriov' ? virtualFunctions(path, at, pools, props, interfaces) : undefined;
  const ethernet = network.type === 'ethernet';
  for (const [what, value] of Object.entries({ interfaces: interfaces ?? functions?.rootDevices, addresses })) {
    if (ethernet && value === undefined) {
      fail(
        path,
        `${at}.${what} must be given for Ethernet, whose pods have an interface and an address of their own for RoCE; add it`,
      );
    }
  }
  if (addresses !== undefined && mode === 'shared' && interfaces === undefined) {
    fail(path, `${at}.interfaces must be given with addresses, since pods' interfaces are made of them; add it`);
  }
  checkRouting(path, at, network, props);
  checkTuning(path, at, network, mode, props);
  const gpus = Math.max(8, ...[...pools.keys()].map((pool) => pool.gpusPerNode));
  return {
    network,
    mode,
    pools,
    interfaces,
    devices,
    podsPerNode: mode === 'host-device' ? most : (functions?.perPort ?? props.podsPerNode ?? gpus),
    functions,
    addresses,
    gateway,
    routes,
    mtu,
    gidIndex,
    gdrLevel,
  };
}

/** What the model says of the ports, where it says the same for all pools. */
function knownOf(network: Network, pools: ReadonlyMap<NodePool, number>): readonly KnownPort[] | undefined {
  if (network.type !== 'infiniband') return undefined;
  const [first, ...others] = [...pools].map(([pool, count]) => knownPorts(pool, count));
  return others.every((other) => other === first) ? first : undefined;
}

function checkPorts(
  path: string,
  what: string,
  pools: ReadonlyMap<NodePool, number>,
  names: readonly string[] | undefined,
  form: RegExp,
): void {
  if (names === undefined) return;
  const wrong = names.find((name, i) => !form.test(name) || names.indexOf(name) !== i);
  if (wrong !== undefined) {
    fail(
      path,
      `${what} must be names as the kernel gives them, each once, got ${show(wrong)}; write it as "ens1f0np0" or "mlx5_0"`,
    );
  }
  for (const [pool, count] of pools) {
    if (names.length === count) continue;
    fail(
      path,
      `${what} must name the ${count} ports that a node of pool ${pool.name} has on the network, got ${names.length}; name each, or correct the site`,
    );
  }
}

function checkRouting(
  path: string,
  at: string,
  network: Network,
  { addresses, gateway, routes }: RdmaNetworkProps,
): void {
  if (addresses === undefined && (gateway !== undefined || routes)) {
    fail(path, `${at}: gateway and routes are for pods with addresses, got none; give addresses, or leave them out`);
  }
  if (routes?.length && gateway === undefined) {
    fail(path, `${at}.routes has no gateway to lead to; give it`);
  }
  if (gateway !== undefined) checkAddress(path, `${at}.gateway`, network, gateway);
  for (const route of routes ?? []) checkCidr(path, `${at}.routes`, route);
}

function checkTuning(path: string, at: string, network: Network, mode: string, props: RdmaNetworkProps): void {
  const { podsPerNode, mtu, gidIndex, gdrLevel } = props;
  const ethernet = network.type === 'ethernet';
  if (podsPerNode !== undefined) {
    if (mode === 'host-device') {
      fail(path, `${at}.podsPerNode is given, but with host-device a node has as many pods as ports; leave it out`);
    }
    if (mode === 'sriov') {
      fail(path, `${at}.podsPerNode is given, but with sriov a port has as many pods as functions; give functions`);
    }
    checkInteger(path, `${at}.podsPerNode`, podsPerNode, 1, 1000, 'give the pods that use the network at a time');
  }
  if (mtu !== undefined) {
    if (!ethernet || mode === 'host-device') {
      fail(
        path,
        `${at}.mtu is for Ethernet that is shared or divided; elsewhere the adapter's own holds: leave it out`,
      );
    }
    checkInteger(path, `${at}.mtu`, mtu, 1280, 9978, 'the node and the switches must let it through');
  }
  if (gidIndex !== undefined) {
    if (!ethernet) fail(path, `${at}.gidIndex is for Ethernet, and InfiniBand's is always 0; leave it out`);
    checkInteger(path, `${at}.gidIndex`, gidIndex, 0, 255, 'show_gids on a node lists them');
  }
  if (gdrLevel !== undefined) {
    checkChoice(path, `${at}.gdrLevel`, gdrLevel, ['LOC', 'PIX', 'PXB', 'PHB', 'SYS']);
  }
}

/** The device plugins know one configuration for all nodes: what tells two networks apart are the names of the interfaces. */
function checkApart(path: string, site: Site, found: readonly RdmaNetworkPlan[]): void {
  const infiniband = site.networks.filter(
    (network) => network.type === 'infiniband' && portsOn(site, network).size > 0,
  );
  const seen = new Map<string, string>();
  for (const { network, interfaces, functions } of found) {
    const ports = interfaces ?? functions?.rootDevices;
    if (ports === undefined && infiniband.length > 1) {
      fail(
        path,
        `networks.${network.name}.interfaces must be given where workers are on more than one InfiniBand network (${infiniband
          .map(({ name }) => name)
          .join(', ')}); name its ports`,
      );
    }
    for (const name of ports ?? []) {
      const other = seen.get(name);
      if (other !== undefined) {
        fail(
          path,
          `networks.${network.name}.${interfaces ? 'interfaces' : 'rootDevices'} has ${show(name)}, which is on network ${other} already; a port is on one network`,
        );
      }
      seen.set(name, network.name);
    }
  }
}
