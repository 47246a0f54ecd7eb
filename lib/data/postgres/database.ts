import { Size } from 'cdk8s';
import {
  type ICertificateIssuer,
  type ICredentials,
  type IEndpoint,
  type IPostgresDatabase,
  type IPostgresUserAdministrator,
  type ISecret,
  Job,
  type Stage,
  fail,
  show,
} from '../../core';
import { clientContainer, type ServerAccess, sslMode } from './server-client';

/** The server's own databases and roles, and what SQL keeps for itself as a role's name. */
const RESERVED = ['postgres', 'template0', 'template1', 'metrics', 'public', 'none', 'replication', 'all'];
const IDENTIFIER = /^[a-z][a-z0-9_]{0,31}$/;

/** @throws when it can't be the name of a database and a role */
export function checkDatabaseName(path: string, name: string): void {
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) {
    const mend = String(name)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^[^a-z]+|_+$/g, '')
      .slice(0, 32);
    fail(
      path,
      `a database's name must be a letter and up to 31 lower-case letters, digits and "_", got ${show(name)}${mend ? `; did you mean ${show(mend)}?` : '; give it one such as "mlflow"'}`,
    );
  }
  if (RESERVED.includes(name) || name.startsWith('pg_')) {
    fail(
      path,
      `a database can't be called ${show(name)}, which PostgreSQL or this system uses itself; choose another name`,
    );
  }
}

export interface DatabaseProps {
  readonly name: string;
  readonly stage: Stage;
  readonly server: ServerAccess;
  readonly credentials: ICredentials;
  readonly certificates?: ICertificateIssuer;
  /** What the server's data come from; with other data the role and the database are made again. */
  readonly origin?: string;
  /** Has the account made that makes users. */
  readonly addUserAdministrator: () => IPostgresUserAdministrator;
}

/** A database and the role that owns it, with the Job that makes both. */
export class Database implements IPostgresDatabase {
  readonly name: string;
  readonly endpoint: IEndpoint;
  readonly credentials: ICredentials;
  readonly sslMode: IPostgresDatabase['sslMode'];
  readonly readyAfter: readonly Stage[];
  private readonly certificates?: ICertificateIssuer;
  private readonly addUserAdministrator: () => IPostgresUserAdministrator;
  private administrator?: IPostgresUserAdministrator;

  constructor({ name, stage, server, credentials, certificates, origin, addUserAdministrator }: DatabaseProps) {
    this.name = name;
    this.endpoint = server.endpoint;
    this.credentials = credentials;
    this.sslMode = sslMode(server);
    this.readyAfter = stage.readyAfter;
    this.certificates = certificates;
    this.addUserAdministrator = addUserAdministrator;

    const secret = credentials.in(stage.namespace!);
    const job = new Job(stage, `database-${name.replaceAll('_', '-')}`, {
      restartOn: [server.scripts],
      containers: [
        clientContainer(server, {
          name: 'psql',
          script: 'database.sh',
          memory: Size.mebibytes(64),
          scratch: Size.mebibytes(64),
          env: {
            DATABASE: name,
            ROLE: secret.env('username'),
            ROLE_PASSWORD: secret.env('password'),
            ...(origin ? { DATA_FROM: origin } : {}),
          },
        }),
      ],
    });
    job.connectTo(server.endpoint);
  }

  authority(stage: Stage): ISecret | undefined {
    return this.certificates?.authority(stage);
  }

  userAdministrator(): IPostgresUserAdministrator {
    return (this.administrator ??= this.addUserAdministrator());
  }
}
