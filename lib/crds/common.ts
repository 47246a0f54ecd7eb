import { t } from './schema';

/** Labels, annotations and the like. */
export const stringMap = () => t.map(t.string());

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
export const labelSelector = () =>
  t.object(
    {
      matchLabels: stringMap(),
      matchExpressions: t.array(
        t.object({
          key: t.string().required(),
          operator: t.string().required(),
          values: t.array(t.string(), { listType: 'atomic' }),
        }),
        { listType: 'atomic' },
      ),
    },
    { mapType: 'atomic' },
  );

/** An object of the same namespace, by its name. */
export const localObjectReference = () => t.object({ name: t.string({ default: '' }) }, { mapType: 'atomic' });

/** A Secret, by name and namespace. */
export const secretReference = () => t.object({ name: t.string(), namespace: t.string() }, { mapType: 'atomic' });

/** One key of a Secret or ConfigMap of the same namespace. */
export const keySelector = () =>
  t.object(
    { name: t.string({ default: '' }), key: t.string().required(), optional: t.boolean() },
    { mapType: 'atomic' },
  );

/** Any object, by kind and name. */
export const objectReference = () =>
  t.object(
    {
      apiVersion: t.string(),
      fieldPath: t.string(),
      kind: t.string(),
      name: t.string(),
      namespace: t.string(),
      resourceVersion: t.string(),
      uid: t.string(),
    },
    { mapType: 'atomic' },
  );

/**
 * `status.conditions`, as controllers report what they did.
 *
 * @param options the bound on their number, where upstream has one: the cost of CEL rules over them is estimated by it
 */
export const conditions = (options: { readonly maxItems?: number } = {}) =>
  t.array(
    t.object({
      type: t
        .string({
          maxLength: 316,
          pattern:
            '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
        })
        .required(),
      status: t.enum(['True', 'False', 'Unknown']).required(),
      lastTransitionTime: t.dateTime().required(),
      message: t.string({ maxLength: 32768 }).required(),
      reason: t
        .string({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' })
        .required(),
      observedGeneration: t.int64({ minimum: 0 }),
    }),
    { ...options, listType: 'map', keys: ['type'] },
  );

/** A container's requests and limits. */
export const resourceRequirements = () => t.object({ limits: t.map(t.quantity()), requests: t.map(t.quantity()) });

/** The taints that a pod bears. */
export const tolerations = () =>
  t.array(
    t.object({
      effect: t.string(),
      key: t.string(),
      operator: t.string(),
      tolerationSeconds: t.int64(),
      value: t.string(),
    }),
  );
