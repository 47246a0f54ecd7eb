import { checkLabel, digest, fail, type ServiceAccountReference, show, type StoreRoleProps } from '../../core';
import { type Hcl, renderHcl } from './hcl';
import { KV_MOUNT, OWN } from './paths';
import { kubernetesRole, rule } from './scripts';

type Paths = readonly string[] | (() => readonly string[]);

const PATH = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const AUDIENCE_FORM = /^[\x21-\x7e]{1,253}$/;

/** Who signs in by a role. */
export type RoleSubject = Pick<StoreRoleProps, 'serviceAccount' | 'audience'>;

/** What the people of a group may do. */
interface GroupAccess {
  /** Paths of the KV store. */
  readonly secrets: Set<string>;
  readonly rules: Hcl[number][];
}

/** What the configuring Job puts into Vault: roles with their policies, and people's groups with theirs. */
export class Access {
  private readonly roles = new Map<
    string,
    { readonly owner: string; readonly policy: () => Hcl; readonly role: object }
  >();
  private readonly groups = new Map<string, GroupAccess>();
  /** The way in for people, where there is one. */
  oidc?: { readonly config: object; readonly role: object };

  constructor(private readonly path: string) {}

  /** Adds a role of this system's own. @returns its name */
  addOwnRole(
    name: string,
    serviceAccount: ServiceAccountReference,
    audience: string,
    policy: Hcl | (() => Hcl),
  ): string {
    this.put(
      `${OWN}${name}`,
      this.path,
      serviceAccount,
      audience,
      typeof policy === 'function' ? policy : () => policy,
    );
    return `${OWN}${name}`;
  }

  /** @throws when the name is no name or was asked for before, or a path can't be one */
  addRole(owner: string, name: string, props: StoreRoleProps): void {
    const { serviceAccount, audience, read = [], create = [], write = [] } = props;
    for (const paths of [read, create, write])
      if (typeof paths !== 'function') check(owner, `role ${show(name)}`, paths);
    this.addEngineRole(owner, name, { serviceAccount, audience }, () => {
      const policy = secretsPolicy(list(owner, name, read), list(owner, name, create), list(owner, name, write));
      return policy.length > 0
        ? policy
        : fail(
            owner,
            `role ${show(name)} may neither read, create nor write anything; give it paths, such as "platform/mlflow/*"`,
          );
    });
  }

  /**
   * Adds a role for what another engine than the KV store does.
   *
   * @throws when the name is no name or was asked for before
   */
  addEngineRole(owner: string, name: string, { serviceAccount, audience }: RoleSubject, policy: () => Hcl): void {
    checkLabel(owner, 'the name of a role', name, 40);
    if (name.startsWith(OWN)) {
      fail(
        owner,
        `the name of a role must not begin with "${OWN}", as Vault's own do, got ${show(name)}; choose another`,
      );
    }
    const other = this.roles.get(name);
    if (other) fail(owner, `the role ${show(name)} was asked for by ${other.owner}; choose another name`);
    checkLabel(owner, `role ${show(name)}: namespace of the service account`, serviceAccount.namespace);
    checkLabel(owner, `role ${show(name)}: name of the service account`, serviceAccount.name, 253);
    if (!AUDIENCE_FORM.test(audience)) {
      fail(
        owner,
        `role ${show(name)}: audience must be a word, got ${show(audience)}; without one, any token of the service account would do`,
      );
    }
    this.put(name, owner, serviceAccount, audience, policy);
  }

  /** @throws when the group has no name, or the path can't be one */
  allowGroup(group: string, secrets: string): void {
    checkGroup(this.path, group);
    if (!PATH.test(secrets)) {
      fail(
        this.path,
        `the path of group ${show(group)} must be words with "/" between them, got ${show(secrets)}; write it as "teams/vision", for everything below it`,
      );
    }
    this.group(group).secrets.add(secrets);
  }

  /** Lets a group do what another engine than the KV store does. @throws when the group has no name */
  allowGroupRules(group: string, rules: Hcl): void {
    checkGroup(this.path, group);
    this.group(group).rules.push(...rules);
  }

  /** The parts of the plan: `### KIND NAME` heads each. */
  get plan(): string {
    const parts: [kind: string, name: string, text: string][] = [];
    for (const [name, { policy, role }] of this.roles) {
      parts.push(['policy', policyOf(name), renderHcl(policy())], ['role', name, json(role)]);
    }
    for (const [group, { secrets, rules }] of [...this.groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const name = groupName(group);
      parts.push(
        ['policy', name, renderHcl([...groupPolicy([...secrets].sort()), ...rules])],
        ['group', name, json({ type: 'external', policies: [name] })],
        ['alias', name, json({ name: group })],
      );
    }
    if (this.oidc) parts.push(['oidc', 'config', json(this.oidc.config)], ['oidc', 'role', json(this.oidc.role)]);
    return parts.map(([kind, name, text]) => `### ${kind} ${name}\n${text}`).join('');
  }

  private group(name: string): GroupAccess {
    const known = this.groups.get(name) ?? { secrets: new Set(), rules: [] };
    this.groups.set(name, known);
    return known;
  }

  private put(
    name: string,
    owner: string,
    serviceAccount: ServiceAccountReference,
    audience: string,
    policy: () => Hcl,
  ): void {
    this.roles.set(name, { owner, policy, role: kubernetesRole(serviceAccount, audience, policyOf(name)) });
  }
}

function checkGroup(path: string, group: string): void {
  if (typeof group !== 'string' || group.trim() === '' || /[\n\r]/.test(group)) {
    fail(
      path,
      `the name of a group must be a text of one line, got ${show(group)}; write it as the identity provider does`,
    );
  }
}

function policyOf(role: string): string {
  return `${OWN}role-${role}`;
}

/** Groups of a directory have names of any form; Vault's are told apart by a digest of them. */
function groupName(group: string): string {
  const slug = group
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${OWN}group-${slug === '' ? '' : `${slug}-`}${digest(group)}`;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function list(owner: string, name: string, paths: Paths): readonly string[] {
  const all = typeof paths === 'function' ? paths() : paths;
  check(owner, `role ${show(name)}`, all);
  return all;
}

function check(owner: string, what: string, paths: readonly string[]): void {
  for (const path of paths) {
    if (PATH.test(path.replace(/\/\*$|(?<=[A-Za-z0-9._-])\*$/, ''))) continue;
    fail(
      owner,
      `${what}: a path must be words with "/" between them and "*" at most at its end, got ${show(path)}; write it as "platform/mlflow/*", below the store's mount`,
    );
  }
}

/**
 * The rights to secrets by their paths in the KV store. A secret's versions are below `data`; what there is, and notes on it, below `metadata`,
 * where writers mark what they keep in step.
 *
 * @see https://developer.hashicorp.com/vault/docs/v1.21.x/secrets/kv/kv-v2#acl-rules
 */
function secretsPolicy(read: readonly string[], create: readonly string[], write: readonly string[]): Hcl {
  const writes = new Set(write);
  const reads = new Set(read.filter((path) => !writes.has(path)));
  const creates = new Set(create.filter((path) => !writes.has(path)));
  return [
    ...[...new Set([...creates, ...reads])].sort().flatMap((path) => [
      // A path that ever held a secret isn't there to be created: a right to create alone changes nothing.
      rule(`${KV_MOUNT}/data/${path}`, ...(creates.has(path) ? ['create'] : []), ...(reads.has(path) ? ['read'] : [])),
      ...(reads.has(path) ? [rule(`${KV_MOUNT}/metadata/${path}`, 'read', 'list')] : []),
    ]),
    ...[...writes]
      .sort()
      .flatMap((path) => [
        rule(`${KV_MOUNT}/data/${path}`, 'create', 'read', 'update', 'patch', 'delete'),
        rule(`${KV_MOUNT}/metadata/${path}`, 'create', 'read', 'update', 'patch', 'delete', 'list'),
      ]),
  ];
}

/** People may read and write, and bring back what they deleted; what is destroyed, with all versions, is gone for good, and is not theirs to do. */
function groupPolicy(paths: readonly string[]): Hcl {
  return paths.flatMap((path) => [
    rule(`${KV_MOUNT}/data/${path}/*`, 'create', 'read', 'update', 'patch', 'delete'),
    rule(`${KV_MOUNT}/delete/${path}/*`, 'update'),
    rule(`${KV_MOUNT}/undelete/${path}/*`, 'update'),
    rule(`${KV_MOUNT}/metadata/${path}/*`, 'read', 'list'),
  ]);
}
