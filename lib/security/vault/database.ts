import { Duration } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  checkSamePlatform,
  fail,
  type IPostgresDatabase,
  type IPostgresUserAdministrator,
  type IStoreRole,
  type Mount,
  type ServiceAccountReference,
  show,
  type Stage,
  volume,
} from '../../core';
import { type Access } from './access';
import { type ServerAccess } from './client';
import { addEngineJob, part } from './engine';
import { DATABASE } from './engine-scripts';
import { type Hcl } from './hcl';
import { PATHS } from './paths';
import { rule } from './scripts';
import { type Vault } from './vault';

/** Where the engine for databases is mounted. */
const MOUNT = 'database';

/** What a user may do: read all of the database, or all that its owner may. */
export type DatabaseAccess = 'read' | 'own';
const ACCESS = ['read', 'own'] as const;

export interface VaultDatabaseProps {
  /** Whose users Vault makes: `postgres.addDatabase("experiments")`. PostgreSQL 16 or later. */
  readonly database: IPostgresDatabase;
  /** How long a user lives that isn't renewed, from a minute on. @default 1 hour */
  readonly ttl?: Duration;
  /** Longest that a user lives, renewed or not, at most 31 days. @default 24 hours */
  readonly maxTtl?: Duration;
}

export interface DatabaseRoleProps {
  /** Who signs in by it, with a token of its own. */
  readonly serviceAccount: ServiceAccountReference;
  /** Audience that its tokens must be made for. */
  readonly audience: string;
  /** What its users may do. */
  readonly access: DatabaseAccess;
}

export interface DatabaseContext {
  readonly vault: Vault;
  readonly access: Access;
  readonly servers: ServerAccess;
  readonly stage: Stage;
}

/** A database whose users Vault makes when they are asked for, and takes away when their time is over. */
export class VaultDatabase {
  readonly readyAfter: readonly Stage[];
  private readonly path: string;
  private readonly ttl: Duration;
  private readonly maxTtl: Duration;

  constructor(
    private readonly name: string,
    private readonly context: DatabaseContext,
    { database, ...props }: VaultDatabaseProps,
    administrator: IPostgresUserAdministrator,
  ) {
    const { vault, access, servers, stage } = context;
    this.path = vault.node.path;
    this.readyAfter = stage.readyAfter;
    this.ttl = props.ttl ?? Duration.hours(1);
    this.maxTtl = props.maxTtl ?? Duration.hours(24);
    this.check();
    addEngineJob(stage, `database-${name}`, {
      servers,
      access,
      mount: MOUNT,
      script: DATABASE,
      plan: () => this.plan(database, administrator),
      policy: () => this.policy,
      env: { DATABASE: name },
      mounts: administratorMounts(stage, database, administrator),
    });
  }

  /** Path by which users are made: `vault read database/creds/experiments-read`. */
  credentialsPath(access: DatabaseAccess): string {
    return `${MOUNT}/creds/${this.role(access)}`;
  }

  /**
   * Lets a service account have users made for itself.
   * @throws when the name of the role was asked for before
   */
  addRole(scope: Construct, name: string, { access, ...subject }: DatabaseRoleProps): IStoreRole {
    checkSamePlatform(scope, this.context.vault);
    const path = this.credentialsPath(access);
    this.context.access.addEngineRole(scope.node.path, name, subject, () => [rule(path, 'read')]);
    // Where the role is there, its users can't be made before the engine is.
    return { name, readyAfter: this.readyAfter };
  }

  /**
   * Lets people of a group have users made for themselves.
   * @throws where nobody says who is in it
   */
  allowGroup(group: string, access: DatabaseAccess): void {
    const { vault } = this.context;
    vault.checkPeople(group);
    this.context.access.allowGroupRules(group, [rule(this.credentialsPath(access), 'read')]);
  }

  private role(access: DatabaseAccess): string {
    if (!ACCESS.includes(access))
      fail(this.path, `access to database ${show(this.name)} must be "read" or "own", got ${show(access)}; choose one`);
    return `${this.name}-${access}`;
  }

  /** @see https://developer.hashicorp.com/vault/api-docs/secret/databases/postgresql */
  private plan(database: IPostgresDatabase, { owner, reader }: IPostgresUserAdministrator): string {
    const { host, port } = database.endpoint;
    const as = (role: string) =>
      `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE ${quoted(role)}`;
    const role = (...creation: string[]) => ({
      db_name: this.name,
      creation_statements: creation,
      revocation_statements: [
        // Who is in stays in, though the role is gone.
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'`,
        `REASSIGN OWNED BY "{{name}}" TO ${quoted(owner)}`,
        `DROP OWNED BY "{{name}}"`,
        `DROP ROLE IF EXISTS "{{name}}"`,
      ],
      default_ttl: `${this.ttl.toSeconds()}s`,
      max_ttl: `${this.maxTtl.toSeconds()}s`,
    });
    return [
      part('connection', 'postgresql', {
        plugin_name: 'postgresql-database-plugin',
        connection_url: `postgresql://{{username}}:{{password}}@${host}:${port}/${database.name}?sslmode=${database.sslMode}`,
        // The server then gets a hash of each password, and can't log it.
        password_authentication: 'scram-sha-256',
        allowed_roles: ACCESS.map((access) => this.role(access)),
        max_open_connections: 2,
        verify_connection: true,
      }),
      part('role', this.role('read'), role(as(reader))),
      // What such a user makes is the owner's, unless he takes pains that it isn't.
      part('role', this.role('own'), role(as(owner), `ALTER ROLE "{{name}}" SET role = ${literal(owner)}`)),
    ].join('');
  }

  private get policy(): Hcl {
    return [
      rule(`${MOUNT}/config/${this.name}`, 'create', 'update'),
      ...ACCESS.map((access) => rule(`${MOUNT}/roles/${this.role(access)}`, 'create', 'update')),
    ];
  }

  private check(): void {
    const { path, name } = this;
    const ttl = this.ttl.toSeconds({ integral: false });
    const most = this.maxTtl.toSeconds({ integral: false });
    if (ttl < 60) fail(path, `ttl of database ${show(name)} must be at least a minute, got ${ttl} seconds; give more`);
    if (most < ttl || most > 31 * 24 * 3600) {
      fail(
        path,
        `maxTtl of database ${show(name)} must be from its ttl of ${ttl} seconds to 31 days, got ${most} seconds; write Duration.hours(24)`,
      );
    }
  }
}

function administratorMounts(
  stage: Stage,
  database: IPostgresDatabase,
  { credentials }: IPostgresUserAdministrator,
): Mount[] {
  const secret = credentials.in(stage.namespace!);
  const authority = database.sslMode === 'verify-full' ? database.authority(stage) : undefined;
  return [
    {
      path: PATHS.administrator,
      volume: volume.secret('administrator', secret, { username: 'username', password: 'password' }),
    },
    ...(authority
      ? [
          {
            path: PATHS.databaseAuthority,
            volume: volume.secret('database-authority', authority, { 'ca.crt': 'ca.crt' }),
          },
        ]
      : []),
  ];
}

/** A name in SQL. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
