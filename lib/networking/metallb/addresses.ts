import { type Construct } from 'constructs';
import { type AddressProps, fail, type IAddress, show } from '../../core';
import { type LoadBalancerRange } from '../../site';
import { Address } from '../../site/address';
import { Refusal } from '../../site/decode';

/** @see https://metallb.io/usage/#requesting-specific-ips */
const ADDRESS_ANNOTATION = 'metallb.io/loadBalancerIPs';

/** Who asked for which of a site's addresses. */
export class AddressBook {
  private readonly taken = new Map<string, string>();
  private asked = 0;

  constructor(private readonly ranges: readonly LoadBalancerRange[]) {}

  /** @throws where the address is none, is outside the ranges or taken, or there are no more */
  ask(scope: Construct, { address }: AddressProps): IAddress {
    const path = scope.node.path;
    const annotations: Record<string, string> = {};
    if (address !== undefined) annotations[ADDRESS_ANNOTATION] = this.reserve(path, address);
    const total = this.ranges.reduce((sum, { size }) => sum + size, 0);
    if (++this.asked > total) {
      fail(
        path,
        `asks for address number ${this.asked}, but the site's ranges ${this.words} hold ${total}; widen them`,
      );
    }
    return { annotations, address };
  }

  private reserve(path: string, text: string): string {
    const parsed = Address.parse(text);
    if (parsed instanceof Refusal) return fail(path, `address ${parsed.message}`);
    const address = parsed.toString();
    if (!this.ranges.some((range) => range.contains(address))) {
      fail(
        path,
        `address ${show(text)} is outside the site's ranges ${this.words}; choose one within, or widen a range`,
      );
    }
    const other = this.taken.get(address);
    if (other !== undefined) fail(path, `address ${show(text)} was given to ${other}; choose another`);
    this.taken.set(address, path);
    return address;
  }

  private get words(): string {
    return this.ranges.map(({ addresses, network }) => `${addresses} (${network.name})`).join(', ');
  }
}
