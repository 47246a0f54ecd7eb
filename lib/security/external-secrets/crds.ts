import { crd, t } from '../../crds';
import { conditionFields, dataKey, objectName, READY, STATUS, storeReference } from './crd-fields';
import { secretStore } from './store-crds';

/** Generators are not rolled out with the operator; other tools may bring them. */
const generatorReference = t.object({
  apiVersion: t.string({ default: 'generators.external-secrets.io/v1alpha1' }),
  kind: t
    .enum([
      'ACRAccessToken',
      'BeyondtrustWorkloadCredentialsDynamicSecret',
      'ClusterGenerator',
      'CloudsmithAccessToken',
      'ECRAuthorizationToken',
      'Fake',
      'GCRAccessToken',
      'GithubAccessToken',
      'GitlabDeployToken',
      'QuayAccessToken',
      'Password',
      'SSHKey',
      'STSSessionToken',
      'UUID',
      'VaultDynamicSecret',
      'Webhook',
      'Grafana',
      'MFA',
    ])
    .required(),
  name: objectName().required(),
});

const sourceReference = () =>
  t.object({ storeRef: storeReference(), generatorRef: generatorReference }, { minProperties: 1, maxProperties: 1 });

const decodingStrategy = () => t.enum(['Auto', 'Base64', 'Base64URL', 'None']);
const conversionStrategy = () => t.enum(['Default', 'Unicode']);
const nullBytePolicy = () => t.enum(['Ignore', 'Fail']);

/** One secret of the store, or one property of it. */
const remoteReference = () =>
  t.object({
    key: t.string().required(),
    property: t.string(),
    version: t.string(),
    conversionStrategy: conversionStrategy(),
    decodingStrategy: decodingStrategy(),
    metadataPolicy: t.enum(['None', 'Fetch']),
    nullBytePolicy: nullBytePolicy(),
  });

const rewrite = t.object(
  {
    merge: t.object({
      into: t.string({ default: '' }),
      strategy: t.enum(['Extract', 'JSON'], { default: 'Extract' }),
      conflictPolicy: t.enum(['Ignore', 'Error'], { default: 'Error' }),
      priority: t.array(t.string()),
      priorityPolicy: t.enum(['IgnoreNotFound', 'Strict'], { default: 'Strict' }),
    }),
    regexp: t.object({ source: t.string().required(), target: t.string().required() }),
    transform: t.object({ template: t.string().required() }),
  },
  { minProperties: 1, maxProperties: 1 },
);

const templateSource = () =>
  t.object({
    name: objectName().required(),
    items: t
      .array(
        t.object({
          key: dataKey().required(),
          templateAs: t.enum(['Values', 'KeysAndValues'], { default: 'Values' }),
        }),
      )
      .required(),
  });

const target = t.object(
  {
    name: objectName(),
    creationPolicy: t.enum(['Owner', 'Orphan', 'Merge', 'None', 'CreateOrMerge'], { default: 'Owner' }),
    deletionPolicy: t.enum(['Delete', 'Merge', 'Retain'], { default: 'Retain' }),
    immutable: t.boolean(),
    manifest: t.object({
      apiVersion: t.string({ minLength: 1 }).required(),
      kind: t.string({ minLength: 1 }).required(),
    }),
    template: t.object({
      type: t.string(),
      engineVersion: t.enum(['v2'], { default: 'v2' }),
      mergePolicy: t.enum(['Replace', 'Merge'], { default: 'Replace' }),
      metadata: t.object({
        labels: t.map(t.string()),
        annotations: t.map(t.string()),
        finalizers: t.array(t.string()),
      }),
      data: t.map(t.string()),
      templateFrom: t.array(
        t.object({
          configMap: templateSource(),
          secret: templateSource(),
          literal: t.string(),
          target: t.string({ default: 'Data' }),
          valuesDecodingStrategy: decodingStrategy(),
        }),
      ),
    }),
  },
  { default: { creationPolicy: 'Owner', deletionPolicy: 'Retain' } },
);

const COLUMNS = [
  { name: 'StoreType', type: 'string', jsonPath: '.spec.secretStoreRef.kind' },
  { name: 'Store', type: 'string', jsonPath: '.spec.secretStoreRef.name' },
  { name: 'Refresh Interval', type: 'string', jsonPath: '.spec.refreshInterval' },
  STATUS,
  READY,
  { name: 'Last Sync', type: 'date', jsonPath: '.status.refreshTime' },
] as const;

const SELECTABLE = [
  '.spec.secretStoreRef.name',
  '.spec.secretStoreRef.kind',
  '.spec.target.name',
  '.spec.refreshInterval',
] as const;

/** A Secret that is kept as a store has it. @see https://external-secrets.io/latest/api/externalsecret/ */
export const externalSecret = crd({
  group: 'external-secrets.io',
  kind: 'ExternalSecret',
  plural: 'externalsecrets',
  shortNames: ['es'],
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
      selectableFields: SELECTABLE,
      schema: {
        spec: t.object({
          secretStoreRef: storeReference(),
          refreshInterval: t.string({ default: '1h0m0s' }),
          refreshPolicy: t.enum(['CreatedOnce', 'Periodic', 'OnChange']),
          syncWindows: t.object({
            kind: t.enum(['allow', 'deny']).required(),
            windows: t
              .array(
                t.object({
                  schedule: t
                    .string({
                      minLength: 1,
                      pattern:
                        '^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\\s]+.*|[^\\s]+( [^\\s]+){4})$',
                    })
                    .required(),
                  duration: t.string().required(),
                }),
                { minItems: 1 },
              )
              .required(),
          }),
          target,
          data: t.array(
            t.object({
              secretKey: dataKey().required(),
              remoteRef: remoteReference().required(),
              sourceRef: sourceReference(),
            }),
          ),
          dataFrom: t.array(
            t.object({
              extract: remoteReference(),
              find: t.object({
                name: t.object({ regexp: t.string() }),
                path: t.string(),
                tags: t.map(t.string()),
                conversionStrategy: conversionStrategy(),
                decodingStrategy: decodingStrategy(),
                nullBytePolicy: nullBytePolicy(),
              }),
              rewrite: t.array(rewrite),
              sourceRef: sourceReference(),
            }),
          ),
        }),
        status: t.object({
          binding: t.object({ name: t.string({ default: '' }) }, { mapType: 'atomic' }),
          conditions: t.array(t.object({ type: t.enum(['Ready', 'Deleted']).required(), ...conditionFields })),
          refreshTime: t.dateTime().nullable(),
          syncedResourceVersion: t.string(),
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

/**
 * What a generator remembers of a value it made. Nothing here uses generators, but the controller watches the kind always.
 * @see https://github.com/external-secrets/external-secrets/blob/v2.9.0/cmd/controller/root.go
 */
export const generatorState = crd({
  group: 'generators.external-secrets.io',
  kind: 'GeneratorState',
  plural: 'generatorstates',
  shortNames: ['gs'],
  categories: ['external-secrets', 'external-secrets-generators'],
  scope: 'Namespaced',
  labels: { 'external-secrets.io/component': 'controller' },
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: {},
      printerColumns: [
        { name: 'GC Deadline', type: 'string', jsonPath: '.spec.garbageCollectionDeadline' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      schema: {
        spec: t.object({
          garbageCollectionDeadline: t.dateTime(),
          resource: t.any().required(),
          state: t.any().required(),
        }),
        status: t.object({
          conditions: t.array(t.object({ type: t.string().required(), ...conditionFields })),
        }),
      },
    },
  ],
});

/** The kinds that the operator serves here. */
export const definitions = [externalSecret, secretStore, generatorState] as const;
export { secretStore };
