import { stringMap, t } from '../../crds';

const SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const LABEL_KEY =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$';

export const IMMUTABLE = { message: 'field is immutable', rule: 'self == oldSelf' };

/** Name of a cluster-wide object: a ClusterQueue, a flavor, a class. */
export const objectName = (options: { readonly minLength?: number } = {}) =>
  t.string({ pattern: SUBDOMAIN, maxLength: 253, ...options });

/** Name of a set of pods within a workload. */
export const podSetName = (options: { readonly default?: string } = {}) =>
  t.string({ pattern: LABEL, maxLength: 63, ...options });

/** Key of a node's label. */
export const labelKey = (maxLength: number) => t.string({ pattern: LABEL_KEY, minLength: 1, maxLength });

/** The API group of an object that is referred to. */
export const apiGroup = (options: { readonly minLength?: number } = {}) =>
  t.string({ pattern: SUBDOMAIN, maxLength: 253, ...options });

export const kind = (options: { readonly minLength?: number } = {}) =>
  t.string({ pattern: '^(?i)[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 63, ...options });

export const parametersName = (options: { readonly minLength?: number } = {}) =>
  t.string({ pattern: LABEL, maxLength: 63, ...options });

/** How much of an advantage a queue has where others want the same idle resources. */
export const fairSharing = () => t.object({ weight: t.quantity({ default: 1 }) });

export const stopPolicy = () => t.enum(['None', 'Hold', 'HoldAndDrain'], { default: 'None' });

const byName = { listType: 'map', keys: ['name'] } as const;

/** Quotas by flavor; each flavor names all resources of its group, in their order. */
export const resourceGroups = (covered: { readonly listType?: 'atomic' }) =>
  t.array(
    t
      .object({
        coveredResources: t.array(t.string(), { minItems: 1, maxItems: 64, ...covered }).required(),
        flavors: t
          .array(
            t.object({
              name: objectName().required(),
              resources: t
                .array(
                  t.object({
                    borrowingLimit: t.quantity(),
                    lendingLimit: t.quantity(),
                    name: t.string().required(),
                    nominalQuota: t.quantity().required(),
                  }),
                  { minItems: 1, maxItems: 64, ...byName },
                )
                .required(),
            }),
            { minItems: 1, maxItems: 64, ...byName },
          )
          .required(),
      })
      .validations({
        message: 'flavors must have the same number of resources as the coveredResources',
        rule: 'self.flavors.all(x, size(x.resources) == size(self.coveredResources))',
      }),
    { maxItems: 16, listType: 'atomic' },
  );

/** What is in use, by flavor and resource. */
const usage = <F extends Parameters<typeof t.object>[0]>(fields: F) =>
  t.array(
    t.object({
      name: objectName().required(),
      resources: t.array(t.object(fields), { maxItems: 64, ...byName }).required(),
    }),
    { maxItems: 64, ...byName },
  );

export const clusterUsage = () => usage({ borrowed: t.quantity(), name: t.string().required(), total: t.quantity() });

export const localUsage = () => usage({ name: t.string().required(), total: t.quantity() });

export const preemption = () =>
  t
    .object(
      {
        borrowWithinCohort: t.object(
          { maxPriorityThreshold: t.int32(), policy: t.enum(['Never', 'LowerPriority'], { default: 'Never' }) },
          { default: {} },
        ),
        reclaimWithinCohort: t.enum(['Never', 'LowerPriority', 'Any'], { default: 'Never' }),
        withinClusterQueue: t.enum(['Never', 'LowerPriority', 'LowerOrNewerEqualPriority'], { default: 'Never' }),
      },
      { default: {} },
    )
    .validations({
      message: 'reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never',
      rule: "!(self.reclaimWithinCohort == 'Never' && has(self.borrowWithinCohort) &&  self.borrowWithinCohort.policy != 'Never')",
    });

/** Whether to go on to the next flavor where the first one has room only by borrowing or preemption. */
export const flavorFungibility = <const B extends string, const P extends string>(
  whenCanBorrow: readonly B[],
  whenCanPreempt: readonly P[],
) =>
  t
    .object(
      {
        preference: t.enum(['BorrowingOverPreemption', 'PreemptionOverBorrowing']),
        whenCanBorrow: t.enum(['MayStopSearch', 'TryNextFlavor', ...whenCanBorrow], { default: 'MayStopSearch' }),
        whenCanPreempt: t.enum(['MayStopSearch', 'TryNextFlavor', ...whenCanPreempt], { default: 'TryNextFlavor' }),
      },
      { default: {} },
    )
    .validations({
      message: 'preference can only be set when both whenCanBorrow and whenCanPreempt are TryNextFlavor',
      rule: "!has(self.preference) || (self.whenCanBorrow == 'TryNextFlavor' && self.whenCanPreempt == 'TryNextFlavor')",
    });

const EFFECTS = "supported taint effect values: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'";
const EFFECT_LIST = "['NoSchedule', 'PreferNoSchedule', 'NoExecute']";

export const nodeTaints = () =>
  t
    .array(
      t.object({
        effect: t.string().required(),
        key: t.string().required(),
        timeAdded: t.dateTime(),
        value: t.string(),
      }),
      { maxItems: 8, listType: 'atomic' },
    )
    .validations({ message: EFFECTS, rule: `self.all(x, x.effect in ${EFFECT_LIST})` });

/** At most eight. */
export const boundedTolerations = () =>
  t
    .array(
      t.object({
        effect: t.string(),
        key: t.string(),
        operator: t.string(),
        tolerationSeconds: t.int64(),
        value: t.string(),
      }),
      { maxItems: 8, listType: 'atomic' },
    )
    .validations(
      {
        message: "operator must be Exists when 'key' is empty, which means 'match all values and all keys'",
        rule: "self.all(x, !has(x.key) ? x.operator == 'Exists' : true)",
      },
      {
        message: "effect must be 'NoExecute' when 'tolerationSeconds' is set",
        rule: "self.all(x, has(x.tolerationSeconds) ? x.effect == 'NoExecute' : true)",
      },
      {
        message: "supported toleration values: 'Equal'(default), 'Exists'",
        rule: "self.all(x, !has(x.operator) || x.operator in ['Equal', 'Exists'])",
      },
      {
        message: "a value must be empty when 'operator' is 'Exists'",
        rule: "self.all(x, has(x.operator) && x.operator == 'Exists' ? !has(x.value) : true)",
      },
      { message: EFFECTS, rule: `self.all(x, !has(x.effect) || x.effect in ${EFFECT_LIST})` },
    );

/** What an admission check adds to the pods that it lets pass. */
export const podSetUpdates = () =>
  t.array(
    t.object({
      annotations: stringMap(),
      labels: stringMap(),
      name: podSetName().required(),
      nodeSelector: stringMap(),
      tolerations: boundedTolerations(),
    }),
    { maxItems: 18, listType: 'atomic' },
  );
