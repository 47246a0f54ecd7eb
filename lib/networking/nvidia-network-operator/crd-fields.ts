import { keySelector, t } from '../../crds';

export const strings = () => t.array(t.string());
const atomicStrings = () => t.array(t.string(), { listType: 'atomic' });

/** The columns that all of the operator's kinds have. */
export const STATUS_COLUMNS = [
  { name: 'Status', type: 'string', jsonPath: '.status.state' },
  { name: 'Age', type: 'string', jsonPath: '.metadata.creationTimestamp' },
] as const;

/** Which image, and what its containers may use. */
export const imageFields = () => ({
  image: t.string({ pattern: '[a-zA-Z0-9\\-]+' }).required(),
  repository: t.string({ pattern: '[a-zA-Z0-9\\.\\-\\/]+' }),
  version: t.string(),
  imagePullSecrets: t.array(t.string(), { default: [] }),
  containerResources: t.array(
    t.object({
      name: t.string().required(),
      limits: t.map(t.quantity()),
      requests: t.map(t.quantity()),
    }),
  ),
});

export const imageSpec = () => t.object(imageFields());

/** An image with a configuration of its own, which is text. */
export const configuredImage = () => t.object({ ...imageFields(), config: t.string() });

export const devicePlugin = () => t.object({ ...imageFields(), config: t.string(), useCdi: t.boolean() });

/** Variables of a container. */
export const environment = () =>
  t.array(
    t.object({
      name: t.string().required(),
      value: t.string(),
      valueFrom: t.object({
        configMapKeyRef: keySelector(),
        fieldRef: t.object({ apiVersion: t.string(), fieldPath: t.string().required() }, { mapType: 'atomic' }),
        fileKeyRef: t.object(
          {
            key: t.string().required(),
            optional: t.boolean({ default: false }),
            path: t.string().required(),
            volumeName: t.string().required(),
          },
          { mapType: 'atomic' },
        ),
        resourceFieldRef: t.object(
          { containerName: t.string(), divisor: t.quantity(), resource: t.string().required() },
          { mapType: 'atomic' },
        ),
        secretKeyRef: keySelector(),
      }),
    }),
  );

const probe = () =>
  t.object({
    initialDelaySeconds: t.integer().required(),
    periodSeconds: t.integer().required(),
    failureThreshold: t.integer(),
    timeoutSeconds: t.integer(),
  });

const configMapName = () => t.object({ name: t.string() });

/** The driver that is built and loaded by a container on each node. */
export const driver = () =>
  t.object({
    ...imageFields(),
    startupProbe: probe(),
    livenessProbe: probe(),
    readinessProbe: probe(),
    env: environment(),
    certConfig: configMapName(),
    repoConfig: configMapName(),
    terminationGracePeriodSeconds: t.int64({ default: 300, minimum: 0 }),
    forcePrecompiled: t.boolean({ default: false }),
    upgradePolicy: t.object({
      autoUpgrade: t.boolean({ default: false }),
      maxParallelUpgrades: t.integer({ default: 1, minimum: 0 }),
      safeLoad: t.boolean({ default: false }),
      waitForCompletion: t.object({
        podSelector: t.string(),
        timeoutSeconds: t.integer({ default: 0, minimum: 0 }),
      }),
      drain: t.object({
        enable: t.boolean({ default: true }),
        force: t.boolean({ default: false }),
        podSelector: t.string(),
        timeoutSeconds: t.integer({ default: 300, minimum: 0 }),
        deleteEmptyDir: t.boolean({ default: false }),
      }),
    }),
  });

const selectorTerm = () => {
  const requirements = () =>
    t.array(t.object({ key: t.string().required(), operator: t.string().required(), values: atomicStrings() }), {
      listType: 'atomic',
    });
  return t.object({ matchExpressions: requirements(), matchFields: requirements() }, { mapType: 'atomic' });
};

/** Which nodes, as pods' affinities say it. */
export const nodeSelector = () =>
  t.object({ nodeSelectorTerms: t.array(selectorTerm(), { listType: 'atomic' }).required() }, { mapType: 'atomic' });

export const nodeAffinity = () =>
  t.object({
    requiredDuringSchedulingIgnoredDuringExecution: nodeSelector(),
    preferredDuringSchedulingIgnoredDuringExecution: t.array(
      t.object({ preference: selectorTerm().required(), weight: t.int32().required() }),
      { listType: 'atomic' },
    ),
  });

/** What a policy says of its parts, and of itself. */
export const policyStatus = () =>
  t.object({
    state: t.enum(['ignore', 'notReady', 'ready', 'error']).required(),
    reason: t.string(),
    appliedStates: appliedStates(),
  });

export const appliedStates = () =>
  t.array(
    t.object({
      name: t.string().required(),
      state: t.enum(['ready', 'notReady', 'ignore', 'error']).required(),
      message: t.string(),
    }),
  );
