import { Construct } from 'constructs';
import * as k8s from '../k8s';
import { checkLabel } from '../names';
import { type IEndpoint, NetworkEdges, type Peer, type PeerPort } from '../network';
import { systemOf } from '../scope';
import { type Stage } from '../stage';
import { type IServedPods, ServiceEndpoint, type ServiceProps } from './service';

export interface ControlledPodsProps {
  /** Labels that the controller gives the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether they talk to the API server. @default false */
  readonly usesApi?: boolean;
  /** Whether they look up names. @default - if they talk to the API server */
  readonly usesDns?: boolean;
}

/**
 * Pods that a controller makes at run time in the system's namespace: their NetworkPolicy, which grows as endpoints are wired, and Services in
 * front of them. Several may select one pod, which then may do what any of them allows.
 */
export class ControlledPods extends Construct implements IServedPods {
  readonly name: string;
  readonly namespace: string;
  readonly podLabels: Readonly<Record<string, string>>;
  private readonly edges = new NetworkEdges();

  /** @param id name of the policy */
  constructor(
    readonly stage: Stage,
    id: string,
    props: ControlledPodsProps,
  ) {
    super(stage, id);
    const { namespace, platform } = systemOf(stage);
    checkLabel(this.node.path, 'the name of controlled pods', id, 52);
    this.name = id;
    this.namespace = namespace;
    this.podLabels = props.labels;
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata: { name: id },
      spec: this.edges.policySpec({ ...props.labels }),
    });
    const { dns, apiServerPort } = platform.distribution;
    if (props.usesDns ?? props.usesApi) {
      const ports = (['UDP', 'TCP'] as const).map((protocol) => ({ port: dns.podPort, protocol }));
      this.edges.addEgress({ peer: { namespace: dns.namespace, podLabels: dns.podLabels }, ports });
    }
    if (props.usesApi) this.edges.addEgress({ peer: 'anywhere', ports: [{ port: apiServerPort }] });
  }

  /** Opens the way to an endpoint, at both ends. */
  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void {
    for (const endpoint of endpoints) if (endpoint) this.edges.addEgress(endpoint.allow(this));
  }

  allowFrom(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addIngress({ peer, ports: ports.map(portOf) });
  }

  /** Lets the pods out to a peer that no endpoint describes. */
  allowTo(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addEgress({ peer, ports: ports.map(portOf) });
  }

  /** Adds a Service in front of the pods and returns its endpoints by port name. */
  addService<P extends string>(
    props: ServiceProps<P>,
  ): Record<P, ServiceEndpoint> & { readonly service: k8s.KubeService } {
    return ServiceEndpoint.create(this, systemOf(this).platform.distribution.clusterDomain, props);
  }
}

function portOf(port: number | PeerPort): PeerPort {
  return typeof port === 'number' ? { port } : port;
}
