import { type Platform, type StoreRoleProps } from '../../lib/core';
import { type Vault } from '../../lib/security/vault';
import { findingsOf, testPlatform } from '../support';
import { Directory, gateway, make, planOf } from './vault-support';

const ROLE: StoreRoleProps = {
  serviceAccount: { namespace: 'secrets', name: 'operator' },
  audience: 'vault',
  read: ['platform/mlflow/*'],
};
const people = () => make((lab: Platform) => ({ gateway: gateway(lab), identity: new Directory(lab) }));

/** The text of one part of the plan. */
function part(lab: Platform, kind: string, name: string): string {
  const found = planOf(lab)
    .split(/^### /m)
    .find((text) => text.startsWith(`${kind} ${name}\n`));
  if (found === undefined) throw new Error(`no ${kind} ${name} in:\n${planOf(lab)}`);
  return found.slice(found.indexOf('\n') + 1);
}

describe('a role', () => {
  test('is for one service account, by tokens for its audience', () => {
    const { lab, vault } = make();
    const role = vault.addRole(lab, 'operator', ROLE);
    expect(role).toMatchObject({ name: 'operator' });
    expect(role.readyAfter).toEqual(vault.readyAfter);
    expect(JSON.parse(part(lab, 'role', 'operator'))).toEqual({
      bound_service_account_names: ['operator'],
      bound_service_account_namespaces: ['secrets'],
      audience: 'vault',
      token_policies: ['platform-role-operator'],
      token_ttl: '20m',
      token_max_ttl: '1h',
    });
  });

  test('reads what it may read, and no more', () => {
    const { lab, vault } = make();
    vault.addRole(lab, 'operator', { ...ROLE, read: ['platform/mlflow/*', 'shared'] });
    expect(part(lab, 'policy', 'platform-role-operator')).toBe(`path "kv/data/platform/mlflow/*" {
  capabilities = ["read"]
}
path "kv/metadata/platform/mlflow/*" {
  capabilities = ["read", "list"]
}
path "kv/data/shared" {
  capabilities = ["read"]
}
path "kv/metadata/shared" {
  capabilities = ["read", "list"]
}
`);
  });

  test('writes what it may write, and reads it too', () => {
    const { lab, vault } = make();
    vault.addRole(lab, 'operator', { ...ROLE, read: ['minted/*'], write: ['minted/*'] });
    expect(part(lab, 'policy', 'platform-role-operator')).toBe(`path "kv/data/minted/*" {
  capabilities = ["create", "read", "update", "patch", "delete"]
}
path "kv/metadata/minted/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}
`);
  });

  test('puts what has never been there, and changes nothing', () => {
    const { lab, vault } = make();
    vault.addRole(lab, 'seed', { ...ROLE, read: ['both', 'platform/read'], create: ['both', 'platform/made'] });
    expect(part(lab, 'policy', 'platform-role-seed')).toBe(`path "kv/data/both" {
  capabilities = ["create", "read"]
}
path "kv/metadata/both" {
  capabilities = ["read", "list"]
}
path "kv/data/platform/made" {
  capabilities = ["create"]
}
path "kv/data/platform/read" {
  capabilities = ["read"]
}
path "kv/metadata/platform/read" {
  capabilities = ["read", "list"]
}
`);
  });

  test('may have paths that are known at the end alone', () => {
    const { lab, vault } = make();
    const read: string[] = [];
    vault.addRole(lab, 'operator', { ...ROLE, read: () => read });
    read.push('late/*');
    expect(part(lab, 'policy', 'platform-role-operator')).toContain('path "kv/data/late/*"');
    expect(findingsOf(lab)).toEqual([]);
  });

  test.each<[string, string, Partial<StoreRoleProps>, string]>([
    [
      'a name that is none',
      'Operator',
      {},
      'the name of a role must be of lower-case letters, digits and "-" between them, got "Operator"; did you mean "operator"?',
    ],
    [
      "a name of Vault's own",
      'platform-snapshot',
      {},
      'the name of a role must not begin with "platform-", as Vault\'s own do, got "platform-snapshot"; choose another',
    ],
    ['a name twice', 'taken', {}, 'the role "taken" was asked for by lab; choose another name'],
    [
      'a service account that is none',
      'new',
      { serviceAccount: { namespace: 'secrets', name: '*' } },
      'role "new": name of the service account must be of lower-case letters, digits and "-" between them, got "*"',
    ],
    [
      'no audience',
      'new',
      { audience: '' },
      'role "new": audience must be a word, got ""; without one, any token of the service account would do',
    ],
    ...['*', '/platform', 'platform/', 'a/*/b', 'a//b', 'a b'].map(
      (path): [string, string, Partial<StoreRoleProps>, string] => [
        `the path ${path}`,
        'new',
        { read: [path] },
        `role "new": a path must be words with "/" between them and "*" at most at its end, got "${path}"; write it as "platform/mlflow/*", below the store's mount`,
      ],
    ),
  ])('refuses %s', (_what, name, props, message) => {
    const { lab, vault } = make();
    vault.addRole(lab, 'taken', ROLE);
    expect(() => vault.addRole(lab, name, { ...ROLE, ...props })).toThrow(new Error(`lab: ${message}`));
  });

  test('that may do nothing is refused, and so is a late path that is none', () => {
    const late = (read: () => readonly string[]) => {
      const { lab, vault } = make();
      vault.addRole(lab, 'operator', { ...ROLE, read });
      return () => planOf(lab);
    };
    expect(late(() => [])).toThrow(
      'lab: role "operator" may neither read, create nor write anything; give it paths, such as "platform/mlflow/*"',
    );
    expect(late(() => ['/x'])).toThrow('lab: role "operator": a path must be words with "/" between them');
  });

  test('of another platform is refused', () => {
    const { vault } = make();
    expect(() => vault.addRole(testPlatform(), 'operator', ROLE)).toThrow('uses lab/vault of platform "lab"');
  });
});

describe('a group', () => {
  const group = (vault: Vault, ...paths: string[]) =>
    paths.forEach((path) => vault.allowGroup('CN=Vision, OU=Labs', path));

  test('reads and writes below its paths, and destroys nothing for good', () => {
    const { lab, vault } = people();
    group(vault, 'teams/vision', 'shared');
    const name = /### group (\S+)/.exec(planOf(lab))![1]!;
    expect(name).toMatch(/^platform-group-cn-vision-ou-labs-[0-9a-f]{8}$/);
    expect(JSON.parse(part(lab, 'group', name))).toEqual({ type: 'external', policies: [name] });
    expect(JSON.parse(part(lab, 'alias', name))).toEqual({ name: 'CN=Vision, OU=Labs' });
    const policy = part(lab, 'policy', name);
    for (const path of ['kv/data/teams/vision/*', 'kv/undelete/teams/vision/*', 'kv/data/shared/*'])
      expect(policy).toContain(`path "${path}"`);
    expect(policy).not.toContain('destroy');
    expect(/path "kv\/metadata\/shared\/\*" \{\n {2}capabilities = (.*)\n/.exec(policy)![1]).toBe('["read", "list"]');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('is told apart from one of nearly the same name', () => {
    const { lab, vault } = people();
    vault.allowGroup('ml ops', 'a');
    vault.allowGroup('ml-ops', 'b');
    expect(new Set(planOf(lab).match(/^### group .*/gm)).size).toBe(2);
  });

  test('is refused where nobody says who is in it, without a name, and with a path that is none', () => {
    expect(() => make().vault.allowGroup('ml', 'teams/ml')).toThrow(
      'lab/vault: group "ml" can\'t be let in, since nobody says who is in it; pass identity, and a gateway by which people come',
    );
    const { vault } = people();
    expect(() => vault.allowGroup(' ', 'teams/ml')).toThrow(
      'lab/vault: the name of a group must be a text of one line, got " "; write it as the identity provider does',
    );
    for (const path of ['*', 'teams/*', '/teams', ''])
      expect(() => vault.allowGroup('ml', path)).toThrow(
        `lab/vault: the path of group "ml" must be words with "/" between them, got "${path}"; write it as "teams/vision", for everything below it`,
      );
  });
});
