import { type Construct } from 'constructs';
import { type IEndpoint } from '../network';
import { type IReady, type Stage } from '../stage';
import { type ICredentials, type ISecret } from './credentials';

export interface OidcClientProps {
  /** Name that people see when they sign in. @default - the client's id */
  readonly title?: string;
  /** URLs that a sign-in may lead back to, in full: `https://harbor.lab.example/c/oidc/callback`. Asked for when everything is said. */
  readonly redirectUris: readonly string[] | (() => readonly string[]);
  /**
   * People get tokens for it on their own machines too, with programs that sign in by the provider's public client.
   * @default false
   */
  readonly personal?: boolean;
}

/** A program that has people sign in at an identity provider. */
export interface IOidcClient extends IReady {
  readonly id: string;
  /** Keys `client-id` and `client-secret`. */
  readonly credentials: ICredentials;
}

/** Knows the people of a company and their groups, and says who signs in, by OpenID Connect. */
export interface IIdentityProvider extends IReady {
  /** Issuer URL, the same from inside the cluster and outside: `https://dex.lab.example`. */
  readonly issuer: string;
  /** Where pods connect to when they use the issuer's URL. */
  readonly endpoint: IEndpoint;
  /** Claim with the person's groups, a list of names. @example 'groups' */
  readonly groupsClaim: string;
  /** Claim with the person's name. @example 'email' */
  readonly usernameClaim: string;
  /** Scopes to ask for so that both claims are there. */
  readonly scopes: readonly string[];
  /**
   * Id of a client without a secret, by which programs on people's own machines sign in: kubectl, a script that asks for a token.
   * @default - there is none
   */
  readonly publicClient?: string;
  /** Where the issuer's certificate is of a private authority: its certificate, as the key `ca.crt` of a Secret in the stage's namespace. */
  authority(stage: Stage): ISecret | undefined;
  /**
   * Registers a client.
   * @throws when the id was asked for before, or a redirect URI is neither https nor of the person's own machine
   */
  addClient(scope: Construct, id: string, props: OidcClientProps): IOidcClient;
}

export interface ProtectProps {
  /** Name that people see when they sign in. @default - the id */
  readonly title?: string;
  /** Host by which people come, where the route leads here. */
  readonly host: string;
  /** What is behind. */
  readonly to: IEndpoint;
  /** @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** Groups that may come in; anybody who can sign in where it is left out. */
  readonly groups?: readonly string[];
  /** Path prefixes that programs call with a token of their own, which are let through as they are: `/api/`. @default - none */
  readonly open?: readonly string[];
  /**
   * Key `proof`: a secret that each request from here carries in the header `X-Sign-In-Proof`, by which what is behind tells them from those
   * that reach it otherwise.
   * @default - none
   */
  readonly proof?: ICredentials;
}

/** Has people sign in before they reach a user interface that knows nothing of OpenID Connect. */
export interface ISignIn extends IReady {
  /**
   * Puts a sign-in before an endpoint, and returns the endpoint that the gateway leads to instead. Behind it the person stands in the headers
   * `X-Forwarded-Email`, `X-Forwarded-User`, `X-Forwarded-Preferred-Username` and `X-Forwarded-Groups` (with commas), which nobody else can set.
   */
  protect(scope: Construct, id: string, props: ProtectProps): IEndpoint;
}
