import { conditions, type Fields, resourceRequirements, stringMap, t, tolerations } from '../../crds';

export const strings = () => t.array(t.string());
export const named = () => t.object({ name: t.string() });
export const enabled = () => t.object({ enabled: t.boolean() });

export const env = () => t.array(t.object({ name: t.string().required(), value: t.string() }));
export const envOnly = () => t.object({ env: env() });

/** Where an operand's image comes from: `repository/image:version`, or `@version` where that is a digest. */
export const imageFields = () => ({
  repository: t.string(),
  image: t.string({ pattern: '[a-zA-Z0-9\\-]+' }),
  version: t.string(),
  imagePullPolicy: t.string(),
  imagePullSecrets: strings(),
});

/** What the operator lets each operand be told. */
export const operandFields = () => ({
  enabled: t.boolean(),
  ...imageFields(),
  args: strings(),
  env: env(),
  resources: resourceRequirements(),
  hostNetwork: t.boolean(),
});

export const operand = <F extends Fields>(more: F) => t.object({ ...operandFields(), ...more });

/** GPUDirect Storage's and GDRCopy's kernel modules. */
export const moduleOperand = () => t.object({ enabled: t.boolean(), ...imageFields(), args: strings(), env: env() });

export const driverManager = () => t.object({ ...imageFields(), env: env() });

export const probe = () =>
  t.object({
    failureThreshold: t.int32({ minimum: 1 }),
    initialDelaySeconds: t.int32(),
    periodSeconds: t.int32({ minimum: 1 }),
    successThreshold: t.int32({ minimum: 1 }),
    timeoutSeconds: t.int32({ minimum: 1 }),
  });

export const rdma = () => t.object({ enabled: t.boolean(), useHostMofed: t.boolean() });

export const kernelModuleType = () => t.enum(['auto', 'open', 'proprietary'], { default: 'auto' });

/** @param autoUpgrade the default, in which the two kinds differ */
export const upgradePolicy = (autoUpgrade: boolean) =>
  t.object({
    autoUpgrade: t.boolean({ default: autoUpgrade }),
    maxParallelUpgrades: t.integer({ default: 1, minimum: 0 }),
    maxUnavailable: t.intOrString({ default: '25%' }),
    waitForCompletion: t.object({ podSelector: t.string(), timeoutSeconds: t.integer({ default: 0, minimum: 0 }) }),
    podDeletion: t.object({
      deleteEmptyDir: t.boolean({ default: false }),
      force: t.boolean({ default: false }),
      timeoutSeconds: t.integer({ default: 300, minimum: 0 }),
    }),
    drain: t.object({
      enable: t.boolean({ default: false }),
      deleteEmptyDir: t.boolean({ default: false }),
      force: t.boolean({ default: false }),
      podSelector: t.string(),
      timeoutSeconds: t.integer({ default: 300, minimum: 0 }),
    }),
  });

/** Kubernetes' own, at version 1.31. */
export const podSecurityContext = () =>
  t.object({
    appArmorProfile: t.object({ localhostProfile: t.string(), type: t.string().required() }),
    fsGroup: t.int64(),
    fsGroupChangePolicy: t.string(),
    runAsGroup: t.int64(),
    runAsNonRoot: t.boolean(),
    runAsUser: t.int64(),
    seLinuxChangePolicy: t.string(),
    seLinuxOptions: t.object({ level: t.string(), role: t.string(), type: t.string(), user: t.string() }),
    seccompProfile: t.object({ localhostProfile: t.string(), type: t.string().required() }),
    supplementalGroups: t.array(t.int64(), { listType: 'atomic' }),
    supplementalGroupsPolicy: t.string(),
    sysctls: t.array(t.object({ name: t.string().required(), value: t.string().required() }), { listType: 'atomic' }),
    windowsOptions: t.object({
      gmsaCredentialSpec: t.string(),
      gmsaCredentialSpecName: t.string(),
      hostProcess: t.boolean(),
      runAsUserName: t.string(),
    }),
  });

/** What all operands' DaemonSets share. */
export const daemonsets = () =>
  t.object({
    annotations: stringMap(),
    labels: stringMap(),
    podSecurityContext: podSecurityContext(),
    priorityClassName: t.string(),
    rollingUpdate: t.object({ maxUnavailable: t.string() }),
    tolerations: tolerations(),
    updateStrategy: t.enum(['RollingUpdate', 'OnDelete'], { default: 'RollingUpdate' }),
  });

const PROMETHEUS_DURATION =
  '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$';

const RELABEL_ACTIONS = [
  ...['replace', 'Replace', 'keep', 'Keep', 'drop', 'Drop', 'hashmod', 'HashMod', 'labelmap', 'LabelMap'],
  ...['labeldrop', 'LabelDrop', 'labelkeep', 'LabelKeep', 'lowercase', 'Lowercase', 'uppercase', 'Uppercase'],
  ...['keepequal', 'KeepEqual', 'dropequal', 'DropEqual'],
];

/** Of the ServiceMonitors that the operator makes by itself. */
export const serviceMonitor = () =>
  t.object({
    enabled: t.boolean(),
    additionalLabels: stringMap(),
    honorLabels: t.boolean(),
    interval: t.string({ pattern: PROMETHEUS_DURATION }),
    scrapeTimeout: t.string({ pattern: PROMETHEUS_DURATION }),
    relabelings: t.array(
      t.object({
        action: t.enum(RELABEL_ACTIONS, { default: 'replace' }),
        modulus: t.int64({ minimum: 0 }),
        regex: t.string(),
        replacement: t.string(),
        separator: t.string(),
        sourceLabels: strings(),
        targetLabel: t.string(),
      }),
    ),
  });

export const dcgmFields = () => ({ hostPort: t.int32() });

export const dcgmExporterFields = () => ({
  annotations: stringMap(),
  config: named(),
  enablePodLabels: t.boolean(),
  enablePodUID: t.boolean(),
  podLabelAllowlistRegex: strings(),
  hostPID: t.boolean(),
  hpcJobMapping: t.object({ directory: t.string(), enabled: t.boolean() }),
  service: t.object({ internalTrafficPolicy: t.string(), type: t.string() }),
  serviceMonitor: serviceMonitor(),
});

/** How far the controller is. Its conditions are a plain list, which server-side apply takes as a whole. */
export const status = <const S extends string>(states: readonly S[]) =>
  t.object({
    conditions: t.array(t.raw<object>(conditions().json.items!)),
    namespace: t.string(),
    state: t.enum(states).required(),
  });

/** The columns that all three kinds show. */
export const STATUS_COLUMN = { name: 'Status', type: 'string', jsonPath: '.status.state' } as const;
export const ageColumn = (type: 'string' | 'date') =>
  ({ name: 'Age', type, jsonPath: '.metadata.creationTimestamp' }) as const;
