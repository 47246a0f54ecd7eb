import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkInteger,
  checkLabel,
  cores,
  fail,
  type IGpuPool,
  type IMetrics,
  type IQueueing,
  type PriorityProps,
  type ProgramResources,
  programResources,
  quantity,
  type QueueQuota,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { CustomResource } from '../../crds';
import { type NodePool } from '../../site';
import * as admission from './admission-crds';
import { checkWaitForPodsReady, type WaitForPodsReadyProps } from './configuration';
import * as kinds from './crds';
import { type Capacity, capacity, checkBorne, Flavor, placementOf, type Share } from './flavor';
import { checkedFrameworks, JOBS, type KueueFramework } from './frameworks';
import { images } from './images';
import { Manager } from './manager';
import { overcommitted, type PoolQuota, poolQuota } from './quota';
import { type KueueQueueProps, type PreemptionProps, Queue, type QueueContext } from './queue';
import { CONVERTED } from './rbac';
import { BATCH_USER, UserRoles } from './user-roles';
import { Webhook, WEBHOOK_SERVICE } from './webhook';
import { workload } from './workload-crds';

export interface KueueProps extends SystemProps {
  /**
   * Kinds of jobs that wait in queues, by upstream's names. A kind that the cluster doesn't have yet is managed once it has. `pod`, `deployment`
   * and `statefulset` hold back pods themselves; the two last bring `pod` along.
   * @default - batch/job, jobset.x-k8s.io/jobset, trainer.kubeflow.org/trainjob
   */
  readonly frameworks?: readonly KueueFramework[];
  /**
   * Jobs of a queue's namespace that name no queue wait in it all the same. `false` lets them run at once, past all quotas.
   * @default true
   */
  readonly manageJobsWithoutQueueName?: boolean;
  /** What becomes of a job whose pods don't all come up, or `false` to leave it as it is. @default - it is put back after 30 minutes */
  readonly waitForPodsReady?: WaitForPodsReadyProps | false;
  /**
   * Divides what is idle among the queues by their weights. `false`: who comes first has it, until its owner wants it back.
   * @default true
   */
  readonly fairSharing?: boolean;
  /** Who may be stopped for whom, in all queues. @default - queues take back their own; within a queue, greater priority goes first */
  readonly preemption?: PreemptionProps;
  /** Name of the queues' cohort, within which they lend and borrow. @default - the platform's name */
  readonly cohort?: string;
  /** Priorities by name. @default - high (1000), normal (0) and low (-1000) */
  readonly priorities?: Readonly<Record<string, PriorityProps>>;
  /**
   * Part of a node's CPUs and memory that is there for jobs, above 0 and at most 1; the rest is for the kubelet, the system and the pods that
   * each node has. Without room for these, jobs are admitted that no node has room for.
   * @default 0.9
   */
  readonly allocatable?: number;
  /** Pods of a node that are there for jobs, 1 to 1000. @default 100: kubelet takes 110, and ten are left for those that each node has */
  readonly podsPerNode?: number;
  /** What a container of a queue's namespace asks for that says nothing; else it would count as nothing. @default 1 core and 2 GiB */
  readonly defaultRequests?: ProgramResources;
  /**
   * Beginnings of the names of resources that jobs may ask for without quota. What is neither here nor in a queue's quotas is never admitted.
   * @default - ephemeral-storage, hugepages-, rdma/
   */
  readonly ignoredResources?: readonly string[];
  /**
   * Labels of the nodes that say how near they are to each other, the widest first: `['topology.lab.example/rack', 'kubernetes.io/hostname']`.
   * Jobs are then placed by them, and admitted only where there are nodes with room. Nodes without one of the labels get no jobs. It can't be
   * changed or taken away while there are queues.
   * @default - none
   * @see https://kueue.sigs.k8s.io/docs/concepts/topology_aware_scheduling/
   */
  readonly topology?: readonly string[];
  /** Serves what waits, and in which order, as an API of the cluster. @default true */
  readonly visibility?: boolean;
  /** Pods, 1 to 5: one leads, all answer the webhooks. @default - 2, or 1 where the site has a single node */
  readonly replicas?: number;
  /** Cores and memory of each pod. Memory grows with the cluster's pods, jobs and nodes. @default - 0.25 cores and 512 MiB */
  readonly resources?: { readonly manager?: ProgramResources };
  /** How much it logs, from 1 to 6; 2 is what upstream runs with, more is for finding faults. A change restarts the pods, one by one. @default 2 */
  readonly logLevel?: number;
  /** Collects the metrics. @default - nobody does */
  readonly metrics?: IMetrics;
}

const RESOURCES = { manager: { cpu: 0.25, memory: Size.mebibytes(512) } };
const DEFAULT_REQUESTS = { defaultRequests: { cpu: 1, memory: Size.gibibytes(2) } };
const IGNORED = ['ephemeral-storage', 'hugepages-', 'rdma/'];
const PRIORITIES: Readonly<Record<string, PriorityProps>> = {
  high: { value: 1000, description: 'Goes first, and may stop jobs of lesser priority.' },
  normal: { value: 0, description: 'What jobs have that name no priority.' },
  low: { value: -1000, description: 'Runs in what is left over, and gives way to all others.' },
};
const PRIORITY_CLASS = 'kueue.x-k8s.io/priority-class';
const TOPOLOGY = 'site';
/** The API's int32. */
const MAX_PRIORITY = 2 ** 31 - 1;

/** What the queues together have been promised of a pool. */
interface Pool {
  readonly flavor: Flavor;
  readonly source: IGpuPool | NodePool;
  readonly has: Capacity;
  readonly claims: { readonly queue: string; readonly quota: PoolQuota }[];
}

/**
 * Has jobs wait until what they ask for is free, and decides whose turn it is: quotas for teams, which lend each other what is idle.
 *
 * Puts into the cluster: the controller with its admission webhooks, all CRDs, roles for users, priorities, a cohort; for each pool of the site
 * that a queue uses a ResourceFlavor, and for each queue a namespace with what belongs to it. Needs nothing. Offers queues (`IQueueing`).
 *
 * @see https://kueue.sigs.k8s.io
 */
export class Kueue extends System implements IQueueing {
  readonly manager: Manager;
  readonly readyAfter: readonly Stage[];
  /** Name of the queues' cohort. */
  readonly cohort: string;
  private readonly configure: Stage;
  private readonly context: Omit<QueueContext, 'quotas'>;
  private readonly share: Share;
  private readonly topologyName?: string;
  private readonly pools = new Map<string, Pool>();
  private readonly queues = new Map<string, Queue>();
  private readonly priorities = new Set<string>();

  constructor(scope: Construct, id: string, props: KueueProps = {}) {
    super(scope, id, { name: 'kueue', version: images.kueue.tag }, props);
    const path = this.node.path;
    const { metrics, topology, waitForPodsReady = {}, fairSharing = true, visibility = true } = props;
    const replicas = props.replicas ?? Math.min(2, Math.max(1, this.platform.site.schedulableNodes));
    checkInteger(path, 'replicas', replicas, 1, 5, 'one pod leads, the others stand by');
    const logLevel = props.logLevel ?? 2;
    checkInteger(path, 'logLevel', logLevel, 1, 6, '2 is what upstream runs with, more is for finding faults');
    const resources = programResources(path, props.resources, RESOURCES);
    const frameworks = checkedFrameworks(path, props.frameworks ?? JOBS);
    if (waitForPodsReady) checkWaitForPodsReady(path, waitForPodsReady);
    this.share = this.checkedShare(props);
    this.cohort = props.cohort ?? this.platform.name;
    checkLabel(path, 'cohort', this.cohort);
    const requests = programResources(
      path,
      props.defaultRequests && { defaultRequests: props.defaultRequests },
      DEFAULT_REQUESTS,
    ).defaultRequests;
    this.context = {
      cohort: this.cohort,
      fairSharing,
      preemption: props.preemption ?? {},
      defaultRequests: { cpu: cores(requests.cpu), memory: quantity(requests.memory) },
    };

    this.addDefinitions();
    const install = this.addStage('install', [metrics]);
    this.manager = new Manager(install, {
      replicas,
      resources: resources.manager,
      logLevel,
      frameworks,
      waitForPodsReady,
      fairSharing,
      visibility,
      manageJobsWithoutQueueName: props.manageJobsWithoutQueueName ?? true,
      ignoredResources: props.ignoredResources ?? IGNORED,
      metrics,
    });
    new Webhook(install, 'webhook', frameworks);
    new UserRoles(install, 'user-roles', frameworks, visibility);

    this.configure = this.addStage('configure', [install]);
    this.readyAfter = [this.configure];
    new CustomResource(this.configure, 'cohort', kinds.cohort, { metadata: { name: this.cohort } });
    if (topology) this.topologyName = this.addTopology(topology);
    for (const [name, priority] of Object.entries(props.priorities ?? PRIORITIES)) this.addPriority(name, priority);
    // What a pool has is known when all has been said of how its GPUs are shared.
    this.node.addValidation({ validate: () => [...this.pools.values()].flatMap(overcommitted) });
    this.addInstruction({
      when: 'after',
      what: "Let a team's members send jobs into the team's queue, in its namespace",
      command: `kubectl -n <namespace> create rolebinding batch-users --clusterrole=${BATCH_USER} --group=<group>`,
    });
  }

  addQueue(name: string, props: KueueQueueProps): Queue {
    const path = `${this.node.path}/queue-${name}`;
    checkLabel(this.node.path, 'the name of a queue', name);
    if (this.queues.has(name)) {
      fail(this.node.path, `queue ${show(name)} is there already; give this one another name`);
    }
    const { weight } = props;
    if (weight !== undefined && !this.context.fairSharing) {
      fail(
        path,
        `weight ${show(weight)} is given, but fairSharing is false, and idle GPUs go to who comes first; leave it out`,
      );
    }
    if (weight !== undefined && !(weight >= 0 && weight <= 1e6)) {
      fail(path, `weight must be a number from 0 to 1000000, got ${show(weight)}; 2 has twice the share of 1`);
    }
    if (props.quotas.length === 0)
      fail(path, 'quotas must name at least one pool, got []; give what the queue may use');
    const quotas = props.quotas.map((quota) => {
      const pool = this.poolOf(path, quota);
      return { pool, quota: poolQuota(path, quota, pool.has) };
    });
    const twice = quotas.find(({ pool }, i) => quotas.findIndex((other) => other.pool === pool) !== i);
    if (twice) fail(path, `quotas name pool ${show(twice.quota.nodes.name)} twice; add the two up`);
    const queue = new Queue(this.configure, name, props, {
      ...this.context,
      quotas: quotas.map(({ quota }) => quota),
    });
    for (const { pool, quota } of quotas) pool.claims.push({ queue: name, quota });
    this.queues.set(name, queue);
    this.addEndpoint(`Queue ${name}`, `jobs of the namespace ${queue.namespace}`);
    return queue;
  }

  addPriority(name: string, { value, description }: PriorityProps): Readonly<Record<string, string>> {
    const path = this.node.path;
    checkLabel(path, 'the name of a priority', name);
    if (this.priorities.has(name)) fail(path, `priority ${show(name)} is there already; give this one another name`);
    checkInteger(
      path,
      `the value of priority ${show(name)}`,
      value,
      -MAX_PRIORITY,
      MAX_PRIORITY,
      'jobs without one have 0',
    );
    this.priorities.add(name);
    new CustomResource(this.configure, `priority-${name}`, kinds.workloadPriorityClass, {
      metadata: { name },
      value,
      ...(description !== undefined && { description }),
    });
    return { [PRIORITY_CLASS]: name };
  }

  private checkedShare({ allocatable = 0.9, podsPerNode = 100 }: KueueProps): Share {
    if (!(allocatable > 0 && allocatable <= 1)) {
      fail(
        this.node.path,
        `allocatable must be above 0 and at most 1, got ${show(allocatable)}; write 0.9 for nine tenths`,
      );
    }
    checkInteger(this.node.path, 'podsPerNode', podsPerNode, 1, 1000, "the kubelet's own limit is 110");
    return { allocatable, pods: podsPerNode };
  }

  private addDefinitions(): void {
    const conversion = { service: { namespace: this.namespace, name: WEBHOOK_SERVICE, path: '/convert' } };
    const converted: readonly string[] = CONVERTED;
    const definitions = [
      kinds.clusterQueue,
      kinds.localQueue,
      kinds.cohort,
      kinds.resourceFlavor,
      kinds.topology,
      kinds.workloadPriorityClass,
      workload,
      admission.admissionCheck,
      admission.multiKueueCluster,
      admission.multiKueueConfig,
      admission.provisioningRequestConfig,
    ];
    this.addCrds(
      definitions.map((definition) =>
        converted.includes(definition.plural) ? definition.with({ conversion }) : definition,
      ),
    );
  }

  private addTopology(labels: readonly string[]): string {
    if (labels.length === 0) {
      fail(
        this.node.path,
        "topology must name at least one label of the nodes, got []; write ['kubernetes.io/hostname']",
      );
    }
    const repeated = labels.find((label, i) => labels.indexOf(label) !== i);
    if (repeated !== undefined) fail(this.node.path, `topology names ${show(repeated)} twice; leave one out`);
    const host = labels.indexOf('kubernetes.io/hostname');
    if (host >= 0 && host < labels.length - 1) {
      fail(this.node.path, 'topology must have "kubernetes.io/hostname" last, since nothing is within a node; move it');
    }
    new CustomResource(this.configure, 'topology', kinds.topology, {
      metadata: { name: TOPOLOGY },
      spec: { levels: labels.map((nodeLabel) => ({ nodeLabel })) },
    });
    return TOPOLOGY;
  }

  /** The pool of a quota, with the flavor that is made when the first queue uses it. */
  private poolOf(path: string, quota: QueueQuota): Pool {
    const source = 'pool' in quota ? quota.pool : quota.nodes;
    const nodes = 'pool' in quota ? quota.pool.nodes : quota.nodes;
    const { name } = nodes;
    const known = this.pools.get(name);
    if (known) {
      if (known.source === source) return known;
      fail(
        path,
        `pool ${show(name)} is offered by two; take it from the same as queue ${show(known.claims[0]?.queue)}`,
      );
    }
    const { site } = this.platform;
    if (!site.pools.includes(nodes)) {
      fail(
        path,
        `pool ${show(name)} is none of site ${show(site.name)}; take it from site.pool(...), or from the operator of its GPUs`,
      );
    }
    if (nodes.schedulableNodes === 0) {
      fail(
        path,
        `pool ${show(name)} has no nodes that take jobs; choose another, or give it the role worker in the site`,
      );
    }
    if ('nodes' in quota && nodes.gpusPerNode > 0) {
      fail(path, `pool ${show(name)} has GPUs, which quotas of cores alone would leave to nobody; give pool and gpus`);
    }
    if ('pool' in quota) checkBorne(path, quota.pool);
    const placement = 'pool' in quota ? quota.pool.placement : placementOf(path, nodes, site.pools);
    if (this.topologyName && Object.keys(placement.nodeSelector).length === 0) {
      fail(path, `pool ${show(name)} needs a label where topology is given, got none; give it labels in the site`);
    }
    const pool: Pool = {
      flavor: new Flavor(this.configure, nodes, placement, this.topologyName),
      source,
      has: capacity(nodes, this.share),
      claims: [],
    };
    this.pools.set(name, pool);
    return pool;
  }
}
