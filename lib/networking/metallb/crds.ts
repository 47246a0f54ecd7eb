import { conditions, crd, labelSelector, secretReference, stringMap, t } from '../../crds';
import { connectTime } from './crd-fields';

const GROUP = { group: 'metallb.io', scope: 'Namespaced' } as const;
const STATUS = { status: true } as const;
const IMMUTABLE = { rule: 'self == oldSelf', message: 'Value is immutable' };

const strings = () => t.array(t.string());
const labelSelectors = () => t.array(labelSelector());
const asNumber = (minimum: number) => t.int64({ minimum, maximum: 4294967295 });

/** Addresses that MetalLB hands out. @see https://metallb.io/apis/#metallb.io/v1beta1.IPAddressPool */
export const ipAddressPool = crd({
  ...GROUP,
  kind: 'IPAddressPool',
  plural: 'ipaddresspools',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t
          .object({
            addresses: strings().required(),
            autoAssign: t.boolean({ default: true }),
            avoidBuggyIPs: t.boolean({ default: false }),
            serviceAllocation: t.object({
              namespaces: strings(),
              namespaceSelectors: labelSelectors(),
              serviceSelectors: labelSelectors(),
              priority: t.integer(),
            }),
          })
          .required(),
        status: t.object({
          assignedIPv4: t.int64().required(),
          assignedIPv6: t.int64().required(),
          availableIPv4: t.int64().required(),
          availableIPv6: t.int64().required(),
        }),
      },
      subresources: STATUS,
      printerColumns: [
        { name: 'Auto Assign', type: 'boolean', jsonPath: '.spec.autoAssign' },
        { name: 'Avoid Buggy IPs', type: 'boolean', jsonPath: '.spec.avoidBuggyIPs' },
        { name: 'Addresses', type: 'string', jsonPath: '.spec.addresses' },
      ],
    },
  ],
});

const ADVERTISED = [
  { name: 'IPAddressPools', type: 'string', jsonPath: '.spec.ipAddressPools' },
  { name: 'IPAddressPool Selectors', type: 'string', jsonPath: '.spec.ipAddressPoolSelectors' },
] as const;
const NODE_SELECTORS = {
  name: 'Node Selectors',
  type: 'string',
  jsonPath: '.spec.nodeSelectors',
  priority: 10,
} as const;

/** Answers ARP and NDP for a pool's addresses. @see https://metallb.io/apis/#metallb.io/v1beta1.L2Advertisement */
export const l2Advertisement = crd({
  ...GROUP,
  kind: 'L2Advertisement',
  plural: 'l2advertisements',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({
          interfaces: strings(),
          ipAddressPoolSelectors: labelSelectors(),
          ipAddressPools: strings(),
          nodeSelectors: labelSelectors(),
          serviceSelectors: labelSelectors(),
        }),
        status: t.object({}),
      },
      subresources: STATUS,
      printerColumns: [
        ...ADVERTISED,
        { name: 'Interfaces', type: 'string', jsonPath: '.spec.interfaces' },
        NODE_SELECTORS,
      ],
    },
  ],
});

/** Announces a pool's addresses to routers. @see https://metallb.io/apis/#metallb.io/v1beta1.BGPAdvertisement */
export const bgpAdvertisement = crd({
  ...GROUP,
  kind: 'BGPAdvertisement',
  plural: 'bgpadvertisements',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t
          .object({
            aggregationLength: t.int32({ minimum: 1, default: 32 }),
            aggregationLengthV6: t.int32({ default: 128 }),
            communities: strings(),
            ipAddressPoolSelectors: labelSelectors(),
            ipAddressPools: strings(),
            localPref: t.int32(),
            nodeSelectors: labelSelectors(),
            peers: strings(),
            serviceSelectors: labelSelectors(),
          })
          .validations({
            message:
              'serviceSelectors and aggregationLength are mutually exclusive, can only be used together with default aggregationLength (32) and aggregationLengthV6 (128)',
            rule: '!has(self.serviceSelectors) || self.serviceSelectors.size() == 0 || ((!has(self.aggregationLength) || self.aggregationLength == 32) && (!has(self.aggregationLengthV6) || self.aggregationLengthV6 == 128))',
          }),
        status: t.object({}),
      },
      subresources: STATUS,
      printerColumns: [...ADVERTISED, { name: 'Peers', type: 'string', jsonPath: '.spec.peers' }, NODE_SELECTORS],
    },
  ],
});

const PEER_COLUMNS = [
  { name: 'Address', type: 'string', jsonPath: '.spec.peerAddress' },
  { name: 'ASN', type: 'string', jsonPath: '.spec.peerASN' },
  { name: 'BFD Profile', type: 'string', jsonPath: '.spec.bfdProfile' },
  { name: 'Multi Hops', type: 'string', jsonPath: '.spec.ebgpMultiHop' },
] as const;

/** A router to hold a BGP session with. @see https://metallb.io/apis/#metallb.io/v1beta2.BGPPeer */
export const bgpPeer = crd({
  ...GROUP,
  kind: 'BGPPeer',
  plural: 'bgppeers',
  versions: [
    {
      name: 'v1beta1',
      deprecated: true,
      deprecationWarning: 'v1beta1 is deprecated, please use v1beta2',
      schema: {
        spec: t.object({
          bfdProfile: t.string(),
          ebgpMultiHop: t.boolean(),
          holdTime: t.string(),
          keepaliveTime: t.string(),
          myASN: asNumber(0).required(),
          nodeSelectors: t.array(
            t.object({
              matchExpressions: t.array(
                t.object({
                  key: t.string().required(),
                  operator: t.string().required(),
                  values: t.array(t.string(), { minItems: 1 }).required(),
                }),
              ),
              matchLabels: stringMap(),
            }),
          ),
          password: t.string(),
          peerASN: asNumber(0).required(),
          peerAddress: t.string().required(),
          peerPort: t.integer({ minimum: 0, maximum: 16384 }),
          routerID: t.string(),
          sourceAddress: t.string(),
        }),
        status: t.object({}),
      },
      subresources: STATUS,
      printerColumns: PEER_COLUMNS,
    },
    {
      name: 'v1beta2',
      storage: true,
      schema: {
        spec: t.object({
          bfdProfile: t.string(),
          connectTime,
          disableMP: t.boolean({ default: false }),
          dualStackAddressFamily: t.boolean({ default: false }),
          dynamicASN: t.enum(['internal', 'external']),
          ebgpMultiHop: t.boolean(),
          enableGracefulRestart: t.boolean().validations({
            message: 'EnableGracefulRestart cannot be changed after creation',
            rule: 'self == oldSelf',
          }),
          holdTime: t.string(),
          interface: t.string(),
          keepaliveTime: t.string(),
          localASN: asNumber(1),
          myASN: asNumber(0).required(),
          nodeSelectors: labelSelectors(),
          password: t.string(),
          passwordSecret: secretReference(),
          peerASN: asNumber(0),
          peerAddress: t.string(),
          peerPort: t.integer({ minimum: 1, maximum: 16384, default: 179 }),
          routerID: t.string(),
          sourceAddress: t.string(),
          vrf: t.string(),
        }),
        status: t.object({}),
      },
      subresources: STATUS,
      printerColumns: PEER_COLUMNS,
    },
  ],
});

/** How fast a dead BGP peer is noticed. @see https://metallb.io/apis/#metallb.io/v1beta1.BFDProfile */
export const bfdProfile = crd({
  ...GROUP,
  kind: 'BFDProfile',
  plural: 'bfdprofiles',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({
          detectMultiplier: t.int32({ minimum: 2, maximum: 255 }),
          echoInterval: t.int32({ minimum: 10, maximum: 60000 }),
          echoMode: t.boolean(),
          minimumTtl: t.int32({ minimum: 1, maximum: 254 }),
          passiveMode: t.boolean(),
          receiveInterval: t.int32({ minimum: 10, maximum: 60000 }),
          transmitInterval: t.int32({ minimum: 10, maximum: 60000 }),
        }),
        status: t.object({}),
      },
      subresources: STATUS,
      printerColumns: [
        { name: 'Passive Mode', type: 'boolean', jsonPath: '.spec.passiveMode' },
        { name: 'Transmit Interval', type: 'integer', jsonPath: '.spec.transmitInterval' },
        { name: 'Receive Interval', type: 'integer', jsonPath: '.spec.receiveInterval' },
        { name: 'Multiplier', type: 'integer', jsonPath: '.spec.detectMultiplier' },
      ],
    },
  ],
});

/** Names for BGP communities. @see https://metallb.io/apis/#metallb.io/v1beta1.Community */
export const community = crd({
  ...GROUP,
  kind: 'Community',
  plural: 'communities',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({ communities: t.array(t.object({ name: t.string(), value: t.string() })) }),
        status: t.object({}),
      },
      subresources: STATUS,
    },
  ],
});

/** What the controller and each speaker think of the configuration; written by them. */
export const configurationState = crd({
  ...GROUP,
  kind: 'ConfigurationState',
  plural: 'configurationstates',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        status: t.object({
          conditions: conditions(),
          errorSummary: t.string(),
          result: t.enum(['Valid', 'Invalid', 'Unknown']),
        }),
      },
      subresources: STATUS,
      printerColumns: [
        { name: 'Result', type: 'string', jsonPath: '.status.result' },
        { name: 'ErrorSummary', type: 'string', jsonPath: '.status.errorSummary' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
    },
  ],
});

const OF_SERVICE = {
  node: t.string().validations(IMMUTABLE),
  serviceName: t.string().validations(IMMUTABLE),
  serviceNamespace: t.string().validations(IMMUTABLE),
};
const SERVICE_COLUMNS = [
  { name: 'Service Name', type: 'string', jsonPath: '.status.serviceName' },
  { name: 'Service Namespace', type: 'string', jsonPath: '.status.serviceNamespace' },
] as const;

/** Which node answers for a Service's address; written by the speakers. */
export const serviceL2Status = crd({
  ...GROUP,
  kind: 'ServiceL2Status',
  plural: 'servicel2statuses',
  singular: 'servicel2status',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({}),
        status: t.object({ ...OF_SERVICE, interfaces: t.array(t.object({ name: t.string() })) }),
      },
      subresources: STATUS,
      printerColumns: [{ name: 'Allocated Node', type: 'string', jsonPath: '.status.node' }, ...SERVICE_COLUMNS],
    },
  ],
});

/** Which routers a Service's address is announced to; written by the speakers. */
export const serviceBgpStatus = crd({
  ...GROUP,
  kind: 'ServiceBGPStatus',
  plural: 'servicebgpstatuses',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: { spec: t.object({}), status: t.object({ ...OF_SERVICE, peers: strings() }) },
      subresources: STATUS,
      printerColumns: [{ name: 'Node', type: 'string', jsonPath: '.status.node' }, ...SERVICE_COLUMNS],
    },
  ],
});
