import { crd, type CrdVersion, type Json, t } from '../../crds';

export { gateway, gatewayClass, gatewayDefinitions, httpRoute, referenceGrant } from './gateway-crds';

/**
 * Istio's definitions at 1.30.3. What the mesh's policies are made of is checked here; the rest is passed through, and judged by istiod's
 * own webhook when it is applied.
 *
 * @see https://istio.io/latest/docs/reference/config/
 */
const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;
const column = (name: string, path: string) => ({ name, type: 'string', jsonPath: `.spec.${path}` }) as const;

const NETWORKING = { group: 'networking.istio.io', categories: ['istio-io', 'networking-istio-io'] } as const;
const SECURITY = { group: 'security.istio.io', categories: ['istio-io', 'security-istio-io'] } as const;
const EXTENSIONS = { group: 'extensions.istio.io', categories: ['istio-io', 'extensions-istio-io'] } as const;

const status = { subresources: { status: true } } as const;
/** The versions that most kinds have, all alike. */
const three = <V extends Omit<CrdVersion, 'name' | 'storage'>>(version: V) =>
  [
    { name: 'v1', storage: true, ...version },
    { name: 'v1alpha3', ...version },
    { name: 'v1beta1', ...version },
  ] as const;
const two = <V extends Omit<CrdVersion, 'name' | 'storage'>>(version: V) =>
  [
    { name: 'v1', storage: true, ...version },
    { name: 'v1beta1', ...version },
  ] as const;

/** TLS to a host, by its authority. */
export interface ClientTls {
  readonly mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  readonly credentialName?: string;
  readonly sni?: string;
  readonly subjectAltNames?: readonly string[];
}

/** Bounds of connections to a host. */
export interface ConnectionPool {
  readonly tcp?: {
    readonly connectTimeout?: string;
    readonly idleTimeout?: string;
    readonly tcpKeepalive?: { readonly time?: string; readonly interval?: string; readonly probes?: number };
  };
}

/** How a host is spoken to. @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export interface DestinationRuleSpec {
  readonly host: string;
  /** Namespaces whose proxies go by it; `.` is its own. */
  readonly exportTo?: readonly string[];
  readonly trafficPolicy?: {
    readonly connectionPool?: ConnectionPool;
    readonly tls?: ClientTls;
    readonly portLevelSettings?: readonly {
      readonly port: { readonly number: number };
      readonly connectionPool?: ConnectionPool;
      readonly tls?: ClientTls;
    }[];
  };
}

export const destinationRule = crd({
  ...NETWORKING,
  kind: 'DestinationRule',
  plural: 'destinationrules',
  shortNames: ['dr'],
  scope: 'Namespaced',
  versions: three({
    ...status,
    printerColumns: [column('Host', 'host'), AGE],
    schema: { spec: t.open<DestinationRuleSpec>(), status: t.open() },
  }),
});

/** Changes to what Envoy is told. @see https://istio.io/latest/docs/reference/config/networking/envoy-filter/ */
export interface EnvoyFilterSpec {
  readonly workloadSelector?: { readonly labels: Readonly<Record<string, string>> };
  readonly configPatches: readonly {
    readonly applyTo: 'HTTP_ROUTE' | 'FILTER_CHAIN' | 'NETWORK_FILTER' | 'LISTENER' | 'CLUSTER';
    readonly match: {
      readonly context: 'GATEWAY' | 'ANY' | 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND';
      readonly routeConfiguration?: { readonly vhost?: { readonly route?: { readonly name?: string } } };
      readonly listener?: { readonly portNumber?: number };
    };
    readonly patch: { readonly operation: 'MERGE' | 'ADD' | 'REMOVE'; readonly value?: Json };
  }[];
}

export const envoyFilter = crd({
  ...NETWORKING,
  kind: 'EnvoyFilter',
  plural: 'envoyfilters',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1alpha3',
      storage: true,
      ...status,
      schema: { spec: t.open<EnvoyFilterSpec>(), status: t.open() },
    },
  ],
});

/** Ports of a gateway, in Istio's own words. @see https://istio.io/latest/docs/reference/config/networking/gateway/ */
export interface IstioGatewaySpec {
  readonly selector: Readonly<Record<string, string>>;
  readonly servers: readonly {
    readonly port: { readonly number: number; readonly name: string; readonly protocol: 'TCP' | 'HTTP' | 'HTTPS' };
    readonly hosts: readonly string[];
  }[];
}

export const istioGateway = crd({
  ...NETWORKING,
  kind: 'Gateway',
  plural: 'gateways',
  shortNames: ['gw'],
  scope: 'Namespaced',
  versions: three({ ...status, schema: { spec: t.open<IstioGatewaySpec>(), status: t.open() } }),
});

export const proxyConfig = crd({
  ...NETWORKING,
  kind: 'ProxyConfig',
  plural: 'proxyconfigs',
  scope: 'Namespaced',
  versions: [{ name: 'v1beta1', storage: true, ...status, schema: { spec: t.open(), status: t.open() } }],
});

/** A host that Kubernetes knows nothing of. @see https://istio.io/latest/docs/reference/config/networking/service-entry/ */
export interface ServiceEntrySpec {
  readonly hosts: readonly string[];
  readonly exportTo?: readonly string[];
  readonly location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  readonly resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  readonly ports: readonly { readonly number: number; readonly name: string; readonly protocol: string }[];
  readonly endpoints?: readonly { readonly address: string }[];
}

export const serviceEntry = crd({
  ...NETWORKING,
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  shortNames: ['se'],
  scope: 'Namespaced',
  versions: three({
    ...status,
    printerColumns: [column('Hosts', 'hosts'), column('Location', 'location'), column('Resolution', 'resolution'), AGE],
    schema: { spec: t.open<ServiceEntrySpec>().required(), status: t.open() },
  }),
});

export const sidecar = crd({
  ...NETWORKING,
  kind: 'Sidecar',
  plural: 'sidecars',
  scope: 'Namespaced',
  versions: three({ ...status, schema: { spec: t.open(), status: t.open() } }),
});

/** Where traffic of a gateway's port goes. @see https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly exportTo?: readonly string[];
  readonly tcp?: readonly {
    readonly match: readonly { readonly port: number }[];
    readonly route: readonly {
      readonly destination: { readonly host: string; readonly port: { readonly number: number } };
    }[];
  }[];
}

export const virtualService = crd({
  ...NETWORKING,
  kind: 'VirtualService',
  plural: 'virtualservices',
  shortNames: ['vs'],
  scope: 'Namespaced',
  versions: three({
    ...status,
    printerColumns: [column('Gateways', 'gateways'), column('Hosts', 'hosts'), AGE],
    schema: { spec: t.open<VirtualServiceSpec>(), status: t.open() },
  }),
});

export const workloadEntry = crd({
  ...NETWORKING,
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  shortNames: ['we'],
  scope: 'Namespaced',
  versions: three({
    ...status,
    printerColumns: [AGE, column('Address', 'address')],
    schema: { spec: t.open().required(), status: t.open() },
  }),
});

export const workloadGroup = crd({
  ...NETWORKING,
  kind: 'WorkloadGroup',
  plural: 'workloadgroups',
  shortNames: ['wg'],
  scope: 'Namespaced',
  versions: three({
    ...status,
    printerColumns: [AGE],
    schema: { spec: t.open().required(), status: t.open() },
  }),
});

const strings = () => t.array(t.string());
const selector = () =>
  t.object({
    matchLabels: t
      .map(
        t.string({ maxLength: 63 }).validations({
          message: 'wildcard not allowed in label value match',
          rule: '!self.contains("*")',
        }),
        { maxProperties: 4096 },
      )
      .validations(
        { message: 'wildcard not allowed in label key match', rule: 'self.all(key, !key.contains("*"))' },
        { message: 'key must not be empty', rule: 'self.all(key, key.size() != 0)' },
      ),
  });
const targetReference = () =>
  t.object({
    group: t.string({
      maxLength: 253,
      pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
    }),
    kind: t.string({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' }).required(),
    name: t.string({ minLength: 1, maxLength: 253 }).required(),
    namespace: t.string().validations({
      message: 'cross namespace referencing is not currently supported',
      rule: 'self.size() == 0',
    }),
  });
const source = t
  .object({
    principals: strings(),
    notPrincipals: strings(),
    requestPrincipals: strings(),
    notRequestPrincipals: strings(),
    namespaces: strings(),
    notNamespaces: strings(),
    serviceAccounts: t.array(t.string({ maxLength: 320 }), { maxItems: 16 }),
    notServiceAccounts: t.array(t.string({ maxLength: 320 }), { maxItems: 16 }),
    trustDomains: strings(),
    notTrustDomains: strings(),
    ipBlocks: strings(),
    notIpBlocks: strings(),
    remoteIpBlocks: strings(),
    notRemoteIpBlocks: strings(),
  })
  .validations({
    message: 'Cannot set serviceAccounts with namespaces or principals',
    rule: '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true',
  });
const operation = t.object({
  hosts: strings(),
  notHosts: strings(),
  methods: strings(),
  notMethods: strings(),
  paths: strings(),
  notPaths: strings(),
  ports: strings(),
  notPorts: strings(),
});

/** Who may reach whom. @see https://istio.io/latest/docs/reference/config/security/authorization-policy/ */
export const authorizationPolicy = crd({
  ...SECURITY,
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  shortNames: ['ap'],
  scope: 'Namespaced',
  versions: two({
    ...status,
    printerColumns: [column('Action', 'action'), AGE],
    schema: {
      spec: t
        .object(
          {
            action: t.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']),
            provider: t.object({ name: t.string() }),
            rules: t.array(
              t.object({
                from: t.array(t.object({ source }), { maxItems: 512 }),
                to: t.array(t.object({ operation })),
                when: t.array(t.object({ key: t.string().required(), values: strings(), notValues: strings() })),
              }),
              { maxItems: 512 },
            ),
            selector: selector(),
            targetRef: targetReference(),
            targetRefs: t.array(targetReference(), { maxItems: 16 }),
          },
          { oneOf: [{ not: { anyOf: [{ required: ['provider'] }] } }, { required: ['provider'] }] },
        )
        .validations({
          message: 'only one of targetRefs or selector can be set',
          rule: '(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
        }),
      status: t.open(),
    },
  }),
});

const mutualTls = () => t.object({ mode: t.enum(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']) });

/** Whether others must show who they are. @see https://istio.io/latest/docs/reference/config/security/peer_authentication/ */
export const peerAuthentication = crd({
  ...SECURITY,
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  shortNames: ['pa'],
  scope: 'Namespaced',
  versions: two({
    ...status,
    printerColumns: [column('Mode', 'mtls.mode'), AGE],
    schema: {
      spec: t
        .object({
          mtls: mutualTls(),
          portLevelMtls: t.map(mutualTls(), { minProperties: 1 }).validations({
            message: 'port must be between 1-65535',
            rule: 'self.all(key, 0 < int(key) && int(key) <= 65535)',
          }),
          selector: selector(),
        })
        .validations({
          message: 'portLevelMtls requires selector',
          rule: 'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true',
        }),
      status: t.open(),
    },
  }),
});

export const requestAuthentication = crd({
  ...SECURITY,
  kind: 'RequestAuthentication',
  plural: 'requestauthentications',
  shortNames: ['ra'],
  scope: 'Namespaced',
  versions: two({ ...status, schema: { spec: t.open(), status: t.open() } }),
});

export const telemetry = crd({
  group: 'telemetry.istio.io',
  categories: ['istio-io', 'telemetry-istio-io'],
  kind: 'Telemetry',
  plural: 'telemetries',
  shortNames: ['telemetry'],
  scope: 'Namespaced',
  versions: [
    { name: 'v1', ...status, printerColumns: [AGE], schema: { spec: t.open(), status: t.open() } },
    {
      name: 'v1alpha1',
      storage: true,
      ...status,
      printerColumns: [AGE],
      schema: { spec: t.open(), status: t.open() },
    },
  ],
});

const extension = {
  name: 'v1alpha1',
  storage: true,
  ...status,
  printerColumns: [AGE],
  schema: { spec: t.open().required(), status: t.open() },
} as const;

export const wasmPlugin = crd({
  ...EXTENSIONS,
  kind: 'WasmPlugin',
  plural: 'wasmplugins',
  scope: 'Namespaced',
  versions: [extension],
});

export const trafficExtension = crd({
  ...EXTENSIONS,
  kind: 'TrafficExtension',
  plural: 'trafficextensions',
  scope: 'Namespaced',
  versions: [extension],
});

/** All of Istio's definitions. */
export const definitions = [
  authorizationPolicy,
  destinationRule,
  envoyFilter,
  istioGateway,
  peerAuthentication,
  proxyConfig,
  requestAuthentication,
  serviceEntry,
  sidecar,
  telemetry,
  trafficExtension,
  virtualService,
  wasmPlugin,
  workloadEntry,
  workloadGroup,
] as const;
