import { Size } from 'cdk8s';
import { type INodeFeatures, type Platform, type PlatformProps } from '../../lib/core';
import { NvidiaNetworkOperator, type NvidiaNetworkOperatorProps } from '../../lib/networking/nvidia-network-operator';
import { type NetworkPortProps, type NetworkProps, type NodePoolProps, Site } from '../../lib/site';
import { testPlatform } from '../support';

export const INFINIBAND: NetworkProps = { name: 'infiniband', type: 'infiniband', cidr: '10.50.0.0/22' };
export const ROCE: NetworkProps = { name: 'roce', cidr: '10.40.0.0/21' };

/** Ports of a node on a network. */
export function ports(network: NetworkProps, count: number): NetworkPortProps {
  return { type: network.type ?? 'ethernet', speed: '400Gb/s', count, network: network.name };
}

/** Four servers with eight GPUs each, whose model nobody knows. */
export function pool(networkPorts: readonly NetworkPortProps[], props: Partial<NodePoolProps> = {}): NodePoolProps {
  return {
    name: 'gpu',
    nodes: 4,
    cpu: { cores: 64 },
    memory: Size.gibibytes(1024),
    gpus: { model: 'NVIDIA H100', count: 8, memory: Size.gibibytes(80) },
    networkPorts,
    ...props,
  };
}

export const CPU_ONLY: NodePoolProps = { name: 'cpu', nodes: 3, cpu: { cores: 32 }, memory: Size.gibibytes(256) };

export interface Lab {
  readonly lab: Platform;
  readonly operator: NvidiaNetworkOperator;
}

/** The system on a site of its own; without networks and pools, one pool with eight ports of InfiniBand. */
export function make(
  props: Partial<NvidiaNetworkOperatorProps> = {},
  site: { readonly networks?: readonly NetworkProps[]; readonly nodePools?: readonly NodePoolProps[] } = {},
  platform: Partial<PlatformProps> = {},
): Lab {
  const { networks = [INFINIBAND, ROCE], nodePools = [pool([ports(INFINIBAND, 8), ports(ROCE, 2)]), CPU_ONLY] } = site;
  const lab = testPlatform({
    site: new Site({ name: 'test', domain: 'test.example', nodePools, networks }),
    ...platform,
  });
  return { lab, operator: new NvidiaNetworkOperator(lab, 'network-operator', { nodeFeatures: features, ...props }) };
}

/** Labels nodes as Node Feature Discovery does. */
export const features: INodeFeatures = {
  readyAfter: [],
  label: (name) => `feature.node.kubernetes.io/${name}`,
  pciLabel: (vendor) => `feature.node.kubernetes.io/pci-${vendor}.present`,
  addRule: () => undefined,
};

/** A network's own settings where it is RoCE over two ports. */
export const OVER_ROCE = { interfaces: ['ens1f0np0', 'ens1f1np1'], addresses: '10.40.4.0-10.40.7.254' } as const;
