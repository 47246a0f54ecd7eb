import { crd, labelSelector, secretReference, t } from '../../crds';
import { connectTime } from './crd-fields';

const GROUP = { group: 'frrk8s.metallb.io', scope: 'Namespaced' } as const;
const STATUS = { status: true } as const;

const strings = () => t.array(t.string());
const milliseconds = () => t.int32({ minimum: 10, maximum: 60000 });
const filterMode = () => t.enum(['all', 'filtered'], { default: 'filtered' });
const prefixLength = () => t.int32({ minimum: 1, maximum: 128 });
const asNumber = (minimum: number) => t.int64({ minimum, maximum: 4294967295 });

const bfdProfile = t.object({
  name: t.string().required(),
  detectMultiplier: t.int32({ minimum: 2, maximum: 255 }),
  echoInterval: milliseconds(),
  echoMode: t.boolean(),
  minimumTtl: t.int32({ minimum: 1, maximum: 254 }),
  passiveMode: t.boolean(),
  receiveInterval: milliseconds(),
  transmitInterval: milliseconds(),
});

const neighbor = t.object({
  address: t.string(),
  asn: asNumber(0),
  bfdProfile: t.string(),
  connectTime,
  disableMP: t.boolean({ default: false }),
  dualStackAddressFamily: t.boolean({ default: false }),
  dynamicASN: t.enum(['internal', 'external']),
  ebgpMultiHop: t.boolean(),
  enableGracefulRestart: t.boolean(),
  holdTime: t.string(),
  interface: t.string(),
  keepaliveTime: t.string(),
  localASN: asNumber(1),
  password: t.string(),
  passwordSecret: secretReference(),
  port: t.integer({ minimum: 0, maximum: 16384 }),
  sourceaddress: t.string(),
  toAdvertise: t.object({
    allowed: t.object({ mode: filterMode(), prefixes: strings() }),
    withCommunity: t.array(t.object({ community: t.string(), prefixes: t.array(t.string(), { minItems: 1 }) })),
    withLocalPref: t.array(t.object({ localPref: t.int32(), prefixes: t.array(t.string(), { minItems: 1 }) })),
  }),
  toReceive: t.object({
    allowed: t.object({
      mode: filterMode(),
      prefixes: t.array(t.object({ ge: prefixLength(), le: prefixLength(), prefix: t.string({ format: 'cidr' }) })),
    }),
  }),
});

/** What FRR is told on the nodes it selects; the speakers write theirs, and others are merged with them. */
export const frrConfiguration = crd({
  ...GROUP,
  kind: 'FRRConfiguration',
  plural: 'frrconfigurations',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({
          bgp: t.object({
            bfdProfiles: t.array(bfdProfile),
            routers: t.array(
              t.object({
                asn: asNumber(0).required(),
                id: t.string(),
                imports: t.array(t.object({ vrf: t.string() })),
                neighbors: t.array(neighbor),
                prefixes: strings(),
                vrf: t.string(),
              }),
            ),
          }),
          nodeSelector: labelSelector(),
          raw: t.object({ priority: t.integer(), rawConfig: t.string() }),
        }),
        status: t.object({}),
      },
      subresources: STATUS,
    },
  ],
});

/** Settings of the frr-k8s daemons. */
export const frrK8sConfiguration = crd({
  ...GROUP,
  kind: 'FRRK8sConfiguration',
  plural: 'frrk8sconfigurations',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({ logLevel: t.enum(['all', 'debug', 'info', 'warn', 'error', 'none']) }),
        status: t.object({}),
      },
      subresources: STATUS,
    },
  ],
});

/** What FRR runs with on a node; written by its daemon. */
export const frrNodeState = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'FRRNodeState',
  plural: 'frrnodestates',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({}),
        status: t.object({
          lastConversionResult: t.string(),
          lastReloadResult: t.string(),
          runningConfig: t.string(),
        }),
      },
      subresources: STATUS,
    },
  ],
});

/** State of one BGP session on one node; written by the daemons. */
export const bgpSessionState = crd({
  ...GROUP,
  kind: 'BGPSessionState',
  plural: 'bgpsessionstates',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      schema: {
        spec: t.object({}),
        status: t.object({
          bfdStatus: t.string(),
          bgpStatus: t.string(),
          node: t.string(),
          peer: t.string(),
          vrf: t.string(),
        }),
      },
      subresources: STATUS,
      printerColumns: [
        { name: 'Node', type: 'string', jsonPath: '.status.node' },
        { name: 'Peer', type: 'string', jsonPath: '.status.peer' },
        { name: 'VRF', type: 'string', jsonPath: '.status.vrf' },
        { name: 'BGP', type: 'string', jsonPath: '.status.bgpStatus' },
        { name: 'BFD', type: 'string', jsonPath: '.status.bfdStatus' },
      ],
    },
  ],
});
