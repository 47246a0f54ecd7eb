import { fail } from '../core/errors';
import { Address, AddressRange, Cidr } from './address';
import { Refusal } from './decode';

/** How a network is made. */
export type NetworkType = 'ethernet' | 'infiniband';

/** A router that the nodes announce addresses to. */
export interface BgpPeerProps {
  /** The router's address. */
  readonly address: string;
  /** The router's autonomous system, 1 to 4294967294. */
  readonly asn: number;
}

/** How addresses of a network are announced by BGP. */
export interface BgpProps {
  /** The autonomous system of the nodes, 1 to 4294967294: `64512`. */
  readonly myASN: number;
  /** At least one. */
  readonly peers: readonly BgpPeerProps[];
}

/** A network of the site. */
export interface NetworkProps {
  /** A DNS label, unique among the networks: `services`. */
  readonly name: string;
  /** The addresses, in CIDR notation, IPv4 or IPv6; no two networks may overlap. */
  readonly cidr: string;
  /** @default 'ethernet' */
  readonly type?: NetworkType;
  /**
   * The VLAN, 1 to 4094. Not for InfiniBand.
   * @default - untagged, or none of the cluster's business
   */
  readonly vlan?: number;
  /**
   * Addresses that load balancers may hand out, kept free of everything else: `10.20.0.100-10.20.0.199`, or a CIDR. Each lies in the
   * network, leaves out its network and broadcast address, and overlaps with no other.
   * @default - none
   */
  readonly loadBalancerRanges?: readonly string[];
  /**
   * Where routers learn of these addresses by BGP. It needs `loadBalancerRanges`.
   * @default - by ARP and NDP on the network itself
   */
  readonly bgp?: BgpProps;
}

/** A network of the site. */
export class Network {
  readonly name: string;
  readonly type: NetworkType;
  /** In canonical form. */
  readonly cidr: string;
  readonly vlan?: number;
  readonly loadBalancerRanges: readonly LoadBalancerRange[];
  readonly bgp?: BgpProps;

  /** @internal Made by `Site`, which has checked the props. */
  constructor(props: NetworkProps) {
    this.name = props.name;
    this.type = props.type ?? 'ethernet';
    this.cidr = props.cidr;
    this.vlan = props.vlan;
    this.loadBalancerRanges = (props.loadBalancerRanges ?? []).map((text) => new LoadBalancerRange(this, text));
    this.bgp = props.bgp;
  }

  /** 4 or 6. */
  get ipVersion(): 4 | 6 {
    return this.parsed(Cidr.parse(this.cidr)).version;
  }

  /**
   * Whether the network shares an address with another, given in CIDR notation.
   *
   * @throws OnPremError when that is no network in CIDR notation
   */
  overlaps(cidr: string): boolean {
    return this.parsed(Cidr.parse(this.cidr)).overlaps(this.parsed(Cidr.parse(cidr)));
  }

  private parsed(result: Cidr | Refusal): Cidr {
    return result instanceof Refusal
      ? fail(`network ${this.name}`, `the network to compare with ${result.message}`)
      : result;
  }
}

/** Addresses that load balancers may hand out. */
export class LoadBalancerRange {
  private readonly range: AddressRange;

  /** @internal Made by `Network`. */
  constructor(
    readonly network: Network,
    /** `10.20.0.100-10.20.0.199`, or a CIDR: as MetalLB takes it. */
    readonly addresses: string,
  ) {
    const range = AddressRange.parse(addresses);
    this.range =
      range instanceof Refusal ? fail(`network ${network.name}`, `loadBalancerRanges ${range.message}`) : range;
  }

  /** How many addresses there are. Not exact above 2^53. */
  get size(): number {
    return this.range.size;
  }

  /** The first address. */
  get first(): string {
    return Address.of(this.range.version, this.range.first).toString();
  }

  /** The last address. */
  get last(): string {
    return Address.of(this.range.version, this.range.last).toString();
  }

  /** Whether an address is one of these. Whatever is no address is not. */
  contains(address: string): boolean {
    const single = Address.parse(address);
    return !(single instanceof Refusal) && this.range.contains(single);
  }

  toString(): string {
    return this.addresses;
  }
}
