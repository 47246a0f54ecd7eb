import { type System } from '../../core';
import { type NodePool } from '../../site';
import { type nicClusterPolicy } from './crds';
import { type DriverSpec, parts, pullSecrets } from './driver';
import { images } from './images';
import { attachmentNames, type RdmaNetworkPlan, resourceName } from './rdma-network';

type PolicySpec = NonNullable<NonNullable<(typeof nicClusterPolicy)['body']>['spec']>;
export type NodeSelector = NonNullable<
  NonNullable<PolicySpec['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>;

/** PCI vendor of NVIDIA's network adapters, which were Mellanox's. */
export const VENDOR = '15b3';

export interface PolicyProps {
  readonly plans: readonly RdmaNetworkPlan[];
  readonly nodes: NodeSelector;
  readonly driver?: DriverSpec;
  /** Whether Multus, with its plugins, is the distribution's own. */
  readonly bundledMultus: boolean;
}

/** What the operator rolls out for these networks, and nothing else. */
export function policySpec(system: System, { plans, nodes, driver, bundledMultus }: PolicyProps): PolicySpec {
  const shared = plans.filter(({ mode }) => mode === 'shared');
  const hostDevice = plans.filter(({ mode }) => mode === 'host-device');
  const attached = plans.some((plan) => attachmentNames(plan).length > 0);
  // A virtual function needs no plugin but those that the SR-IOV operator brings.
  const plugged = plans.some((plan) => plan.mode !== 'sriov' && attachmentNames(plan).length > 0);
  const overIpoib = shared.some((plan) => plan.network.type === 'infiniband' && attachmentNames(plan).length > 0);
  const image = (of: keyof typeof images) => ({ ...parts(system.image(images[of])), ...pullSecrets(system) });
  return {
    ...(driver && { ofedDriver: driver }),
    ...(shared.length > 0 && {
      rdmaSharedDevicePlugin: {
        ...image('sharedDevicePlugin'),
        config: JSON.stringify({ configList: shared.map(sharedResource) }),
      },
    }),
    ...(hostDevice.length > 0 && {
      sriovDevicePlugin: {
        ...image('hostDevicePlugin'),
        config: JSON.stringify({ resourceList: hostDevice.map(hostDeviceResource) }),
      },
    }),
    ...(attached &&
      (!bundledMultus || overIpoib) && {
        secondaryNetwork: {
          ...(!bundledMultus && { multus: image('multus'), ...(plugged && { cniPlugins: image('cniPlugins') }) }),
          ...(overIpoib && { ipoib: image('ipoib') }),
        },
      }),
    ...(plans.some(({ addresses }) => addresses !== undefined) && { nvIpam: image('ipam') }),
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: nodes },
    ...tolerated([...new Set(plans.flatMap(({ pools }) => [...pools.keys()]))]),
  };
}

/**
 * All of a node's devices on the network, for so many pods at a time. The resource's prefix is the plugin's own, `rdma`, which the operator's webhook refuses to be
 * written, because it isn't a domain.
 *
 * @see https://github.com/Mellanox/k8s-rdma-shared-dev-plugin#rdma-shared-device-plugin-configurations
 */
function sharedResource(plan: RdmaNetworkPlan): object {
  return {
    resourceName: resourceName(plan),
    rdmaHcaMax: plan.podsPerNode,
    selectors: {
      vendors: [VENDOR],
      linkTypes: [linkType(plan)],
      ...(plan.interfaces && { ifNames: plan.interfaces }),
    },
  };
}

/**
 * Each of a node's devices on the network, for one pod at a time.
 *
 * @see https://github.com/k8snetworkplumbingwg/sriov-network-device-plugin#configurations
 */
function hostDeviceResource(plan: RdmaNetworkPlan): object {
  return {
    resourcePrefix: 'nvidia.com',
    resourceName: resourceName(plan),
    selectors: {
      vendors: [VENDOR],
      isRdma: true,
      linkTypes: [linkType(plan)],
      ...(plan.interfaces && { pfNames: plan.interfaces }),
    },
  };
}

/** As the kernel calls it. */
function linkType({ network }: RdmaNetworkPlan): string {
  return network.type === 'infiniband' ? 'infiniband' : 'ether';
}

/** The nodes of these pools: with the adapters, and the labels that the site gives them. */
export function nodesOf(label: string, pools: readonly NodePool[]): NodeSelector {
  const is = (key: string, value: string) => ({ key, operator: 'In', values: [value] });
  const terms = pools.map((pool) => ({
    matchExpressions: [is(label, 'true'), ...Object.entries(pool.labels).map(([key, value]) => is(key, value))],
  }));
  // Pools without labels are told by the adapters alone, and so would be one term.
  const different = new Map(terms.map((term) => [JSON.stringify(term), term]));
  return { nodeSelectorTerms: [...different.values()] };
}

/** What keeps other pods away from the pools doesn't keep away what serves their network. */
function tolerated(pools: readonly NodePool[]): Pick<PolicySpec, 'tolerations'> {
  const all = pools
    .flatMap(({ taints }) => taints)
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .map(({ key, value, effect }) =>
      value === undefined ? { key, operator: 'Exists', effect } : { key, operator: 'Equal', value, effect },
    );
  const different = new Map(all.map((toleration) => [JSON.stringify(toleration), toleration]));
  return different.size > 0 ? { tolerations: [...different.values()] } : {};
}
