import { type Duration } from 'cdk8s';
import { type IReady, type Stage } from '../stage';
import { type ServiceEndpoint } from '../workload/service';
import { type ISecret } from './credentials';

export interface ScrapeProps {
  /** The Service's port that has the metrics. */
  readonly endpoint: ServiceEndpoint;
  /** @default '/metrics' */
  readonly path?: string;
  /** @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** @default 30 seconds */
  readonly interval?: Duration;
  /**
   * The endpoint asks who scrapes it: the scraper sends its service account's token, and must be allowed to `get` the URL `/metrics`.
   * @default false
   */
  readonly token?: boolean;
  /** The endpoint wants a token of its own, which is in this key of a Secret of the stage's namespace. */
  readonly bearer?: { readonly secret: ISecret; readonly key: string };
  /** User and password that the endpoint asks for, as the keys `username` and `password` of a Secret in the stage's namespace. @default - none */
  readonly basicAuth?: ISecret;
  /** With https: the authority that verifies the endpoint, as the key `ca.crt` of a Secret in the stage's namespace. @default - the endpoint's certificate is not verified */
  readonly authority?: ISecret;
}

/** Collects metrics. */
export interface IMetrics extends IReady {
  /** Has an endpoint scraped, and lets the scraper in. */
  scrape(stage: Stage, id: string, props: ScrapeProps): void;
}
