import { Construct } from 'constructs';
import {
  cores,
  fail,
  type IEndpoint,
  type IGpuPool,
  type INetworkPeer,
  type IQueue,
  lazy,
  NetworkEdges,
  type PodSecurityLevel,
  type QueueProps,
  segmentLabels,
  type Stage,
} from '../../core';
import * as k8s from '../../core/k8s';
import { CustomResource } from '../../crds';
import { clusterQueue, localQueue } from './crds';
import { type PoolQuota, resourceGroups } from './quota';
import { MANAGED } from './webhook';

/** The label by which a job chooses its queue. */
export const QUEUE_NAME = 'kueue.x-k8s.io/queue-name';
/** The LocalQueue of jobs that name none. Known to Kueue. */
const DEFAULT_QUEUE = 'default';

/** Who may be stopped for whom. @see https://kueue.sigs.k8s.io/docs/concepts/preemption/ */
export interface PreemptionProps {
  /** Jobs of other queues that use more than their own, for one that this queue's own quota has room for. @default 'Any' */
  readonly reclaimWithinCohort?: 'Never' | 'LowerPriority' | 'Any';
  /**
   * Jobs of lesser priority in other queues, for one that must borrow; of at most this priority, where it is said. Only without fair sharing.
   * @default - never
   */
  readonly borrowWithinCohort?: { readonly maxPriority?: number };
  /** Jobs of the same queue. @default 'LowerPriority' */
  readonly withinClusterQueue?: 'Never' | 'LowerPriority' | 'LowerOrNewerEqualPriority';
}

export interface KueueQueueProps extends QueueProps {
  /**
   * Whether a job that there is no room for holds up those behind it. It keeps small jobs from passing a big one for ever, and lets GPUs idle
   * meanwhile.
   * @default 'BestEffortFIFO', it doesn't
   */
  readonly queueingStrategy?: 'BestEffortFIFO' | 'StrictFIFO';
  /** @default - as all queues */
  readonly preemption?: PreemptionProps;
  /**
   * The Pod Security Standard that its namespace enforces. Jobs that add capabilities (`IPC_LOCK`, where the nodes' container runtime limits
   * locked memory and RDMA needs it) or use the node's network need `privileged`.
   * @default 'restricted'
   */
  readonly podSecurity?: PodSecurityLevel;
}

/** What the system knows and a queue needs. */
export interface QueueContext {
  readonly cohort: string;
  readonly fairSharing: boolean;
  readonly preemption: PreemptionProps;
  readonly quotas: readonly PoolQuota[];
  /** Requests of containers that say none. */
  readonly defaultRequests: { readonly cpu: string; readonly memory: string };
}

/**
 * A team's queue: a ClusterQueue with its quotas, a namespace, in it the LocalQueue, one more for jobs that name none, defaults for containers
 * that ask for nothing, and a NetworkPolicy by which its pods reach each other and DNS.
 */
export class Queue extends Construct implements IQueue, INetworkPeer {
  readonly name: string;
  readonly namespace: string;
  readonly pools: readonly IGpuPool[];
  readonly jobLabels: Readonly<Record<string, string>>;
  readonly readyAfter: readonly Stage[];
  /** All of its pods. */
  readonly podLabels = {};
  private readonly edges = new NetworkEdges();

  constructor(stage: Stage, name: string, props: KueueQueueProps, context: QueueContext) {
    super(stage, `queue-${name}`);
    const { quotas, cohort, fairSharing } = context;
    const { platform } = stage;
    this.name = name;
    this.namespace = props.namespace ?? name;
    this.pools = quotas.flatMap(({ pool }) => pool ?? []);
    this.jobLabels = { [QUEUE_NAME]: name };
    this.readyAfter = [...new Set([stage, ...this.pools.flatMap(({ readyAfter }) => readyAfter)])];
    platform.addNamespace(this, this.namespace, props.podSecurity ?? 'restricted', {
      ...MANAGED,
      ...segmentLabels(
        this.node.path,
        quotas.map(({ nodes }) => nodes),
      ),
    });

    const { dns } = platform.distribution;
    this.edges.addEgress({
      peer: { namespace: dns.namespace, podLabels: dns.podLabels },
      ports: [
        { port: dns.podPort, protocol: 'UDP' },
        { port: dns.podPort, protocol: 'TCP' },
      ],
    });
    this.policies();
    new k8s.KubeLimitRange(this, 'limit-range', {
      metadata: { name: 'default-requests', namespace: this.namespace },
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: {
              cpu: k8s.Quantity.fromString(context.defaultRequests.cpu),
              memory: k8s.Quantity.fromString(context.defaultRequests.memory),
            },
          },
        ],
      },
    });

    new CustomResource(this, 'cluster-queue', clusterQueue, {
      metadata: { name },
      spec: {
        cohortName: cohort,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': this.namespace } },
        queueingStrategy: props.queueingStrategy ?? 'BestEffortFIFO',
        resourceGroups: lazy(() => resourceGroups(quotas)),
        preemption: preemption(this.node.path, { ...context.preemption, ...props.preemption }, fairSharing),
        ...(fairSharing && { fairSharing: { weight: cores(props.weight ?? 1) } }),
      },
    });
    for (const local of new Set([name, DEFAULT_QUEUE])) {
      new CustomResource(this, `local-queue-${local}`, localQueue, {
        metadata: { name: local, namespace: this.namespace },
        spec: { clusterQueue: name },
      });
    }
  }

  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void {
    for (const endpoint of endpoints) if (endpoint) this.edges.addEgress(endpoint.allow(this));
  }

  /** The pods of a job talk to each other, on ports that they choose themselves. */
  private policies(): void {
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata: { name: 'jobs', namespace: this.namespace },
      spec: { ...this.edges.policySpec({}), podSelector: {} },
    });
    const each = [{ podSelector: {} }];
    new k8s.KubeNetworkPolicy(this, 'network-policy-within', {
      metadata: { name: 'within', namespace: this.namespace },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: each }],
        egress: [{ to: each }],
      },
    });
  }
}

function preemption(path: string, props: PreemptionProps, fairSharing: boolean) {
  const { reclaimWithinCohort = 'Any', withinClusterQueue = 'LowerPriority', borrowWithinCohort } = props;
  if (borrowWithinCohort && fairSharing) {
    fail(
      path,
      'preemption.borrowWithinCohort is given, but fair sharing decides who may be stopped for whom; leave it out, or pass fairSharing: false',
    );
  }
  if (borrowWithinCohort && reclaimWithinCohort === 'Never') {
    fail(
      path,
      'preemption.borrowWithinCohort is given, but reclaimWithinCohort is "Never", with which Kueue refuses it; leave one of them out',
    );
  }
  return {
    reclaimWithinCohort,
    withinClusterQueue,
    ...(borrowWithinCohort && {
      borrowWithinCohort: {
        policy: 'LowerPriority' as const,
        ...(borrowWithinCohort.maxPriority !== undefined && { maxPriorityThreshold: borrowWithinCohort.maxPriority }),
      },
    }),
  };
}
