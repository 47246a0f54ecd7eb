import { crd, resourceRequirements, stringMap, t, tolerations } from '../../crds';
import {
  ageColumn,
  daemonsets,
  dcgmExporterFields,
  dcgmFields,
  driverManager,
  enabled,
  env,
  envOnly,
  imageFields,
  kernelModuleType,
  moduleOperand,
  named,
  operand,
  operandFields,
  podSecurityContext,
  probe,
  rdma,
  serviceMonitor,
  status,
  STATUS_COLUMN,
  strings,
  upgradePolicy,
} from './crd-fields';

const STATUS = { status: true } as const;

/** All that a cluster's GPUs need, at one time; the operator acts on the first one made. @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/getting-started.html */
export const clusterPolicy = crd({
  group: 'nvidia.com',
  kind: 'ClusterPolicy',
  plural: 'clusterpolicies',
  scope: 'Cluster',
  versions: [
    {
      name: 'v1',
      storage: true,
      subresources: STATUS,
      printerColumns: [STATUS_COLUMN, ageColumn('string')],
      schema: {
        spec: t.object({
          operator: t
            .object({
              annotations: stringMap(),
              defaultRuntime: t.string(),
              initContainer: t.object(imageFields()),
              labels: stringMap(),
              metrics: t.object({ serviceMonitor: serviceMonitor() }),
              runtimeClass: t.string({ default: 'nvidia' }),
              use_ocp_driver_toolkit: t.boolean(),
            })
            .required(),
          daemonsets: daemonsets().required(),
          hostPaths: t.object({
            driverInstallDir: t.string(),
            kubeletRootDir: t.string({ default: '/var/lib/kubelet' }),
            rootFS: t.string(),
          }),
          psa: enabled(),
          psp: enabled(),
          cdi: t.object({
            default: t.boolean({ default: false }),
            enabled: t.boolean({ default: true }),
            nriPluginEnabled: t.boolean({ default: false }),
          }),
          driver: operand({
            useNvidiaDriverCRD: t.boolean(),
            useOpenKernelModules: t.boolean(),
            usePrecompiled: t.boolean(),
            kernelModuleType: kernelModuleType(),
            kernelModuleConfig: named(),
            certConfig: named(),
            repoConfig: t.object({ configMapName: t.string() }),
            licensingConfig: t.object({
              configMapName: t.string(),
              nlsEnabled: t.boolean(),
              secretName: t.string(),
            }),
            virtualTopology: t.object({ config: t.string() }),
            secretEnv: t.string(),
            manager: driverManager(),
            rdma: rdma(),
            startupProbe: probe(),
            livenessProbe: probe(),
            readinessProbe: probe(),
            upgradePolicy: upgradePolicy(false),
          }).required(),
          gds: moduleOperand(),
          gdrcopy: moduleOperand(),
          toolkit: operand({ installDir: t.string({ default: '/usr/local/nvidia' }) }).required(),
          devicePlugin: operand({
            config: t.object({ default: t.string(), name: t.string() }),
            mps: t.object({ root: t.string({ default: '/run/nvidia/mps' }) }),
          }).required(),
          dcgm: operand(dcgmFields()).required(),
          dcgmExporter: operand(dcgmExporterFields()).required(),
          gfd: operand({}).required(),
          mig: t.object({ strategy: t.enum(['none', 'single', 'mixed']) }),
          migManager: operand({
            config: t.object({ default: t.enum(['all-disabled', ''], { default: 'all-disabled' }), name: t.string() }),
            gpuClientsConfig: named(),
          }),
          nodeStatusExporter: operand({}).required(),
          validator: t.object({
            ...imageFields(),
            args: strings(),
            env: env(),
            resources: resourceRequirements(),
            hostNetwork: t.boolean(),
            cuda: envOnly(),
            driver: envOnly(),
            plugin: envOnly(),
            toolkit: envOnly(),
            vfioPCI: envOnly(),
            vgpuDevices: envOnly(),
            vgpuManager: envOnly(),
          }),
          sandboxWorkloads: t.object({
            defaultWorkload: t.enum(['container', 'vm-passthrough', 'vm-vgpu'], { default: 'container' }),
            enabled: t.boolean(),
            mode: t.enum(['kubevirt', 'kata'], { default: 'kubevirt' }),
          }),
          sandboxDevicePlugin: operand({}),
          kataSandboxDevicePlugin: operand({}),
          kataManager: operand({
            config: t.object({
              artifactsDir: t.string({ default: '/opt/nvidia-gpu-operator/artifacts/runtimeclasses' }),
              runtimeClasses: t.array(
                t.object({
                  artifacts: t.object({ pullSecret: t.string(), url: t.string().required() }).required(),
                  name: t.string().required(),
                  nodeSelector: stringMap(),
                }),
              ),
            }),
          }),
          vfioManager: operand({ driverManager: driverManager() }),
          vgpuDeviceManager: operand({
            config: t.object({ default: t.string({ default: 'default' }), name: t.string() }),
          }),
          vgpuManager: operand({ driverManager: driverManager(), kernelModuleConfig: named() }),
          ccManager: operand({ defaultMode: t.enum(['on', 'off', 'devtools']) }),
        }),
        status: status(['ignored', 'ready', 'notReady']),
      },
    },
  ],
});

const nodeSelectorTerm = () =>
  t.object({ matchExpressions: nodeRequirements(), matchFields: nodeRequirements() }, { mapType: 'atomic' });

const nodeRequirements = () =>
  t.array(
    t.object({
      key: t.string().required(),
      operator: t.string().required(),
      values: t.array(t.string(), { listType: 'atomic' }),
    }),
    { listType: 'atomic' },
  );

const immutable = (field: string) => ({
  rule: 'self == oldSelf',
  message: `${field} is an immutable field. Please create a new NvidiaDriver resource instead when you want to change this setting.`,
});

/** The driver of some of the nodes, told by their labels. @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/gpu-driver-configuration.html */
export const nvidiaDriver = crd({
  group: 'nvidia.com',
  kind: 'NVIDIADriver',
  plural: 'nvidiadrivers',
  shortNames: ['nvd', 'nvdriver', 'nvdrivers'],
  scope: 'Cluster',
  versions: [
    {
      name: 'v1alpha1',
      storage: true,
      subresources: STATUS,
      printerColumns: [
        STATUS_COLUMN,
        { name: 'Default', type: 'boolean', jsonPath: '.spec.default' },
        ageColumn('string'),
      ],
      schema: {
        spec: t
          .object({
            ...driverFields(),
            default: t.boolean().defaulted(false),
            driverType: t
              .enum(['gpu', 'vgpu', 'vgpu-host-manager'])
              .validations(immutable('driverType'))
              .defaulted('gpu'),
            usePrecompiled: t.boolean().validations(immutable('usePrecompiled')),
            image: t.string().defaulted('nvcr.io/nvidia/driver'),
          })
          .validations({
            rule: 'has(self.default) && self.default ? !has(self.nodeSelector) || size(self.nodeSelector) == 0 : true',
            message: 'default NVIDIADriver must not use nodeSelector',
          }),
        status: status(['ignored', 'ready', 'notReady', 'disabled']),
      },
    },
  ],
});

function driverFields() {
  const {
    repository,
    version,
    imagePullPolicy,
    imagePullSecrets,
    args,
    env: variables,
    resources,
    hostNetwork,
  } = operandFields();
  return {
    ...{ repository, version, imagePullPolicy, imagePullSecrets, args, env: variables, resources, hostNetwork },
    annotations: stringMap(),
    labels: stringMap(),
    certConfig: named(),
    repoConfig: named(),
    kernelModuleConfig: named(),
    kernelModuleType: kernelModuleType(),
    licensingConfig: t.object({ name: t.string(), nlsEnabled: t.boolean(), secretName: t.string() }),
    virtualTopologyConfig: named(),
    secretEnv: t.string(),
    gds: moduleOperand(),
    gdrcopy: moduleOperand(),
    rdma: rdma(),
    manager: driverManager(),
    nodeSelector: stringMap(),
    nodeAffinity: t.object({
      preferredDuringSchedulingIgnoredDuringExecution: t.array(
        t.object({ preference: nodeSelectorTerm().required(), weight: t.int32().required() }),
        { listType: 'atomic' },
      ),
      requiredDuringSchedulingIgnoredDuringExecution: t.object(
        { nodeSelectorTerms: t.array(nodeSelectorTerm(), { listType: 'atomic' }).required() },
        { mapType: 'atomic' },
      ),
    }),
    podSecurityContext: podSecurityContext(),
    priorityClassName: t.string(),
    tolerations: tolerations(),
    startupProbe: probe(),
    livenessProbe: probe(),
    readinessProbe: probe(),
    upgradePolicy: upgradePolicy(true),
    useOpenKernelModules: t.boolean(),
  };
}
