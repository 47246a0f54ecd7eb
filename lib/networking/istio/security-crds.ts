import { crd, t } from '../../crds';
import { AGE, column, status, two } from './crd-fields';

const SECURITY = { group: 'security.istio.io', categories: ['istio-io', 'security-istio-io'] } as const;

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
