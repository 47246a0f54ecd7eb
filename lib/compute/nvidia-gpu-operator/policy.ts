import { Size } from 'cdk8s';
import { type ICredentials, type Image, type ProgramResources, type Stage, type System } from '../../core';
import type * as k8s from '../../core/k8s';
import { type Infer, type tolerations } from '../../crds';
import { type upgradePolicy } from './crd-fields';
import { bounds, type Driver } from './driver';
import { imageFields } from './image-fields';
import { images } from './images';
import { type MigStrategy } from './sharing';

/** What `containerd config dump` reads. */
const CONTAINERD_CONFIG = '/etc/containerd/config.toml';

/** Requests of the operands' containers: as seen on nodes with eight GPUs; limits only where memory is given. */
export const OPERANDS = {
  toolkit: { cpu: 0.05, memory: Size.mebibytes(128) },
  devicePlugin: { cpu: 0.05, memory: Size.mebibytes(128) },
  dcgm: { cpu: 0.1, memory: Size.mebibytes(256) },
  dcgmExporter: { cpu: 0.1, memory: Size.mebibytes(512) },
  gfd: { cpu: 0.05, memory: Size.mebibytes(128) },
  migManager: { cpu: 0.05, memory: Size.mebibytes(128) },
  nodeStatusExporter: { cpu: 0.02, memory: Size.mebibytes(64) },
  validator: { cpu: 0.05, memory: Size.mebibytes(128) },
} as const;
export type Operand = keyof typeof OPERANDS;

export type UpgradePolicy = Infer<ReturnType<typeof upgradePolicy>>;
type Tolerations = Infer<ReturnType<typeof tolerations>>;

export interface PolicyProps {
  /** The one for all nodes; undefined where it is installed on them, or NVIDIADriver resources say it. */
  readonly driver?: Driver;
  /** NVIDIADriver resources say which nodes get which driver. */
  readonly byResources: boolean;
  /** Whether any driver brings these modules. */
  readonly modules: { readonly directStorage: boolean; readonly gdrCopy: boolean };
  readonly upgrades: UpgradePolicy;
  readonly migStrategy: MigStrategy;
  /** ConfigMap of the MIG manager's configurations; undefined where no GPU has MIG. */
  readonly migConfig?: string;
  /** The MIG manager may restart nodes. */
  readonly migReboot: boolean;
  readonly pluginConfig: { readonly name: string; readonly default: string };
  readonly exporter: boolean;
  /** ConfigMap of what the exporter collects. */
  readonly exporterConfig?: string;
  readonly podLabels: boolean;
  readonly standaloneDcgm: boolean;
  readonly nodeStatus: boolean;
  readonly toolkit: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly tolerations: readonly k8s.Toleration[];
  readonly priorityClassName: string;
  readonly maxUnavailable: string;
  readonly resources: Readonly<Partial<Record<Operand, ProgramResources>>>;
  readonly registryCredentials?: ICredentials;
}

/** The ClusterPolicy's spec: what is deployed, from which images, and how. What isn't deployed says so, and names no image. */
export function policySpec(system: System, stage: Stage, props: PolicyProps) {
  const { driver, resources } = props;
  const { distribution } = system.platform;
  const pullSecrets = pullSecretsOf(system, props.registryCredentials);
  const settings = (name: Operand, image: Image) => ({
    ...imageFields(system, image),
    imagePullPolicy: 'IfNotPresent',
    ...pullSecrets,
    resources: operandResources(name, resources[name]),
  });
  const operand = (name: Operand, image: Image, enabled = true) =>
    enabled ? { enabled, ...settings(name, image) } : { enabled };
  return {
    operator: { runtimeClass: distribution.nvidiaRuntimeClass },
    hostPaths: { rootFS: '/', driverInstallDir: '/run/nvidia/driver', kubeletRootDir: distribution.kubeletRoot },
    daemonsets: {
      labels: props.labels,
      tolerations: plain(props.tolerations),
      priorityClassName: props.priorityClassName,
      updateStrategy: 'RollingUpdate' as const,
      rollingUpdate: { maxUnavailable: props.maxUnavailable },
    },
    // The namespace has its level already.
    psa: { enabled: false },
    cdi: { enabled: true },
    driver: {
      enabled: driver !== undefined || props.byResources,
      useNvidiaDriverCRD: props.byResources,
      upgradePolicy: props.upgrades,
      ...(driver && { ...driver.fields(), ...pullSecrets, ...policyConfigMaps(driver, stage) }),
    },
    ...(driver
      ? driver.modules()
      : {
          // With NVIDIADriver resources these only tell the device plugin to hand the devices to pods.
          gds: { enabled: props.modules.directStorage },
          gdrcopy: { enabled: props.modules.gdrCopy },
        }),
    toolkit: { ...operand('toolkit', images.toolkit, props.toolkit), ...(props.toolkit && runtimeEnv(system)) },
    devicePlugin: { ...operand('devicePlugin', images.devicePlugin), config: props.pluginConfig },
    gfd: operand('gfd', images.devicePlugin),
    dcgm: operand('dcgm', images.dcgm, props.standaloneDcgm),
    dcgmExporter: {
      ...operand('dcgmExporter', images.dcgmExporter, props.exporter),
      // Who scrapes has a monitor of its own; the operator's would select for a second time.
      serviceMonitor: { enabled: false },
      ...(props.exporterConfig !== undefined && { config: { name: props.exporterConfig } }),
      ...(props.podLabels && { enablePodLabels: true }),
    },
    mig: { strategy: props.migStrategy },
    migManager: {
      ...operand('migManager', images.migManager, props.migConfig !== undefined),
      // Without a default of the operator's own: the nodes' labels always say what to do.
      ...(props.migConfig !== undefined && { config: { name: props.migConfig, default: '' as const } }),
      ...(props.migReboot && { env: [{ name: 'WITH_REBOOT', value: 'true' }] }),
    },
    nodeStatusExporter: operand('nodeStatusExporter', images.operator, props.nodeStatus),
    validator: settings('validator', images.operator),
    sandboxWorkloads: { enabled: false },
    sandboxDevicePlugin: { enabled: false },
    kataSandboxDevicePlugin: { enabled: false },
    vfioManager: { enabled: false },
    vgpuManager: { enabled: false },
    vgpuDeviceManager: { enabled: false },
    ccManager: { enabled: false },
  };
}

/** The NVIDIADriver's spec. */
export function driverSpec(
  system: System,
  stage: Stage,
  driver: Driver,
  props: Pick<PolicyProps, 'labels' | 'tolerations' | 'priorityClassName' | 'registryCredentials' | 'upgrades'>,
) {
  const { modules, packages, certificates } = driver.configMaps(stage);
  return {
    driverType: 'gpu' as const,
    ...driver.fields(),
    ...driver.modules(),
    ...pullSecretsOf(system, props.registryCredentials),
    labels: props.labels,
    tolerations: plain(props.tolerations),
    priorityClassName: props.priorityClassName,
    upgradePolicy: props.upgrades,
    ...(modules !== undefined && { kernelModuleConfig: { name: modules } }),
    ...(packages !== undefined && { repoConfig: { name: packages } }),
    ...(certificates !== undefined && { certConfig: { name: certificates } }),
  };
}

function policyConfigMaps(driver: Driver, stage: Stage) {
  const { modules, packages, certificates } = driver.configMaps(stage);
  return {
    ...(modules !== undefined && { kernelModuleConfig: { name: modules } }),
    ...(packages !== undefined && { repoConfig: { configMapName: packages } }),
    ...(certificates !== undefined && { certConfig: { name: certificates } }),
  };
}

/**
 * Where the toolkit finds the container runtime. CRI-O's places are its own; containerd's are stated, since K3s and RKE2 have others. These two
 * write their configuration anew at each start, and read the drop-in directory beside it.
 *
 * @see https://github.com/NVIDIA/gpu-operator/blob/v26.7.0/controllers/object_controls.go transformRuntimeConfigAndSocketMounts
 */
function runtimeEnv(system: System) {
  const { runtime } = system.platform.distribution;
  if (runtime.name !== 'containerd') return {};
  return {
    env: [
      { name: 'CONTAINERD_CONFIG', value: runtime.configFile },
      { name: 'CONTAINERD_SOCKET', value: runtime.socket },
      { name: 'RUNTIME_DROP_IN_CONFIG', value: `${runtime.dropInDir}/99-nvidia.toml` },
      // The toolkit would first ask `containerd config dump`: on a node that has another containerd besides, for the wrong one's.
      ...(runtime.configFile === CONTAINERD_CONFIG
        ? []
        : [{ name: 'RUNTIME_CONFIG_SOURCE', value: `file=${runtime.configFile}` }]),
    ],
  };
}

function operandResources(name: Operand, given: ProgramResources | undefined) {
  const { cpu, memory } = OPERANDS[name];
  const { requests } = bounds({ cpu: given?.cpu ?? cpu, memory: given?.memory ?? memory });
  const limits = given?.memory && { memory: `${given.memory.toMebibytes()}Mi` };
  return { requests, ...(limits && { limits }) };
}

/** Pods of service accounts that the operator makes itself get no Secret by these: it is told all of them. */
export function pullSecretNames(system: System, credentials: ICredentials | undefined): string[] {
  const names = [credentials?.in(system.namespace).name, system.platform.mirror?.pullSecret];
  return [...new Set(names.filter((name) => name !== undefined))];
}

function pullSecretsOf(system: System, credentials: ICredentials | undefined) {
  const imagePullSecrets = pullSecretNames(system, credentials);
  return imagePullSecrets.length > 0 ? { imagePullSecrets } : {};
}

/** As the CRD has them: no more than what is said. */
function plain(given: readonly k8s.Toleration[]): Tolerations {
  return given.map(({ key, operator, value, effect }) => ({
    ...(key !== undefined && { key }),
    ...(operator !== undefined && { operator }),
    ...(value !== undefined && { value }),
    ...(effect !== undefined && { effect }),
  }));
}
