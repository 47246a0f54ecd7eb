import { type Construct, type IConstruct } from 'constructs';
import {
  type ICredentials,
  type IIdentityProvider,
  type IOidcClient,
  type ISecret,
  type OidcClientProps,
} from './contracts';
import { didYouMean, fail, show } from './errors';
import { type IEndpoint } from './network';
import { platformOf } from './scope';
import { type Stage } from './stage';

/** A client that the company's administrator has registered. */
export interface ExternalOidcClient {
  /** Name of a Secret with the keys `client-id` and `client-secret`, in each namespace that uses it. */
  readonly secret: string;
  /** The client's id there, where it differs from the one that the platform's systems ask for. @default - the same */
  readonly id?: string;
}

export interface ExternalIdentityProviderProps {
  /** Issuer URL, exactly as it stands in tokens: `https://sso.corp.example/realms/corp`. */
  readonly issuer: string;
  /** Address range of its hosts, which alone the NetworkPolicies open. @default - any address, at that port */
  readonly cidr?: string;
  /** Clients, by the id that the platform's systems ask for: `{ harbor: { secret: 'harbor-oidc' } }`. */
  readonly clients: Readonly<Record<string, ExternalOidcClient>>;
  /** Claim with a person's groups, by their names. Entra gives object ids unless it is told otherwise. @default 'groups' */
  readonly groupsClaim?: string;
  /** Claim that systems know a person by. @default 'email' */
  readonly usernameClaim?: string;
  /** @default ['openid', 'email', 'profile'], to which Keycloak and Entra add groups by the client's own settings */
  readonly scopes?: readonly string[];
  /** Secret with the key `ca.crt`. @default - the public authorities */
  readonly authority?: { readonly name: string; readonly namespace?: string };
  /** Id of a public client for programs on people's own machines. @default - there is none */
  readonly publicClient?: string;
}

/** Where an issuer's URL leads. @throws where it is no https URL without query */
export function issuerAddress(path: string, issuer: string): { readonly host: string; readonly port: number } {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url || url.protocol !== 'https:' || url.search !== '' || url.hash !== '') {
    fail(path, `issuer must be an https URL without "?" and "#", got ${show(issuer)}; write it as it stands in tokens`);
  }
  return { host: url.hostname, port: url.port === '' ? 443 : Number(url.port) };
}

/** A company's own identity provider. Its clients are registered by hand: the summary says which, and where they lead back to. */
export class ExternalIdentityProvider implements IIdentityProvider {
  readonly issuer: string;
  readonly groupsClaim: string;
  readonly usernameClaim: string;
  readonly scopes: readonly string[];
  readonly publicClient?: string;
  readonly readyAfter: readonly Stage[] = [];
  private readonly asked = new Map<string, string>();

  constructor(
    private readonly scope: IConstruct,
    private readonly props: ExternalIdentityProviderProps,
    readonly endpoint: IEndpoint,
    readonly authority: (stage: Stage) => ISecret | undefined,
    private readonly credentials: (secret: string) => ICredentials,
  ) {
    this.issuer = props.issuer;
    this.groupsClaim = props.groupsClaim ?? 'groups';
    this.usernameClaim = props.usernameClaim ?? 'email';
    this.scopes = props.scopes ?? ['openid', 'email', 'profile'];
    this.publicClient = props.publicClient;
    if (!this.scopes.includes('openid')) {
      fail(
        scope.node.path,
        `scopes must have "openid", got ${show(this.scopes)}; without it there is no token about a person`,
      );
    }
  }

  addClient(scope: Construct, id: string, { redirectUris }: OidcClientProps): IOidcClient {
    const path = scope.node.path;
    const client = this.props.clients[id];
    if (!client) {
      const known = Object.keys(this.props.clients);
      fail(
        path,
        `needs a client ${show(id)} at ${this.issuer}, which has none here${didYouMean(id, known)}; register it, and name its Secret in clients`,
      );
    }
    const other = this.asked.get(id);
    if (other !== undefined)
      fail(path, `client ${show(id)} at ${this.issuer} is that of ${other}; give this one another id`);
    this.asked.set(id, path);
    platformOf(this.scope).addExternal({
      kind: `OAuth client at ${this.issuer}, which leads back to`,
      name: client.id ?? id,
      get keys() {
        return typeof redirectUris === 'function' ? redirectUris() : redirectUris;
      },
    });
    return { id: client.id ?? id, credentials: this.credentials(client.secret), readyAfter: [] };
  }
}
