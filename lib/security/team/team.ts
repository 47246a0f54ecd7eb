import { Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkInteger,
  checkSize,
  fail,
  type IBucket,
  type IExperimentTracking,
  type IIdentityProvider,
  type IObjectStore,
  type IQueue,
  type IQueueing,
  type IRegistry,
  type IRegistryProject,
  type ISecretStore,
  type ITeamTracking,
  type ITraining,
  k8s,
  quantity,
  type QueueQuota,
  show,
  type Stage,
  System,
  type SystemProps,
} from '../../core';
import { authenticationConfiguration, PREFIX } from './api-server';
import { NamespacePods } from './policies';
import { memberRules } from './role';

export interface TeamProps extends SystemProps {
  /** Group of the identity provider's whose people the team is. No two teams may have one. */
  readonly group: string;
  /** Where people sign in: the API server must be told of it, and the summary says how. */
  readonly identity: IIdentityProvider;
  /** Has the team's jobs wait until what they ask for is free, by `quotas`. @default - the team has no queue, and pods start as there is room */
  readonly queueing?: IQueueing;
  /** What the team's queue may use. Needs `queueing`, which needs it. */
  readonly quotas?: readonly QueueQuota[];
  /** The queue's share, against those of others, of what is idle. @default 1 */
  readonly weight?: number;
  /**
   * Lets members make pods, Deployments and StatefulSets too. A queue that manages Jobs and trainings alone lets them past its quotas.
   * @default - only where there is no queue
   */
  readonly unqueued?: boolean;
  /** Lets members make trainings. @default - they make Jobs and Deployments */
  readonly training?: ITraining;
  /** Keeps the team's buckets. @default - it has none */
  readonly objects?: IObjectStore;
  /** Names of the buckets. Needs `objects`. @default - one that is called as the team is */
  readonly buckets?: readonly string[];
  /** Records the team's runs, in a place of its own. @default - nobody does */
  readonly tracking?: ITeamTracking;
  /** Keeps the team's images, in a project of its own. @default - nobody does */
  readonly registry?: IRegistry;
  /** Keeps the team's secrets, below `teams/<name>`. @default - nobody does */
  readonly secrets?: ISecretStore;
  /** Most that the team's volumes hold together, at least 1 GiB. @default - no limit */
  readonly storage?: Size;
  /** Most pods at a time, 1 to 10000. @default 500 */
  readonly pods?: number;
}

/**
 * A team: what belongs to the people of one group, and to nobody else.
 *
 * Puts into the cluster a namespace, a role in it for the group, a quota, defaults for containers that ask for nothing, and NetworkPolicies by
 * which its pods reach each other and what is the team's. Asks, of what it is given, for a queue, buckets, a place for runs, a project for
 * images and a path for secrets. Needs an identity provider.
 */
export class Team extends System {
  readonly group: string;
  readonly queue?: IQueue;
  /** By name. */
  readonly buckets: ReadonlyMap<string, IBucket>;
  readonly tracking?: IExperimentTracking;
  readonly project?: IRegistryProject;
  /** Where its secrets are, below the store's mount. */
  readonly secretsPath?: string;
  readonly readyAfter: readonly Stage[];

  constructor(scope: Construct, id: string, props: TeamProps) {
    super(scope, id, { name: 'team', version: '1', sharesNamespace: props.queueing !== undefined }, props);
    const { identity, queueing, training, objects, registry, secrets } = props;
    this.group = this.check(props);
    const { group } = this;

    this.queue = queueing?.addQueue(id, {
      quotas: props.quotas ?? [],
      namespace: this.namespace,
      weight: props.weight,
    });
    this.tracking = props.tracking?.addTeam(id, { group });
    this.buckets = new Map(
      (objects ? (props.buckets ?? [id]) : []).map((name) => [name, objects!.addBucket(name)] as const),
    );
    this.project = registry?.addProject(id);
    this.project?.allowGroup(group, 'maintain');
    if (secrets) {
      this.secretsPath = `teams/${id}`;
      secrets.allowGroup(group, this.secretsPath);
    }
    const theirs = [...this.buckets.values(), this.tracking].filter((one) => one !== undefined);

    const stage = this.addStage(
      'install',
      theirs.map(({ credentials }) => credentials),
    );
    this.readyAfter = [...new Set([...stage.readyAfter, ...(this.queue?.readyAfter ?? [])])];
    for (const bucket of this.buckets.values()) bucket.allowGroup(group, 'write');
    // Their Secrets are in the team's namespace, for its programs.
    for (const { credentials } of theirs) credentials.in(this.namespace);
    this.addRole(stage, props.unqueued ?? this.queue === undefined, training);
    this.addLimits(stage, props);
    const ways = this.queue ?? new NamespacePods(stage, 'pods');
    ways.connectTo(...theirs.map(({ endpoint }) => endpoint), registry?.endpoint, secrets?.endpoint);
    this.addEndpoint(`Team ${id}`, `namespace ${this.namespace}, for the group ${group}`);
    this.addApiServerInstructions(identity);
  }

  private check({ group, identity, queueing, quotas, weight, objects, buckets, storage, pods }: TeamProps): string {
    const path = this.node.path;
    if (typeof group !== 'string' || group.trim() !== group || group === '' || group.includes(',')) {
      fail(path, `a team needs a group of the identity provider's, without commas, got ${show(group)}; name one`);
    }
    const other = this.others.find((team) => team.group === group);
    if (other) fail(path, `group ${show(group)} is that of ${other.node.path} already; give this team one of its own`);
    if (!identity) fail(path, 'needs an identity provider that knows the group; pass identity');
    if ((queueing === undefined) !== (quotas === undefined)) {
      fail(
        path,
        'queueing and quotas go together, got one of them; say in quotas what the queue may use, or leave both out',
      );
    }
    if (buckets && !objects) fail(path, `buckets ${show(buckets)} need a store that keeps them; pass objects`);
    if (weight !== undefined && !queueing)
      fail(path, `weight ${show(weight)} is that of a queue, and there is none; pass queueing and quotas`);
    checkSize(path, 'storage', storage);
    if (storage && storage.toKibibytes() < Size.gibibytes(1).toKibibytes()) {
      fail(path, `storage must be at least 1Gi, got ${quantity(storage)}; leave it out for no limit`);
    }
    if (pods !== undefined) checkInteger(path, 'pods', pods, 1, 10000, 'each node takes some hundred');
    return group;
  }

  /** The platform's teams that were made before. */
  private get others(): Team[] {
    return this.platform.node
      .findAll()
      .filter((construct): construct is Team => construct instanceof Team && construct !== this);
  }

  private addRole(stage: Stage, unqueued: boolean, training: ITraining | undefined): void {
    const name = 'team-member';
    new k8s.KubeRole(stage, 'role', {
      metadata: { name },
      rules: memberRules({ queue: this.queue !== undefined, unqueued, training }),
    });
    new k8s.KubeRoleBinding(stage, 'role-binding', {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `${PREFIX}${this.group}` }],
    });
  }

  private addLimits(stage: Stage, { storage, pods = 500 }: TeamProps): void {
    const hard = {
      pods: String(pods),
      // From outside there is the gateway alone.
      'services.loadbalancers': '0',
      'services.nodeports': '0',
      ...(storage && { 'requests.storage': quantity(storage) }),
    };
    new k8s.KubeResourceQuota(stage, 'quota', {
      metadata: { name: 'team' },
      spec: {
        hard: Object.fromEntries(Object.entries(hard).map(([key, value]) => [key, k8s.Quantity.fromString(value)])),
      },
    });
    // A queue's namespace has some already.
    if (this.queue) return;
    new k8s.KubeLimitRange(stage, 'limit-range', {
      metadata: { name: 'default-requests' },
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: { cpu: k8s.Quantity.fromString('1'), memory: k8s.Quantity.fromString('2Gi') },
          },
        ],
      },
    });
  }

  /** Once for all teams. */
  private addApiServerInstructions(identity: IIdentityProvider): void {
    if (this.others.length > 0) return;
    const audience = identity.publicClient ?? '<id of a public client>';
    this.addInstruction({
      when: 'after',
      what:
        "Teams' members use kubectl once the API server knows the identity provider: put this file onto each server of the control plane, with the " +
        "issuer's authority as issuer.certificateAuthority where it is a private one, and name it by --authentication-config. Where the flag is set " +
        'with this distribution is in the README of the teams',
      command: `cat > /etc/kubernetes/authentication.yaml << 'EOF'\n${authenticationConfiguration(identity, audience, this.platform.kubernetesVersion)}EOF`,
    });
  }
}
