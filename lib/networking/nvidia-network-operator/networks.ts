import { Construct } from 'constructs';
import { type Stage } from '../../core';
import { CustomResource } from '../../crds';
import { blocks } from './addresses';
import { hostDeviceNetwork, ipoibNetwork, macvlanNetwork } from './crds';
import { ipPool } from './ipam-crds';
import { type NodeSelector } from './policy';
import { attachmentNames, type RdmaNetworkPlan, resourceName } from './rdma-network';
import { addSriovNetwork } from './sriov-networks';

/** The operator's resources of one network: addresses for its pods, and what they are plugged into. */
export class NetworkResources extends Construct {
  /**
   * @param path of the system, for errors
   * @param namespace where the NetworkAttachmentDefinitions go
   * @param exclusive whether each network namespace has RDMA devices of its own
   */
  constructor(
    stage: Stage,
    path: string,
    plan: RdmaNetworkPlan,
    namespace: string,
    nodes: NodeSelector,
    exclusive: boolean,
  ) {
    super(stage, plan.network.name);
    const { network, mode, addresses } = plan;
    if (addresses !== undefined) this.pool(stage, path, plan, addresses, nodes);
    const common = {
      networkNamespace: namespace,
      // The operator leaves out `ipam` by itself only where there is none, and writes an empty one.
      ...(addresses !== undefined && {
        ipam: JSON.stringify({ type: 'nv-ipam', poolName: network.name, poolType: 'ippool' }),
      }),
    };
    const names = [...new Set(attachmentNames(plan))];
    names.forEach((name, i) => {
      const metadata = { name };
      if (mode === 'sriov') {
        addSriovNetwork(this, stage, plan, common, exclusive);
      } else if (mode === 'host-device') {
        const spec = { ...common, resourceName: resourceName(plan) };
        new CustomResource(this, name, hostDeviceNetwork, { metadata, spec });
        gate(stage, 'hostdevicenetworks', name);
      } else if (network.type === 'infiniband') {
        new CustomResource(this, name, ipoibNetwork, { metadata, spec: { ...common, master: plan.interfaces![i]! } });
        gate(stage, 'ipoibnetworks', name);
      } else {
        const { mtu } = plan;
        const spec = { ...common, master: plan.interfaces![i]!, mode: 'bridge' as const, ...(mtu && { mtu }) };
        new CustomResource(this, name, macvlanNetwork, { metadata, spec });
        gate(stage, 'macvlannetworks', name);
      }
    });
  }

  private pool(stage: Stage, path: string, plan: RdmaNetworkPlan, range: string, nodes: NodeSelector): void {
    const { network, mode, podsPerNode, pools, functions, gateway, routes } = plan;
    const ports = Math.max(...pools.values());
    const tuned = mode === 'shared' ? 'podsPerNode' : functions && functions.perPort > 1 ? 'functions' : undefined;
    new CustomResource(this, 'pool', ipPool, {
      metadata: { name: network.name, namespace: stage.namespace },
      spec: {
        ...blocks(path, `networks.${network.name}.addresses`, {
          network,
          range,
          perNode: mode === 'host-device' ? ports : podsPerNode * ports,
          tuned,
          nodes: [...pools.keys()].reduce((sum, pool) => sum + pool.nodes, 0),
        }),
        ...(gateway !== undefined && { gateway }),
        ...(routes?.length && { routes: routes.map((dst) => ({ dst })) }),
        nodeSelector: nodes,
      },
    });
  }
}

/** Its NetworkAttachmentDefinition is there. */
function gate(stage: Stage, plural: string, name: string): void {
  stage.addGate({
    type: 'field',
    resource: `${plural}.mellanox.com`,
    name,
    jsonPath: '{.status.state}',
    value: 'ready',
  });
}
