import { crd, localObjectReference, stringMap, t, tolerations } from '../../crds';

// The operator's own kinds, as of v1.5.1: https://github.com/ROCm/gpu-operator/tree/v1.5.1/config/crd/bases

const GROUP = { group: 'amd.com', scope: 'Namespaced' } as const;
const STATUS = { status: true } as const;

const imageReference = () =>
  t.string({
    pattern:
      '^([a-z0-9]+(?:[._-][a-z0-9]+)*(:[0-9]+)?)(/[a-z0-9]+(?:[._-][a-z0-9]+)*)*(?::[a-z0-9._-]+)?(?:@[a-zA-Z0-9]+:[a-f0-9]+)?$',
  });

const pullPolicy = () => t.enum(['Always', 'IfNotPresent', 'Never']);

const daemonSetUpgrade = () =>
  t.object({ maxUnavailable: t.int32({ default: 1 }), upgradeStrategy: t.enum(['RollingUpdate', 'OnDelete']) });

const registryTls = () => t.object({ insecure: t.boolean(), insecureSkipTLSVerify: t.boolean() });

const drain = () =>
  t.object({
    force: t.boolean({ default: false }),
    gracePeriodSeconds: t.integer({ default: -1 }),
    ignoreDaemonSets: t.boolean({ default: true }),
    ignoreNamespaces: t.array(t.string()),
    timeoutSeconds: t.integer({ default: 300, minimum: 0 }),
  });

const rollout = () =>
  t.object({ availableNumber: t.int32(), desiredNumber: t.int32(), nodesMatchingSelectorNumber: t.int32() });

const commonConfig = t.object({
  imageRegistrySecrets: t.array(localObjectReference()),
  initContainerImage: t.string(),
  utilsContainer: t.object({
    image: imageReference(),
    imagePullPolicy: pullPolicy(),
    imageRegistrySecret: localObjectReference(),
  }),
});

const configManager = t.object({
  config: localObjectReference(),
  configManagerTolerations: tolerations(),
  enable: t.boolean(),
  image: imageReference(),
  imagePullPolicy: pullPolicy(),
  imageRegistrySecret: localObjectReference(),
  selector: stringMap(),
  upgradePolicy: daemonSetUpgrade(),
});

const devicePlugin = t.object({
  devicePluginArguments: stringMap(),
  devicePluginImage: imageReference(),
  devicePluginImagePullPolicy: pullPolicy(),
  devicePluginTolerations: tolerations(),
  enableDevicePlugin: t.boolean({ default: true }),
  enableNodeLabeller: t.boolean({ default: true }),
  hostNetwork: t.boolean(),
  imageRegistrySecret: localObjectReference(),
  kubeletSocketPath: t.string({ default: '/var/lib/kubelet/device-plugins', pattern: '^(/[^/\\0]+)*(/)?$' }),
  nodeLabellerArguments: t.array(t.string()),
  nodeLabellerImage: imageReference(),
  nodeLabellerImagePullPolicy: pullPolicy(),
  nodeLabellerTolerations: tolerations(),
  upgradePolicy: daemonSetUpgrade(),
});

const draDriver = t.object({
  cmdLineArguments: stringMap(),
  enable: t.boolean({ default: false }),
  image: imageReference(),
  imagePullPolicy: pullPolicy(),
  imageRegistrySecret: localObjectReference(),
  selector: stringMap(),
  tolerations: tolerations(),
  upgradePolicy: daemonSetUpgrade(),
});

const driver = t.object({
  amdgpuInstallerRepoURL: t.string(),
  blacklist: t.boolean(),
  driverType: t.enum(['container', 'vf-passthrough', 'pf-passthrough'], { default: 'container' }),
  enable: t.boolean({ default: true }),
  image: t.string({
    pattern:
      '^([a-z0-9]+(?:[._-][a-z0-9]+)*(:[0-9]+)?)(/[$a-zA-Z0-9_]+(?:[._-][$a-zA-Z0-9_]+)*)*(?::[a-z0-9._-]+)?(?:@[a-zA-Z0-9]+:[a-f0-9]+)?$',
  }),
  imageBuild: t.object({
    baseImageRegistry: t.string({ default: 'docker.io' }),
    baseImageRegistryTLS: registryTls(),
    gpgKeyURL: t.string(),
    packageRepoURL: t.string(),
    sourceImageRepo: t.string(),
  }),
  imageRegistrySecret: localObjectReference(),
  imageRegistryTLS: registryTls(),
  imageSign: t.object({ certSecret: localObjectReference(), keySecret: localObjectReference() }),
  kernelModuleConfig: t.object({
    loadArgs: t.array(t.string()),
    parameters: t.array(t.string()),
    unloadArgs: t.array(t.string()),
  }),
  tolerations: tolerations(),
  upgradePolicy: t.object({
    enable: t.boolean(),
    maxParallelUpgrades: t.integer({ default: 1, minimum: 0 }),
    maxUnavailableNodes: t.intOrString({ default: '25%' }),
    nodeDrainPolicy: drain(),
    podDeletionPolicy: t.object({
      force: t.boolean({ default: false }),
      gracePeriodSeconds: t.integer({ default: -1 }),
      timeoutSeconds: t.integer({ default: 300, minimum: 0 }),
    }),
    rebootRequired: t.boolean({ default: true }),
  }),
  useSourceImage: t.boolean(),
  version: t.string(),
  vfioConfig: t.object({ deviceIDs: t.array(t.string()) }),
});

const metricsExporter = t.object({
  config: t.object({ name: t.string() }),
  enable: t.boolean(),
  hostNetwork: t.boolean(),
  image: imageReference(),
  imagePullPolicy: pullPolicy(),
  imageRegistrySecret: localObjectReference(),
  nodePort: t.int32({ minimum: 30000, maximum: 32767 }),
  podAnnotations: stringMap(),
  podResourceAPISocketPath: t.string({ default: '/var/lib/kubelet/pod-resources', pattern: '^(/[^/\\0]+)*(/)?$' }),
  port: t.int32({ default: 5000 }),
  prometheus: t.object({ serviceMonitor: t.open() }),
  rbacConfig: t.object({
    clientCAConfigMap: localObjectReference(),
    disableHttps: t.boolean(),
    enable: t.boolean(),
    image: imageReference(),
    secret: localObjectReference(),
    staticAuthorization: t.object({ clientName: t.string(), enable: t.boolean() }),
  }),
  resource: t.object(
    {
      claims: t.array(t.object({ name: t.string().required(), request: t.string() }), {
        listType: 'map',
        keys: ['name'],
      }),
      limits: t.map(t.quantity()),
      requests: t.map(t.quantity()),
    },
    { default: { limits: { cpu: '2', memory: '4G' }, requests: { cpu: '500m', memory: '512M' } } },
  ),
  selector: stringMap(),
  serviceAnnotations: stringMap(),
  serviceType: t.enum(['ClusterIP', 'NodePort'], { default: 'ClusterIP' }),
  tolerations: tolerations(),
  upgradePolicy: daemonSetUpgrade(),
});

const remediationWorkflow = t.object({
  autoStartWorkflow: t.boolean({ default: true }),
  config: localObjectReference(),
  configMapImage: imageReference(),
  enable: t.boolean(),
  maxParallelWorkflows: t.int32({ default: 0, minimum: 0 }),
  nodeDrainPolicy: drain(),
  nodeRemediationLabels: stringMap(),
  nodeRemediationTaints: t.array(
    t.object({ effect: t.string().required(), key: t.string().required(), timeAdded: t.dateTime(), value: t.string() }),
  ),
  rebootTimeout: t.string({ default: '15m', pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$' }),
  testerImage: imageReference(),
  ttlForFailedWorkflows: t.string({ default: '24h', pattern: '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$' }),
});

const testRunner = t.object({
  config: localObjectReference(),
  enable: t.boolean(),
  image: imageReference(),
  imagePullPolicy: pullPolicy(),
  imageRegistrySecret: localObjectReference(),
  logsLocation: t.object({
    hostPath: t.string({ default: '/var/log/amd-test-runner' }),
    logsExportSecrets: t.array(localObjectReference()),
    mountPath: t.string({ default: '/var/log/amd-test-runner' }),
  }),
  selector: stringMap(),
  tolerations: tolerations(),
  upgradePolicy: daemonSetUpgrade(),
});

/** What the operator puts onto the nodes that it selects: driver, device plugin, metrics and the rest. */
export const deviceConfig = crd({
  ...GROUP,
  kind: 'DeviceConfig',
  plural: 'deviceconfigs',
  // It has reconciled the resource, and there are nodes that it selects.
  readyWhen: 'Ready',
  shortNames: ['gpue'],
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: STATUS,
      schema: {
        spec: t.object({
          commonConfig,
          configManager,
          devicePlugin,
          draDriver,
          driver,
          metricsExporter,
          remediationWorkflow,
          selector: stringMap(),
          testRunner,
        }),
        status: t.object({
          conditions: t.array(
            t.object({
              lastTransitionTime: t.dateTime().required(),
              message: t.string({ maxLength: 32768 }).required(),
              observedGeneration: t.int64({ minimum: 0 }),
              reason: t
                .string({ pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$', minLength: 1, maxLength: 1024 })
                .required(),
              status: t.enum(['True', 'False', 'Unknown']).required(),
              type: t
                .string({
                  pattern:
                    '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
                  maxLength: 316,
                })
                .required(),
            }),
          ),
          configManager: rollout(),
          devicePlugin: rollout(),
          driver: rollout(),
          metricsExporter: rollout(),
          nodeModuleStatus: t.map(
            t.object({
              bootId: t.string(),
              containerImage: t.string(),
              kernelVersion: t.string(),
              lastTransitionTime: t.string(),
              status: t.string(),
              upgradeStartTime: t.string(),
            }),
          ),
          observedGeneration: t.int64(),
          remediationWorkflow: rollout(),
        }),
      },
    },
  ],
});

/** The attempts at mending a node that the operator remembers. */
export const remediationWorkflowStatus = crd({
  ...GROUP,
  kind: 'RemediationWorkflowStatus',
  plural: 'remediationworkflowstatuses',
  shortNames: ['rwfstatus'],
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: STATUS,
      schema: { status: t.map(t.map(t.array(t.object({ name: t.string(), startTime: t.string() })))) },
    },
  ],
});
