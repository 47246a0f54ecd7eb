import { type Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { fail, show } from '../errors';
import * as k8s from '../k8s';
import { CONFIG_DIGEST, LABEL } from '../labels';
import { checkLabel, digest } from '../names';
import {
  type IEndpoint,
  lazy,
  type NetworkEdge,
  NetworkEdges,
  type Peer,
  type PeerPort,
  type WiredPods,
} from '../network';
import { systemOf } from '../scope';
import { type Stage } from '../stage';
import { type System } from '../system';
import { type ConfigFiles } from './config-files';
import { type Placement } from './placement';
import { type GrantedRule, podPort, type PodProps, probedPorts, renderPod, usesApi } from './pod';
import { ServiceEndpoint, type ServiceProps } from './service';

export interface WorkloadProps extends PodProps {
  /** Name in the cluster. @default - the id */
  readonly name?: string;
  /** Labels on the pods beyond those that select them, for Services that lead to several workloads. */
  readonly extraPodLabels?: Readonly<Record<string, string>>;
  /** How long a pod must be ready before the next is replaced. @default - no time */
  readonly minReady?: Duration;
  /** Configuration that the pods read when they start: a change of it restarts them. */
  readonly restartOn?: readonly ConfigFiles[];
}

/**
 * Pods and what they need around them, in the namespace of their system: a service account of their own, their roles, and a
 * NetworkPolicy that grows as endpoints are wired. The subclasses are the kinds: Deployment, StatefulSet, DaemonSet, Job, CronJob.
 */
export abstract class Workload extends Construct implements WiredPods {
  readonly name: string;
  readonly namespace: string;
  readonly stage: Stage;
  /** Labels that select its pods and no others. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** The pods' spec. */
  protected readonly podSpec: k8s.PodSpec;
  protected readonly system: System;
  private readonly edges = new NetworkEdges();
  readonly hostNetwork: boolean;

  protected constructor(
    stage: Stage,
    id: string,
    private readonly pod: WorkloadProps,
    maxName: number,
    placement: Placement = systemOf(stage).placement,
  ) {
    super(stage, id);
    this.stage = stage;
    this.system = systemOf(this);
    this.name = pod.name ?? id;
    checkLabel(this.node.path, 'the name of a workload', this.name, maxName);
    this.namespace = this.system.namespace;
    this.podLabels = { ...this.system.labels, [LABEL.component]: this.name };
    this.hostNetwork = pod.hostNetwork ?? false;

    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: { name: this.name },
      automountServiceAccountToken: false,
    });
    this.podSpec = renderPod(this.node.path, this.system, pod, this.name, placement);
    if (!this.hostNetwork) {
      new k8s.KubeNetworkPolicy(this, 'network-policy', {
        metadata: { name: this.name },
        spec: this.edges.policySpec({ ...this.podLabels }),
      });
      const { dns, apiServerPort } = this.system.platform.distribution;
      this.edges.addEgress({
        peer: { namespace: dns.namespace, podLabels: dns.podLabels },
        ports: [
          { port: dns.podPort, protocol: 'UDP' },
          { port: dns.podPort, protocol: 'TCP' },
        ],
      });
      // The API server has no pod to select, and some network plugins don't match the addresses of nodes by ipBlock: the port alone is portable.
      if (usesApi(pod)) this.edges.addEgress({ peer: 'anywhere', ports: [{ port: apiServerPort }] });
    }
    if (pod.rules?.length) this.grant(pod.rules);
    if (pod.clusterRules?.length) this.grantCluster('cluster', pod.clusterRules);
    this.system.platform.registerPods(this);
  }

  get path(): string {
    return this.node.path;
  }

  get labels(): Readonly<Record<string, string>> {
    return { ...this.pod.extraPodLabels, ...this.podLabels };
  }

  get serviceAccount(): string {
    return this.name;
  }

  get ingress(): readonly NetworkEdge[] {
    return this.edges.allIngress;
  }

  get egress(): readonly NetworkEdge[] {
    return this.edges.allEgress;
  }

  get probePorts(): readonly number[] {
    return probedPorts(this.pod);
  }

  portNumber(port: number | string): number | undefined {
    return podPort(this.pod, port);
  }

  /** Opens the way to an endpoint, at both ends. */
  connectTo(...endpoints: readonly (IEndpoint | undefined)[]): void {
    for (const endpoint of endpoints) if (endpoint) this.edges.addEgress(endpoint.allow(this));
  }

  /** Lets a peer in at a port of the pods. */
  allowFrom(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addIngress({ peer, ports: ports.map((port) => (typeof port === 'number' ? { port } : port)) });
  }

  /** Lets the pods out to a peer that no endpoint describes. */
  allowTo(peer: Peer, ...ports: readonly (number | PeerPort)[]): void {
    this.edges.addEgress({ peer, ports: ports.map((port) => (typeof port === 'number' ? { port } : port)) });
  }

  /** Adds a Service in front of the pods and returns its endpoints by port name. */
  addService<P extends string>(
    props: ServiceProps<P>,
  ): Record<P, ServiceEndpoint> & { readonly service: k8s.KubeService } {
    return ServiceEndpoint.create(this, this.system.platform.distribution.clusterDomain, props);
  }

  /** Lets the pods' service account do something in a namespace. @param namespace default: its own */
  grant(rules: readonly GrantedRule[], namespace = this.namespace): void {
    const own = namespace === this.namespace;
    const scope = new Construct(this, own ? 'role' : `role-${namespace}`);
    const name = own ? this.name : `${this.system.node.id}-${this.name}`;
    new k8s.KubeRole(scope, 'role', {
      metadata: { name, namespace },
      rules: this.justified('Role', name, rules, namespace),
    });
    new k8s.KubeRoleBinding(scope, 'binding', {
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [this.subject],
    });
  }

  /** Lets the pods' service account do something in all namespaces. @param name told apart by it, where there are several */
  grantCluster(name: string, rules: readonly GrantedRule[]): void {
    const scope = new Construct(this, `cluster-role-${name}`);
    const full = [this.namespace, this.name, ...(name === 'cluster' ? [] : [name])].join('-');
    new k8s.KubeClusterRole(scope, 'role', {
      metadata: { name: full },
      rules: this.justified('ClusterRole', full, rules),
    });
    this.bindClusterRole(full);
  }

  /** The rules as the API has them; their reasons go into the summary. */
  private justified(kind: string, name: string, rules: readonly GrantedRule[], namespace?: string): k8s.PolicyRule[] {
    return rules.map(({ because, ...rule }, i) => {
      if (because !== undefined)
        this.system.platform.justify({ kind, namespace, name, field: `rules[${i}]`, reason: because });
      return rule;
    });
  }

  /** Gives the pods' service account a ClusterRole that is made elsewhere, in all namespaces or in one. */
  bindClusterRole(clusterRole: string, namespace?: string): void {
    const scope = new Construct(this, `bind-${clusterRole}${namespace ? `-in-${namespace}` : ''}`);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterRole };
    const name = clusterRole.startsWith(`${this.namespace}-`)
      ? clusterRole
      : `${this.namespace}-${this.name}-${clusterRole.replaceAll(':', '-')}`;
    if (namespace)
      new k8s.KubeRoleBinding(scope, 'binding', { metadata: { name, namespace }, roleRef, subjects: [this.subject] });
    else new k8s.KubeClusterRoleBinding(scope, 'binding', { metadata: { name }, roleRef, subjects: [this.subject] });
  }

  /** Names the pods' service account in a role binding. */
  get subject(): k8s.Subject {
    return { kind: 'ServiceAccount', name: this.name, namespace: this.namespace };
  }

  /** The template that the controllers make pods from. */
  protected template(extra: Partial<k8s.PodSpec> = {}): k8s.PodTemplateSpec {
    const { podAnnotations, restartOn, extraPodLabels } = this.pod;
    const annotations = {
      ...podAnnotations,
      ...(restartOn?.length ? { [CONFIG_DIGEST]: lazy(() => digest(restartOn.map((files) => files.content))) } : {}),
    };
    return {
      metadata: {
        labels: { ...this.stage.labels, ...extraPodLabels, ...this.podLabels },
        annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
      },
      spec: { ...this.podSpec, ...extra },
    };
  }

  /** Replicas prefer different nodes. */
  protected spread(): Partial<k8s.PodSpec> {
    if (this.pod.affinity) return {};
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { ...this.podLabels } } };
    return {
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
      },
    };
  }

  /** Keeps all but one of the replicas up while nodes are drained. */
  protected disruptionBudget(replicas: number, maxUnavailable = 1): void {
    if (replicas < 2) return;
    if (maxUnavailable >= replicas) {
      fail(
        this.node.path,
        `maxUnavailable must be less than the ${replicas} replicas, got ${show(maxUnavailable)}; lower it`,
      );
    }
    new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata: { name: this.name },
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(maxUnavailable),
        selector: { matchLabels: { ...this.podLabels } },
        // A pod that isn't ready serves nobody: draining it must not be held up. Known to the API since 1.26.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    });
  }
}
