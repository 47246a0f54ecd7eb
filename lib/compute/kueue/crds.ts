import { conditions, crd, labelSelector, t } from '../../crds';
import {
  boundedTolerations,
  clusterUsage,
  fairSharing,
  flavorFungibility,
  IMMUTABLE,
  labelKey,
  localUsage,
  nodeTaints,
  objectName,
  preemption,
  resourceGroups,
  stopPolicy,
} from './crd-fields';

const GROUP = { group: 'kueue.x-k8s.io' } as const;
const STATUS = { status: true } as const;
/** The older version is served for clients that were written for it; a webhook of Kueue's converts where the two differ. */
const OLD = {
  name: 'v1beta1',
  deprecated: true,
  deprecationWarning: 'This version is deprecated. Use v1beta2 instead.',
} as const;
const NEW = { name: 'v1beta2', storage: true } as const;

const weightedShare = () => t.object({ weightedShare: t.int64().required() });
const admissionFairSharing = () =>
  t.object({ consumedResources: t.map(t.quantity()).required(), lastUpdate: t.dateTime().required() });

const flavorSpec = () =>
  t
    .object({
      nodeLabels: t.map(t.string(), { maxProperties: 8, mapType: 'atomic' }),
      nodeTaints: nodeTaints(),
      tolerations: boundedTolerations(),
      topologyName: objectName(),
    })
    .validations(
      {
        message: 'at least one nodeLabel is required when topology is set',
        rule: '!has(self.topologyName) || self.nodeLabels.size() >= 1',
      },
      {
        message: 'nodeLabels are immutable when topologyName is set',
        rule: '!has(oldSelf.topologyName) || (has(self.nodeLabels) == has(oldSelf.nodeLabels) && (!has(self.nodeLabels) || self.nodeLabels == oldSelf.nodeLabels))',
      },
      {
        message: 'tolerations are immutable when topologyName is set',
        rule: '!has(oldSelf.topologyName) || (has(self.tolerations) == has(oldSelf.tolerations) && (!has(self.tolerations) || self.tolerations == oldSelf.tolerations))',
      },
      {
        message: 'topologyName is immutable when topologyName is set',
        rule: '!has(oldSelf.topologyName) || (has(self.topologyName) && self.topologyName == oldSelf.topologyName)',
      },
    );

/** A kind of nodes that quotas are counted for. @see https://kueue.sigs.k8s.io/docs/concepts/resource_flavor/ */
export const resourceFlavor = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'ResourceFlavor',
  plural: 'resourceflavors',
  shortNames: ['flavor', 'flavors', 'rf'],
  versions: [
    { ...OLD, schema: { spec: flavorSpec() } },
    { ...NEW, schema: { spec: flavorSpec() } },
  ],
});

const QUEUE_COLUMNS = [
  { name: 'Strategy', type: 'string', jsonPath: '.spec.queueingStrategy', priority: 1 },
  { name: 'Pending Workloads', type: 'integer', jsonPath: '.status.pendingWorkloads' },
  { name: 'Admitted Workloads', type: 'integer', jsonPath: '.status.admittedWorkloads', priority: 1 },
] as const;

const borrowsInCohort = (field: string) => ({
  message: 'borrowingLimit must be nil when cohort is empty',
  rule: `!has(self.${field}) && has(self.resourceGroups) ? self.resourceGroups.all(rg, rg.flavors.all(f, f.resources.all(r, !has(r.borrowingLimit)))) : true`,
});

/** Quotas, and who is served first. @see https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/ */
export const clusterQueue = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'ClusterQueue',
  plural: 'clusterqueues',
  shortNames: ['cq'],
  readyWhen: 'Active',
  versions: [
    {
      ...OLD,
      schema: {
        spec: t
          .object({
            admissionChecks: t.array(t.string({ maxLength: 316 })),
            admissionChecksStrategy: t.object({
              admissionChecks: t.array(
                t.object({ name: t.string({ maxLength: 316 }).required(), onFlavors: t.array(objectName()) }),
              ),
            }),
            admissionScope: t.object({ admissionMode: t.string().required() }),
            cohort: objectName(),
            fairSharing: fairSharing(),
            flavorFungibility: flavorFungibility(['Borrow'], ['Preempt']),
            namespaceSelector: labelSelector(),
            preemption: preemption(),
            queueingStrategy: t.enum(['StrictFIFO', 'BestEffortFIFO'], { default: 'BestEffortFIFO' }),
            resourceGroups: resourceGroups({}),
            stopPolicy: stopPolicy(),
          })
          .validations(borrowsInCohort('cohort')),
        status: t.object({
          admittedWorkloads: t.int32(),
          conditions: conditions(),
          fairSharing: t.object({
            admissionFairSharingStatus: admissionFairSharing(),
            weightedShare: t.int64().required(),
          }),
          flavorsReservation: clusterUsage(),
          flavorsUsage: clusterUsage(),
          pendingWorkloads: t.int32(),
          pendingWorkloadsStatus: t.object({
            clusterQueuePendingWorkload: t.array(
              t.object({ name: t.string().required(), namespace: t.string().required() }),
              { listType: 'atomic' },
            ),
            lastChangeTime: t.dateTime().required(),
          }),
          reservingWorkloads: t.int32(),
        }),
      },
      subresources: STATUS,
      printerColumns: [{ name: 'Cohort', type: 'string', jsonPath: '.spec.cohort' }, ...QUEUE_COLUMNS],
    },
    {
      ...NEW,
      schema: {
        spec: t
          .object({
            admissionChecksStrategy: t.object({
              admissionChecks: t
                .array(
                  t.object({
                    name: t.string({ minLength: 1, maxLength: 316 }).required(),
                    onFlavors: t.array(objectName(), { maxItems: 64, listType: 'set' }),
                  }),
                  { minItems: 1, maxItems: 64, listType: 'map', keys: ['name'] },
                )
                .required(),
            }),
            admissionScope: t.object({
              admissionMode: t.enum(['UsageBasedAdmissionFairSharing', 'NoAdmissionFairSharing']).required(),
            }),
            cohortName: objectName(),
            concurrentAdmissionPolicy: t.object({
              migration: t
                .object({
                  constraints: t.object({ lastAcceptableFlavorName: objectName() }),
                  mode: t.enum(['TryPreferredFlavors', 'RetainFirstAdmission']).required(),
                })
                .required(),
            }),
            fairSharing: fairSharing(),
            flavorFungibility: flavorFungibility([], []),
            namespaceSelector: labelSelector(),
            preemption: preemption(),
            queueingStrategy: t.enum(['StrictFIFO', 'BestEffortFIFO'], { default: 'BestEffortFIFO' }),
            resourceGroups: resourceGroups({ listType: 'atomic' }),
            stopPolicy: stopPolicy(),
          })
          .validations(borrowsInCohort('cohortName')),
        status: t.object({
          admittedWorkloads: t.int32(),
          conditions: conditions({ maxItems: 16 }),
          fairSharing: weightedShare(),
          flavorsReservation: clusterUsage(),
          flavorsUsage: clusterUsage(),
          pendingWorkloads: t.int32(),
          reservingWorkloads: t.int32(),
        }),
      },
      subresources: STATUS,
      printerColumns: [{ name: 'Cohort', type: 'string', jsonPath: '.spec.cohortName' }, ...QUEUE_COLUMNS],
    },
  ],
});

const localQueueSpec = () =>
  t.object({
    clusterQueue: objectName().validations(IMMUTABLE),
    fairSharing: fairSharing(),
    stopPolicy: stopPolicy(),
  });
const localShare = () =>
  t.object({ admissionFairSharingStatus: admissionFairSharing(), weightedShare: t.int64().required() });
const LOCAL_COLUMNS = [
  { name: 'ClusterQueue', type: 'string', jsonPath: '.spec.clusterQueue' },
  { name: 'Pending Workloads', type: 'integer', jsonPath: '.status.pendingWorkloads' },
  { name: 'Admitted Workloads', type: 'integer', jsonPath: '.status.admittedWorkloads' },
] as const;

/** Where a namespace's jobs wait. @see https://kueue.sigs.k8s.io/docs/concepts/local_queue/ */
export const localQueue = crd({
  ...GROUP,
  scope: 'Namespaced',
  kind: 'LocalQueue',
  plural: 'localqueues',
  shortNames: ['queue', 'queues', 'lq'],
  readyWhen: 'Active',
  versions: [
    {
      ...OLD,
      schema: {
        spec: localQueueSpec(),
        status: t.object({
          admittedWorkloads: t.int32(),
          conditions: conditions(),
          fairSharing: localShare(),
          flavorUsage: localUsage(),
          flavors: t.array(
            t.object({
              name: objectName().required(),
              nodeLabels: t.map(t.string(), { maxProperties: 8, mapType: 'atomic' }),
              nodeTaints: nodeTaints(),
              resources: t.array(t.string(), { maxItems: 64, listType: 'set' }),
              topology: t.object({
                levels: t.array(t.string(), { minItems: 1, maxItems: 16, listType: 'atomic' }).required(),
                name: objectName().required(),
              }),
            }),
            { maxItems: 64, listType: 'map', keys: ['name'] },
          ),
          flavorsReservation: localUsage(),
          pendingWorkloads: t.int32(),
          reservingWorkloads: t.int32(),
        }),
      },
      subresources: STATUS,
      printerColumns: LOCAL_COLUMNS,
    },
    {
      ...NEW,
      schema: {
        spec: localQueueSpec(),
        status: t.object({
          admittedWorkloads: t.int32(),
          conditions: conditions({ maxItems: 16 }),
          fairSharing: localShare(),
          flavorsReservation: localUsage(),
          flavorsUsage: localUsage(),
          pendingWorkloads: t.int32(),
          reservingWorkloads: t.int32(),
        }),
      },
      subresources: STATUS,
      printerColumns: LOCAL_COLUMNS,
    },
  ],
});

/** ClusterQueues that lend each other what is idle. @see https://kueue.sigs.k8s.io/docs/concepts/cohort/ */
export const cohort = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'Cohort',
  plural: 'cohorts',
  shortNames: ['co'],
  versions: [
    {
      ...OLD,
      schema: {
        spec: t.object({ fairSharing: fairSharing(), parentName: objectName(), resourceGroups: resourceGroups({}) }),
        status: t.object({
          fairSharing: t.object({
            admissionFairSharingStatus: admissionFairSharing(),
            weightedShare: t.int64().required(),
          }),
        }),
      },
      subresources: STATUS,
    },
    {
      ...NEW,
      schema: {
        spec: t.object({
          fairSharing: fairSharing(),
          parentName: objectName(),
          resourceGroups: resourceGroups({ listType: 'atomic' }),
        }),
        status: t.object({ fairSharing: weightedShare() }),
      },
      subresources: STATUS,
    },
  ],
});

const topologySpec = () =>
  t.object({
    levels: t
      .array(t.object({ nodeLabel: labelKey(316).required() }), { minItems: 1, maxItems: 16, listType: 'atomic' })
      .validations(
        IMMUTABLE,
        { message: 'must be unique', rule: 'size(self.filter(i, size(self.filter(j, j == i)) > 1)) == 0' },
        {
          message: 'the kubernetes.io/hostname label can only be used at the lowest level of topology',
          rule: "size(self.filter(i, i.nodeLabel == 'kubernetes.io/hostname')) == 0 || self[size(self) - 1].nodeLabel == 'kubernetes.io/hostname'",
        },
      )
      .required(),
  });

/** How near nodes are to each other. @see https://kueue.sigs.k8s.io/docs/concepts/topology_aware_scheduling/ */
export const topology = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'Topology',
  plural: 'topologies',
  shortNames: ['topo'],
  versions: [
    { ...OLD, schema: { spec: topologySpec() } },
    { ...NEW, schema: { spec: topologySpec() } },
  ],
});

const PRIORITY_COLUMNS = [{ name: 'Value', type: 'integer', jsonPath: '.value' }] as const;

/** A job's rank in its queue. @see https://kueue.sigs.k8s.io/docs/concepts/workload_priority_class/ */
export const workloadPriorityClass = crd({
  ...GROUP,
  scope: 'Cluster',
  kind: 'WorkloadPriorityClass',
  plural: 'workloadpriorityclasses',
  shortNames: ['wpc'],
  versions: [
    {
      ...OLD,
      schema: { description: t.string(), value: t.int32().required() },
      subresources: {},
      printerColumns: PRIORITY_COLUMNS,
    },
    {
      ...NEW,
      schema: { description: t.string({ maxLength: 2048 }), value: t.int32().required() },
      subresources: {},
      printerColumns: PRIORITY_COLUMNS,
    },
  ],
});
