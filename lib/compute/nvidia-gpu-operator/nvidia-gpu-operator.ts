import { Construct } from 'constructs';
import {
  checkChoice,
  checkInteger,
  checkLabel,
  ConfigFiles,
  didYouMean,
  digest,
  fail,
  type ICredentials,
  type IGpus,
  type IMetrics,
  type INodeFeatures,
  lazy,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { DCGM_METRICS } from '../../monitoring';
import { checkKubernetes } from '../compatibility';
import { offerGpus } from '../pools';
import { clusterPolicy, nvidiaDriver } from './crds';
import { computeDomain, computeDomainClique, gpuCluster } from './dra-crds';
import { Driver, type NvidiaDriverProps } from './driver';
import { type NvidiaGpuPool } from './gpu-pool';
import { VERSION } from './images';
import { migConfig, migConfigName } from './mig';
import { NodeLabels, type PoolLabels } from './node-labels';
import { addOperands, operandLabels } from './operands';
import { Operator } from './operator';
import { driverSpec, type Operand, OPERANDS, policySpec } from './policy';
import { findPools, leftOut } from './pools';
import { type MigStrategy, pluginConfigName, pluginConfigs } from './sharing';
import { type NvidiaDriverUpgradeProps, upgradePolicy } from './upgrades';

/** Something that the exporter collects. @see https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html */
export interface GpuMetric {
  /** DCGM's name of it: `DCGM_FI_DEV_GPU_UTIL`. */
  readonly field: string;
  readonly type: 'gauge' | 'counter' | 'label';
  /** What it is, for people; without a comma. */
  readonly help: string;
}

export interface NvidiaGpuOperatorProps extends SystemProps {
  /** Finds the nodes that have GPUs. */
  readonly nodeFeatures: INodeFeatures;
  /** Names of the site's pools that are driven. @default - all that have GPUs of NVIDIA's and take workloads */
  readonly pools?: readonly string[];
  /**
   * The driver of all pools; `preinstalled` where it is part of the nodes' system, as on DGX OS.
   * @default - compiled on each node, version 580.173.02, for Ubuntu 24.04
   */
  readonly driver?: NvidiaDriverProps | 'preinstalled';
  /** Drivers of pools that differ from `driver`, by the pool's name. They are NVIDIADriver resources. @default - none differs */
  readonly poolDrivers?: Readonly<Record<string, NvidiaDriverProps | 'preinstalled'>>;
  /** How drivers that are there are replaced by another version. @default - one node at a time, its pods with GPUs deleted */
  readonly driverUpgrades?: NvidiaDriverUpgradeProps;
  /**
   * NVIDIA's container toolkit is part of the nodes' system and configured, as on DGX OS. Needs a preinstalled driver on all of them.
   * @default false
   */
  readonly preinstalledToolkit?: boolean;
  /**
   * How MIG instances are offered: `mixed` by the name of their profile, `nvidia.com/mig-3g.20gb`; `single` as `nvidia.com/gpu`, for
   * workloads that know no other name.
   * @default 'mixed'
   */
  readonly migStrategy?: MigStrategy;
  /** Restarts a node where MIG can't be turned on otherwise, as on A100 in some clouds. @default false */
  readonly migReboot?: boolean;
  /** The host engine in pods of its own, where other tools use it too, rather than within the exporter. @default false */
  readonly standaloneDcgm?: boolean;
  /** What the exporter collects. @default - what the alerts and the dashboard need (docs/monitoring.md), with the profiling metrics */
  readonly gpuMetrics?: readonly GpuMetric[];
  /** Metrics carry the labels of the pods that have the GPUs; the exporter may then read all pods. @default false */
  readonly podLabels?: boolean;
  /** Metrics of each node's state: driver, toolkit, plugin. @default false */
  readonly nodeStatus?: boolean;
  /** Who collects the metrics; without, no exporter runs. @default - nobody */
  readonly metrics?: IMetrics;
  /** A registry's credentials, for images that it gives to known users only: a Secret of the type `kubernetes.io/dockerconfigjson`. @default - none */
  readonly registryCredentials?: ICredentials;
  /** Priority of the operands' pods. @default 'system-node-critical' */
  readonly priorityClassName?: string;
  /** How many nodes an operand is updated on at a time: a number or a share, `10%`. The driver goes by `driverUpgrades`. @default 1 */
  readonly maxUnavailable?: number | string;
  /**
   * Cores and memory of the operator and of each operand's containers, but the driver's. What isn't given of an operand is requested as upstream's
   * pods are seen to need it, and not limited.
   * @default - operator 0.2 cores and 512 MiB
   */
  readonly resources?: Readonly<Partial<Record<Operand | 'operator', ProgramResources>>>;
  /** What the operator logs. @default 'info' */
  readonly logLevel?: 'debug' | 'info' | 'error';
}

/** What the alerts and the dashboard are about; the exporter's own list lacks half of it. */
const COUNTERS = DCGM_METRICS.map(({ name, type, meaning }): GpuMetric => ({ field: name, type, help: meaning }));

const DRIVER_LABEL = 'nvidia.com/gpu.deploy.driver';
const OPERANDS_LABEL = 'nvidia.com/gpu.deploy.operands';

/**
 * NVIDIA's GPU operator: makes the GPUs of the site's pools usable by pods.
 *
 * Puts into the cluster: the operator, the ClusterPolicy from which it makes its operands on each node with GPUs (driver, container toolkit, device
 * plugin, feature discovery, MIG manager, exporter, validator), NVIDIADriver resources where pools differ, a Deployment that keeps the labels on
 * nodes by which they are shared, and the CRDs. Needs Node Feature Discovery. Offers the pools' GPUs (`IGpus`).
 *
 * @see https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/
 */
export class NvidiaGpuOperator extends System implements IGpus {
  readonly pools: readonly NvidiaGpuPool[];
  readonly readyAfter: readonly Stage[];
  private readonly preinstalled: ReadonlySet<string>;
  /** Labels of nodes with GPUs that are left out. */
  private readonly others: readonly Readonly<Record<string, string>>[];
  private readonly byResources: boolean;

  /** @throws where the site has no GPUs of NVIDIA's, their pools can't be told apart, or the versions don't go together */
  constructor(scope: Construct, id: string, props: NvidiaGpuOperatorProps) {
    super(scope, id, { name: 'gpu-operator', version: VERSION, podSecurity: 'privileged' }, props);
    const { path } = this.node;
    const { nodeFeatures, metrics, migStrategy = 'mixed', logLevel = 'info', nodeStatus = false } = props;
    checkKubernetes(path, 'nvidia-gpu-operator', VERSION, this.platform.kubernetesVersion);
    // By these labels the operator finds nodes with GPUs, and the driver for their system and kernel.
    nodeFeatures.pciLabel('10de', '03');
    for (const name of ['system-os_release.ID', 'system-os_release.VERSION_ID', 'kernel-version.full']) {
      nodeFeatures.label(name);
    }
    checkChoice(path, 'migStrategy', migStrategy, ['mixed', 'single']);
    checkChoice(path, 'logLevel', logLevel, ['debug', 'info', 'error']);
    this.check(props);

    this.addCrds([clusterPolicy, nvidiaDriver, gpuCluster, computeDomain, computeDomainClique]);
    const install = this.addStage('install', [nodeFeatures, metrics, props.registryCredentials]);
    const configure = this.addStage('configure', [install]);
    this.readyAfter = configure.readyAfter;
    this.pools = findPools(path, this.platform.site, props.pools, this.readyAfter, migStrategy);
    offerGpus(this.platform, this.pools);
    this.others = leftOut(path, this.platform.site, this.pools);

    const drivers = this.drivers(props);
    this.preinstalled = new Set(this.pools.filter((pool) => !drivers.has(pool)).map(({ nodes }) => nodes.name));
    const distinct = [...new Set(drivers.values())];
    this.byResources =
      distinct.length > 0 && (props.poolDrivers !== undefined || distinct.some(({ os }) => os.length > 1));
    if (props.preinstalledToolkit && distinct.length > 0) {
      fail(path, 'preinstalledToolkit needs a preinstalled driver; set driver to "preinstalled", or leave it out');
    }

    new Operator(install, {
      resources: props.resources?.operator,
      logLevel,
      registryCredentials: props.registryCredentials,
      metrics,
    });
    new NodeLabels(install, () => this.nodeLabels());
    addOperands(install, this, {
      packages: distinct.flatMap(({ packagePorts: ports, props: { packages } }) =>
        ports.length > 0 ? [{ cidr: packages?.cidr, ports }] : [],
      ),
      standaloneDcgm: props.standaloneDcgm ?? false,
      nodeStatus,
      pools: this.pools,
      metrics,
    });
    this.policy(install, configure, props, distinct);
    if (this.byResources) this.driverResources(configure, props, drivers);
    // Ready says the operator also where it has seen no GPU yet; only this reason means that all operands are up on all nodes with GPUs.
    configure.addGate({
      type: 'field',
      resource: 'clusterpolicies.nvidia.com',
      name: 'cluster-policy',
      jsonPath: '{.status.conditions[?(@.type=="Ready")].reason}',
      value: 'Reconciled',
    });
    if (distinct.some(({ props: { precompiled } }) => !precompiled)) {
      this.addInstruction({
        when: 'before',
        what: 'The first start compiles the GPU driver on each node, which takes five to twenty minutes; give apply.sh the time',
        command: './apply.sh --timeout 3600',
      });
    }
  }

  pool(name: string): NvidiaGpuPool {
    const found = this.pools.find(({ nodes }) => nodes.name === name);
    if (found) return found;
    const { pools } = this.platform.site;
    const inSite = pools.find((pool) => pool.name === name);
    const names = this.pools.map(({ nodes }) => nodes.name);
    if (!inSite) return fail(this.node.path, `site has no node pool ${show(name)}${didYouMean(name, names)}`);
    return fail(
      this.node.path,
      `pool ${show(name)} has ${inSite.gpus ? 'no GPUs that are driven here' : 'no GPUs'}; there is ${names.map(show).join(', ')}`,
    );
  }

  /** The driver of each pool that gets one. */
  private drivers({ driver = {}, poolDrivers = {} }: NvidiaGpuOperatorProps): Map<NvidiaGpuPool, Driver> {
    const unknown = Object.keys(poolDrivers).find((name) => !this.pools.some(({ nodes }) => nodes.name === name));
    if (unknown !== undefined) {
      const names = this.pools.map(({ nodes }) => nodes.name);
      fail(this.node.path, `poolDrivers has no pool ${show(unknown)}${didYouMean(unknown, names)}`);
    }
    const found = new Map<NvidiaGpuPool, Driver>();
    const common = this.pools.filter(({ nodes }) => !(nodes.name in poolDrivers));
    if (driver !== 'preinstalled' && common.length > 0) {
      const shared = new Driver(this, 'driver', driver, common);
      for (const pool of common) found.set(pool, shared);
    }
    for (const [name, own] of Object.entries(poolDrivers)) {
      if (own === 'preinstalled') continue;
      const pool = this.pool(name);
      found.set(pool, new Driver(this, `poolDrivers.${name}`, own, [pool]));
    }
    return found;
  }

  private policy(install: Stage, configure: Stage, props: NvidiaGpuOperatorProps, drivers: readonly Driver[]): void {
    const { migStrategy = 'mixed' } = props;
    // What the labels of nodes name is there before they do.
    new k8s.KubeConfigMap(new Construct(install, 'device-plugin-config'), 'config-map', {
      data: lazy(() => pluginConfigs(this.sharings, migStrategy)),
    });
    const withMig = this.pools.some(({ profiles }) => profiles.length > 0);
    if (withMig) new ConfigFiles(install, 'mig-config', { 'config.yaml': migConfig(this.profiles) });
    const gpuMetrics = props.gpuMetrics ?? (props.metrics && COUNTERS);
    const exporterConfig = gpuMetrics && this.exporterConfig(configure, gpuMetrics);
    new CustomResource(configure, 'cluster-policy', clusterPolicy, {
      metadata: { name: 'cluster-policy' },
      spec: policySpec(this, configure, {
        driver: this.byResources ? undefined : drivers[0],
        byResources: this.byResources,
        modules: {
          directStorage: drivers.some((driver) => driver.props.directStorage),
          gdrCopy: drivers.some((driver) => driver.props.gdrCopy),
        },
        upgrades: upgradePolicy(this.node.path, props.driverUpgrades ?? {}),
        migStrategy,
        migConfig: withMig ? 'mig-config' : undefined,
        migReboot: props.migReboot ?? false,
        pluginConfig: { name: 'device-plugin-config', default: pluginConfigName(undefined) },
        exporter: props.metrics !== undefined,
        exporterConfig,
        podLabels: props.podLabels ?? false,
        standaloneDcgm: props.standaloneDcgm ?? false,
        nodeStatus: props.nodeStatus ?? false,
        toolkit: !props.preinstalledToolkit,
        ...this.common(props),
        maxUnavailable: String(props.maxUnavailable ?? 1),
        resources: props.resources ?? {},
      }),
    });
  }

  /** One for each driver of one pool, and one for the pools that have no driver of their own. */
  private driverResources(
    stage: Stage,
    props: NvidiaGpuOperatorProps,
    drivers: ReadonlyMap<NvidiaGpuPool, Driver>,
  ): void {
    const upgrades = upgradePolicy(this.node.path, props.driverUpgrades ?? {});
    const add = (name: string, driver: Driver, where: object) =>
      new CustomResource(new Construct(stage, `driver-${name}`), 'driver', nvidiaDriver, {
        metadata: { name },
        spec: { ...driverSpec(this, stage, driver, { ...this.common(props), upgrades }), ...where },
      });
    const own = new Set(Object.keys(props.poolDrivers ?? {}));
    const shared = [...drivers].find(([{ nodes }]) => !own.has(nodes.name));
    if (shared) add('default', shared[1], { default: true });
    for (const [{ nodes, placement }, driver] of drivers) {
      if (own.has(nodes.name)) add(nodes.name, driver, { default: false, nodeSelector: placement.nodeSelector });
    }
  }

  private common({
    tolerations = [],
    priorityClassName = 'system-node-critical',
    registryCredentials,
  }: NvidiaGpuOperatorProps) {
    const all = [
      // Upstream's, for nodes that were tainted for GPUs by hand.
      { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
      ...this.pools.flatMap(({ placement }) => placement.tolerations),
      ...tolerations,
    ];
    const distinct = new Map<string, k8s.Toleration>(all.map((each) => [JSON.stringify(each), each]));
    return { labels: operandLabels(this), tolerations: [...distinct.values()], priorityClassName, registryCredentials };
  }

  private exporterConfig(stage: Stage, metrics: readonly GpuMetric[]): string {
    const { path } = this.node;
    if (metrics.length === 0)
      fail(path, "gpuMetrics must name at least one, got []; leave it out for the exporter's own");
    const lines = metrics.map(({ field, type, help }) => {
      if (!/^DCGM_[A-Z0-9_]+$/.test(field)) {
        fail(path, `gpuMetrics has ${show(field)}, which is no field of DCGM; write it as "DCGM_FI_DEV_GPU_UTIL"`);
      }
      checkChoice(path, `gpuMetrics ${field}: type`, type, ['gauge', 'counter', 'label']);
      if (help === '' || /[,\n]/.test(help)) {
        fail(path, `gpuMetrics ${field}: help must be one line without commas, got ${show(help)}; reword it`);
      }
      return `${field}, ${type}, ${help}\n`;
    });
    // Another content is another name, with which the operator restarts the exporters.
    const name = `gpu-metrics-${digest(lines)}`;
    new ConfigFiles(stage, name, { 'dcgm-metrics.csv': lines.join('') });
    return name;
  }

  private get sharings() {
    return this.pools.map(({ sharing }) => sharing);
  }

  /**
   * All that the pools' GPUs can be cut into, wanted or not: the MIG manager reads a label once, kubelet takes a minute to mount a file's new
   * content, and a configuration that isn't in it yet would never be applied.
   * @see https://github.com/NVIDIA/mig-parted/blob/main/cmd/nvidia-mig-manager/main.go
   */
  private get profiles() {
    const all = this.pools.flatMap(({ profiles }) => profiles);
    return [...new Map(all.map((profile) => [migConfigName(profile), profile])).values()];
  }

  /** What each pool's nodes are labelled with. */
  private nodeLabels(): PoolLabels[] {
    const driven = this.pools.map((pool): PoolLabels => {
      const { nodes, labels } = pool.labels;
      return {
        nodes,
        labels: {
          [OPERANDS_LABEL]: 'true',
          ...labels,
          // The operator leaves a value alone that is there, and with this one puts no driver on the node.
          ...(this.byResources && this.preinstalled.has(pool.nodes.name) && { [DRIVER_LABEL]: 'pre-installed' }),
        },
      };
    });
    const others = this.others.map((nodes) => ({ nodes, labels: { [OPERANDS_LABEL]: 'false' } }));
    return [...driven, ...others];
  }

  private check(props: NvidiaGpuOperatorProps): void {
    const { path } = this.node;
    const { maxUnavailable = 1, priorityClassName, metrics, resources } = props;
    if (typeof maxUnavailable === 'number') {
      checkInteger(path, 'maxUnavailable', maxUnavailable, 1, 5000, 'give a number of nodes, or a share such as "10%"');
    } else if (!/^([1-9]\d?|100)%$/.test(maxUnavailable)) {
      fail(path, `maxUnavailable must be a share from "1%" to "100%", got ${show(maxUnavailable)}; write it so`);
    }
    if (priorityClassName !== undefined) checkLabel(path, 'priorityClassName', priorityClassName, 253);
    for (const what of ['standaloneDcgm', 'podLabels', 'nodeStatus', 'gpuMetrics'] as const) {
      if (props[what] && !metrics) {
        fail(path, `${what} is for the metrics, but nobody collects them; pass metrics, or leave it out`);
      }
    }
    const { operator, ...operands } = resources ?? {};
    programResources(path, { ...operands, ...(operator && { operator }) }, { ...OPERANDS, operator: OPERANDS.dcgm });
  }
}
