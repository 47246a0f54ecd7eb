import { type Duration } from 'cdk8s';
import { type Construct } from 'constructs';
import { type IEndpoint } from '../network';
import { type IReady } from '../stage';

export interface RouteProps {
  /** Host name that the route answers to; `site.host('mlflow')` is one of the site's domain. */
  readonly host: string;
  /** Path prefix. @default '/' */
  readonly path?: string;
  /** Where it leads. It need not be ready before the gateway is. */
  readonly to: IEndpoint;
  /** What the endpoint speaks; with `https` its certificate is verified by the gateway's own issuer. @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** Path that answers with a status below 400 when the endpoint is healthy. @default - a TCP connection is health enough */
  readonly healthPath?: string;
  /** How long a request may stay silent: uploads and streams need more. @default 60 seconds */
  readonly timeout?: Duration;
}

/** A way in from outside the cluster. */
export interface IRoute {
  readonly host: string;
  /** `https://mlflow.lab.example`, with the path where the route has one. */
  readonly url: string;
  /** Where pods of the cluster connect to when they use the URL: the gateway's own pods, behind its address. */
  readonly endpoint: IEndpoint;
}

/** Leads host names to endpoints, with TLS. */
export interface IGateway extends IReady {
  /**
   * Adds a route.
   * @throws when host and path are taken
   */
  addRoute(scope: Construct, props: RouteProps): IRoute;
}
