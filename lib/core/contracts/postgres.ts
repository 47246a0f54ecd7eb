import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

/** An account that makes users of one database, and takes them away. It may do so for PostgreSQL 16 or later without being more than that. */
export interface IPostgresUserAdministrator extends IReady {
  /** Keys `username` and `password`. */
  readonly credentials: ICredentials;
  /** Role that owns the database and what is in it, of which the account may make users members. */
  readonly owner: string;
  /** Role that may read all that the owner has made and makes, of which the account may make users members. */
  readonly reader: string;
}

/** A database that belongs to a role of its own. */
export interface IPostgresDatabase extends IReady {
  readonly name: string;
  readonly endpoint: IEndpoint;
  /** Keys `username` and `password`; both are letters and digits, which stand in a URL as they are. */
  readonly credentials: ICredentials;
  /** How clients connect, in libpq's words. */
  readonly sslMode: 'disable' | 'require' | 'verify-full';
  /** With `verify-full` by a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
  /**
   * The account that makes users of it, for who hands out users that live for a while. The same for each who asks.
   * @throws where the database is elsewhere, and no such account was named
   */
  userAdministrator(): IPostgresUserAdministrator;
}

/** A PostgreSQL server. */
export interface IPostgres extends IReady {
  /**
   * Makes a database and a role that owns it.
   * @throws when the name is no identifier of lower-case letters, digits and underscores, is reserved, or was asked for before
   */
  addDatabase(name: string): IPostgresDatabase;
}
