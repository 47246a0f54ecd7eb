import { isIPv4, isIPv6 } from 'node:net';
import { show } from '../core/errors';
import { Refusal } from './decode';

/** 4 or 6. */
export type IpVersion = 4 | 6;

/** An IP address as a number. */
export class Address {
  private constructor(
    readonly version: IpVersion,
    readonly value: bigint,
  ) {}

  static parse(text: string): Address | Refusal {
    if (isIPv4(text)) return new Address(4, fromIPv4(text));
    if (isIPv6(text) && !text.includes('%')) return new Address(6, fromIPv6(text));
    return new Refusal(`must be an IP address such as "192.0.2.10", got ${show(text)}; write it so`);
  }

  static of(version: IpVersion, value: bigint): Address {
    return new Address(version, value);
  }

  toString(): string {
    return this.version === 4 ? toIPv4(this.value) : toIPv6(this.value);
  }
}

/** What has a first and a last address. */
interface Span {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;
}

function overlap(a: Span, b: Span): boolean {
  return a.version === b.version && a.first <= b.last && b.first <= a.last;
}

/** A network in CIDR notation, IPv4 or IPv6. */
export class Cidr implements Span {
  readonly first: bigint;
  readonly last: bigint;
  readonly version: IpVersion;

  private constructor(
    address: Address,
    readonly prefix: number,
  ) {
    const hostBits = BigInt(bits(address.version) - prefix);
    this.version = address.version;
    this.first = (address.value >> hostBits) << hostBits;
    this.last = this.first + (1n << hostBits) - 1n;
  }

  /** Refuses a missing or wrong mask, and an address with bits outside the mask. */
  static parse(text: string): Cidr | Refusal {
    const [head, mask, ...rest] = text.split('/');
    const address = Address.parse(head);
    if (address instanceof Refusal || rest.length > 0) {
      return new Refusal(`must be a network in CIDR notation such as "10.0.0.0/24", got ${show(text)}; write it so`);
    }
    const width = bits(address.version);
    if (mask === undefined)
      return new Refusal(
        `has no mask in ${show(text)}; did you mean ${show(`${text}/${address.version === 4 ? 24 : 64}`)}?`,
      );
    const prefix = Number(mask);
    if (!/^\d{1,3}$/.test(mask) || prefix > width) {
      return new Refusal(
        `must have a mask from /0 to /${width}, got ${show(text)}; write the number of bits of its prefix`,
      );
    }
    const cidr = new Cidr(address, prefix);
    if (cidr.first !== address.value) {
      return new Refusal(
        `must start at its network's first address, got ${show(text)}; did you mean ${show(cidr.toString())}?`,
      );
    }
    return cidr;
  }

  overlaps(other: Cidr | AddressRange): boolean {
    return overlap(this, other);
  }

  contains(other: Address | AddressRange): boolean {
    const first = other instanceof Address ? other.value : other.first;
    const last = other instanceof Address ? other.value : other.last;
    return other.version === this.version && this.first <= first && last <= this.last;
  }

  /**
   * The addresses that no host may have: the network's own and, in IPv4, the broadcast address. None in IPv4's /31 and /32, whose
   * addresses are all hosts (RFC 3021), nor in IPv6's /127 and /128 (RFC 6164).
   */
  get reserved(): readonly { readonly address: Address; readonly what: string }[] {
    if (this.prefix >= bits(this.version) - 1) return [];
    const network = { address: Address.of(this.version, this.first), what: 'network' };
    if (this.version === 6) return [{ ...network, what: 'subnet-router anycast' }];
    return [network, { address: Address.of(4, this.last), what: 'broadcast' }];
  }

  /** The lowest and highest address that a host may have, as a range. */
  get hosts(): string {
    const shared = this.reserved.length > 0;
    const first = Address.of(this.version, shared ? this.first + 1n : this.first);
    const last = Address.of(this.version, shared && this.version === 4 ? this.last - 1n : this.last);
    return `${first}-${last}`;
  }

  toString(): string {
    return `${Address.of(this.version, this.first)}/${this.prefix}`;
  }
}

/** A range of addresses: `192.0.2.10-192.0.2.40`, or a CIDR. */
export class AddressRange implements Span {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;

  private constructor(
    private readonly text: string,
    from: Address,
    to: Address,
  ) {
    this.version = from.version;
    this.first = from.value;
    this.last = to.value;
  }

  static parse(text: string): AddressRange | Refusal {
    if (!text.includes('-')) {
      const cidr = Cidr.parse(text);
      if (!(cidr instanceof Refusal))
        return new AddressRange(text, Address.of(cidr.version, cidr.first), Address.of(cidr.version, cidr.last));
      const alone = Address.parse(text) instanceof Refusal ? undefined : `${text}-${text}`;
      if (alone !== undefined)
        return new Refusal(`must be a range, got the one address ${show(text)}; did you mean ${show(alone)}?`);
      if (text.includes('/')) return cidr;
      return new Refusal(
        `must be a range such as "192.0.2.10-192.0.2.40" or "192.0.2.32/28", got ${show(text)}; write it so`,
      );
    }
    const ends = text.split('-').map((end) => end.trim());
    const [from, to] = ends.map((end) => Address.parse(end));
    if (ends.length !== 2 || from instanceof Refusal || to instanceof Refusal) {
      const short = from instanceof Address && ends.length === 2 ? AddressRange.short(from, ends[1]) : undefined;
      const mend = short === undefined ? 'write two whole addresses' : `did you mean ${show(short.toString())}?`;
      return new Refusal(`must be a range such as "192.0.2.10-192.0.2.40", got ${show(text)}; ${mend}`);
    }
    if (from.version !== to.version)
      return new Refusal(`must not mix IPv4 and IPv6, got ${show(text)}; write two ranges`);
    if (from.value > to.value)
      return new Refusal(`must not end before it starts, got ${show(text)}; did you mean ${show(`${to}-${from}`)}?`);
    return new AddressRange(`${from}-${to}`, from, to);
  }

  /** The range that is meant by `192.0.2.10-40`. */
  private static short(from: Address, last: string): AddressRange | undefined {
    const to = /^\d{1,3}$/.test(last) ? Address.parse(from.toString().replace(/\d+$/, last)) : undefined;
    return to instanceof Address && from.value <= to.value ? new AddressRange(`${from}-${to}`, from, to) : undefined;
  }

  overlaps(other: Cidr | AddressRange): boolean {
    return overlap(this, other);
  }

  contains(address: Address): boolean {
    return address.version === this.version && this.first <= address.value && address.value <= this.last;
  }

  /** How many addresses there are. Not exact above 2^53. */
  get size(): number {
    return Number(this.last - this.first + 1n);
  }

  /** As MetalLB takes it. */
  toString(): string {
    return this.text;
  }
}

function bits(version: IpVersion): number {
  return version === 4 ? 32 : 128;
}

function fromIPv4(text: string): bigint {
  return text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function toIPv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

function fromIPv6(text: string): bigint {
  const groups = (half: string): bigint[] =>
    half === ''
      ? []
      : half.split(':').flatMap((group) => {
          if (!group.includes('.')) return [BigInt(`0x${group}`)];
          const v4 = fromIPv4(group);
          return [v4 >> 16n, v4 & 0xffffn];
        });
  const [head, tail] = text.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...middle, ...right].reduce((sum, group) => (sum << 16n) + group, 0n);
}

/** As RFC 5952 has it: the longest run of two or more zero groups is `::`, the first of equals. */
function toIPv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(16 * (7 - i))) & 0xffffn).toString(16));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === '0') run++;
    if (run > length) [start, length] = [i, run];
  }
  if (start < 0) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
