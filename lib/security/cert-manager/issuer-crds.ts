import { crd, t } from '../../crds';
import { acmeSolver } from './acme-crds';
import { AGE, certManagerConditions, READY, secretKey, serviceAccountReference, STATUS, strings } from './crd-fields';

const acme = t.object({
  server: t.string().required(),
  email: t.string(),
  privateKeySecretRef: secretKey().required(),
  externalAccountBinding: t.object({
    keyID: t.string().required(),
    keySecretRef: secretKey().required(),
    keyAlgorithm: t.enum(['HS256', 'HS384', 'HS512']),
  }),
  caBundle: t.string({ format: 'byte' }),
  skipTLSVerify: t.boolean(),
  preferredChain: t.string({ maxLength: 64 }),
  profile: t.string(),
  disableAccountKeyGeneration: t.boolean(),
  enableDurationFeature: t.boolean(),
  solvers: t.array(acmeSolver(), { listType: 'atomic' }),
});

const vault = t.object({
  server: t.string().required(),
  serverName: t.string(),
  path: t.string().required(),
  namespace: t.string(),
  caBundle: t.string({ format: 'byte' }),
  caBundleSecretRef: secretKey(),
  clientCertSecretRef: secretKey(),
  clientKeySecretRef: secretKey(),
  auth: t
    .object({
      tokenSecretRef: secretKey(),
      appRole: t.object({
        path: t.string().required(),
        roleId: t.string().required(),
        secretRef: secretKey().required(),
      }),
      kubernetes: t.object({
        role: t.string().required(),
        mountPath: t.string(),
        secretRef: secretKey(),
        serviceAccountRef: serviceAccountReference(),
      }),
      clientCertificate: t.object({ mountPath: t.string(), name: t.string(), secretName: t.string() }),
      aws: t.object({
        role: t.string({ minLength: 1 }).required(),
        region: t.string(),
        mountPath: t.string(),
        iamRoleArn: t.string(),
        vaultHeaderValue: t.string(),
        serviceAccountRef: serviceAccountReference(),
      }),
    })
    .required(),
});

const venafi = t
  .object({
    zone: t.string().required(),
    tpp: t.object({
      url: t.string().required(),
      credentialsRef: t.object({ name: t.string().required() }).required(),
      caBundle: t.string({ format: 'byte' }),
      caBundleSecretRef: secretKey(),
    }),
    cloud: t.object({ url: t.string(), apiTokenSecretRef: secretKey().required() }),
    ngts: t.object({
      url: t.string(),
      tsgID: t.string().required(),
      tokenEndpoint: t.string(),
      credentialsRef: t.object({ name: t.string().required() }).required(),
    }),
  })
  .validations({
    rule: '(has(self.tpp) ? 1 : 0) + (has(self.cloud) ? 1 : 0) + (has(self.ngts) ? 1 : 0) == 1',
    message: 'exactly one of tpp, cloud, or ngts must be configured',
  });

const issuerVersion = {
  name: 'v1',
  storage: true,
  subresources: { status: true },
  printerColumns: [READY, STATUS, AGE],
  schema: {
    spec: t
      .object({
        acme,
        ca: t.object({
          secretName: t.string().required(),
          crlDistributionPoints: strings(),
          ocspServers: strings(),
          issuingCertificateURLs: strings(),
        }),
        selfSigned: t.object({ crlDistributionPoints: strings() }),
        vault,
        venafi,
      })
      .required(),
    status: t.object({
      acme: t.object({
        uri: t.string(),
        lastRegisteredEmail: t.string(),
        lastPrivateKeyHash: t.string(),
      }),
      conditions: certManagerConditions(),
    }),
  },
} as const;

/** Signs the Certificates of one namespace. @see https://cert-manager.io/docs/concepts/issuer/ */
export const issuer = crd({
  group: 'cert-manager.io',
  kind: 'Issuer',
  plural: 'issuers',
  shortNames: ['iss'],
  categories: ['cert-manager'],
  scope: 'Namespaced',
  readyWhen: 'Ready',
  versions: [issuerVersion],
});

/** Signs the Certificates of all namespaces; its own Secrets are in cert-manager's namespace. @see https://cert-manager.io/docs/concepts/issuer/ */
export const clusterIssuer = crd({
  group: 'cert-manager.io',
  kind: 'ClusterIssuer',
  plural: 'clusterissuers',
  shortNames: ['ciss'],
  categories: ['cert-manager'],
  scope: 'Cluster',
  readyWhen: 'Ready',
  versions: [issuerVersion],
});
