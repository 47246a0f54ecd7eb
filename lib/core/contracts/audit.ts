import { type Construct } from 'constructs';
import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

/** Where one system sends what it records: a POST for some records, each a JSON object on a line of its own. */
export interface IAuditWebhook extends IReady {
  readonly endpoint: IEndpoint;
  /** URL of the POST. An answer of 2xx says that all its records are kept; after any other they are sent again. */
  readonly url: string;
  /** Word before the token in the header `Authorization`: `Bearer`. */
  readonly scheme: string;
  /** Key `token`, of letters, digits and what may stand in a header. */
  readonly credentials: ICredentials;
  /** Where `url` is https by a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
}

/** Takes what systems record of who did what, and keeps it. */
export interface IAuditSink extends IReady {
  /**
   * Takes records by HTTP. What sends them must not wait for the sink: it starts without, keeps them, and sends them when they are taken.
   *
   * @param system the name by which its records are told apart: the system's id
   * @throws when the sink takes nothing by HTTP, or the name is no label or was given before
   */
  addWebhook(scope: Construct, system: string): IAuditWebhook;
  /**
   * Takes lines by TCP, without encryption, as syslog sends them. Nothing is answered: what is on its way when a connection breaks is lost.
   *
   * @param system the name by which its records are told apart: the system's id
   * @throws when the sink takes none, or the name is no label or was given before
   */
  addSyslog(scope: Construct, system: string): IEndpoint;
}
