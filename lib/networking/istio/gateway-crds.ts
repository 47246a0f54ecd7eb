import { conditions, crd, type JsonSchema, labelSelector, t } from '../../crds';
import {
  AGE,
  ANNOTATIONS,
  CATEGORIES,
  GROUP,
  SUBDOMAIN,
  groupName,
  hostname,
  kindName,
  namespaceName,
  objectName,
  parametersReference,
  pending,
  portNumber,
  secretReference,
  sectionName,
  waiting,
} from './gateway-crd-fields';
import { httpRoute } from './http-route-crds';

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
