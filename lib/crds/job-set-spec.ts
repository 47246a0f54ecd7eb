import { t } from './schema';

/** Labels and annotations, and what else a template's metadata may say. */
const templateMetadata = () =>
  t.object({
    annotations: t.map(t.string()),
    finalizers: t.array(t.string()),
    labels: t.map(t.string()),
    name: t.string(),
    namespace: t.string(),
  });

const immutable = { rule: 'self == oldSelf', message: 'Value is immutable' } as const;

/**
 * The spec of a JobSet, which Kubeflow Trainer's runtimes hold as well as JobSets themselves. The Jobs' own templates are passed through.
 * @see https://github.com/kubernetes-sigs/jobset/blob/v0.12.0/api/jobset/v1alpha2/jobset_types.go
 */
export const jobSetSpec = () =>
  t
    .object({
      coordinator: t.object({
        replicatedJob: t.string().required(),
        jobIndex: t.integer(),
        podIndex: t.integer(),
      }),
      failurePolicy: t
        .object({
          maxRestarts: t.int32(),
          restartStrategy: t.enum(['Recreate', 'BlockingRecreate', 'InPlaceRestart'], { default: 'Recreate' }),
          rules: t.array(
            t.object({
              name: t.string().required(),
              action: t
                .enum([
                  'FailJobSet',
                  'RestartJobSet',
                  'RestartJobSetAndIgnoreMaxRestarts',
                  'RestartJob',
                  'RestartJobAndIgnoreMaxRestarts',
                ])
                .required(),
              onJobFailureMessagePatterns: t.array(t.string()),
              onJobFailureReasons: t.array(t.string()),
              targetReplicatedJobs: t.array(t.string(), { listType: 'atomic' }),
            }),
          ),
        })
        .validations(immutable),
      managedBy: t.string(),
      network: t
        .object({
          enableDNSHostnames: t.boolean(),
          publishNotReadyAddresses: t.boolean(),
          subdomain: t.string(),
        })
        .validations(immutable),
      replicatedJobs: t.array(
        t.object({
          name: t.string().required(),
          groupName: t.string({ default: 'default' }),
          replicas: t.int32({ default: 1 }),
          dependsOn: t
            .array(t.object({ name: t.string().required(), status: t.enum(['Ready', 'Complete']).required() }), {
              listType: 'map',
              keys: ['name'],
              maxItems: 5,
            })
            .validations(immutable),
          template: t.object({ metadata: templateMetadata(), spec: t.open() }).required(),
        }),
        { listType: 'map', keys: ['name'] },
      ),
      startupPolicy: t
        .object({ startupPolicyOrder: t.enum(['AnyOrder', 'InOrder']).required() })
        .validations(immutable),
      successPolicy: t
        .object({
          operator: t.enum(['All', 'Any']).required(),
          targetReplicatedJobs: t.array(t.string(), { listType: 'atomic' }),
        })
        .validations(immutable),
      suspend: t.boolean(),
      ttlSecondsAfterFinished: t.int32({ minimum: 0 }),
      volumeClaimPolicies: t
        .array(
          t.object({
            retentionPolicy: t.object({ whenDeleted: t.enum(['Delete', 'Retain'], { default: 'Delete' }) }),
            templates: t.array(t.open(), { listType: 'atomic', maxItems: 50 }),
          }),
          { listType: 'atomic', maxItems: 50 },
        )
        .validations(immutable),
    })
    .validations({
      rule: "!(has(self.startupPolicy) && self.startupPolicy.startupPolicyOrder == 'InOrder' && self.replicatedJobs.exists(x, has(x.dependsOn)))",
      message: 'StartupPolicy and DependsOn APIs are mutually exclusive',
    });

/** A JobSet's spec, with the metadata that JobSets made by it get. */
export const jobSetTemplate = () =>
  t.object({ metadata: templateMetadata(), spec: jobSetSpec() }, { minProperties: 1 });
