import { Construct } from 'constructs';
import { type Stage } from '../../core';
import * as k8s from '../../core/k8s';
import { frameworkOf, type KueueFramework } from './frameworks';

const READ = ['get', 'list', 'watch'];
const EDIT = [...READ, 'create', 'update', 'patch', 'delete'];
const ADMIN = 'rbac.kueue.x-k8s.io/batch-admin';
const USER = 'rbac.kueue.x-k8s.io/batch-user';

/** The ClusterRole of those who send jobs into a queue; bound in the queue's namespace. */
export const BATCH_USER = 'kueue-batch-user-role';
/** The ClusterRole of those who run the queues; bound for the whole cluster. */
export const BATCH_ADMIN = 'kueue-batch-admin-role';

/** Who has a part: administrators of queues, their users, and of the cluster's own roles everybody or `admin` alone. */
interface Audience {
  readonly user?: boolean;
  readonly aggregate?: 'all' | 'admin';
}

/**
 * What people may do, as upstream's roles of the same names: two roles that are put together by label from one for each kind, so that who adds
 * a kind of jobs adds a role and no more.
 */
export class UserRoles extends Construct {
  constructor(stage: Stage, id: string, frameworks: readonly KueueFramework[], visibility: boolean) {
    super(stage, id);
    for (const [name, label] of [
      [BATCH_ADMIN, ADMIN],
      [BATCH_USER, USER],
    ] as const) {
      // The API server fills in the rules.
      new k8s.KubeClusterRole(this, name, {
        metadata: { name },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
      });
    }
    for (const [role, resource] of [
      ['clusterqueue', 'clusterqueues'],
      ['cohort', 'cohorts'],
      ['resourceflavor', 'resourceflavors'],
      ['topology', 'topologies'],
    ] as const) {
      this.pair(role, 'kueue.x-k8s.io', resource, {}, { aggregate: 'admin' });
    }
    for (const [role, resource] of [
      ['localqueue', 'localqueues'],
      ['workload', 'workloads'],
    ] as const) {
      this.pair(role, 'kueue.x-k8s.io', resource, {}, { user: true, aggregate: 'all' });
    }
    for (const { users } of frameworks.map(frameworkOf)) {
      if (users) this.pair(users.role, users.group, users.resource, { user: true }, { user: true, aggregate: 'all' });
    }
    if (visibility) {
      const pending = (resource: string) => [
        { apiGroups: ['visibility.kueue.x-k8s.io'], resources: [`${resource}/pendingworkloads`], verbs: READ },
      ];
      this.role('pending-workloads-cq-viewer', { aggregate: 'all' }, pending('clusterqueues'));
      this.role('pending-workloads-lq-viewer', { user: true, aggregate: 'all' }, pending('localqueues'));
    }
  }

  private pair(role: string, group: string, resource: string, editor: Audience, viewer: Audience): void {
    const rules = (verbs: string[]) => [
      { apiGroups: [group], resources: [resource], verbs },
      { apiGroups: [group], resources: [`${resource}/status`], verbs: ['get'] },
    ];
    this.role(`${role}-editor`, editor, rules(EDIT));
    this.role(`${role}-viewer`, viewer, rules(READ));
  }

  private role(role: string, { user, aggregate }: Audience, rules: k8s.PolicyRule[]): void {
    const name = `kueue-${role}-role`;
    const roles = aggregate === 'all' ? ['view', 'edit', 'admin'] : aggregate === 'admin' ? ['admin'] : [];
    new k8s.KubeClusterRole(this, name, {
      metadata: {
        name,
        labels: {
          'rbac.kueue.x-k8s.io/role': role,
          [ADMIN]: 'true',
          ...(user && { [USER]: 'true' }),
          ...Object.fromEntries(roles.map((to) => [`rbac.authorization.k8s.io/aggregate-to-${to}`, 'true'])),
        },
      },
      rules,
    });
  }
}
