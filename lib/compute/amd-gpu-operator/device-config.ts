import { fail, quantity, type Resources, type System } from '../../core';
import { type CustomResourceProps } from '../../crds';
import { type AmdGpuPool } from './amd-gpu-pool';
import { type deviceConfig } from './crds';
import { type Driver } from './driver';
import { images } from './images';
import { EXPORTER_PORT } from './operands';

type DeviceConfig = CustomResourceProps<NonNullable<(typeof deviceConfig)['body']>>;
type Spec = NonNullable<DeviceConfig['spec']>;

export interface DeviceConfigProps {
  readonly pool: AmdGpuPool;
  readonly driver?: Driver;
  readonly testRunner: boolean;
  /** Nodes whose GPUs' pods are replaced at a time. */
  readonly maxUnavailable: number;
  readonly exporter: Resources;
  /** Name of the ConfigMap with the partitions of the pool's GPUs. */
  readonly partitions?: string;
}

const PULL = 'IfNotPresent';

/** What the operator is to put onto the nodes of a pool. Every image is named, since its own defaults are `latest` or of a public registry. */
export function deviceConfigOf(system: System, props: DeviceConfigProps): DeviceConfig {
  const { pool, driver, partitions } = props;
  const { kubeletRoot } = system.platform.distribution;
  const tolerations = pool.placement.tolerations.length > 0 ? pool.placement.tolerations : undefined;
  const upgradePolicy = { upgradeStrategy: 'RollingUpdate', maxUnavailable: props.maxUnavailable } as const;
  const devicePluginImage = system.image(images.devicePlugin);
  const nodeLabellerImage = system.image(images.nodeLabeller);
  if (devicePluginImage === nodeLabellerImage) {
    fail(
      system.node.path,
      `images gives docker.io/rocm/k8s-device-plugin the one build ${devicePluginImage}, but the node labeller is another tag of it; mirror both under upstream's tags instead`,
    );
  }
  return {
    metadata: { name: pool.nodes.name },
    spec: {
      selector: { ...pool.placement.nodeSelector },
      driver: driver ? driverSpec(system, driver, tolerations) : { enable: false },
      commonConfig: {
        initContainerImage: system.image(images.wait),
        ...(driver?.upgrade && {
          utilsContainer: { image: system.image(images.utils), imagePullPolicy: PULL },
        }),
      },
      devicePlugin: {
        enableDevicePlugin: true,
        devicePluginImage,
        devicePluginImagePullPolicy: PULL,
        devicePluginTolerations: tolerations,
        // Whole GPUs are amd.com/gpu, parts of them are called by how they are cut.
        devicePluginArguments: { resource_naming_strategy: pool.partition ? 'mixed' : 'single' },
        enableNodeLabeller: true,
        nodeLabellerImage,
        nodeLabellerImagePullPolicy: PULL,
        nodeLabellerTolerations: tolerations,
        nodeLabellerArguments: pool.partition ? ['compute-memory-partition'] : undefined,
        kubeletSocketPath: `${kubeletRoot}/device-plugins`,
        upgradePolicy,
      },
      // Kept on without anybody who scrapes it too: the device plugin learns from it which GPUs are unhealthy.
      metricsExporter: {
        enable: true,
        image: system.image(images.metricsExporter),
        imagePullPolicy: PULL,
        port: EXPORTER_PORT,
        serviceType: 'ClusterIP',
        podResourceAPISocketPath: `${kubeletRoot}/pod-resources`,
        resource: {
          requests: { cpu: String(props.exporter.cpu), memory: quantity(props.exporter.memory) },
          limits: { cpu: String(Math.max(1, props.exporter.cpu * 4)), memory: quantity(props.exporter.memory) },
        },
        tolerations,
        upgradePolicy,
      },
      testRunner: props.testRunner
        ? {
            enable: true,
            image: system.image(images.testRunner),
            imagePullPolicy: PULL,
            tolerations,
            upgradePolicy,
          }
        : { enable: false },
      configManager: partitions
        ? {
            enable: true,
            image: system.image(images.configManager),
            imagePullPolicy: PULL,
            config: { name: partitions },
            configManagerTolerations: tolerations,
            upgradePolicy,
          }
        : { enable: false },
      remediationWorkflow: { enable: false },
    },
  };
}

function driverSpec(
  system: System,
  driver: Driver,
  tolerations: AmdGpuPool['placement']['tolerations'] | undefined,
): Spec['driver'] {
  const { build, signing, credentials, upgrade } = driver;
  const secretOf = (given: Driver['credentials']) => given && { name: given.in(system.namespace).name };
  return {
    enable: true,
    driverType: 'container',
    blacklist: driver.blacklist ?? true,
    image: driver.image,
    version: driver.version,
    imageRegistrySecret: secretOf(credentials),
    imageBuild: build && {
      baseImageRegistry: driver.baseRegistry,
      packageRepoURL: build.packageRepository,
      gpgKeyURL: build.packageKey,
    },
    imageSign: signing && { keySecret: secretOf(signing.key), certSecret: secretOf(signing.certificate) },
    tolerations,
    upgradePolicy: upgrade
      ? {
          enable: true,
          maxParallelUpgrades: upgrade.maxParallel,
          nodeDrainPolicy: { force: false, ignoreDaemonSets: true },
          rebootRequired: true,
        }
      : { enable: false },
  };
}

/** What the config manager reads: the profile that a node's label names. It wants the GPUs of all parts to add up to the node's. */
export function partitionProfiles(pool: AmdGpuPool): string {
  const profile = (compute: string, memory: string) => ({
    profiles: [{ computePartition: compute, memoryPartition: memory, numGPUsAssigned: pool.nodes.gpusPerNode }],
  });
  const [compute = '', memory = ''] = (pool.partition ?? '').toUpperCase().split('_');
  return `${JSON.stringify(
    { 'gpu-config-profiles': { [pool.partition ?? '']: profile(compute, memory), whole: profile('SPX', 'NPS1') } },
    undefined,
    2,
  )}\n`;
}
