import { Construct } from 'constructs';
import { type Stage } from '../../core';
import { CustomResource } from '../../crds';
import { VENDOR } from './policy';
import { type RdmaNetworkPlan, resourceName } from './rdma-network';
import { sriovIbNetwork, sriovNetwork, sriovNetworkNodePolicy } from './sriov-crds';

/** What all kinds of networks say. */
interface Common {
  readonly networkNamespace: string;
  readonly ipam?: string;
}

/**
 * What pods are plugged into: a virtual function of the network's ports.
 *
 * @param exclusive whether each network namespace has RDMA devices of its own
 * The operator annotates the network with the attachment's namespace once the attachment is there; its status says nothing at this version.
 *
 * @see https://github.com/Mellanox/sriov-network-operator/blob/network-operator-26.4.x/controllers/generic_network_controller.go
 */
export function addSriovNetwork(
  scope: Construct,
  stage: Stage,
  plan: RdmaNetworkPlan,
  common: Common,
  exclusive: boolean,
): void {
  const { network } = plan;
  const { name } = network;
  const metadata = { name, namespace: stage.namespace };
  const spec = {
    ...common,
    resourceName: resourceName(plan),
    // Where each network namespace has RDMA devices of its own, a pod's has none unless this plugin moves it there.
    ...(exclusive && { metaPlugins: JSON.stringify({ type: 'rdma' }) }),
  };
  const infiniband = network.type === 'infiniband';
  if (infiniband) {
    // As the operator's own example: a function whose state nobody has set may be down.
    new CustomResource(scope, name, sriovIbNetwork, { metadata, spec: { ...spec, linkState: 'enable' } });
  } else {
    new CustomResource(scope, name, sriovNetwork, { metadata, spec });
  }
  stage.addGate({
    type: 'field',
    resource: `${infiniband ? sriovIbNetwork.plural : sriovNetwork.plural}.${sriovNetwork.group}`,
    name,
    namespace: stage.namespace,
    jsonPath: '{.metadata.annotations.operator\\.sriovnetwork\\.openshift\\.io/last-network-namespace}',
    value: common.networkNamespace,
  });
}

/** Which ports of which nodes are divided, and into how many functions. */
export class FunctionPolicies extends Construct {
  /** @param label of the nodes that have the vendor's adapters */
  constructor(stage: Stage, plan: RdmaNetworkPlan, label: string) {
    super(stage, `${plan.network.name}-functions`);
    const { network, functions, interfaces, mtu } = plan;
    for (const [pool, nodeSelector] of selectors(plan, label)) {
      const name = `${network.name}-${pool}`;
      new CustomResource(this, name, sriovNetworkNodePolicy, {
        metadata: { name, namespace: stage.namespace },
        spec: {
          resourceName: resourceName(plan),
          nodeSelector,
          nicSelector: {
            vendor: VENDOR,
            ...(functions!.deviceId && { deviceID: functions!.deviceId }),
            ...(functions!.rootDevices ? { rootDevices: functions!.rootDevices } : { pfNames: interfaces }),
          },
          numVfs: functions!.perPort,
          deviceType: 'netdevice',
          isRdma: true,
          linkType: network.type === 'infiniband' ? 'ib' : 'eth',
          ...(mtu !== undefined && { mtu }),
        },
      });
    }
  }
}

/**
 * The labels of each pool's nodes, by the name of the pool. A pool whose nodes another one's labels select already has no policy of its own: two
 * policies for one port would each claim all of its functions.
 */
function selectors({ pools }: RdmaNetworkPlan, label: string): [string, Readonly<Record<string, string>>][] {
  const all = [...pools.keys()].map(({ name, labels }): [string, Readonly<Record<string, string>>] => [
    name,
    { [label]: 'true', ...labels },
  ]);
  const covers = (wide: Readonly<Record<string, string>>, narrow: Readonly<Record<string, string>>) =>
    Object.entries(wide).every(([key, value]) => narrow[key] === value);
  return all.filter(
    ([, own], i) => !all.some(([, other], j) => i !== j && covers(other, own) && (!covers(own, other) || j < i)),
  );
}
