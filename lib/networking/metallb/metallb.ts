import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  type AddressProps,
  bundled,
  checkChoice,
  didYouMean,
  fail,
  type IAddress,
  type ILoadBalancer,
  type IMetrics,
  type IReady,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { type LoadBalancerRange, type Network } from '../../site';
import { AddressBook } from './addresses';
import { BgpAnnouncement, type BgpSessionProps, L2Announcement, type L2Props } from './announcements';
import { Controller, WEBHOOK_SERVICE } from './controller';
import * as metallb from './crds';
import { FrrK8s } from './frr-k8s';
import * as frr from './frr-k8s-crds';
import { images } from './images';
import { Speaker } from './speaker';

export interface MetalLBProps extends SystemProps {
  /**
   * Names of the site's networks whose addresses are handed out. One without `loadBalancerRanges`, or that the site lacks, is an error.
   * @default - all that have `loadBalancerRanges`
   */
  readonly networks?: readonly string[];
  /**
   * Ranges, written as in the site, whose addresses are given only to who asks for one by `addAddress`. From the others a Service that
   * names no address gets the lowest free one, which may be one that another means to ask for.
   * @default - none
   */
  readonly onRequest?: readonly string[];
  /** For networks without `bgp` in the site; an error where there is none. @default - all nodes on the network answer */
  readonly l2?: L2Props;
  /** For networks with `bgp` in the site; an error where there is none. @default - sessions as the site has them, nothing more */
  readonly bgp?: BgpSessionProps;
  /** Labels of the nodes that announce addresses; `nodeSelector` is for the other pods. @default - all */
  readonly speakerNodes?: Readonly<Record<string, string>>;
  /**
   * Cores and memory of the controller, of each speaker and, where a network has `bgp`, of each FRR; `frr` is an error without. The speakers'
   * grow with the Services and nodes, FRR's with the routes that the routers send.
   * @default - 0.05 cores and 256 MiB each
   */
  readonly resources?: {
    readonly controller?: ProgramResources;
    readonly speaker?: ProgramResources;
    readonly frr?: ProgramResources;
  };
  /**
   * The least important messages that all programs log. A change restarts them, on one node after another: an address may be silent for
   * seconds.
   * @default 'info'
   * @see https://github.com/metallb/metallb/blob/v0.16.1/charts/metallb/values.yaml
   */
  readonly logLevel?: LogLevel;
  /** Collects the metrics of all programs. @default - nobody does */
  readonly metrics?: IMetrics;
}

/** Levels of upstream's programs. */
const LOG_LEVELS = ['all', 'debug', 'info', 'warn', 'error', 'none'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const OWN = { cpu: 0.05, memory: Size.mebibytes(256) };
const RESOURCES = { controller: OWN, speaker: OWN, frr: OWN };

/**
 * Gives Services of type LoadBalancer addresses of the site's networks and announces them there: by ARP and NDP, or by BGP to the routers
 * that the site names.
 *
 * Puts into the cluster: the controller with its admission webhook, a speaker on each node, with BGP FRR on each node, all CRDs, and for each
 * network its address pools and their announcement. Needs nothing. Offers addresses (`ILoadBalancer`).
 *
 * @see https://metallb.io
 */
export class MetalLB extends System implements ILoadBalancer {
  readonly controller: Controller;
  readonly speaker: Speaker;
  /** FRR, where a network is announced by BGP. */
  readonly frr?: FrrK8s;
  readonly readyAfter: readonly Stage[];
  private readonly addresses: AddressBook;

  /** @throws where the site has no addresses for load balancers, or the props don't fit its networks */
  constructor(scope: Construct, id: string, props: MetalLBProps = {}) {
    super(scope, id, { name: 'metallb', version: images.controller.tag, podSecurity: 'privileged' }, props);
    const { site, credentials, distribution } = this.platform;
    const networks = this.networks(props.networks);
    const ranges = networks.flatMap(({ loadBalancerRanges }) => loadBalancerRanges);
    const onRequest = this.onRequest(props.onRequest ?? [], ranges);
    const withFrr = networks.some(({ bgp }) => bgp !== undefined);
    this.check(props, networks);
    const { metrics, speakerNodes: nodeSelector, logLevel = 'info' } = props;
    checkChoice(this.node.path, 'logLevel', logLevel, LOG_LEVELS);
    const resources = programResources(this.node.path, props.resources, RESOURCES);
    this.addresses = new AddressBook(ranges);

    this.addDefinitions(withFrr);
    const memberlist = credentials.generate(this, 'metallb-memberlist', { secretkey: { length: 32 } });
    const install = this.addStage('install', [memberlist, metrics]);
    this.controller = new Controller(install, { withFrr, resources: resources.controller, logLevel, metrics });
    this.speaker = new Speaker(install, {
      withFrr,
      memberlist,
      onControlPlane: site.pools.every(({ isControlPlane }) => isControlPlane),
      nodeSelector,
      resources: resources.speaker,
      logLevel,
      metrics,
    });
    if (withFrr) this.frr = new FrrK8s(install, 'frr', { nodeSelector, resources: resources.frr, logLevel, metrics });

    const needs: (IReady | undefined)[] = [install, props.bgp?.password];
    const configure = this.addStage('configure', needs);
    for (const network of networks) {
      const all = network.loadBalancerRanges.map(({ addresses }) => addresses);
      const announced = {
        network,
        pools: site.pools,
        addresses: all.filter((range) => !onRequest.includes(range)),
        onRequest: all.filter((range) => onRequest.includes(range)),
      };
      if (network.bgp) new BgpAnnouncement(configure, announced, props.bgp ?? {});
      else new L2Announcement(configure, announced, props.l2 ?? {});
      this.addEndpoint(`Addresses on ${network.name}`, all.join(', '));
    }
    this.readyAfter = [configure];

    const rival = bundled(distribution, 'load-balancer');
    if (rival?.disable) {
      this.addInstruction({
        when: 'before',
        what: `${rival.name}, which ${distribution.title} brings along, would answer for the same Services; make the cluster without it: ${rival.disable}`,
      });
    }
  }

  addAddress(scope: Construct, props: AddressProps = {}): IAddress {
    return this.addresses.ask(scope, props);
  }

  private addDefinitions(withFrr: boolean): void {
    const conversion = {
      service: { namespace: this.namespace, name: WEBHOOK_SERVICE, path: '/convert' },
      reviewVersions: ['v1beta1', 'v1beta2'],
    };
    this.addCrds([
      metallb.ipAddressPool,
      metallb.l2Advertisement,
      metallb.bgpAdvertisement,
      metallb.bgpPeer.with({ conversion }),
      metallb.bfdProfile,
      metallb.community,
      metallb.configurationState,
      metallb.serviceL2Status,
      metallb.serviceBgpStatus,
      ...(withFrr ? [frr.frrConfiguration, frr.frrK8sConfiguration, frr.frrNodeState, frr.bgpSessionState] : []),
    ]);
  }

  private networks(names: readonly string[] | undefined): readonly Network[] {
    const { site } = this.platform;
    const able = site.networks.filter(({ loadBalancerRanges }) => loadBalancerRanges.length > 0);
    if (able.length === 0) {
      fail(
        this.node.path,
        `site ${site.name} has no addresses to hand out; add loadBalancerRanges to one of its networks`,
      );
    }
    if (names === undefined) return able;
    if (names.length === 0) fail(this.node.path, 'networks must name at least one, got []; leave it out for all');
    return [...new Set(names)].map((name) => {
      const network = site.network(name);
      const mend = didYouMean(
        name,
        able.map((other) => other.name),
      );
      return able.includes(network)
        ? network
        : fail(this.node.path, `network ${show(name)} has no loadBalancerRanges${mend}`);
    });
  }

  private onRequest(wanted: readonly string[], ranges: readonly LoadBalancerRange[]): readonly string[] {
    const known = ranges.map(({ addresses }) => addresses);
    const wrong = wanted.find((range) => !known.includes(range));
    if (wrong !== undefined) {
      fail(
        this.node.path,
        `onRequest has ${show(wrong)}, which is none of the networks' loadBalancerRanges${didYouMean(wrong, known)}`,
      );
    }
    return wanted;
  }

  private check({ l2, bgp, resources }: MetalLBProps, networks: readonly Network[]): void {
    const names = networks.map(({ name }) => name).join(', ');
    if (l2 && networks.every((network) => network.bgp)) {
      fail(this.node.path, `l2 is given, but all networks (${names}) announce by BGP; leave it out`);
    }
    if (resources?.frr && !networks.some((network) => network.bgp)) {
      fail(
        this.node.path,
        `resources.frr is given, but no network (${names}) has bgp, and so there is no FRR; leave it out`,
      );
    }
    if (bgp && !networks.some((network) => network.bgp)) {
      fail(
        this.node.path,
        `bgp is given, but no network (${names}) has routers to announce to; add bgp to it in the site`,
      );
    }
  }
}
