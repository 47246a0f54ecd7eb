import { type Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { fail, type ICredentials, type Stage } from '../../core';
import { CustomResource } from '../../crds';
import { type Network, type NodePool } from '../../site';
import { bfdProfile, bgpAdvertisement, bgpPeer, ipAddressPool, l2Advertisement } from './crds';

/** How addresses are announced on networks without routers that speak BGP. */
export interface L2Props {
  /** Interfaces of the nodes that answer, such as `bond0`. @default - all */
  readonly interfaces?: readonly string[];
}

/** How fast a dead router is noticed. @see https://metallb.io/concepts/bgp/#bfd-support-for-bgp-sessions */
export interface BfdProps {
  /** Between two packets, each way; 10 ms to 60 s. @default 300 ms */
  readonly interval?: Duration;
  /** So many missing packets mean dead; 2 to 255. @default 3 */
  readonly multiplier?: number;
}

/** What all sessions with the site's routers have in common; the routers themselves stand in the site. */
export interface BgpSessionProps {
  /** @default - no BFD: a dead router is noticed after the hold time */
  readonly bfd?: BfdProps;
  /**
   * Password of the sessions, as the key `password` of a Secret of the type `kubernetes.io/basic-auth` in MetalLB's namespace.
   * @default - none
   */
  readonly password?: ICredentials;
  /** A session without a word for so long is dead; at least 3 s. @default - 90 s */
  readonly holdTime?: Duration;
  /** Between two words of the nodes. @default - a third of the hold time */
  readonly keepaliveTime?: Duration;
  /** The routers are more than one hop away. @default false */
  readonly multiHop?: boolean;
  /** Communities that the announcements carry: `65535:65282`. @default - none */
  readonly communities?: readonly string[];
  /** Local preference, for routers of the same autonomous system. @default - none */
  readonly localPreference?: number;
  /** Announce IPv4 addresses as networks of this prefix length, 1 to 32. @default 32, each address by itself */
  readonly aggregationLength?: number;
}

export interface AnnouncementProps {
  readonly network: Network;
  /** The addresses, as the site writes them. */
  readonly addresses: readonly string[];
  /** Of these, the ones that are given only to who names them. */
  readonly onRequest: readonly string[];
}

/** The pools of one network of the site. */
abstract class Announcement extends Construct {
  protected readonly pools: readonly string[];

  protected constructor(stage: Stage, { network, addresses, onRequest }: AnnouncementProps) {
    super(stage, network.name);
    const pools = [
      { name: network.name, addresses, autoAssign: true },
      { name: `${network.name}-on-request`, addresses: onRequest, autoAssign: false },
    ].filter((pool) => pool.addresses.length > 0);
    for (const { name, ...spec } of pools) {
      new CustomResource(this, `pool-${name}`, ipAddressPool, { metadata: { name }, spec });
    }
    this.pools = pools.map(({ name }) => name);
  }
}

/** A network's addresses, answered for by ARP and NDP. */
export class L2Announcement extends Announcement {
  constructor(stage: Stage, props: AnnouncementProps & { readonly pools: readonly NodePool[] }, l2: L2Props) {
    super(stage, props);
    const { network } = props;
    const nodes = nodesOn(stage, network, props.pools);
    new CustomResource(this, 'l2', l2Advertisement, {
      metadata: { name: network.name },
      spec: {
        ipAddressPools: this.pools,
        ...(l2.interfaces && { interfaces: l2.interfaces }),
        ...(nodes && { nodeSelectors: nodes.map((matchLabels) => ({ matchLabels })) }),
      },
    });
  }
}

/** A network's addresses, announced to the site's routers. */
export class BgpAnnouncement extends Announcement {
  constructor(stage: Stage, props: AnnouncementProps, session: BgpSessionProps) {
    super(stage, props);
    const { network } = props;
    const { myASN, peers } = network.bgp!;
    const { bfd, holdTime, keepaliveTime, communities, localPreference, aggregationLength } = session;
    if (bfd) {
      const interval = bfd.interval?.toMilliseconds() ?? 300;
      new CustomResource(this, 'bfd', bfdProfile, {
        metadata: { name: network.name },
        spec: { receiveInterval: interval, transmitInterval: interval, detectMultiplier: bfd.multiplier ?? 3 },
      });
    }
    const password = session.password?.in(stage.namespace!);
    const names = peers.map(({ address, asn }) => {
      const name = `${network.name}-${address.replace(/[^0-9a-f]+/gi, '-').toLowerCase()}`.replace(/-+$/, '');
      new CustomResource(this, `peer-${name}`, bgpPeer, {
        metadata: { name },
        spec: {
          myASN,
          peerASN: asn,
          peerAddress: address,
          ...(bfd && { bfdProfile: network.name }),
          ...(holdTime && { holdTime: seconds(holdTime) }),
          ...(keepaliveTime && { keepaliveTime: seconds(keepaliveTime) }),
          ...(session.multiHop && { ebgpMultiHop: true }),
          ...(password && { passwordSecret: { name: password.name, namespace: password.namespace } }),
        },
      });
      return name;
    });
    new CustomResource(this, 'bgp', bgpAdvertisement, {
      metadata: { name: network.name },
      spec: {
        ipAddressPools: this.pools,
        peers: names,
        ...(communities && { communities }),
        ...(localPreference !== undefined && { localPref: localPreference }),
        ...(aggregationLength !== undefined && { aggregationLength }),
      },
    });
  }
}

function seconds(duration: Duration): string {
  return `${duration.toSeconds()}s`;
}

/**
 * Labels of the nodes that are plugged into a network: an address that is answered for elsewhere is answered for nowhere.
 * Undefined where all are, or where the site doesn't say.
 */
function nodesOn(
  stage: Stage,
  network: Network,
  pools: readonly NodePool[],
): Readonly<Record<string, string>>[] | undefined {
  const on = pools.filter((pool) => pool.networkPorts.some((port) => port.network === network.name));
  const off = pools.filter(
    (pool) =>
      pool.networkPorts.length > 0 && pool.networkPorts.every((port) => port.network && port.network !== network.name),
  );
  if (on.length === 0 || off.length === 0) return undefined;
  for (const pool of on) {
    const labels = Object.entries(pool.labels);
    const alike = off.find((other) => labels.every(([name, value]) => other.labels[name] === value));
    if (alike) {
      fail(
        stage.node.path,
        `node pool ${pool.name} is on network ${network.name} and ${alike.name} is not, but no label tells them apart; ` +
          `give ${pool.name} labels in the site`,
      );
    }
  }
  return on.map((pool) => pool.labels);
}
