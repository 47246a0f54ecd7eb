import { Construct } from 'constructs';
import * as k8s from '../k8s';
import { SELECTS_AT_RUN_TIME } from '../labels';
import { checkLabel } from '../names';
import { type IEndpoint, type NetworkEdge, NetworkEdges, type Peer, type PeerPort, type WiredPods } from '../network';
import { systemOf } from '../scope';
import { type Stage } from '../stage';

export interface ControlledPodsProps {
  /** Labels that the controller gives the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether they talk to the API server, and so look up names. @default false */
  readonly usesApi?: boolean;
}

/**
 * Pods that a controller makes at run time in the system's namespace: a NetworkPolicy, which grows as endpoints are wired. Several may select
 * one pod, which then may do what any of them allows.
 */
export class ControlledPods extends Construct implements WiredPods {
  readonly hostNetwork = false;
  /** What a controller makes isn't known here. */
  readonly serviceAccount = undefined;
  readonly probePorts = [];
  readonly namespace: string;
  readonly podLabels: Readonly<Record<string, string>>;
  private readonly edges = new NetworkEdges();

  /** @param id also the policy's name */
  constructor(stage: Stage, id: string, props: ControlledPodsProps) {
    super(stage, id);
    const { namespace, platform } = systemOf(stage);
    checkLabel(this.node.path, 'the name of controlled pods', id);
    this.namespace = namespace;
    this.podLabels = props.labels;
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata: { name: id, annotations: { [SELECTS_AT_RUN_TIME]: 'true' } },
      spec: this.edges.policySpec({ ...props.labels }),
    });
    if (props.usesApi) {
      const { dns, apiServerPort } = platform.distribution;
      this.allowTo(
        { namespace: dns.namespace, podLabels: dns.podLabels },
        { port: dns.podPort, protocol: 'UDP' },
        { port: dns.podPort, protocol: 'TCP' },
      );
      this.allowTo('anywhere', apiServerPort);
    }
    platform.registerPods(this);
  }

  get path(): string {
    return this.node.path;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.podLabels;
  }

  get ingress(): readonly NetworkEdge[] {
    return this.edges.allIngress;
  }

  get egress(): readonly NetworkEdge[] {
    return this.edges.allEgress;
  }

  portNumber(port: number | string): number | undefined {
    return typeof port === 'number' ? port : undefined;
  }

  /** Opens the way to an endpoint, at both ends. */
  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void {
    for (const endpoint of endpoints) if (endpoint) this.edges.addEgress(endpoint.allow(this));
  }

  /** Lets a peer in at a port of the pods. */
  allowFrom(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addIngress({ peer, ports: ports.map(portOf) });
  }

  /** Lets the pods out to a peer. */
  allowTo(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addEgress({ peer, ports: ports.map(portOf) });
  }
}

function portOf(port: number | PeerPort): PeerPort {
  return typeof port === 'number' ? { port } : port;
}
