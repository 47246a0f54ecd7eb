import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

/** Where a client learns which server is the master. */
export interface IRedisSentinels {
  /** The sentinels' Service; each pod of it answers. */
  readonly endpoint: IEndpoint;
  /** Name by which the sentinels know the group of servers. */
  readonly masterName: string;
}

/** Logical databases of a Redis with a user of their own: nobody else's keys are in them. */
export interface IRedisDatabases extends IReady {
  /** Numbers of the logical databases, in ascending order, for `SELECT`. */
  readonly numbers: readonly number[];
  /** Where a client without sentinels connects: the master's Service. */
  readonly endpoint: IEndpoint;
  /** Where there are sentinels, which clients should ask. */
  readonly sentinels?: IRedisSentinels;
  /** Keys `username` and `password`; both are letters and digits, which stand in a URL as they are. */
  readonly credentials: ICredentials;
  /** Whether clients speak TLS. */
  readonly tls: boolean;
  /** With TLS by a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
}

/** A Redis server, or a group of them. */
export interface IRedis extends IReady {
  /**
   * Sets logical databases aside, with a user of their own.
   *
   * @param name name of the user: lower-case letters, digits and dashes
   * @param count how many
   * @throws when the name was asked for before, or the server has fewer databases left
   */
  addDatabases(name: string, count?: number): IRedisDatabases;
}
