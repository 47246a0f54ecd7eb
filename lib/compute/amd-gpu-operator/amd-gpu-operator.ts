import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkInteger,
  ConfigFiles,
  Deployment,
  didYouMean,
  fail,
  type IGpus,
  type IMetrics,
  type INodeFeatures,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
  volume,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { addGpuMonitoring } from '../../monitoring';
import { type NodePool } from '../../site';
import { checkApart, offerGpus } from '../pools';
import { AMD_PARTITIONS, AmdGpuPool, type AmdPartition, selectorOf } from './amd-gpu-pool';
import { deviceConfig, remediationWorkflowStatus } from './crds';
import { deviceConfigOf, partitionProfiles } from './device-config';
import { type AmdDriverProps, checkedDriver, type Driver } from './driver';
import { addGpuRule } from './features';
import { images, VERSION } from './images';
import { KernelModuleManagement } from './kmm';
import { kernelModule, nodeModulesConfig, preflightValidation } from './kmm-crds';
import { Operands } from './operands';
import { operatorRules } from './rbac';

export interface AmdGpuOperatorProps extends SystemProps {
  /** Labels the nodes that have AMD GPUs. */
  readonly nodeFeatures: INodeFeatures;
  /**
   * A driver that is brought to the nodes as an image. It is the same for all pools.
   * @default - amdgpu is on the nodes already, by the kernel or by AMD's package
   */
  readonly driver?: AmdDriverProps;
  /**
   * How the GPUs of a pool are cut, by the pool's name: each into its compute dies, which share its memory (`cpx_nps1`) or have a quarter of
   * it near by (`cpx_nps4`). MI300X and MI325X alone. The summary says what is done by hand, on nodes without work.
   * @default - GPUs are whole
   * @see https://instinct.docs.amd.com/projects/gpu-operator/en/latest/dcm/applying-partition-profiles.html
   */
  readonly partitions?: Readonly<Record<string, AmdPartition>>;
  /**
   * Tests a GPU that turns unhealthy, once no pod uses it; what is found stands in the node's events and in /var/log/amd-test-runner there.
   * @default false
   */
  readonly testRunner?: boolean;
  /** Nodes on which a pod of one kind is replaced at a time, 1 to 1000. @default 1 */
  readonly maxUnavailable?: number;
  /**
   * Cores and memory of the operator, of each node's metrics exporter, and of Kernel Module Management, which is there with `driver` alone.
   * @default - operator 0.1 cores and 512 MiB, metricsExporter 0.5 and 1 GiB, kmm 0.05 and 384 MiB
   */
  readonly resources?: {
    readonly operator?: ProgramResources;
    readonly metricsExporter?: ProgramResources;
    readonly kmm?: ProgramResources;
  };
  /** Who scrapes the GPUs' metrics and the controllers'. @default - nobody */
  readonly metrics?: IMetrics;
}

const RESOURCES = {
  operator: { cpu: 0.1, memory: Size.mebibytes(512) },
  metricsExporter: { cpu: 0.5, memory: Size.gibibytes(1) },
  kmm: { cpu: 0.05, memory: Size.mebibytes(384) },
};
const ELECTION = 'gpu.amd.com';
const HEALTH_PORT = 8081;
const METRICS_PORT = 8080;
/** `kmm.node.kubernetes.io/version-module.<namespace>.<name>`: the name of a label has 63 characters. */
const MAX_NAMES = 47;

/**
 * AMD's GPU operator: has the GPUs of all pools of the site that have AMD's offered to pods, watched, labelled and, if asked, driven, tested and
 * partitioned.
 *
 * Puts into the cluster: the operator, its CRDs, one DeviceConfig for each pool, the rule by which nodes are found, and, with `driver`, Kernel
 * Module Management. Needs Node Feature Discovery. Offers GPUs (`IGpus`).
 *
 * @see https://instinct.docs.amd.com/projects/gpu-operator/en/latest/
 */
export class AmdGpuOperator extends System implements IGpus {
  readonly pools: readonly AmdGpuPool[];
  readonly readyAfter: readonly Stage[];

  /** @throws where the site has no AMD GPUs, no labels tell its pools apart, or the props don't fit them */
  constructor(scope: Construct, id: string, props: AmdGpuOperatorProps) {
    super(scope, id, { name: 'amd-gpu-operator', version: VERSION, podSecurity: 'privileged' }, props);
    const { metrics, nodeFeatures, testRunner = false, maxUnavailable = 1, partitions = {} } = props;
    const { path } = this.node;
    const nodes = this.checkedPools(partitions);
    checkInteger(path, 'maxUnavailable', maxUnavailable, 1, 1000, 'give the nodes that may be without at a time');
    if (props.resources?.kmm && !props.driver) {
      fail(path, 'resources.kmm is given, but there is no driver to load, and so no such program; leave it out');
    }
    const resources = programResources(path, props.resources, RESOURCES);
    const driver = props.driver && checkedDriver(this, props.driver);
    if (driver?.upgrade) {
      const { maxParallel } = driver.upgrade;
      checkInteger(
        path,
        'driver.upgrade.maxParallel',
        maxParallel,
        1,
        1000,
        'give the nodes that are upgraded at a time',
      );
    }

    const modules = driver ? [kernelModule, nodeModulesConfig, preflightValidation] : [];
    this.addCrds([deviceConfig, remediationWorkflowStatus, ...modules]);
    const install = this.addStage('install', [metrics]);
    this.addOperator(install, resources.operator, driver, metrics);
    if (driver) new KernelModuleManagement(install, { driver, resources: resources.kmm, metrics });
    new Operands(install, {
      nodes: Object.fromEntries(nodes.map((pool) => [pool.name, selectorOf(pool)])),
      testRunner,
      partitions: Object.keys(partitions).length > 0,
      driver: driver !== undefined,
      reboots: driver?.upgrade !== undefined,
      metrics,
    });

    const configure = this.addStage('configure', [
      install,
      nodeFeatures,
      driver?.credentials,
      driver?.signing?.key,
      driver?.signing?.certificate,
    ]);
    addGpuRule(configure, nodeFeatures);
    this.pools = nodes.map((pool) => new AmdGpuPool(path, pool, partitions[pool.name], configure.readyAfter));
    offerGpus(this.platform, this.pools);
    if (metrics) addGpuMonitoring(install, metrics, { vendor: 'amd', pools: this.pools });
    for (const pool of this.pools) {
      const { name } = pool.nodes;
      const profiles =
        pool.partition && new ConfigFiles(configure, `partitions-${name}`, { 'config.json': partitionProfiles(pool) });
      const exporter = resources.metricsExporter;
      new CustomResource(
        configure,
        `device-config-${name}`,
        deviceConfig,
        deviceConfigOf(this, { pool, driver, testRunner, maxUnavailable, exporter, partitions: profiles?.name }),
      );
      if (pool.partition) this.instructPartitioning(pool, pool.partition);
    }
    this.readyAfter = configure.readyAfter;
  }

  pool(name: string): AmdGpuPool {
    const found = this.pools.find(({ nodes }) => nodes.name === name);
    if (found) return found;
    const { gpus } = this.platform.site.pool(name);
    const has = gpus ? `${gpus.model} (${gpus.vendor})` : 'no GPUs';
    return fail(
      this.node.path,
      `pool ${show(name)} has ${has}, this operator drives AMD's; name one of ${this.pools.map(({ nodes }) => show(nodes.name)).join(', ')}`,
    );
  }

  private checkedPools(partitions: Readonly<Record<string, AmdPartition>>): readonly NodePool[] {
    const { path } = this.node;
    const { site } = this.platform;
    const pools = site.pools.filter(({ gpus, schedulableNodes }) => gpus?.vendor === 'amd' && schedulableNodes > 0);
    if (pools.length === 0) {
      fail(
        path,
        `site ${site.name} has no AMD GPUs on nodes that take workloads; give a pool's gpus the vendor "amd", or leave this operator out`,
      );
    }
    // Each has a DeviceConfig, and the operator refuses a node that two select.
    checkApart(path, pools, 'AMD GPUs');
    for (const { name } of pools) {
      const length = this.namespace.length + name.length;
      if (length > MAX_NAMES) {
        fail(
          path,
          `namespace and pool must have at most ${MAX_NAMES} characters together, which stand in a label, got ${length} in ${show(this.namespace)} and ${show(name)}; shorten one`,
        );
      }
    }
    for (const [name, partition] of Object.entries(partitions)) {
      const names = pools.map((pool) => pool.name);
      if (!names.includes(name))
        fail(path, `partitions names ${show(name)}, no pool with AMD GPUs${didYouMean(name, names)}`);
      if (!AMD_PARTITIONS.includes(partition)) {
        fail(
          path,
          `partitions of ${show(name)} must be one of ${AMD_PARTITIONS.map(show).join(', ')}, got ${show(partition)}; choose one`,
        );
      }
    }
    return pools;
  }

  private addOperator(
    stage: Stage,
    resources: Required<ProgramResources>,
    driver: Driver | undefined,
    metrics: IMetrics | undefined,
  ): void {
    const { own, cluster } = operatorRules(ELECTION, driver !== undefined, driver?.upgrade !== undefined);
    const config = new ConfigFiles(stage, 'operator-config', {
      'controller_manager_config.yaml': `healthProbeBindAddress: :${HEALTH_PORT}
metricsBindAddress: ${metrics ? `:${METRICS_PORT}` : '"0"'}
leaderElection:
  enabled: true
  resourceID: ${ELECTION}
`,
    });
    const operator = new Deployment(stage, 'controller-manager', {
      // The user of upstream's image.
      user: 201,
      rules: own,
      clusterRules: cluster,
      restartOn: [config],
      containers: [
        {
          name: 'manager',
          image: images.operator,
          args: ['--config=/etc/amd-gpu-operator/controller_manager_config.yaml'],
          env: {
            OPERATOR_NAMESPACE: { fieldRef: { fieldPath: 'metadata.namespace' } },
            SIM_ENABLE: 'false',
            KMM_WATCH_ENABLED: String(driver !== undefined),
          },
          ports: { health: HEALTH_PORT, ...(metrics && { metrics: METRICS_PORT }) },
          resources,
          mounts: [{ path: '/etc/amd-gpu-operator', volume: volume.config('config', config) }],
          livenessProbe: probe('/healthz', { initialDelaySeconds: 15, periodSeconds: 20 }),
          readinessProbe: probe('/readyz', { initialDelaySeconds: 3, periodSeconds: 5 }),
        },
      ],
    });
    if (metrics) {
      const { metrics: endpoint } = operator.addService({
        name: 'controller-manager-metrics',
        ports: { metrics: METRICS_PORT },
        headless: true,
      });
      metrics.scrape(stage, 'amd-gpu-operator', { endpoint });
    }
  }

  /** The config manager cuts GPUs that nothing uses: emptying a node for it is a decision of people. */
  private instructPartitioning({ nodes, placement }: AmdGpuPool, partition: AmdPartition): void {
    const selector = Object.entries(placement.nodeSelector)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const what = (text: string) => `GPUs of ${nodes.name}: ${text}`;
    this.addInstruction({
      when: 'after',
      what: what(
        'send all pods away from the nodes, those of the operator too (do it again for nodes that join later)',
      ),
      command: `kubectl taint nodes -l ${selector} amd-dcm=up:NoExecute`,
    });
    this.addInstruction({
      when: 'after',
      what: what(
        `have them cut into ${partition}; done when dcm.amd.com/gpu-config-profile-state of each node is "success"`,
      ),
      command: `kubectl label nodes -l ${selector} dcm.amd.com/gpu-config-profile=${partition} --overwrite`,
    });
    this.addInstruction({
      when: 'after',
      what: what('let pods back in'),
      command: `kubectl taint nodes -l ${selector} amd-dcm=up:NoExecute-`,
    });
  }
}

function probe(path: string, times: Omit<k8s.Probe, 'httpGet'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT) }, timeoutSeconds: 5, ...times };
}
