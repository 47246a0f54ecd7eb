import { fail, show } from '../../core';
import { type Network } from '../../site';
import { Address, AddressRange, Cidr } from '../../site/address';
import { Refusal } from '../../site/decode';

/** How nv-ipam parts a network among nodes. */
export interface Blocks {
  readonly subnet: string;
  readonly perNodeBlockSize: number;
  readonly exclusions: readonly { readonly startIP: string; readonly endIP: string }[];
}

export interface BlocksProps {
  readonly network: Network;
  /** The addresses that are the pods': a range within the network. */
  readonly range: string;
  /** Addresses that one node needs. */
  readonly perNode: number;
  /** The prop by which a node needs so many. @default - it follows from the site */
  readonly tuned?: string;
  /** How many nodes take a block. */
  readonly nodes: number;
}

/**
 * Blocks of addresses, one for each node, out of the part of a network that is the pods'.
 *
 * nv-ipam counts the blocks from the network's first host address on, and passes over those that are excluded as a whole; of one that is excluded in
 * part a node would get fewer addresses than it needs. So what is excluded ends where blocks do.
 *
 * @param what is being checked, for errors: `networks.roce.addresses`
 * @see https://github.com/Mellanox/nvidia-k8s-ipam/blob/v0.4.0/pkg/ipam-controller/allocator/allocator.go
 * @throws when the range isn't within the network, or has too few blocks
 */
export function blocks(path: string, what: string, props: BlocksProps): Blocks {
  const { network, nodes } = props;
  const cidr = parsed(path, `network ${network.name}`, Cidr.parse(network.cidr));
  const range = parsed(path, what, AddressRange.parse(props.range));
  if (!cidr.contains(range)) {
    fail(path, `${what} must lie in the network ${cidr}, got ${show(props.range)}; use addresses of ${cidr.hosts}`);
  }
  const size = BigInt(props.perNode);
  const origin = cidr.reserved.length > 0 ? cidr.first + 1n : cidr.first;
  const broadcast = cidr.version === 4 && cidr.reserved.length > 0;
  const last = broadcast && range.last === cidr.last ? range.last - 1n : range.last;
  const ahead = range.first > origin ? range.first - origin : 0n;
  const from = (ahead + size - 1n) / size;
  const to = (last + 1n - origin) / size;
  if (to - from < BigInt(nodes)) {
    fail(
      path,
      `${what} must have ${props.perNode} addresses for each of ${nodes} nodes, in blocks counted from ${Address.of(cidr.version, origin)}, ` +
        `got ${show(props.range)} with ${to > from ? to - from : 0n} such blocks; widen it${props.tuned ? `, or lower ${props.tuned}` : ''}`,
    );
  }
  const text = (value: bigint) => Address.of(cidr.version, value).toString();
  const [first, end] = [origin + from * size, origin + to * size];
  return {
    subnet: cidr.toString(),
    perNodeBlockSize: props.perNode,
    exclusions: [
      ...(first > cidr.first ? [{ startIP: text(cidr.first), endIP: text(first - 1n) }] : []),
      ...(end <= cidr.last ? [{ startIP: text(end), endIP: text(cidr.last) }] : []),
    ],
  };
}

/** Checks an address of a network. */
export function checkAddress(path: string, what: string, network: Network, address: string): void {
  const cidr = parsed(path, `network ${network.name}`, Cidr.parse(network.cidr));
  if (cidr.contains(parsed(path, what, Address.parse(address)))) return;
  fail(path, `${what} must lie in the network ${cidr}, got ${show(address)}; use an address of ${cidr.hosts}`);
}

/** Checks a network in CIDR notation. */
export function checkCidr(path: string, what: string, text: string): void {
  parsed(path, what, Cidr.parse(text));
}

function parsed<T>(path: string, what: string, result: T | Refusal): T {
  return result instanceof Refusal ? fail(path, `${what} ${result.message}`) : result;
}
