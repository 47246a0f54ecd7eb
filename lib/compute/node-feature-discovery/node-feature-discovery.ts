import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  checkInteger,
  checkLabel,
  checkSamePlatform,
  fail,
  type IMetrics,
  type INodeFeatures,
  type NodeFeatureRuleProps,
  type ProgramResources,
  programResources,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { CustomResource } from '../../crds';
import { nodeFeature, nodeFeatureGroup, nodeFeatureRule, nodeResourceTopology } from './crds';
import { images } from './images';
import { GarbageCollector, Master, TopologyUpdater, Worker } from './parts';
import { workerConfig, type WorkerConfigProps } from './worker-config';

/** Writes what is free in each NUMA zone of the nodes, for schedulers that look at it. */
export interface TopologyUpdaterProps {
  /** Between two looks; at least a second. @default 60 seconds */
  readonly interval?: Duration;
  /** Labels of the nodes that are looked at. @default - all */
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

export interface NodeFeatureDiscoveryProps extends SystemProps {
  /** What the workers look at. @default - upstream's, with PCI devices of networks, GPUs and accelerators by their vendor */
  readonly worker?: WorkerConfigProps;
  /** Has NodeResourceTopologies written. Only schedulers that know them gain by it. @default - there are none */
  readonly topologyUpdater?: TopologyUpdaterProps;
  /** Pods of the master, 1 to 5; one leads. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /**
   * Prefixes of labels below `kubernetes.io` that rules may set all the same, such as `lab.kubernetes.io`; others need no leave.
   * @default - none
   */
  readonly extraLabelNamespaces?: readonly string[];
  /** Lets rules taint nodes. @default false */
  readonly taints?: boolean;
  /** How often what was written for nodes that are gone is deleted; at least a minute. @default 1 hour */
  readonly collectionInterval?: Duration;
  /**
   * Cores and memory of each pod. The master keeps the features of all nodes in memory: some 100 KiB a node.
   * @default - master 0.1 cores and 512 MiB, worker 0.02 and 128 MiB, gc 0.02 and 128 MiB, topologyUpdater 0.05 and 64 MiB
   */
  readonly resources?: {
    readonly master?: ProgramResources;
    readonly worker?: ProgramResources;
    readonly gc?: ProgramResources;
    readonly topologyUpdater?: ProgramResources;
  };
  /** How much the programs log, from 0 to 10: 0 says what is done, 4 and more are for finding faults. @default 0 */
  readonly logLevel?: number;
  /** Who scrapes the programs. @default - nobody */
  readonly metrics?: IMetrics;
}

const RESOURCES = {
  master: { cpu: 0.1, memory: Size.mebibytes(512) },
  worker: { cpu: 0.02, memory: Size.mebibytes(128) },
  gc: { cpu: 0.02, memory: Size.mebibytes(128) },
  topologyUpdater: { cpu: 0.05, memory: Size.mebibytes(64) },
};
const PREFIX = 'feature.node.kubernetes.io';

/**
 * Node Feature Discovery: labels nodes by what they have, from CPU flags to PCI devices.
 *
 * Puts into the cluster: the master, which labels, a worker on each node, which looks, a collector of what is left of nodes that are gone, if
 * asked a topology updater on each node, and the CRDs. Needs nothing. Offers labels and rules (`INodeFeatures`).
 *
 * @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/
 */
export class NodeFeatureDiscovery extends System implements INodeFeatures {
  readonly master: Master;
  readonly worker: Worker;
  readonly readyAfter: readonly Stage[];
  private readonly config: WorkerConfigProps;
  private readonly rules = new Map<string, string>();

  constructor(scope: Construct, id: string, props: NodeFeatureDiscoveryProps = {}) {
    super(
      scope,
      id,
      { name: 'node-feature-discovery', version: images.nodeFeatureDiscovery.tag, podSecurity: 'privileged' },
      props,
    );
    const { metrics, logLevel = 0, topologyUpdater, extraLabelNamespaces = [] } = props;
    const path = this.node.path;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(path, 'replicas', replicas, 1, 5, 'one pod leads, the others stand by');
    checkInteger(path, 'logLevel', logLevel, 0, 10, '0 says what is done, 4 is for finding faults');
    const resources = programResources(path, props.resources, RESOURCES);
    if (props.resources?.topologyUpdater && !topologyUpdater) {
      fail(path, 'resources.topologyUpdater is given, but there is no topologyUpdater; leave it out, or give both');
    }
    const wrong = extraLabelNamespaces.find((namespace) => !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(namespace));
    if (wrong !== undefined) {
      fail(path, `extraLabelNamespaces must be DNS names such as "lab.kubernetes.io", got ${show(wrong)}; write it so`);
    }
    const common = { logLevel, metrics };
    this.config = props.worker ?? {};

    this.addCrds([nodeFeature, nodeFeatureRule, nodeFeatureGroup, ...(topologyUpdater ? [nodeResourceTopology] : [])]);
    const install = this.addStage('install', [metrics]);
    this.master = new Master(install, {
      ...common,
      replicas,
      extraLabelNamespaces,
      taints: props.taints ?? false,
      resources: resources.master,
    });
    this.worker = new Worker(install, {
      ...common,
      config: workerConfig(path, this.config),
      resources: resources.worker,
    });
    new GarbageCollector(install, {
      ...common,
      interval: this.atLeast('collectionInterval', props.collectionInterval ?? Duration.hours(1), 60),
      resources: resources.gc,
    });
    if (topologyUpdater) {
      new TopologyUpdater(install, {
        ...common,
        interval: this.atLeast('topologyUpdater.interval', topologyUpdater.interval ?? Duration.seconds(60), 1),
        nodeSelector: topologyUpdater.nodeSelector,
        resources: resources.topologyUpdater,
      });
    }
    this.readyAfter = install.readyAfter;
  }

  label(name: string): string {
    const source = name.split('-')[0]!;
    const { labelWhiteList } = this.config;
    for (const what of ['featureSources', 'labelSources'] as const) {
      const sources = this.config[what] ?? ['all'];
      if (sources.includes(source) || (sources.includes('all') && !sources.includes(`-${source}`))) continue;
      this.lacks(name, `worker.${what} leaves ${source} out`);
    }
    if (labelWhiteList !== undefined && !new RegExp(labelWhiteList).test(name)) {
      this.lacks(name, `worker.labelWhiteList ${show(labelWhiteList)} leaves it out`);
    }
    return `${PREFIX}/${name}`;
  }

  pciLabel(vendor: string, deviceClass?: string): string {
    if (!/^[0-9a-f]{4}$/.test(vendor)) {
      fail(
        this.node.path,
        `vendor must be 4 hexadecimal digits in lower case, got ${show(vendor)}; write it as "10de"`,
      );
    }
    const { labelFields = ['vendor'], deviceClasses } = this.config.pci ?? {};
    const name = `pci-${vendor}.present`;
    if (labelFields.length !== 1 || labelFields[0] !== 'vendor') {
      this.lacks(name, `worker.pci.labelFields ${show(labelFields)} makes other labels`);
    }
    if (deviceClass !== undefined && deviceClasses && !deviceClasses.some((each) => each.startsWith(deviceClass))) {
      this.lacks(name, `worker.pci.deviceClasses ${show(deviceClasses)} leaves the class ${deviceClass} out`);
    }
    return this.label(name);
  }

  addRule(stage: Stage, name: string, props: NodeFeatureRuleProps): void {
    const path = `${stage.node.path}/${name}`;
    checkSamePlatform(stage, this);
    checkLabel(path, 'the name of a rule', name);
    const other = this.rules.get(name);
    if (other !== undefined) fail(path, `rule ${show(name)} is taken by ${other}; give this one another name`);
    this.rules.set(name, stage.node.path);
    if (Object.keys(props.labels).length === 0) fail(path, 'labels must name at least one, got {}; add it');
    for (const [key, value] of Object.entries(props.labels)) checkNodeLabel(path, key, value);
    if (props.matches.length === 0) {
      fail(path, 'matches must name at least one feature, got []; without, every node would get the labels');
    }
    new CustomResource(new Construct(stage, `rule-${name}`), 'rule', nodeFeatureRule, {
      metadata: { name },
      spec: {
        rules: [
          {
            name,
            labels: { ...props.labels },
            matchFeatures: props.matches.map(({ feature, expressions }) => ({
              feature,
              matchExpressions: expressions,
            })),
          },
        ],
      },
    });
  }

  private lacks(name: string, why: string): never {
    return fail(this.node.path, `${why}, but another system looks for the label ${PREFIX}/${name}; leave it in`);
  }

  private atLeast(what: string, interval: Duration, seconds: number): Duration {
    const actual = interval.toSeconds({ integral: false });
    if (!(actual >= seconds)) {
      fail(this.node.path, `${what} must be at least ${seconds} s, got ${actual} s; give it more time`);
    }
    return interval;
  }
}

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** What the master refuses, it only logs. @see https://kubernetes-sigs.github.io/node-feature-discovery/v0.19/usage/customization-guide#labels */
function checkNodeLabel(path: string, key: string, value: string): void {
  const [prefix, name, ...more] = key.split('/');
  if (name === undefined || more.length > 0 || !NAME.test(name) || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(prefix!)) {
    fail(path, `label ${show(key)} must have a prefix and a name; write it as "lab.example/fast-nvme"`);
  }
  if (value !== '' && !NAME.test(value) && !value.startsWith('@')) {
    fail(path, `label ${key} must have a label's value, got ${show(value)}; write it as "true"`);
  }
}
