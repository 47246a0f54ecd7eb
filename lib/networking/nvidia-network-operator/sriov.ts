import { Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  count,
  type Distribution,
  fail,
  type Stage,
  type SummaryInstruction,
} from '../../core';
import { CustomResource } from '../../crds';
import { type NodePool } from '../../site';
import { type RdmaNetworkPlan } from './rdma-network';
import { sriovNetworkPoolConfig, sriovOperatorConfig } from './sriov-crds';

/** How nodes are changed on which ports are divided into virtual functions. */
export interface SriovProps {
  /**
   * The adapters' firmware. `keep`: whoever runs the servers has switched SR-IOV on in it, with enough functions. `change`: the operator does so where it isn't, and
   * sets the ports' type, InfiniBand or Ethernet, to the network's; for that it empties the node and restarts it. It can't under Secure Boot, whose kernels are locked down.
   * @default 'keep'
   */
  readonly firmware?: 'keep' | 'change';
  /**
   * Whose RDMA devices a pod sees. `shared`: those of its node, of which it may open its own. `exclusive`: its own alone, moved into its network namespace; the
   * kernel is told so when it starts, so each node is emptied and restarted once. Not where another network is `shared` or `host-device`, whose devices stay with the node.
   * @default 'shared'
   */
  readonly rdmaNamespaces?: 'shared' | 'exclusive';
  /**
   * Whether pods with RDMA devices are evicted from a node before its ports are changed. Without, functions are taken away from pods that use them.
   * @default true
   */
  readonly drain?: boolean;
  /** Nodes that are emptied and changed at a time, 1 to 100. @default 1 */
  readonly maxUnavailable?: number;
}

/** The one name that the operator acts on. @see https://github.com/Mellanox/sriov-network-operator/blob/network-operator-26.4.x/pkg/consts/constants.go */
const CONFIG = 'default';
const POOL = 'sriov';
/** `false` on a node once its driver is loaded, by the network operator. @see https://github.com/Mellanox/network-operator/blob/v26.4.1/controllers/mofed_wait_labels.go */
const DRIVER_AWAITED = 'network.nvidia.com/operator.mofed.wait';

/** @throws where the distribution or another network doesn't go with virtual functions, or nobody has any */
export function checkSriov(
  path: string,
  distribution: Distribution,
  plans: readonly RdmaNetworkPlan[],
  given: SriovProps | undefined,
  resources: object | undefined,
): void {
  const divided = plans.find(({ mode }) => mode === 'sriov');
  if (!divided) {
    for (const [what, value] of Object.entries({ sriov: given, 'resources.sriovOperator': resources })) {
      if (value === undefined) continue;
      fail(path, `${what} is given, but no network has the mode sriov; give one that mode, or leave it out`);
    }
    return;
  }
  if (distribution.podSecurity === 'scc') {
    fail(
      path,
      `networks.${divided.network.name}.mode is sriov, but ${distribution.title} has an SR-IOV operator of its own for the same kinds; ` +
        'install that one, and name its networks with External.rdmaNetworks',
    );
  }
  const { firmware = 'keep', rdmaNamespaces = 'shared', drain = true, maxUnavailable } = given ?? {};
  checkChoice(path, 'sriov.firmware', firmware, ['keep', 'change']);
  checkChoice(path, 'sriov.rdmaNamespaces', rdmaNamespaces, ['shared', 'exclusive']);
  if (maxUnavailable !== undefined) {
    checkInteger(path, 'sriov.maxUnavailable', maxUnavailable, 1, 100, 'give the number of nodes at a time');
    if (!drain) fail(path, 'sriov.maxUnavailable is given, but nodes are not drained; leave one of the two out');
  }
  const other = plans.find(({ mode }) => mode !== 'sriov');
  if (rdmaNamespaces === 'exclusive' && other) {
    fail(
      path,
      `sriov.rdmaNamespaces is exclusive, but network ${other.network.name} is ${other.mode}, whose pods then have no RDMA device; use shared, or sriov for that network too`,
    );
  }
}

/** What the operator rolls out, and how it changes nodes. */
export class SriovConfig extends Construct {
  /** @param label of the nodes that have the vendor's adapters */
  constructor(stage: Stage, label: string, plans: readonly RdmaNetworkPlan[], props: SriovProps) {
    super(stage, 'sriov');
    const nodes = { [label]: 'true', ...commonLabels(dividedPools(plans)) };
    const { firmware = 'keep', rdmaNamespaces = 'shared', drain = true, maxUnavailable = 1 } = props;
    const { namespace } = stage;
    new CustomResource(this, 'config', sriovOperatorConfig, {
      metadata: { name: CONFIG, namespace },
      spec: {
        configDaemonNodeSelector: { 'kubernetes.io/os': 'linux', ...nodes, [DRIVER_AWAITED]: 'false' },
        configurationMode: 'daemon',
        disableDrain: !drain,
        ...(firmware === 'keep' && { disablePlugins: ['mellanox'] }),
        enableInjector: false,
        enableOperatorWebhook: false,
        // As upstream's chart has it.
        logLevel: 2,
      },
    });
    new CustomResource(this, 'pool', sriovNetworkPoolConfig, {
      metadata: { name: POOL, namespace },
      spec: {
        nodeSelector: { matchLabels: nodes },
        maxUnavailable,
        ...(rdmaNamespaces === 'exclusive' && { rdmaMode: rdmaNamespaces }),
      },
    });
  }
}

/** The pools whose ports are divided. */
function dividedPools(plans: readonly RdmaNetworkPlan[]): NodePool[] {
  return [...new Set(plans.filter(({ functions }) => functions).flatMap(({ pools }) => [...pools.keys()]))];
}

/** The operator takes one set of labels for all its nodes: those that are on each of these pools. */
function commonLabels(pools: readonly NodePool[]): Readonly<Record<string, string>> {
  const shared = Object.entries(pools[0]?.labels ?? {}).filter(([key, value]) =>
    pools.every(({ labels }) => labels[key] === value),
  );
  return Object.fromEntries(shared);
}

/** What people do for virtual functions, and can see of them. */
export function sriovInstructions(
  namespace: string,
  plans: readonly RdmaNetworkPlan[],
  { firmware = 'keep', rdmaNamespaces = 'shared' }: SriovProps,
): SummaryInstruction[] {
  const divided = plans.filter(({ functions }) => functions !== undefined);
  const pools = dividedPools(plans)
    .map(({ name }) => name)
    .join(', ');
  const most = Math.max(...divided.map(({ functions }) => functions!.perPort));
  const fabrics = divided.filter(({ network }) => network.type === 'infiniband').map(({ network }) => network.name);
  return [
    {
      when: 'before',
      what:
        firmware === 'keep'
          ? `Switch SR-IOV on for the servers of ${pools}: in their BIOS, and in the firmware of each adapter, with at least ${count(most, 'virtual function')} a port; then restart them`
          : `Switch SR-IOV on in the BIOS of the servers of ${pools}, and expect nodes to be emptied and restarted whose adapters' firmware the operator changes`,
      command: firmware === 'keep' ? `mstconfig -d 0000:18:00.0 set SRIOV_EN=1 NUM_OF_VFS=${most}` : undefined,
    },
    ...(fabrics.length > 0
      ? [
          {
            when: 'before' as const,
            what:
              `Have a subnet manager on ${fabrics.join(', ')} that knows virtual functions: UFM, or NVIDIA's OpenSM with "virt_enabled 2" in its configuration; ` +
              "with others, such as Linux distributions' own OpenSM, their ports stay down",
          },
        ]
      : []),
    ...(rdmaNamespaces === 'exclusive'
      ? [
          {
            when: 'before' as const,
            what: `Expect each node of ${pools} to be emptied and restarted once, for RDMA devices of each network namespace`,
          },
        ]
      : []),
    {
      when: 'after',
      what: `See which nodes of ${pools} have their virtual functions: Sync Status is Succeeded. One that fails stays cordoned. Whatever changes them later, first evicts the node's pods with RDMA devices`,
      command: `kubectl get sriovnetworknodestates --namespace ${namespace}`,
    },
  ];
}
