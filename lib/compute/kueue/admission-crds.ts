import { conditions, crd, t } from '../../crds';
import { apiGroup, IMMUTABLE, kind, labelKey, objectName, parametersName } from './crd-fields';

// Kinds that nothing here makes. They belong to the whole: Kueue's controllers watch AdmissionChecks, its certificate is written into the
// CRD of MultiKueueClusters, and who adds a cluster autoscaler or a second cluster needs the others.

const GROUP = { group: 'kueue.x-k8s.io', scope: 'Cluster' } as const;
const DEPRECATED = {
  deprecated: true,
  deprecationWarning: 'This version is deprecated. Use v1beta2 instead.',
} as const;
const NOT_EMPTY = { minLength: 1 } as const;

/** A further condition for admission. @see https://kueue.sigs.k8s.io/docs/concepts/admission_check/ */
export const admissionCheck = crd({
  ...GROUP,
  kind: 'AdmissionCheck',
  plural: 'admissionchecks',
  shortNames: ['ac'],
  readyWhen: 'Active',
  versions: [
    {
      ...DEPRECATED,
      name: 'v1beta1',
      schema: {
        spec: t.object({
          controllerName: t.string().validations(IMMUTABLE).required(),
          parameters: t.object({
            apiGroup: apiGroup().required(),
            kind: kind().required(),
            name: parametersName().required(),
          }),
          retryDelayMinutes: t.int64({ default: 15 }),
        }),
        status: t.object({ conditions: conditions() }),
      },
      subresources: { status: true },
    },
    {
      name: 'v1beta2',
      storage: true,
      schema: {
        spec: t.object({
          controllerName: t.string({ minLength: 1, maxLength: 253 }).validations(IMMUTABLE).required(),
          parameters: t.object({
            apiGroup: apiGroup(NOT_EMPTY).required(),
            kind: kind(NOT_EMPTY).required(),
            name: parametersName(NOT_EMPTY).required(),
          }),
        }),
        status: t.object({ conditions: conditions({ maxItems: 16 }) }),
      },
      subresources: { status: true },
    },
  ],
});

const CLUSTER_COLUMNS = [
  { name: 'Connected', type: 'string', jsonPath: ".status.conditions[?(@.type=='Active')].status" },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const;
const clusterProfileRef = () => t.object({ name: t.string({ minLength: 1, maxLength: 256 }).required() });

/** A cluster that jobs may be sent to. @see https://kueue.sigs.k8s.io/docs/concepts/multikueue/ */
export const multiKueueCluster = crd({
  ...GROUP,
  kind: 'MultiKueueCluster',
  plural: 'multikueueclusters',
  shortNames: ['mkc'],
  readyWhen: 'Active',
  versions: [
    {
      ...DEPRECATED,
      name: 'v1beta1',
      schema: {
        spec: t.object({
          clusterProfileRef: clusterProfileRef(),
          kubeConfig: t
            .object({
              location: t.string().required(),
              locationType: t.enum(['Secret', 'Path']).defaulted('Secret'),
            })
            .required(),
        }),
        status: t.object({ conditions: conditions() }),
      },
      subresources: { status: true },
      printerColumns: CLUSTER_COLUMNS,
    },
    {
      name: 'v1beta2',
      storage: true,
      schema: {
        spec: t.object({
          clusterSource: t
            .object({
              clusterProfileRef: clusterProfileRef(),
              kubeConfig: t.object({
                location: t.string({ minLength: 1, maxLength: 256 }).required(),
                locationType: t.enum(['Secret', 'Path'], { default: 'Secret' }),
              }),
            })
            .validations({
              message: 'exactly one of the fields in [kubeConfig clusterProfileRef] must be set',
              rule: '[has(self.kubeConfig),has(self.clusterProfileRef)].filter(x,x==true).size() == 1',
            })
            .required(),
        }),
        status: t.object({ conditions: conditions({ maxItems: 16 }) }),
      },
      subresources: { status: true },
      printerColumns: CLUSTER_COLUMNS,
    },
  ],
});

/** Clusters that an AdmissionCheck sends jobs to. @see https://kueue.sigs.k8s.io/docs/concepts/multikueue/ */
export const multiKueueConfig = crd({
  ...GROUP,
  kind: 'MultiKueueConfig',
  plural: 'multikueueconfigs',
  shortNames: ['mkconf'],
  versions: [
    {
      name: 'v1beta1',
      schema: {
        spec: t.object({ clusters: t.array(t.string(), { minItems: 1, maxItems: 20, listType: 'set' }).required() }),
      },
    },
    {
      name: 'v1beta2',
      storage: true,
      schema: {
        spec: t.object({
          clusters: t
            .array(t.string({ maxLength: 256 }), { minItems: 1, maxItems: 20, listType: 'atomic' })
            .validations({
              message: 'must be unique',
              rule: 'size(self.filter(i, size(self.filter(j, j == i)) > 1)) == 0',
            })
            .required(),
          quotaManagement: t.enum(['Manual', 'Automated']),
        }),
      },
    },
  ],
});

const RETRIES = { backoffBaseSeconds: 60, backoffLimitCount: 3, backoffMaxSeconds: 1800 };

const provisioningSpec = (listed: { readonly listType?: 'map'; readonly keys?: readonly string[] }, name: object) =>
  t.object({
    managedResources: t.array(t.string(), { maxItems: 100, listType: 'set' }),
    parameters: t.map(t.string({ maxLength: 255 }), { maxProperties: 100 }),
    podSetMergePolicy: t.enum(['IdenticalPodTemplates', 'IdenticalWorkloadSchedulingRequirements']),
    podSetUpdates: t.object({
      nodeSelector: t.array(
        t.object({
          key: labelKey(317).required(),
          valueFromProvisioningClassDetail: t.string({ minLength: 1, maxLength: 32768 }).required(),
        }),
        { maxItems: 8, ...listed },
      ),
    }),
    provisioningClassName: objectName(name).required(),
    retryStrategy: t.object(
      {
        backoffBaseSeconds: t.int32({ default: RETRIES.backoffBaseSeconds }),
        backoffLimitCount: t.int32({ default: RETRIES.backoffLimitCount }),
        backoffMaxSeconds: t.int32({ default: RETRIES.backoffMaxSeconds }),
      },
      { default: RETRIES },
    ),
  });

/** How a cluster autoscaler is asked for nodes. @see https://kueue.sigs.k8s.io/docs/concepts/admission_check/provisioning_request/ */
export const provisioningRequestConfig = crd({
  ...GROUP,
  kind: 'ProvisioningRequestConfig',
  plural: 'provisioningrequestconfigs',
  shortNames: ['prc'],
  versions: [
    { ...DEPRECATED, name: 'v1beta1', schema: { spec: provisioningSpec({}, {}) } },
    {
      name: 'v1beta2',
      storage: true,
      schema: { spec: provisioningSpec({ listType: 'map', keys: ['key'] }, NOT_EMPTY) },
    },
  ],
});
