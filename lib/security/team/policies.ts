import { Construct } from 'constructs';
import { type IEndpoint, type INetworkPeer, k8s, NetworkEdges, type Stage, systemOf } from '../../core';

/** Whoever opens ways for the pods of a team's namespace: its queue, or the team itself. */
export interface IWays {
  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void;
}

/** All pods of a namespace that no queue has: they reach each other and DNS, and what is opened for them. */
export class NamespacePods extends Construct implements IWays, INetworkPeer {
  readonly namespace: string;
  readonly podLabels = {};
  private readonly edges = new NetworkEdges();

  constructor(stage: Stage, id: string) {
    super(stage, id);
    const { namespace, platform } = systemOf(stage);
    this.namespace = namespace;
    const { dns } = platform.distribution;
    this.edges.addEgress({
      peer: { namespace: dns.namespace, podLabels: dns.podLabels },
      ports: [
        { port: dns.podPort, protocol: 'UDP' },
        { port: dns.podPort, protocol: 'TCP' },
      ],
    });
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata: { name: 'members' },
      spec: { ...this.edges.policySpec({}), podSelector: {} },
    });
    const each = [{ podSelector: {} }];
    new k8s.KubeNetworkPolicy(this, 'network-policy-within', {
      metadata: { name: 'within' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: each }], egress: [{ to: each }] },
    });
  }

  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void {
    for (const endpoint of endpoints) if (endpoint) this.edges.addEgress(endpoint.allow(this));
  }
}
