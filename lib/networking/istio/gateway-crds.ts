import { conditions, crd, type JsonSchema, labelSelector, t } from '../../crds';

/** Definitions of Gateway API v1.6.1, standard channel: those that routes of a gateway are made of. @see https://gateway-api.sigs.k8s.io */
const GROUP = 'gateway.networking.k8s.io';
const CATEGORIES = ['gateway-api'] as const;
const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;

/** The API server takes no definition of a group of Kubernetes' own without it. */
const ANNOTATIONS = {
  'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/4530',
  'gateway.networking.k8s.io/bundle-version': 'v1.6.1',
  'gateway.networking.k8s.io/channel': 'standard',
};

const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$";
const DURATION = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

const objectName = () => t.string({ minLength: 1, maxLength: 253 });
const groupName = (byDefault?: string) =>
  t.string({ default: byDefault, maxLength: 253, pattern: `^$|^${SUBDOMAIN}$` });
const kindName = (byDefault?: string) =>
  t.string({ default: byDefault, minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' });
const namespaceName = () => t.string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });
const sectionName = () => t.string({ minLength: 1, maxLength: 253, pattern: `^${SUBDOMAIN}$` });
const portNumber = () => t.int32({ minimum: 1, maximum: 65535 });
const hostname = () => t.string({ minLength: 1, maxLength: 253, pattern: `^(\\*\\.)?${SUBDOMAIN}$` });

const parentReference = () =>
  t.object({
    group: groupName(GROUP),
    kind: kindName('Gateway'),
    name: objectName().required(),
    namespace: namespaceName(),
    port: portNumber(),
    sectionName: sectionName(),
  });
const secretReference = () =>
  t.object({
    group: groupName(''),
    kind: kindName('Secret'),
    name: objectName().required(),
    namespace: namespaceName(),
  });
const parametersReference = () =>
  t.object({
    group: groupName().required(),
    kind: kindName().required(),
    name: objectName().required(),
    namespace: namespaceName(),
  });

const pending = (...types: string[]) =>
  types.map((type) => ({
    lastTransitionTime: '1970-01-01T00:00:00Z',
    message: 'Waiting for controller',
    reason: 'Pending',
    status: 'Unknown' as const,
    type,
  }));
/** `status.conditions` with what they say before a controller has looked. */
const waiting = (...types: string[]) =>
  t.raw<object>({ ...conditions({ maxItems: 8 }).json, default: pending(...types) });

/** Which controller serves the Gateways of a class. @see https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass */
const gatewayClassFields = {
  spec: t
    .object({
      controllerName: t
        .string({
          minLength: 1,
          maxLength: 253,
          pattern: `^${SUBDOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
        })
        .required()
        .validations({ message: 'Value is immutable', rule: 'self == oldSelf' }),
      description: t.string({ maxLength: 64 }),
      parametersRef: parametersReference(),
    })
    .required(),
  status: t.object(
    {
      conditions: waiting('Accepted'),
      supportedFeatures: t.array(t.object({ name: t.string().required() }), {
        listType: 'map',
        keys: ['name'],
        maxItems: 64,
      }),
    },
    { default: { conditions: pending('Accepted') } },
  ),
};
const gatewayClassVersion = {
  subresources: { status: true },
  printerColumns: [
    { name: 'Controller', type: 'string', jsonPath: '.spec.controllerName' },
    { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
    AGE,
    { name: 'Description', type: 'string', jsonPath: '.spec.description', priority: 1 },
  ],
  schema: gatewayClassFields,
} as const;
export const gatewayClass = crd({
  group: GROUP,
  kind: 'GatewayClass',
  plural: 'gatewayclasses',
  shortNames: ['gc'],
  categories: CATEGORIES,
  scope: 'Cluster',
  annotations: ANNOTATIONS,
  readyWhen: 'Accepted',
  versions: [
    { name: 'v1', storage: true, ...gatewayClassVersion },
    { name: 'v1beta1', ...gatewayClassVersion },
  ],
});

const ADDRESS_TYPE = `^Hostname|IPAddress|NamedAddress|${SUBDOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`;
const IP_FORMS: readonly JsonSchema[] = [
  {
    properties: { type: { enum: ['IPAddress'] }, value: { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] } },
  },
  { properties: { type: { not: { enum: ['IPAddress'] } } } },
];
const addressType = () => t.string({ default: 'IPAddress', minLength: 1, maxLength: 253, pattern: ADDRESS_TYPE });
const routeKind = () => t.object({ group: groupName(GROUP), kind: kindName().required() });
const fromNamespaces = () =>
  t.object(
    { from: t.enum(['All', 'Selector', 'Same'], { default: 'Same' }), selector: labelSelector() },
    { default: { from: 'Same' } },
  );

const listener = t.object({
  name: sectionName().required(),
  port: portNumber().required(),
  protocol: t
    .string({
      minLength: 1,
      maxLength: 255,
      pattern: `^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|${SUBDOMAIN}\\/[A-Za-z0-9]+$`,
    })
    .required(),
  hostname: hostname(),
  allowedRoutes: t.object(
    { kinds: t.array(routeKind(), { listType: 'atomic', maxItems: 8 }), namespaces: fromNamespaces() },
    { default: { namespaces: { from: 'Same' } } },
  ),
  tls: t
    .object({
      mode: t.enum(['Terminate', 'Passthrough'], { default: 'Terminate' }),
      certificateRefs: t.array(secretReference(), { listType: 'atomic', maxItems: 64 }),
      options: t.map(t.string({ minLength: 0, maxLength: 4096 }), { maxProperties: 16 }),
    })
    .validations({
      message: 'certificateRefs or options must be specified when mode is Terminate',
      rule: "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
    }),
});

/** Where traffic comes in, and by which ports. @see https://gateway-api.sigs.k8s.io/reference/spec/#gateway */
const gatewayFields = {
  spec: t
    .object({
      gatewayClassName: objectName().required(),
      addresses: t.array(t.object({ type: addressType(), value: t.string({ maxLength: 253 }) }, { oneOf: IP_FORMS }), {
        listType: 'atomic',
        maxItems: 16,
      }),
      allowedListeners: t.open(),
      infrastructure: t.object({
        annotations: t.map(t.string({ minLength: 0, maxLength: 4096 }), { maxProperties: 16 }),
        labels: t.map(
          t.string({ minLength: 0, maxLength: 63, pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$' }),
          { maxProperties: 8 },
        ),
        parametersRef: t.object({
          group: groupName().required(),
          kind: kindName().required(),
          name: objectName().required(),
        }),
      }),
      listeners: t
        .array(listener, { listType: 'map', keys: ['name'], minItems: 1, maxItems: 64 })
        .validations(
          {
            message: "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
            rule: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
          },
          {
            message: 'tls mode must be Terminate for protocol HTTPS',
            rule: "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
          },
        )
        .required(),
      tls: t.open(),
    })
    .required(),
  status: t.object(
    {
      addresses: t.array(
        t.object(
          { type: addressType(), value: t.string({ minLength: 1, maxLength: 253 }).required() },
          { oneOf: IP_FORMS },
        ),
        { listType: 'atomic', maxItems: 16 },
      ),
      attachedListenerSets: t.int32(),
      conditions: waiting('Accepted', 'Programmed'),
      listeners: t.array(
        t.object({
          name: sectionName().required(),
          attachedRoutes: t.int32().required(),
          supportedKinds: t.array(routeKind(), { listType: 'atomic', maxItems: 8 }),
          conditions: conditions({ maxItems: 8 }).required(),
        }),
        { listType: 'map', keys: ['name'], maxItems: 64 },
      ),
    },
    { default: { conditions: pending('Accepted', 'Programmed') } },
  ),
};
const gatewayVersion = {
  subresources: { status: true },
  printerColumns: [
    { name: 'Class', type: 'string', jsonPath: '.spec.gatewayClassName' },
    { name: 'Address', type: 'string', jsonPath: '.status.addresses[*].value' },
    { name: 'Programmed', type: 'string', jsonPath: '.status.conditions[?(@.type=="Programmed")].status' },
    AGE,
  ],
  schema: gatewayFields,
} as const;
export const gateway = crd({
  group: GROUP,
  kind: 'Gateway',
  plural: 'gateways',
  shortNames: ['gtw'],
  categories: CATEGORIES,
  scope: 'Namespaced',
  annotations: ANNOTATIONS,
  readyWhen: 'Programmed',
  versions: [
    { name: 'v1', storage: true, ...gatewayVersion },
    { name: 'v1beta1', ...gatewayVersion },
  ],
});

const header = () =>
  t.object({
    name: t.string({ minLength: 1, maxLength: 256, pattern: HEADER_NAME }).required(),
    value: t.string({ minLength: 1, maxLength: 4096 }).required(),
  });
const headerMatch = (maxLength: number) =>
  t.object({
    name: t.string({ minLength: 1, maxLength: 256, pattern: HEADER_NAME }).required(),
    type: t.enum(['Exact', 'RegularExpression'], { default: 'Exact' }),
    value: t.string({ minLength: 1, maxLength }).required(),
  });
const headerModifier = () =>
  t.object({
    add: t.array(header(), { listType: 'map', keys: ['name'], maxItems: 16 }),
    remove: t.array(t.string(), { listType: 'set', maxItems: 16 }),
    set: t.array(header(), { listType: 'map', keys: ['name'], maxItems: 16 }),
  });
const routeFilter = t.object({
  type: t
    .enum([
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'RequestMirror',
      'RequestRedirect',
      'URLRewrite',
      'ExtensionRef',
      'CORS',
    ])
    .required(),
  requestHeaderModifier: headerModifier(),
  responseHeaderModifier: headerModifier(),
  requestRedirect: t.object({
    hostname: t.string({ minLength: 1, maxLength: 253, pattern: `^${SUBDOMAIN}$` }),
    path: t.open(),
    port: portNumber(),
    scheme: t.enum(['http', 'https']),
    statusCode: t.raw<301 | 302 | 303 | 307 | 308>({
      type: 'integer',
      default: 302,
      enum: [301, 302, 303, 307, 308],
    }),
  }),
  cors: t.open(),
  extensionRef: t.open(),
  requestMirror: t.open(),
  urlRewrite: t.open(),
});
const ALL_PATHS = { type: 'PathPrefix' as const, value: '/' };
const pathMatch = t.object(
  {
    type: t.enum(['Exact', 'PathPrefix', 'RegularExpression'], { default: 'PathPrefix' }),
    value: t.string({ default: '/', maxLength: 1024 }),
  },
  { default: ALL_PATHS },
);
const routeMatch = t.object({
  path: pathMatch,
  headers: t.array(headerMatch(4096), { listType: 'map', keys: ['name'], maxItems: 16 }),
  queryParams: t.array(headerMatch(1024), { listType: 'map', keys: ['name'], maxItems: 16 }),
  method: t.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']),
});
const backendReference = t
  .object({
    group: groupName(''),
    kind: kindName('Service'),
    name: objectName().required(),
    namespace: namespaceName(),
    port: portNumber(),
    weight: t.int32({ default: 1, minimum: 0, maximum: 1000000 }),
    filters: t.array(t.open(), { listType: 'atomic', maxItems: 16 }),
  })
  .validations({
    message: 'Must have port for Service reference',
    rule: "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
  });
const routeRule = t
  .object({
    name: sectionName(),
    matches: t.array(routeMatch, { listType: 'atomic', maxItems: 64, default: [{ path: ALL_PATHS }] }),
    filters: t.array(routeFilter, { listType: 'atomic', maxItems: 16 }),
    backendRefs: t.array(backendReference, { listType: 'atomic', maxItems: 16 }),
    timeouts: t.object({ backendRequest: t.string({ pattern: DURATION }), request: t.string({ pattern: DURATION }) }),
  })
  .validations({
    message: 'RequestRedirect filter must not be used together with backendRefs',
    rule: '(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
  });

/** Which requests go where. @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
const httpRouteFields = {
  spec: t
    .object({
      parentRefs: t.array(parentReference(), { listType: 'atomic', maxItems: 32 }),
      hostnames: t.array(hostname(), { listType: 'atomic', maxItems: 16 }),
      rules: t.array(routeRule, {
        listType: 'atomic',
        minItems: 1,
        maxItems: 16,
        default: [{ matches: [{ path: ALL_PATHS }] }],
      }),
    })
    .required(),
  status: t.object({
    parents: t
      .array(
        t.object({
          controllerName: t
            .string({
              minLength: 1,
              maxLength: 253,
              pattern: `^${SUBDOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
            })
            .required(),
          parentRef: parentReference().required(),
          conditions: t.raw<object>({ ...conditions({ maxItems: 8 }).json, minItems: 1 }).required(),
        }),
        { listType: 'atomic', maxItems: 32 },
      )
      .required(),
  }),
};
const httpRouteVersion = {
  subresources: { status: true },
  printerColumns: [{ name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames' }, AGE],
  schema: httpRouteFields,
} as const;
export const httpRoute = crd({
  group: GROUP,
  kind: 'HTTPRoute',
  plural: 'httproutes',
  categories: CATEGORIES,
  scope: 'Namespaced',
  annotations: ANNOTATIONS,
  versions: [
    { name: 'v1', storage: true, ...httpRouteVersion },
    { name: 'v1beta1', ...httpRouteVersion },
  ],
});

/** Whose routes may lead to what of another namespace. @see https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant */
const referenceGrantVersion = {
  subresources: {},
  printerColumns: [AGE],
  schema: {
    spec: t
      .object({
        from: t
          .array(
            t.object({
              group: groupName().required(),
              kind: kindName().required(),
              namespace: namespaceName().required(),
            }),
            { listType: 'atomic', minItems: 1, maxItems: 16 },
          )
          .required(),
        to: t
          .array(t.object({ group: groupName().required(), kind: kindName().required(), name: objectName() }), {
            listType: 'atomic',
            minItems: 1,
            maxItems: 16,
          })
          .required(),
      })
      .required(),
  },
} as const;
export const referenceGrant = crd({
  group: GROUP,
  kind: 'ReferenceGrant',
  plural: 'referencegrants',
  shortNames: ['refgrant'],
  categories: CATEGORIES,
  scope: 'Namespaced',
  annotations: ANNOTATIONS,
  versions: [
    { name: 'v1', ...referenceGrantVersion },
    { name: 'v1beta1', storage: true, ...referenceGrantVersion },
  ],
});

/** Those of Gateway API that are used. */
export const gatewayDefinitions = [gatewayClass, gateway, httpRoute, referenceGrant] as const;
