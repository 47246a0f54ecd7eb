import { conditions, crd, jobSetTemplate, t } from '../../crds';

const immutable = { rule: 'self == oldSelf', message: 'field is immutable' } as const;

const ROOT_HOME = '/root';

const environment = () =>
  t.array(t.object({ name: t.string().required(), value: t.string(), valueFrom: t.open() }), {
    listType: 'map',
    keys: ['name'],
    maxItems: 128,
  });

const envTarget = () =>
  t.object({
    jobName: t.string({ minLength: 1, maxLength: 253 }).required(),
    containerNames: t
      .array(t.string({ maxLength: 63 }), { listType: 'set', minItems: 1, maxItems: 8 })
      .validations({
        rule: "!self.exists(c, c == 'node')",
        message:
          'containerNames must not include the main node container because PET_* envs are always injected into it',
      })
      .required(),
  });

const runtimeSpec = () =>
  t.object(
    {
      mlPolicy: t
        .object({
          numNodes: t.int32(),
          torch: t.object({
            envInjection: t.object({
              targets: t.array(envTarget(), { listType: 'map', keys: ['jobName'], maxItems: 16 }),
            }),
          }),
          mpi: t.object({
            mpiImplementation: t.enum(['OpenMPI', ''], { default: 'OpenMPI' }),
            numProcPerNode: t.int32({ default: 1 }),
            runLauncherAsNode: t.boolean({ default: false }),
            sshAuthMountPath: t.string({ default: `${ROOT_HOME}/.ssh`, maxLength: 4096 }),
          }),
          jax: t.object({}),
          xgboost: t.object({}),
          flux: t.object({
            numProcPerNode: t
              .int32({ default: 1 })
              .validations({ rule: 'self >= 1', message: 'NumProcPerNode in fluxPolicy must be >= 1' }),
          }),
        })
        .validations({
          rule: '[has(self.torch), has(self.mpi), has(self.jax), has(self.xgboost),has(self.flux)].filter(x, x).size() <= 1',
          message: 'Only one of the policy can be configured',
        }),
      podGroupPolicy: t.object({
        coscheduling: t.object({ scheduleTimeoutSeconds: t.int32({ default: 60 }) }),
        volcano: t.object({
          networkTopology: t.object({
            highestTierAllowed: t.integer({ default: 1 }),
            mode: t.enum(['hard', 'soft'], { default: 'hard' }),
          }),
        }),
      }),
      template: jobSetTemplate(),
    },
    { minProperties: 1 },
  );

/** How a kind of training is run, for TrainJobs of its namespace. @see https://www.kubeflow.org/docs/components/trainer/operator-guides/runtime/ */
export const trainingRuntime = crd({
  group: 'trainer.kubeflow.org',
  kind: 'TrainingRuntime',
  plural: 'trainingruntimes',
  scope: 'Namespaced',
  versions: [{ name: 'v1alpha1', storage: true, schema: { spec: runtimeSpec() } }],
});

/** How a kind of training is run, for TrainJobs of all namespaces. */
export const clusterTrainingRuntime = crd({
  group: 'trainer.kubeflow.org',
  kind: 'ClusterTrainingRuntime',
  plural: 'clustertrainingruntimes',
  scope: 'Cluster',
  versions: [{ name: 'v1alpha1', storage: true, schema: { spec: runtimeSpec() } }],
});

const initializer = () =>
  t.object({
    storageUri: t.string({ maxLength: 2048 }).validations({
      rule: "self == '' || self.matches('^[A-Za-z][A-Za-z0-9+.-]*://.+$')",
      message: 'storageUri may be empty, or it must be a valid URI (scheme://...)',
    }),
    env: environment(),
    secretRef: t.object({ name: t.string({ default: '' }) }, { mapType: 'atomic' }),
  });

const words = () => t.array(t.string({ maxLength: 1048576 }), { listType: 'atomic', maxItems: 128 });

const count = () => t.int32({ minimum: 0 }).required();

/** One training. @see https://www.kubeflow.org/docs/components/trainer/overview/ */
export const trainJob = crd({
  group: 'trainer.kubeflow.org',
  kind: 'TrainJob',
  plural: 'trainjobs',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: { status: true },
      printerColumns: [
        { name: 'State', type: 'string', jsonPath: '.status.conditions[-1:].type' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      schema: {
        spec: t.object({
          runtimeRef: t
            .object({
              name: t.string({ minLength: 1, maxLength: 253 }).required(),
              apiGroup: t.string({ default: 'trainer.kubeflow.org', maxLength: 253 }),
              kind: t.string({ default: 'ClusterTrainingRuntime', maxLength: 253 }),
            })
            .validations(immutable)
            .required(),
          initializer: t.object({ dataset: initializer(), model: initializer() }).validations(immutable),
          trainer: t
            .object({
              image: t.string({ maxLength: 500 }),
              command: words(),
              args: words(),
              env: environment(),
              numNodes: t.int32(),
              numProcPerNode: t.int32(),
              resourcesPerNode: t.object({
                claims: t.array(t.object({ name: t.string().required(), request: t.string() }), {
                  listType: 'map',
                  keys: ['name'],
                }),
                limits: t.map(t.quantity()),
                requests: t.map(t.quantity()),
              }),
            })
            .validations(immutable),
          runtimePatches: t.array(
            t.object({
              manager: t.string({ minLength: 1, maxLength: 253 }).validations(immutable).required(),
              time: t.dateTime(),
              trainingRuntimeSpec: t.open(),
            }),
            { listType: 'map', keys: ['manager'], maxItems: 16 },
          ),
          suspend: t.boolean({ default: false }),
          activeDeadlineSeconds: t.int64({ minimum: 1 }).validations(immutable),
          managedBy: t.string({ default: 'trainer.kubeflow.org/trainjob-controller', maxLength: 253 }).validations(
            {
              rule: "self in ['trainer.kubeflow.org/trainjob-controller', 'kueue.x-k8s.io/multikueue']",
              message: 'ManagedBy must be trainer.kubeflow.org/trainjob-controller or kueue.x-k8s.io/multikueue if set',
            },
            immutable,
          ),
        }),
        status: t.object(
          {
            conditions: t.array(t.raw<object>(conditions().json.items!), {
              listType: 'map',
              keys: ['type'],
              maxItems: 8,
            }),
            jobsStatus: t.array(
              t.object({
                name: t.string({ minLength: 1, maxLength: 253 }).required(),
                ready: count(),
                succeeded: count(),
                failed: count(),
                active: count(),
                suspended: count(),
              }),
              { listType: 'map', keys: ['name'], maxItems: 100 },
            ),
            trainerStatus: t
              .object({
                progressPercentage: t.int32({ minimum: 0, maximum: 100 }),
                estimatedRemainingSeconds: t.int32({ minimum: 0 }),
                metrics: t.array(
                  t.object({
                    name: t.string({ minLength: 1, maxLength: 64 }).required(),
                    value: t.string({ minLength: 1, maxLength: 64 }).required(),
                  }),
                  { listType: 'atomic', maxItems: 256 },
                ),
                lastUpdatedTime: t.dateTime(),
              })
              .validations({
                rule: 'has(self.lastUpdatedTime)',
                message: 'lastUpdatedTime is required when trainerStatus is present',
              }),
          },
          { minProperties: 1 },
        ),
      },
    },
  ],
});

export const definitions = [trainingRuntime, clusterTrainingRuntime, trainJob];
