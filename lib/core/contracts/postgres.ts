import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

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
}

/** A PostgreSQL server. */
export interface IPostgres extends IReady {
  /**
   * Makes a database and a role that owns it.
   * @throws when the name is no identifier of lower-case letters, digits and underscores, is reserved, or was asked for before
   */
  addDatabase(name: string): IPostgresDatabase;
}
