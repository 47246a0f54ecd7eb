import { type ICredentials, type ISecret, type RegistryAccess, SecretReference, type Stage } from '../../core';

/**
 * What a robot may do, by Harbor's resources and actions: the roles of people have the same.
 *
 * @see https://github.com/goharbor/harbor/blob/v2.15.1/src/common/rbac/const.go what robots can be given
 */
const PULL = [
  'repository:pull',
  'repository:list',
  'repository:read',
  'artifact:read',
  'artifact:list',
  'tag:list',
  'accessory:list',
];
const PUSH = [
  ...PULL,
  'repository:push',
  'repository:update',
  'artifact:create',
  'tag:create',
  'artifact-label:create',
  'scan:read',
];
const MAINTAIN = [
  ...PUSH,
  'repository:delete',
  'artifact:delete',
  'tag:delete',
  'artifact-label:delete',
  'scan:create',
  'scan:stop',
  'immutable-tag:create',
  'immutable-tag:list',
  'immutable-tag:update',
  'immutable-tag:delete',
  'tag-retention:read',
  'tag-retention:list',
  'tag-retention:create',
  'tag-retention:update',
  'tag-retention:delete',
];

const ROBOT: Readonly<Record<RegistryAccess, readonly string[]>> = { pull: PULL, push: PUSH, maintain: MAINTAIN };

/** Numbers of the roles: guest, developer, maintainer. @see https://github.com/goharbor/harbor/blob/v2.15.1/src/common/const.go */
export const ROLES: Readonly<Record<RegistryAccess, number>> = { pull: 3, push: 2, maintain: 4 };

/** The robot as Harbor's API takes it, when it is made and when it is changed. */
export function robotBodies(project: string, name: string, access: RegistryAccess): { create: object; update: object } {
  const robot = {
    level: 'project',
    // Never expires: what a pod is given once must not stop by itself.
    duration: -1,
    disable: false,
    permissions: [
      {
        kind: 'project',
        namespace: project,
        access: ROBOT[access].map((permission) => {
          const [resource, action] = permission.split(':');
          return { resource, action };
        }),
      },
    ],
  };
  return { create: { name, ...robot }, update: { name: `robot$${project}+${name}`, ...robot } };
}

/** A robot's account, which the configuring Job writes into each namespace that uses it. */
export class RobotCredentials implements ICredentials {
  readonly keys: readonly string[] = ['username', 'password', '.dockerconfigjson'];
  readonly readyAfter: readonly Stage[];
  readonly namespaces: string[] = [];

  constructor(
    /** Name of the Secret. */
    readonly name: string,
    stage: Stage,
    private readonly onUse: (namespace: string) => void,
  ) {
    this.readyAfter = stage.readyAfter;
  }

  in(namespace: string): ISecret {
    if (!this.namespaces.includes(namespace)) {
      this.onUse(namespace);
      this.namespaces.push(namespace);
    }
    return new SecretReference(namespace, this.name, this.keys, this.readyAfter);
  }
}
