import { Construct } from 'constructs';
import {
  type INetworkPeer,
  type Peer,
  type Platform,
  type PlatformNamespace,
  type Stage,
  type WiredPods,
} from '../../core';
import { CustomResource } from '../../crds';
import { authorizationPolicy, peerAuthentication } from './crds';
import { MODE } from './nodes';
import { HBONE, isPermissive, isPod, type Rule, rulesFor } from './mesh-rules';

/** Where kubelet's probes of a pod of the mesh seem to come from. @see https://istio.io/latest/docs/ambient/usage/networkpolicy/ */
export const PROBES = '169.254.7.127/32';

export interface MeshMembership {
  readonly platform: Platform;
  /** Istio's own namespace, whose mesh-wide policies count everywhere. */
  readonly rootNamespace: string;
  readonly trustDomain: string;
  /** Pods that have an identity without ztunnel: those of the gateway. */
  readonly gateway: WiredPods;
  /** Namespaces that stay outside. */
  readonly outside: readonly string[];
}

/**
 * Who is in the mesh, and who may reach whom in it, all of it from the wiring. Made when all is said, and made anew where more is said later.
 *
 * In are the namespaces of systems whose pods talk with pods of others such, or are reached through the gateway. Out are those whose pods need
 * more than the restricted standard or that a controller makes, those of queues and trainings, and those that nobody is wired to.
 */
export class Mesh {
  private members: ReadonlySet<string> = new Set();

  constructor(
    private readonly stage: Stage,
    private readonly props: MeshMembership,
  ) {
    props.platform.addCompletion(() => this.complete());
  }

  /** The namespaces in the mesh, as wired until now. */
  get inside(): readonly string[] {
    return this.namespaces(true);
  }

  /** The platform's other namespaces. */
  get outside(): readonly string[] {
    return this.namespaces(false);
  }

  private complete(): void {
    const { platform, rootNamespace } = this.props;
    this.members = this.findMembers();
    for (const { name, addLabel } of platform.namespaces) addLabel(MODE, this.members.has(name) ? 'ambient' : 'none');
    for (const pods of platform.pods) if (this.hasIdentity(pods)) this.openMeshPorts(pods);
    this.stage.node.tryRemoveChild('policies');
    const policies = new Construct(this.stage, 'policies');
    for (const pods of platform.pods) if (this.members.has(pods.namespace)) this.policiesOf(policies, pods);
    // After the exceptions from it, which else would come too late for those who ask without an identity.
    new CustomResource(policies, 'default', peerAuthentication, {
      metadata: { name: 'default', namespace: rootNamespace },
      spec: { mtls: { mode: 'STRICT' } },
    });
  }

  private namespaces(inside: boolean): string[] {
    return this.props.platform.namespaces
      .map(({ name }) => name)
      .filter((name) => this.members.has(name) === inside && name !== this.props.rootNamespace)
      .sort();
  }

  private findMembers(): Set<string> {
    const { platform, gateway } = this.props;
    const able = new Set(platform.namespaces.filter((one) => this.isAble(one)).map(({ name }) => name));
    const members = new Set<string>();
    for (const server of platform.pods) {
      if (!able.has(server.namespace)) continue;
      const clients = server.ingress.flatMap(({ peer }) => (isPod(peer) ? this.podsOf(peer) : []));
      for (const client of clients) {
        if (client === gateway) members.add(server.namespace);
        else if (able.has(client.namespace)) members.add(server.namespace).add(client.namespace);
      }
    }
    return members;
  }

  private isAble({ name, isSystem, podSecurity }: PlatformNamespace): boolean {
    const { platform, rootNamespace, outside } = this.props;
    if (name === rootNamespace || outside.includes(name) || podSecurity !== 'restricted') return false;
    const pods = platform.pods.filter(({ namespace }) => namespace === name);
    return isSystem && pods.every(({ serviceAccount, hostNetwork }) => serviceAccount && !hostNetwork);
  }

  /** The platform's pods that a peer is. */
  private podsOf({ namespace, podLabels }: INetworkPeer): WiredPods[] {
    return this.props.platform.pods.filter(
      (pods) =>
        pods.namespace === namespace &&
        Object.entries(podLabels).every(([label, value]) => pods.labels[label] === value),
    );
  }

  private hasIdentity(pods: WiredPods): boolean {
    return pods === this.props.gateway || this.members.has(pods.namespace);
  }

  private isMember(peer: Peer): peer is INetworkPeer {
    return isPod(peer) && this.podsOf(peer).some((pods) => this.hasIdentity(pods));
  }

  private isGateway(peer: INetworkPeer): boolean {
    return this.podsOf(peer).every((pods) => pods === this.props.gateway);
  }

  /** The NetworkPolicy sees the mesh's port where the wiring names the one inside, and probes under another address. */
  private openMeshPorts(pods: WiredPods): void {
    const isGateway = pods === this.props.gateway;
    // To the gateway everybody comes by its own ports, those of the mesh too.
    for (const { peer } of pods.ingress) if (!isGateway && this.isMember(peer)) pods.allowFrom(peer, HBONE);
    for (const { peer } of pods.egress) if (this.isMember(peer) && !this.isGateway(peer)) pods.allowTo(peer, HBONE);
    if (!isGateway && pods.probePorts.length > 0) pods.allowFrom({ cidr: PROBES }, ...pods.probePorts);
  }

  private policiesOf(scope: Construct, pods: WiredPods): void {
    const { namespace, serviceAccount, podLabels } = pods;
    const name = serviceAccount ?? '';
    const own = new Construct(scope, `${namespace}-${name}`);
    const selector = { matchLabels: { ...podLabels } };
    const rules = rulesFor(pods, (peer) => this.sources(peer));
    const plain = rules.filter(isPermissive).flatMap(({ ports }) => ports);
    if (plain.length > 0) {
      const permissive = [...new Set(plain)]
        .sort((a, b) => a - b)
        .map((port) => [String(port), { mode: 'PERMISSIVE' as const }]);
      new CustomResource(own, 'authentication', peerAuthentication, {
        metadata: { name, namespace },
        spec: {
          selector,
          mtls: { mode: 'STRICT' },
          portLevelMtls: Object.fromEntries(permissive) as Record<string, { readonly mode: 'PERMISSIVE' }>,
        },
      });
    }
    new CustomResource(own, 'authorization', authorizationPolicy, {
      metadata: { name, namespace },
      // Without a rule nobody may.
      spec: { selector, action: 'ALLOW', ...(rules.length > 0 && { rules: rules.map(written) }) },
    });
  }

  /** Who a peer is in the mesh's eyes. */
  private sources(peer: Peer): Pick<Rule, 'principals' | 'blocks' | 'plain' | 'anybody'> {
    if (peer === 'anywhere') return { principals: [], blocks: [], plain: true, anybody: true };
    if ('cidr' in peer) {
      // Answered without ztunnel, which needs no word of it.
      if (peer.cidr === PROBES) return { principals: [], blocks: [], plain: false, anybody: false };
      return { principals: [], blocks: [peer.cidr], plain: false, anybody: false };
    }
    const known = this.podsOf(peer).filter((pods) => this.hasIdentity(pods));
    return {
      principals: known.map(
        ({ namespace, serviceAccount }) => `${this.props.trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
      ),
      blocks: [],
      plain: known.length === 0,
      anybody: false,
    };
  }
}

function written({ ports, principals, blocks, plain, anybody }: Rule) {
  const from = [
    ...(principals.length > 0 ? [{ source: { principals } }] : []),
    ...(blocks.length > 0 ? [{ source: { ipBlocks: blocks } }] : []),
    // Those that NetworkPolicy lets through from outside of the mesh; whoever has an identity must be named.
    ...(plain ? [{ source: { notPrincipals: ['*'] } }] : []),
  ];
  return {
    ...(!anybody && { from }),
    to: [{ operation: { ports: ports.map(String) } }],
  };
}
