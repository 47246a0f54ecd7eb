import { conditions, crd, t } from '../../crds';
import { objectName, podSetName, podSetUpdates } from './crd-fields';

const byName = { listType: 'map', keys: ['name'] } as const;

/** `A is set and true of the condition of this type`, before (`oldSelf`) or after (`self`) the change. */
const holds = (self: 'self' | 'oldSelf', condition: string) =>
  `has(${self}.status) && has(${self}.status.conditions) && ${self}.status.conditions.exists(c, c.type == '${condition}' && c.status == 'True')`;
const reserved = holds('oldSelf', 'QuotaReserved');
const stays = (condition: string) => `((${holds('oldSelf', condition)}) && (${holds('self', condition)}))`;
const bothHaveClass = 'has(oldSelf.spec.priorityClassRef) && has(self.spec.priorityClassRef)';
const sameInClass = (field: string) =>
  `(${reserved} && ${bothHaveClass}) ? oldSelf.spec.priorityClassRef.${field} == self.spec.priorityClassRef.${field} : true`;

const ONE_OF = 'exactly one of the fields in [universal individual] must be set';

/** Where a set of pods goes, by domains of the topology, packed. */
const topologyAssignment = () =>
  t
    .object({
      levels: t.array(t.string({ maxLength: 317 }), { minItems: 1, maxItems: 16, listType: 'atomic' }).required(),
      slices: t
        .array(
          t
            .object({
              domainCount: t.int32({ minimum: 1 }).required(),
              podCounts: t
                .object({
                  individual: t.array(t.int32({ minimum: 1 }), { minItems: 1, maxItems: 100000, listType: 'atomic' }),
                  universal: t.int32({ minimum: 1 }),
                })
                .validations({
                  message: ONE_OF,
                  rule: '[has(self.universal),has(self.individual)].filter(x,x==true).size() == 1',
                })
                .required(),
              valuesPerLevel: t
                .array(
                  t
                    .object({
                      individual: t.object({
                        prefix: t.string({ maxLength: 63 }),
                        roots: t
                          .array(t.string({ maxLength: 63 }), { minItems: 1, maxItems: 100000, listType: 'atomic' })
                          .required(),
                        suffix: t.string({ maxLength: 63 }),
                      }),
                      universal: t.string({ maxLength: 63 }),
                    })
                    .validations({ message: ONE_OF, rule: 'has(self.universal) != has(self.individual)' }),
                  { minItems: 1, maxItems: 16, listType: 'atomic' },
                )
                .required(),
            })
            .validations(
              {
                message: 'podCounts.individual must have length equal to domainCount',
                rule: '!has(self.podCounts.individual) || size(self.podCounts.individual) == self.domainCount',
              },
              {
                message:
                  'valuesPerLevel.individual, if set, must have roots of length equal to domainCount of this TopologyAssignmentSlice',
                rule: 'self.valuesPerLevel.all(x, !has(x.individual) || size(x.individual.roots) == self.domainCount)',
              },
            ),
          { maxItems: 1000, listType: 'atomic' },
        )
        .required(),
    })
    .validations({
      message: 'valuesPerLevel must have the same length as the number of levels in this TopologyAssignment',
      rule: 'self.slices.all(x, size(x.valuesPerLevel) == size(self.levels))',
    });

const podSets = () =>
  t.array(
    t
      .object({
        count: t.int32({ minimum: 0, default: 1 }),
        minCount: t.int32({ minimum: 1 }),
        name: podSetName({ default: 'main' }),
        // A PodTemplateSpec, which Kueue copies from the job; the API server has checked it there.
        template: t.open().required(),
        topologyRequest: t.object({
          podIndexLabel: t.string({ maxLength: 317 }),
          podSetGroupName: t.string({ maxLength: 256 }),
          podSetSliceRequiredTopology: t.string({ maxLength: 63 }),
          podSetSliceSize: t.int32(),
          podsetSliceRequiredTopologyConstraints: t.array(
            t.object({
              size: t.int32({ minimum: 1 }).required(),
              topology: t.string({ minLength: 1, maxLength: 63 }).required(),
            }),
            { maxItems: 3, listType: 'atomic' },
          ),
          preferred: t.string({ maxLength: 63 }),
          required: t.string({ maxLength: 63 }),
          subGroupCount: t.int32(),
          subGroupIndexLabel: t.string({ maxLength: 317 }),
          unconstrained: t.boolean(),
        }),
      })
      .validations({
        message: 'minCount should be positive and less or equal to count',
        rule: 'has(self.minCount) ? self.minCount <= self.count : true',
      }),
    { minItems: 1, maxItems: 18, ...byName },
  );

const priorityClassRef = () =>
  t
    .object({
      group: t.enum(['kueue.x-k8s.io', 'scheduling.k8s.io']).required(),
      kind: t.enum(['WorkloadPriorityClass', 'PriorityClass']).required(),
      name: objectName({ minLength: 1 }).required(),
    })
    .validations(
      {
        message: 'only the PriorityClass kind is allowed for the scheduling.k8s.io group',
        rule: "(self.group == 'scheduling.k8s.io') ? self.kind == 'PriorityClass' : true",
      },
      {
        message: 'only the WorkloadPriorityClass kind is allowed for the kueue.x-k8s.io group',
        rule: "(self.group == 'kueue.x-k8s.io') ? self.kind == 'WorkloadPriorityClass' : true",
      },
    );

const admission = () =>
  t.object({
    clusterQueue: objectName(),
    podSetAssignments: t.array(
      t.object({
        count: t.int32({ minimum: 0 }),
        delayedTopologyRequest: t.enum(['Pending', 'Ready']),
        flavors: t.map(objectName()),
        name: podSetName({ default: 'main' }),
        resourceUsage: t.map(t.quantity()),
        topologyAssignment: topologyAssignment(),
      }),
      { maxItems: 18, ...byName },
    ),
  });

const admissionChecks = () =>
  t.array(
    t.object({
      lastTransitionTime: t.dateTime().required(),
      message: t.string({ maxLength: 32768 }).required(),
      name: t.string({ minLength: 1, maxLength: 316 }).required(),
      podSetUpdates: podSetUpdates(),
      requeueAfterSeconds: t.int32({ minimum: 0 }),
      retryCount: t.int32({ minimum: 0 }),
      state: t.enum(['Pending', 'Ready', 'Retry', 'Rejected']).required(),
    }),
    { maxItems: 8, ...byName },
  );

const status = () =>
  t
    .object({
      accumulatedPastExecutionTimeSeconds: t.int32(),
      admission: admission(),
      admissionChecks: admissionChecks(),
      clusterName: t.string({ maxLength: 256 }),
      conditions: conditions({ maxItems: 16 }),
      nominatedClusterNames: t.array(t.string({ maxLength: 256 }), { maxItems: 20, listType: 'atomic' }),
      preemptionGates: t.array(
        t.object({
          lastTransitionTime: t.dateTime().required(),
          name: t.string({ minLength: 1, maxLength: 63 }).required(),
          position: t.enum(['Closed', 'Open']).required(),
        }),
        { maxItems: 8, ...byName },
      ),
      reclaimablePods: t.array(t.object({ count: t.int32({ minimum: 0 }).required(), name: podSetName().required() }), {
        maxItems: 18,
        ...byName,
      }),
      requeueState: t.object({ count: t.int32({ minimum: 0 }), requeueAt: t.dateTime() }),
      resourceRequests: t.array(t.object({ name: podSetName().required(), resources: t.map(t.quantity()) }), {
        maxItems: 18,
        ...byName,
      }),
      schedulingStats: t.object({
        evictions: t.array(
          t.object({
            count: t.int32({ minimum: 0 }).required(),
            reason: t.string({ maxLength: 316 }).required(),
            underlyingCause: t.string({ maxLength: 316 }).required(),
          }),
          { maxItems: 256, listType: 'map', keys: ['reason', 'underlyingCause'] },
        ),
      }),
      unhealthyNodes: t.array(t.object({ name: t.string({ maxLength: 63 }).required() }), { maxItems: 8, ...byName }),
    })
    .validations(
      {
        message: 'clusterName is immutable once set',
        rule: '!has(oldSelf.clusterName) || !has(self.clusterName) || oldSelf.clusterName == self.clusterName',
      },
      {
        message: 'clusterName and nominatedClusterNames are mutually exclusive',
        rule: '!has(self.clusterName) || (!has(self.nominatedClusterNames) || (has(self.nominatedClusterNames) && size(self.nominatedClusterNames) == 0))',
      },
    );

const COLUMNS = [
  { name: 'Queue', type: 'string', jsonPath: '.spec.queueName' },
  { name: 'Reserved in', type: 'string', jsonPath: '.status.admission.clusterQueue' },
  { name: 'Admitted', type: 'string', jsonPath: ".status.conditions[?(@.type=='Admitted')].status" },
  { name: 'Finished', type: 'string', jsonPath: ".status.conditions[?(@.type=='Finished')].status" },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const;

/** What Kueue makes of a job while it waits and runs. @see https://kueue.sigs.k8s.io/docs/concepts/workload/ */
export const workload = crd({
  group: 'kueue.x-k8s.io',
  scope: 'Namespaced',
  kind: 'Workload',
  plural: 'workloads',
  shortNames: ['kwl', 'kueueworkload', 'kueueworkloads'],
  versions: [
    {
      // Read by old clients, written by none: Kueue makes Workloads, in the newer version.
      name: 'v1beta1',
      deprecated: true,
      deprecationWarning: 'This version is deprecated. Use v1beta2 instead.',
      schema: { spec: t.open(), status: t.open() },
      subresources: { status: true },
      printerColumns: COLUMNS,
    },
    {
      name: 'v1beta2',
      storage: true,
      schema: {
        spec: t
          .object({
            active: t.boolean({ default: true }),
            maximumExecutionTimeSeconds: t.int32({ minimum: 1 }),
            podSets: podSets(),
            preemptionGates: t.array(t.object({ name: t.string({ minLength: 1, maxLength: 63 }).required() }), {
              maxItems: 8,
              ...byName,
            }),
            priority: t.int32(),
            priorityClassRef: priorityClassRef(),
            queueName: objectName(),
          })
          .validations({
            message: 'priority should not be nil when priorityClassRef is set',
            rule: '!has(self.priorityClassRef) || has(self.priority)',
          }),
        status: status(),
      },
      validations: [
        {
          message: 'podSetAssignments must have the same number of podSets as the spec',
          rule: `${holds('self', 'QuotaReserved')} && has(self.status.admission) ? size(self.spec.podSets) == size(self.status.admission.podSetAssignments) : true`,
        },
        {
          message: 'priorityClassRef is immutable while workload quota reserved',
          rule: `(${reserved}) ? (!has(oldSelf.spec.priorityClassRef) && !has(self.spec.priorityClassRef)) || (${bothHaveClass}) : true`,
        },
        {
          message: 'priorityClassRef.group is immutable while workload quota reserved',
          rule: sameInClass('group'),
        },
        { message: 'priorityClassRef.kind is immutable while workload quota reserved', rule: sameInClass('kind') },
        {
          message:
            'priorityClassRef.name is immutable for scheduling.k8s.io/priorityclass while workload quota reserved',
          rule: `(${reserved} && ${bothHaveClass} && self.spec.priorityClassRef.group == 'scheduling.k8s.io' && self.spec.priorityClassRef.kind == 'PriorityClass') ? oldSelf.spec.priorityClassRef.name == self.spec.priorityClassRef.name : true`,
        },
        {
          message: 'queueName is immutable while workload quota reserved',
          rule: `${stays('QuotaReserved')} ? ((has(oldSelf.spec.queueName) == has(self.spec.queueName)) && (!has(oldSelf.spec.queueName) || oldSelf.spec.queueName == self.spec.queueName)) : true`,
        },
        {
          message: 'maximumExecutionTimeSeconds is immutable while workload quota reserved',
          rule: `${stays('Admitted')}?((has(oldSelf.spec.maximumExecutionTimeSeconds)?oldSelf.spec.maximumExecutionTimeSeconds:0) ==  (has(self.spec.maximumExecutionTimeSeconds)?self.spec.maximumExecutionTimeSeconds:0)):true`,
        },
      ],
      subresources: { status: true },
      printerColumns: COLUMNS,
      selectableFields: ['.status.admission.clusterQueue'],
    },
  ],
});
