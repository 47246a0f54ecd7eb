import { type IConstruct } from 'constructs';
import { type ICredentials, type IPostgresDatabase, type ISecret } from './contracts';
import { fail, show } from './errors';
import { type IEndpoint } from './network';
import { type Stage } from './stage';

/** A Secret that the user makes before the platform is applied; in each namespace that uses it where none is named. */
interface SecretProps {
  readonly name: string;
  readonly namespace?: string;
}

/** An account that may make users of a database elsewhere. */
export interface ExternalPostgresUserAdministratorProps {
  /** Secret with the keys `username` and `password`. */
  readonly credentials: SecretProps;
  /** Role that owns the database. The account must be a member of it, with the admin option. */
  readonly owner: string;
  /** Role that may read all in it. The account must be a member of it, with the admin option. */
  readonly reader: string;
}

export interface ExternalPostgresProps {
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** Address range of its hosts, which alone the NetworkPolicies open: `10.20.0.15/32`. @default - any address, at that port */
  readonly cidr?: string;
  /** Name of the database. */
  readonly database: string;
  /** Secret with the keys `username` and `password`; the password must be legal in a URL as it is. */
  readonly credentials: SecretProps;
  /** @default 'require' */
  readonly sslMode?: 'disable' | 'require' | 'verify-full';
  /** Secret with the key `ca.crt`, for `verify-full`. @default - the public authorities */
  readonly authority?: SecretProps;
  /** An account that may make users of the database, for who hands them out. @default - there is none */
  readonly userAdministrator?: ExternalPostgresUserAdministratorProps;
}

/** A database on a server elsewhere. */
export function externalPostgres(
  { node: { path } }: IConstruct,
  props: ExternalPostgresProps,
  endpoint: IEndpoint,
  authority: (stage: Stage) => ISecret | undefined,
  account: (secret: SecretProps) => ICredentials,
): IPostgresDatabase {
  const { database, host, sslMode = 'require', userAdministrator } = props;
  return {
    name: database,
    endpoint,
    credentials: account(props.credentials),
    sslMode,
    authority,
    userAdministrator: () => {
      if (!userAdministrator) {
        fail(
          path,
          `nobody may make users of database ${show(database)} of ${host}; have an account made there that may, and pass it as userAdministrator`,
        );
      }
      const { credentials, owner, reader } = userAdministrator;
      return { credentials: account(credentials), owner, reader, readyAfter: [] };
    },
    readyAfter: [],
  };
}
