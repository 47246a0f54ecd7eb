import { type Construct } from 'constructs';
import { type IReady } from '../stage';

export interface AddressProps {
  /** This very address. @default - any free one */
  readonly address?: string;
}

/** An address of the site's own network, for a Service of type LoadBalancer. */
export interface IAddress {
  /** What the Service must carry to get it. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The address, where it was chosen. */
  readonly address?: string;
}

/** Gives Services addresses that are reached from outside the cluster. */
export interface ILoadBalancer extends IReady {
  /**
   * Asks for an address.
   * @throws when the address is outside the site's ranges, or was asked for before
   */
  addAddress(scope: Construct, props?: AddressProps): IAddress;
}
