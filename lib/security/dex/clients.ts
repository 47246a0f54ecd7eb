import {
  checkHost,
  checkLabel,
  fail,
  type ICredentials,
  type IOidcClient,
  type OidcClientProps,
  type Stage,
  show,
} from '../../core';

/** Whoever may come back to a person's own machine. @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3 */
const OWN_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

export interface ClientProps extends OidcClientProps {
  /** Who asked for it: its path stands in errors. */
  readonly path: string;
  readonly id: string;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];
}

/** A program that has people sign in. */
export class Client implements IOidcClient {
  readonly id: string;
  readonly credentials: ICredentials;
  readonly readyAfter: readonly Stage[];

  constructor(private readonly props: ClientProps) {
    this.id = props.id;
    this.credentials = props.credentials;
    this.readyAfter = props.readyAfter;
    if (typeof props.redirectUris !== 'function') checkRedirectUris(props.path, props.id, props.redirectUris);
  }

  get title(): string {
    return this.props.title ?? this.id;
  }

  get personal(): boolean {
    return this.props.personal ?? false;
  }

  /** The variable that its secret is in: a name that shells hand on, as they don't those with dashes. */
  get variable(): string {
    return `CLIENT_${this.id.toUpperCase().replaceAll('-', '_')}_SECRET`;
  }

  get redirectUris(): readonly string[] {
    const { path, id, redirectUris } = this.props;
    return checkRedirectUris(path, id, typeof redirectUris === 'function' ? redirectUris() : redirectUris);
  }
}

/** Checks the id of a client. */
export function checkClientId(path: string, id: string): void {
  checkLabel(path, "a client's id", id, 40);
}

function checkRedirectUris(path: string, id: string, uris: readonly string[]): readonly string[] {
  if (uris.length === 0) {
    fail(path, `client ${show(id)} needs a URL that a sign-in leads back to, got none; give redirectUris`);
  }
  for (const uri of uris) {
    const { protocol, hostname, hash } = parse(uri);
    const legal = (protocol === 'https:' || (protocol === 'http:' && OWN_MACHINE.includes(hostname))) && hash === '';
    if (!legal) {
      fail(
        path,
        `client ${show(id)}: a redirect URI must be an https URL without "#", got ${show(uri)}; write it as "https://app.lab.example/callback"`,
      );
    }
    if (protocol === 'https:') checkHost(path, `the host of client ${show(id)}'s redirect URI`, hostname);
  }
  return uris;
}

function parse(uri: string): Pick<URL, 'protocol' | 'hostname' | 'hash'> {
  return URL.canParse(uri) ? new URL(uri) : { protocol: '', hostname: '', hash: '' };
}
