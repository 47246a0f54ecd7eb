import { crd, labelSelector, t } from '../../crds';
import {
  conditionFields,
  dataKey,
  namespaceName,
  objectName,
  READY,
  secretKey,
  serviceAccountReference,
  STATUS,
} from './crd-fields';

/** How the controller signs in to Vault: by Kubernetes' tokens here; the other ways are passed through. */
const auth = t.object(
  {
    namespace: t.string(),
    kubernetes: t.object({
      mountPath: t.string().defaulted('kubernetes'),
      role: t.string().required(),
      serviceAccountRef: serviceAccountReference(),
      secretRef: secretKey(),
    }),
  },
  { open: true },
);

const vault = t.object({
  server: t.string().required(),
  path: t.string(),
  version: t.enum(['v1', 'v2'], { default: 'v2' }),
  namespace: t.string(),
  auth,
  caBundle: t.string({ format: 'byte' }),
  caProvider: t.object({
    type: t.enum(['Secret', 'ConfigMap']).required(),
    name: objectName().required(),
    key: dataKey(),
    namespace: namespaceName(),
  }),
  checkAndSet: t.object({ required: t.boolean() }),
  forwardInconsistent: t.boolean(),
  readYourWrites: t.boolean(),
  headers: t.map(t.string()),
  tls: t.object({ certSecretRef: secretKey(), keySecretRef: secretKey() }),
});

/** Used in a ClusterSecretStore alone: the namespaces that it is for. */
const condition = t.object({
  namespaces: t.array(namespaceName()),
  namespaceRegexes: t.array(t.string()),
  namespaceSelector: labelSelector(),
});

const COLUMNS = [
  { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  STATUS,
  { name: 'Capabilities', type: 'string', jsonPath: '.status.capabilities' },
  READY,
] as const;

/**
 * Where secrets of a namespace come from, and by which right. Vault is declared in full; what upstream supports besides is passed through.
 * @see https://external-secrets.io/latest/api/secretstore/
 */
export const secretStore = crd({
  group: 'external-secrets.io',
  kind: 'SecretStore',
  plural: 'secretstores',
  shortNames: ['ss'],
  categories: ['external-secrets'],
  scope: 'Namespaced',
  labels: { 'external-secrets.io/component': 'controller' },
  readyWhen: 'Ready',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: { status: true },
      printerColumns: COLUMNS,
      schema: {
        spec: t.object({
          provider: t.object({ vault }, { open: true, minProperties: 1, maxProperties: 1 }).required(),
          controller: t.string(),
          conditions: t.array(condition),
          refreshInterval: t.intOrString(),
          retrySettings: t.object({ maxRetries: t.int32(), retryInterval: t.string() }),
        }),
        status: t.object({
          capabilities: t.string(),
          conditions: t.array(t.object({ type: t.string().required(), ...conditionFields })),
        }),
      },
    },
    {
      name: 'v1beta1',
      served: false,
      deprecated: true,
      subresources: { status: true },
      printerColumns: COLUMNS,
      schema: { spec: t.open(), status: t.open() },
    },
  ],
});
