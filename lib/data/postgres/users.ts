import { Size } from 'cdk8s';
import { ConfigFiles, type ICredentials, type IPostgresUserAdministrator, Job, type Stage, volume } from '../../core';
import { UNSEEN } from './scripts';
import { clientContainer, type ServerAccess } from './server-client';

const FOLDER = '/users';

/**
 * The account may make roles, and so those alone that it made and those that it was given with the admin option: the owner and the reader. What it
 * makes it may act as, or it couldn't hand over what a user leaves behind.
 *
 * @see https://www.postgresql.org/docs/17/role-attributes.html
 * @see https://www.postgresql.org/docs/17/runtime-config-client.html#GUC-CREATEROLE-SELF-GRANT
 */
const USERS = `${UNSEEN}\\getenv name DATABASE
\\getenv owner OWNER
\\getenv reader READER
\\getenv administrator ADMINISTRATOR
\\getenv password ADMINISTRATOR_PASSWORD
SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'reader', :'administrator']) AS role
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \\gexec
ALTER ROLE :"reader" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"administrator" LOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
ALTER ROLE :"administrator" SET createrole_self_grant = 'set, inherit';
GRANT :"owner", :"reader" TO :"administrator" WITH ADMIN TRUE, INHERIT TRUE, SET TRUE;
GRANT CONNECT ON DATABASE :"name" TO :"reader";
\\connect :"name"
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO :"reader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT ON TABLES TO :"reader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT ON SEQUENCES TO :"reader";
SELECT format(right_to || ' TO %I', nspname, :'reader')
  FROM pg_namespace, unnest(ARRAY['GRANT USAGE ON SCHEMA %I', 'GRANT SELECT ON ALL TABLES IN SCHEMA %I', 'GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I']) AS right_to
  WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' \\gexec
`;

const USERS_JOB = `set -euo pipefail
bash /scripts/wait.sh
exec psql -X -v ON_ERROR_STOP=1 -f ${FOLDER}/users.sql
`;

/** The roles beside a database's owner. A database's name has no dash, so that they can't be another's owner. */
export const userRoles = (database: string) => ({ reader: `${database}-reader`, administrator: `${database}-users` });

export interface UserAdministratorProps {
  /** Name of the database. */
  readonly name: string;
  /** The database's owner. */
  readonly owner: ICredentials;
  /** The account's own. */
  readonly credentials: ICredentials;
  readonly server: ServerAccess;
  readonly origin?: string;
}

/** The account that makes users of a database, and the role of those that may read, with the Job that makes both. */
export function addUserAdministrator(
  stage: Stage,
  id: string,
  props: UserAdministratorProps,
): IPostgresUserAdministrator {
  const { name, owner, credentials, server, origin } = props;
  const { reader } = userRoles(name);
  const secret = credentials.in(stage.namespace!);
  const files = new ConfigFiles(stage, `${id}-scripts`, { 'users.sh': USERS_JOB, 'users.sql': USERS });
  const job = new Job(stage, id, {
    restartOn: [server.scripts, files],
    containers: [
      clientContainer(server, {
        name: 'psql',
        script: `${FOLDER}/users.sh`,
        memory: Size.mebibytes(64),
        scratch: Size.mebibytes(64),
        env: {
          DATABASE: name,
          OWNER: owner.in(stage.namespace!).env('username'),
          READER: reader,
          ADMINISTRATOR: secret.env('username'),
          ADMINISTRATOR_PASSWORD: secret.env('password'),
          ...(origin ? { DATA_FROM: origin } : {}),
        },
        mounts: [{ path: FOLDER, volume: volume.config('users', files) }],
      }),
    ],
  });
  job.connectTo(server.endpoint);
  // A role that owns a database bears its name.
  return { credentials, owner: name, reader, readyAfter: stage.readyAfter };
}
