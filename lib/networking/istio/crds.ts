import { crd, type Json, t } from '../../crds';
import { AGE, column, status, three } from './crd-fields';
import { authorizationPolicy, peerAuthentication, requestAuthentication } from './security-crds';

export { gateway, gatewayClass, gatewayDefinitions, referenceGrant } from './gateway-crds';
export { httpRoute } from './http-route-crds';
export { authorizationPolicy, peerAuthentication, requestAuthentication };

/**
 * Istio's definitions at 1.30.3. What the mesh's policies are made of is checked here; the rest is passed through, and judged by istiod's
 * own webhook when it is applied.
 *
 * @see https://istio.io/latest/docs/reference/config/
 */
const NETWORKING = { group: 'networking.istio.io', categories: ['istio-io', 'networking-istio-io'] } as const;
const EXTENSIONS = { group: 'extensions.istio.io', categories: ['istio-io', 'extensions-istio-io'] } as const;

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
