import { Duration } from 'cdk8s';
import { dump } from 'js-yaml';
import { External, type Platform } from '../../lib/core';
import { Postgres } from '../../lib/data/postgres';
import { type VaultDatabase, type VaultDatabaseProps } from '../../lib/security/vault';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';
import { Directory, fileOf, gateway, type Lab, make, planOf } from './vault-support';

interface Made extends Lab {
  readonly database: VaultDatabase;
}

/** A database of our own server, of whose users Vault takes care. */
function own(props: Omit<VaultDatabaseProps, 'database'> = {}, lab: Lab = make()): Made {
  const postgres = new Postgres(lab.lab, 'postgres', { certificates: lab.certificates });
  const database = lab.vault.addDatabase('experiments', { database: postgres.addDatabase('experiments'), ...props });
  return { ...lab, database };
}

const people = () => make((p) => ({ gateway: gateway(p), identity: new Directory(p) }));
const elsewhere = (lab: Platform, sslMode: 'require' | 'verify-full' = 'verify-full') =>
  External.postgres(lab, {
    host: 'db.corp.example',
    port: 5433,
    cidr: '10.9.0.7/32',
    database: 'runs',
    credentials: { name: 'runs-db' },
    sslMode,
    authority: { name: 'db-ca' },
    userAdministrator: { credentials: { name: 'runs-users' }, owner: 'Runs "app"', reader: "runs's reader" },
  });

const planOfDatabase = (lab: Platform, name = 'experiments') => fileOf(lab, `database-${name}-plan`, 'vault-plan');
const policyOf = (lab: Platform, name: string) =>
  planOf(lab)
    .split('### ')
    .find((part) => part.startsWith(`policy ${name}\n`));

describe('a database whose users Vault makes', () => {
  test('links without a finding, on our own server and elsewhere', () => {
    const { lab, vault, database } = own({}, people());
    database.allowGroup('vision', 'read');
    database.addRole(lab, 'reports', {
      serviceAccount: { namespace: 'reports', name: 'reports' },
      audience: 'vault',
      access: 'own',
    });
    vault.addDatabase('runs', { database: elsewhere(lab) });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its plan, and what its Job and those that use it may do, as they are by default', () => {
    const { lab, database } = own({}, people());
    database.allowGroup('vision', 'read');
    database.addRole(lab, 'reports', {
      serviceAccount: { namespace: 'reports', name: 'reports' },
      audience: 'vault',
      access: 'own',
    });
    const policies = planOf(lab)
      .split('### ')
      .filter((part) => /^\S+ \S*(database-experiments|reports|vision-\w+)\n/.test(part));
    const { spec } = objectOf<{ spec: object }>(lab, 'Job', /^database-experiments-/, 'vault');
    expectGolden(
      'security/golden/vault-database.yaml',
      [dump(spec), planOfDatabase(lab), policies.join('### ')].join('---\n'),
    );
  });

  test('opens the way from the servers to the database, and not from its Job', () => {
    const { lab } = own();
    const to = (name: string) =>
      JSON.stringify(objectOf<{ spec: { egress: object } }>(lab, 'NetworkPolicy', name, 'vault').spec.egress);
    expect(to('vault')).toContain('"kubernetes.io/metadata.name":"postgres"');
    expect(to('database-experiments')).not.toContain('postgres');
    expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'postgres', 'postgres'))).toContain(
      '"kubernetes.io/metadata.name":"vault"',
    );
    expect(JSON.stringify(objectOf(make().lab, 'NetworkPolicy', 'vault', 'vault'))).not.toContain('postgres');
  });

  test('lets groups and service accounts have users, each of the access that was given', () => {
    const { lab, vault, database } = own({}, people());
    vault.allowGroup('vision', 'teams/vision');
    database.allowGroup('vision', 'read');
    database.addRole(lab, 'reports', {
      serviceAccount: { namespace: 'reports', name: 'reports' },
      audience: 'vault',
      access: 'own',
    });
    expect(policyOf(lab, 'platform-role-reports')).toBe(
      'policy platform-role-reports\npath "database/creds/experiments-own" {\n  capabilities = ["read"]\n}\n',
    );
    const group =
      planOf(lab)
        .split('### ')
        .find((part) => part.startsWith('policy platform-group-vision')) ?? '';
    expect(group).toContain('path "kv/data/teams/vision/*"');
    expect(group).toContain('path "database/creds/experiments-read"');
    expect(group).not.toContain('experiments-own');
    expect(database.credentialsPath('read')).toBe('database/creds/experiments-read');
  });

  test('is made after the account that makes users, by a role of its own', () => {
    const { lab, database, vault } = own();
    expect(database.readyAfter[0]?.needs.map(({ node }) => node.path)).toEqual([
      'lab/vault/configure',
      'lab/postgres/configure',
      'lab/postgres/users-experiments',
    ]);
    expect(vault.readyAfter.map(({ node }) => node.path)).toEqual(['lab/vault/configure']);
    expect(policyOf(lab, 'platform-role-platform-database-experiments')?.match(/path "[^"]*"/g)).toEqual([
      'path "sys/mounts/database"',
      'path "database/config/experiments"',
      'path "database/roles/experiments-read"',
      'path "database/roles/experiments-own"',
    ]);
  });

  test('users live as long as asked', () => {
    const { lab } = own({ ttl: Duration.minutes(10), maxTtl: Duration.hours(2) });
    expect(planOfDatabase(lab).match(/"(default|max)_ttl": "\w+"/g)).toEqual([
      '"default_ttl": "600s"',
      '"max_ttl": "7200s"',
      '"default_ttl": "600s"',
      '"max_ttl": "7200s"',
    ]);
  });

  test('elsewhere is verified by its own authority, and has names quoted as SQL asks', () => {
    const { lab, vault } = make();
    vault.addDatabase('runs', { database: elsewhere(lab) });
    const plan = planOfDatabase(lab, 'runs');
    expect(plan).toContain('"postgresql://{{username}}:{{password}}@db.corp.example:5433/runs?sslmode=verify-full"');
    expect(plan).toContain(String.raw`IN ROLE \"Runs \"\"app\"\"\"`);
    expect(plan).toContain(String.raw`SET role = 'Runs \"app\"'`);
    expect(plan).toContain(String.raw`IN ROLE \"runs's reader\"`);
    const volumes = JSON.stringify(objectOf(lab, 'Job', /^database-runs-/, 'vault'));
    expect(volumes).toContain('"secretName":"db-ca"');
    expect(volumes).toContain('"secretName":"runs-users"');
    expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'vault', 'vault'))).toContain('"cidr":"10.9.0.7/32"');
    const plain = make();
    plain.vault.addDatabase('runs', { database: elsewhere(plain.lab, 'require') });
    expect(JSON.stringify(objectOf(plain.lab, 'Job', /^database-runs-/, 'vault'))).not.toContain('db-ca');
  });

  test('keeps the password out of all objects', () => {
    const { lab } = own();
    const passwords = objectsOf(lab)
      .filter(({ kind }) => kind === 'ConfigMap')
      .flatMap((object) => JSON.stringify(object).match(/PASSWORD '[^']*'/g) ?? []);
    expect(new Set(passwords)).toEqual(new Set(["PASSWORD '{{password}}'"]));
  });

  test('refuses what can not be', () => {
    const { lab, vault } = make();
    const database = new Postgres(lab, 'postgres').addDatabase('experiments');
    const bare = External.postgres(lab, {
      host: 'db.corp.example',
      port: 5432,
      database: 'runs',
      credentials: { name: 'runs-db' },
    });
    expect(() => vault.addDatabase('runs', { database: bare })).toThrow(
      'lab: nobody may make users of database "runs" of db.corp.example; have an account made there that may, and pass it as userAdministrator',
    );
    const made = vault.addDatabase('experiments', { database });
    expect(() => vault.addDatabase('experiments', { database })).toThrow(
      'lab/vault: database "experiments" was added before; use what was returned then',
    );
    expect(() => vault.addDatabase('Runs', { database })).toThrow(
      'the name of a database must be of lower-case letters',
    );
    expect(() => vault.addDatabase('a', { database, ttl: Duration.seconds(59) })).toThrow(
      'lab/vault: ttl of database "a" must be at least a minute, got 59 seconds; give more',
    );
    expect(() => vault.addDatabase('b', { database, maxTtl: Duration.minutes(30) })).toThrow(
      'lab/vault: maxTtl of database "b" must be from its ttl of 3600 seconds to 31 days, got 1800 seconds; write Duration.hours(24)',
    );
    expect(() => vault.addDatabase('c', { database, maxTtl: Duration.days(32) })).toThrow(
      'to 31 days, got 2764800 seconds',
    );
    expect(() => made.allowGroup('vision', 'read')).toThrow(
      `lab/vault: group "vision" can't be let in, since nobody says who is in it; pass identity, and a gateway by which people come`,
    );
    expect(() => made.credentialsPath('write' as 'read')).toThrow(
      'lab/vault: access to database "experiments" must be "read" or "own", got "write"; choose one',
    );
    const subject = { serviceAccount: { namespace: 'a', name: 'a' }, access: 'read' } as const;
    expect(() => made.addRole(lab, 'a', { ...subject, audience: '' })).toThrow(
      'role "a": audience must be a word, got ""',
    );
    made.addRole(lab, 'a', { ...subject, audience: 'vault' });
    expect(() => made.addRole(lab, 'a', { ...subject, audience: 'vault' })).toThrow(
      'the role "a" was asked for by lab',
    );
  });
});
