import { crd, t } from '../../crds';
import { AGE, ISSUER_FILTERS, issuerReference, secretKey, serviceAccountReference, strings } from './crd-fields';

const stringMap = () => t.map(t.string());

const dns01 = t.object({
  acmeDNS: t.object({ host: t.string().required(), accountSecretRef: secretKey().required() }),
  akamai: t.object({
    serviceConsumerDomain: t.string().required(),
    clientTokenSecretRef: secretKey().required(),
    clientSecretSecretRef: secretKey().required(),
    accessTokenSecretRef: secretKey().required(),
  }),
  azureDNS: t.object({
    subscriptionID: t.string().required(),
    resourceGroupName: t.string().required(),
    hostedZoneName: t.string(),
    zoneType: t.enum(['AzurePublicZone', 'AzurePrivateZone']),
    environment: t.enum(['AzurePublicCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzureUSGovernmentCloud']),
    clientID: t.string(),
    clientSecretSecretRef: secretKey(),
    tenantID: t.string(),
    managedIdentity: t.object({ clientID: t.string(), resourceID: t.string(), tenantID: t.string() }),
  }),
  cloudDNS: t.object({
    project: t.string().required(),
    hostedZoneName: t.string(),
    serviceAccountSecretRef: secretKey(),
  }),
  cloudflare: t.object({ email: t.string(), apiKeySecretRef: secretKey(), apiTokenSecretRef: secretKey() }),
  cnameStrategy: t.enum(['None', 'Follow']),
  digitalocean: t.object({ tokenSecretRef: secretKey().required() }),
  rfc2136: t.object({
    nameserver: t.string().required(),
    protocol: t.enum(['TCP', 'UDP']),
    tsigKeyName: t.string(),
    tsigAlgorithm: t.string(),
    tsigSecretSecretRef: secretKey(),
  }),
  route53: t.object({
    region: t.string(),
    hostedZoneID: t.string(),
    role: t.string(),
    accessKeyID: t.string(),
    accessKeyIDSecretRef: secretKey(),
    secretAccessKeySecretRef: secretKey(),
    auth: t.object({
      kubernetes: t.object({ serviceAccountRef: serviceAccountReference().required() }).required(),
    }),
  }),
  webhook: t.object({ groupName: t.string().required(), solverName: t.string().required(), config: t.any() }),
});

const parentReference = t.object({
  name: t.string({ minLength: 1, maxLength: 253 }).required(),
  namespace: t.string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
  sectionName: t.string({
    minLength: 1,
    maxLength: 253,
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  }),
  port: t.int32({ minimum: 1, maximum: 65535 }),
  group: t.string({
    default: 'gateway.networking.k8s.io',
    maxLength: 253,
    pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  }),
  kind: t.string({
    default: 'Gateway',
    minLength: 1,
    maxLength: 63,
    pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
  }),
});

const http01 = t.object({
  ingress: t.object({
    ingressClassName: t.string(),
    class: t.string(),
    name: t.string(),
    serviceType: t.string(),
    ingressTemplate: t.object({ metadata: t.object({ annotations: stringMap(), labels: stringMap() }) }),
    podTemplate: t.open(),
  }),
  gatewayHTTPRoute: t.object({
    labels: stringMap(),
    parentRefs: t.array(parentReference, { listType: 'atomic' }),
    serviceType: t.string(),
    podTemplate: t.open(),
  }),
});

/** One way of proving to an ACME server that a name is ours, and the names it is for. */
export const acmeSolver = () =>
  t.object({
    dns01,
    http01,
    selector: t.object({ dnsNames: strings(), dnsZones: strings(), matchLabels: stringMap() }),
    waitInsteadOfSelfCheck: t.string(),
  });

const STATES = ['valid', 'ready', 'pending', 'processing', 'invalid', 'expired', 'errored'] as const;
const STATE = { name: 'State', type: 'string', jsonPath: '.status.state' } as const;
const REASON = { name: 'Reason', type: 'string', jsonPath: '.status.reason', priority: 1 } as const;
const CATEGORIES = ['cert-manager', 'cert-manager-acme'] as const;

/** A certificate asked of an ACME server; the controller makes them. @see https://cert-manager.io/docs/concepts/acme-orders-challenges/ */
export const order = crd({
  group: 'acme.cert-manager.io',
  kind: 'Order',
  plural: 'orders',
  categories: CATEGORIES,
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: { status: true },
      selectableFields: ISSUER_FILTERS,
      printerColumns: [
        STATE,
        { name: 'Issuer', type: 'string', jsonPath: '.spec.issuerRef.name', priority: 1 },
        REASON,
        AGE,
      ],
      schema: {
        spec: t
          .object({
            request: t.string({ format: 'byte' }).required(),
            issuerRef: issuerReference().required(),
            commonName: t.string(),
            dnsNames: strings(),
            ipAddresses: strings(),
            duration: t.string(),
            profile: t.string(),
            replaces: t.string(),
          })
          .required(),
        status: t.object({
          url: t.string(),
          finalizeURL: t.string(),
          authorizations: t.array(
            t.object({
              url: t.string().required(),
              identifier: t.string(),
              wildcard: t.boolean(),
              initialState: t.enum(STATES),
              challenges: t.array(
                t.object({
                  url: t.string().required(),
                  token: t.string().required(),
                  type: t.string().required(),
                }),
                { listType: 'atomic' },
              ),
            }),
            { listType: 'atomic' },
          ),
          certificate: t.string({ format: 'byte' }),
          state: t.enum(STATES),
          reason: t.string(),
          failureTime: t.dateTime(),
        }),
      },
    },
  ],
});

/** One name's proof within an Order; the controller makes them. @see https://cert-manager.io/docs/concepts/acme-orders-challenges/ */
export const challenge = crd({
  group: 'acme.cert-manager.io',
  kind: 'Challenge',
  plural: 'challenges',
  categories: CATEGORIES,
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: { status: true },
      selectableFields: ISSUER_FILTERS,
      printerColumns: [STATE, { name: 'Domain', type: 'string', jsonPath: '.spec.dnsName' }, REASON, AGE],
      schema: {
        spec: t
          .object({
            url: t.string().required(),
            authorizationURL: t.string().required(),
            dnsName: t.string().required(),
            wildcard: t.boolean(),
            type: t.enum(['HTTP-01', 'DNS-01']).required(),
            token: t.string().required(),
            key: t.string().required(),
            solver: acmeSolver().required(),
            issuerRef: issuerReference().required(),
          })
          .required(),
        status: t.object({
          processing: t.boolean(),
          presented: t.boolean(),
          presentedAt: t.dateTime(),
          reason: t.string(),
          state: t.enum(STATES),
        }),
      },
    },
  ],
});
