import { crd, type JsonObject, labelSelector, stringMap, t } from '../../crds';
import { strings } from './crd-fields';

const GROUP = { group: 'sriovnetwork.openshift.io', scope: 'Namespaced' } as const;
const VERSION = { name: 'v1', storage: true, subresources: { status: true } } as const;

/** An object of which upstream declares no field. */
const empty = () => t.raw<JsonObject>({ type: 'object' });

const devlinkParams = () =>
  t.object({
    params: t.array(
      t.object({
        applyOn: t.enum(['PF', 'pf', 'VF', 'vf', 'SF', 'sf']),
        cmode: t.enum(['runtime', 'driverinit', 'permanent']),
        name: t.string(),
        value: t.string(),
      }),
    ),
  });

const ovsBridge = () =>
  t.object({
    datapathType: t.string(),
    externalIDs: stringMap(),
    failMode: t.enum(['secure', 'standalone']),
    otherConfig: stringMap(),
  });

const ovsInterface = () =>
  t.object({
    externalIDs: stringMap(),
    mtuRequest: t.integer(),
    options: stringMap(),
    otherConfig: stringMap(),
    type: t.string(),
  });

const groupingPolicy = () => t.enum(['perPF', 'perNIC', 'all']);

/** What all networks say: whose functions they give, where pods name them, and how these get addresses. */
const networkFields = () => ({
  capabilities: t.string(),
  ipam: t.string(),
  metaPlugins: t.string(),
  networkNamespace: t.string(),
  resourceName: t.string().required(),
});

const linkState = () => t.enum(['auto', 'enable', 'disable']);

/**
 * Which ports of which nodes are divided into virtual functions, how many, and what pods ask for them by.
 *
 * @see https://github.com/Mellanox/network-operator/tree/v26.4.1/deployment/network-operator/charts/sriov-network-operator/crds
 */
export const sriovNetworkNodePolicy = crd({
  ...GROUP,
  kind: 'SriovNetworkNodePolicy',
  plural: 'sriovnetworknodepolicies',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          bridge: t.object({
            groupingPolicy: groupingPolicy(),
            ovs: t.object({ bridge: ovsBridge(), uplink: t.object({ interface: ovsInterface() }) }),
          }),
          deviceType: t.enum(['netdevice', 'vfio-pci'], { default: 'netdevice' }),
          devlinkParams: devlinkParams(),
          eSwitchMode: t.enum(['legacy', 'switchdev']),
          excludeTopology: t.boolean(),
          externallyManaged: t.boolean(),
          isRdma: t.boolean(),
          linkType: t.enum(['eth', 'ETH', 'ib', 'IB']),
          mtu: t.integer({ minimum: 1 }),
          needVhostNet: t.boolean(),
          nicSelector: t
            .object({
              deviceID: t.string(),
              netFilter: t.string(),
              pfNames: strings(),
              rootDevices: strings(),
              vendor: t.string(),
            })
            .required(),
          nodeSelector: stringMap().required(),
          numVfs: t.integer({ minimum: 0 }).required(),
          priority: t.integer({ minimum: 0, maximum: 99 }),
          resourceName: t.string().required(),
          vdpaType: t.enum(['virtio', 'vhost']),
        }),
        status: empty(),
      },
    },
  ],
});

const nodeBridges = () =>
  t.object({
    groupingPolicy: groupingPolicy(),
    ovs: t.array(
      t.object({
        bridge: ovsBridge(),
        name: t.string().required(),
        uplinks: t.array(t.object({ interface: ovsInterface(), name: t.string(), pciAddress: t.string().required() })),
      }),
    ),
  });

const nodeSystem = () =>
  t.object({
    ovsConfig: t.map(t.string(), { default: { 'hw-offload': 'true' } }),
    rdmaMode: t.enum(['shared', 'exclusive']),
  });

/** What the policies make of one node, and what is there: written by the operator and its daemon. */
export const sriovNetworkNodeState = crd({
  ...GROUP,
  kind: 'SriovNetworkNodeState',
  plural: 'sriovnetworknodestates',
  versions: [
    {
      ...VERSION,
      printerColumns: [
        { name: 'Sync Status', type: 'string', jsonPath: '.status.syncStatus' },
        {
          name: 'Desired Sync State',
          type: 'string',
          jsonPath: '.metadata.annotations.sriovnetwork\\.openshift\\.io/desired-state',
        },
        {
          name: 'Current Sync State',
          type: 'string',
          jsonPath: '.metadata.annotations.sriovnetwork\\.openshift\\.io/current-state',
        },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      schema: {
        spec: t.object({
          bridges: nodeBridges(),
          interfaces: t.array(
            t.object({
              devlinkParams: devlinkParams(),
              eSwitchMode: t.string(),
              externallyManaged: t.boolean(),
              linkType: t.string(),
              mtu: t.integer(),
              name: t.string(),
              numVfs: t.integer(),
              pciAddress: t.string().required(),
              vfGroups: t.array(
                t.object({
                  deviceType: t.string(),
                  isRdma: t.boolean(),
                  mtu: t.integer(),
                  policyName: t.string(),
                  resourceName: t.string(),
                  vdpaType: t.string(),
                  vfRange: t.string(),
                }),
              ),
            }),
          ),
          system: nodeSystem(),
        }),
        status: t.object({
          bridges: nodeBridges(),
          interfaces: t.array(
            t.object({
              Vfs: t.array(
                t.object({
                  Vlan: t.integer(),
                  assigned: t.string(),
                  deviceID: t.string(),
                  devlinkParams: devlinkParams(),
                  driver: t.string(),
                  guid: t.string(),
                  mac: t.string(),
                  mtu: t.integer(),
                  name: t.string(),
                  pciAddress: t.string().required(),
                  representorName: t.string(),
                  vdpaType: t.string(),
                  vendor: t.string(),
                  vfID: t.integer().required(),
                }),
              ),
              altNames: strings(),
              deviceID: t.string(),
              devlinkParams: devlinkParams(),
              driver: t.string(),
              eSwitchMode: t.string(),
              externallyManaged: t.boolean(),
              linkAdminState: t.string(),
              linkSpeed: t.string(),
              linkType: t.string(),
              mac: t.string(),
              mtu: t.integer(),
              name: t.string(),
              netFilter: t.string(),
              numVfs: t.integer(),
              pciAddress: t.string().required(),
              totalvfs: t.integer(),
              vendor: t.string(),
            }),
          ),
          lastSyncError: t.string(),
          syncStatus: t.string(),
          system: nodeSystem(),
        }),
      },
    },
  ],
});

/** How nodes are changed: how many at a time, and what RDMA shows to network namespaces. */
export const sriovNetworkPoolConfig = crd({
  ...GROUP,
  kind: 'SriovNetworkPoolConfig',
  plural: 'sriovnetworkpoolconfigs',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          maxUnavailable: t.intOrString(),
          nodeSelector: labelSelector(),
          ovsHardwareOffloadConfig: t.object({
            name: t.string(),
            otherConfig: t.map(t.string(), { default: { 'hw-offload': 'true' } }),
          }),
          rdmaMode: t.enum(['shared', 'exclusive']),
        }),
        status: empty(),
      },
    },
  ],
});

/** What the operator rolls out on the nodes. There is one, by the name `default`, in the operator's namespace. */
export const sriovOperatorConfig = crd({
  ...GROUP,
  kind: 'SriovOperatorConfig',
  plural: 'sriovoperatorconfigs',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          configDaemonEnvVars: stringMap(),
          configDaemonNodeSelector: stringMap(),
          configurationMode: t.enum(['daemon', 'systemd']),
          disableDrain: t.boolean(),
          disablePlugins: t.array(t.enum(['mellanox'])),
          enableInjector: t.boolean(),
          enableOperatorWebhook: t.boolean(),
          enableOvsOffload: t.boolean(),
          featureGates: t.map(t.boolean()),
          logLevel: t.integer({ minimum: 0, maximum: 2 }),
          useCDI: t.boolean(),
        }),
        status: t.object({ injector: t.string(), operatorWebhook: t.string() }),
      },
    },
  ],
});

/** A pod's interface that is a virtual function of an Ethernet port. */
export const sriovNetwork = crd({
  ...GROUP,
  kind: 'SriovNetwork',
  plural: 'sriovnetworks',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          ...networkFields(),
          linkState: linkState(),
          logFile: t.string(),
          logLevel: t.enum(['panic', 'error', 'warning', 'info', 'debug', ''], { default: 'info' }),
          maxTxRate: t.integer({ minimum: 0 }),
          minTxRate: t.integer({ minimum: 0 }),
          spoofChk: t.enum(['on', 'off']),
          trust: t.enum(['on', 'off']),
          vlan: t.integer({ minimum: 0, maximum: 4094 }),
          vlanProto: t.enum(['802.1q', '802.1Q', '802.1ad', '802.1AD']),
          vlanQoS: t.integer({ minimum: 0, maximum: 7 }),
        }),
        status: empty(),
      },
    },
  ],
});

/** A pod's interface that is a virtual function of an InfiniBand port. */
export const sriovIbNetwork = crd({
  ...GROUP,
  kind: 'SriovIBNetwork',
  plural: 'sriovibnetworks',
  versions: [
    {
      ...VERSION,
      schema: { spec: t.object({ ...networkFields(), linkState: linkState() }), status: empty() },
    },
  ],
});

const vlanId = () => t.integer({ minimum: 0, maximum: 4095 });

/** A pod's interface on a bridge of Open vSwitch. None is made here; the operator watches them. */
export const ovsNetwork = crd({
  ...GROUP,
  kind: 'OVSNetwork',
  plural: 'ovsnetworks',
  versions: [
    {
      ...VERSION,
      schema: {
        spec: t.object({
          ...networkFields(),
          bridge: t.string(),
          interfaceType: t.string(),
          mtu: t.integer(),
          trunk: t.array(t.object({ id: vlanId(), maxID: vlanId(), minID: vlanId() })),
          vlan: vlanId(),
        }),
        status: empty(),
      },
    },
  ],
});
