import { type IConstruct } from 'constructs';
import { type Network, type NodePool } from '../site';
import { type IRdmaNetwork, type IRdmaNetworks } from './contracts';
import { didYouMean, fail, show } from './errors';
import { checkInteger, checkLabel } from './names';
import { platformOf } from './scope';

/** A network that whoever runs the cluster brings to pods by RDMA. */
export interface ExternalRdmaNetworkProps {
  /** Extended resource that gives a pod its RDMA devices: `rdma/infiniband`, `nvidia.com/roce`. */
  readonly resource: string;
  /** How many of it a pod asks for that has a whole node's GPUs, 1 to 1000. @default 1 */
  readonly perNode?: number;
  /** NetworkAttachmentDefinitions that a pod names, each as often as it has such an interface. @default - none */
  readonly attachments?: readonly { readonly namespace: string; readonly name: string }[];
  /** Environment by which NCCL finds the network. @default - NCCL finds it by itself */
  readonly nccl?: Readonly<Record<string, string>>;
}

const RESOURCE = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** The site's networks that others bring to pods, by their names in the site. */
export class ExternalRdmaNetworks implements IRdmaNetworks {
  readonly readyAfter = [];
  private readonly networks: ReadonlyMap<string, IRdmaNetwork>;

  /** @throws where the site lacks a network, or what is said of it can't be */
  constructor(
    private readonly scope: IConstruct,
    props: Readonly<Record<string, ExternalRdmaNetworkProps>>,
  ) {
    const { site } = platformOf(scope);
    this.networks = new Map(
      Object.entries(props).map(([name, each]) => [name, externalNetwork(scope, site.network(name), each)]),
    );
  }

  network(name: string): IRdmaNetwork {
    return (
      this.networks.get(name) ??
      fail(
        this.scope.node.path,
        `network ${show(name)} is none of those that are brought to pods by RDMA${didYouMean(name, this.networks.keys())}`,
      )
    );
  }
}

function externalNetwork(scope: IConstruct, network: Network, props: ExternalRdmaNetworkProps): IRdmaNetwork {
  const { path } = scope.node;
  const { resource, perNode = 1, attachments = [], nccl = {} } = props;
  if (!RESOURCE.test(resource)) {
    fail(
      path,
      `resource of network ${network.name} must have a prefix and a name, got ${show(resource)}; write it as "rdma/infiniband"`,
    );
  }
  checkInteger(
    path,
    `perNode of network ${network.name}`,
    perNode,
    1,
    1000,
    'give what a pod with a whole node asks for',
  );
  for (const { namespace, name } of attachments) {
    checkLabel(path, `the namespace of an attachment of network ${network.name}`, namespace);
    checkLabel(path, `the name of an attachment of network ${network.name}`, name);
    platformOf(scope).addExternal({ kind: 'NetworkAttachmentDefinition', namespace, name });
  }
  const platform = platformOf(scope);
  for (const pool of platform.site.pools.filter((each) => platform.site.portsOn(network, each) > 0)) {
    // How many pods of a node may use it is not known: as many as there are GPUs, for all that link is told.
    platform.addNodeResources(pool, () => ({ [resource]: perNode * Math.max(1, pool.gpusPerNode) }));
  }
  return {
    network,
    resource,
    attachments,
    nccl,
    readyAfter: [],
    perNode: (pool: NodePool) =>
      platformOf(scope).site.portsOn(network, pool) > 0
        ? perNode
        : fail(path, `node pool ${show(pool.name)} has no ports on network ${network.name}; add them to the site`),
  };
}
