import { type Client } from '../../client/client';
import { type LivePlatform } from './platform';
import { web } from './web';

/** What Vault gives for a token of Kubernetes, or for a person. */
interface SignedIn {
  readonly auth?: { readonly client_token: string };
}

/** Vault through the gateway. */
export class VaultClient {
  readonly url: string;

  constructor(
    private readonly platform: LivePlatform,
    private readonly client: Client,
  ) {
    this.url = `https://vault.${platform.domain}`;
  }

  async ask(path: string, token?: string, body?: object): Promise<{ readonly status?: number; readonly text: string }> {
    const { status, body: text } = await web(this.client, {
      url: `${this.url}/v1/${path}`,
      method: body ? 'POST' : 'GET',
      headers: token === undefined ? {} : { 'X-Vault-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status, text: text ?? '' };
  }

  /** What is in the `data` of an answer. @throws where it is none with 200 */
  async read<T>(path: string, token?: string): Promise<T> {
    const { status, text } = await this.ask(path, token);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return (JSON.parse(text) as { readonly data: T }).data;
  }

  /** Signs in as a service account of the cluster does: its token of Kubernetes for one of Vault. */
  async signIn(namespace: string, account: string, role: string, audience = 'vault') {
    const asked = ['create', 'token', '-n', namespace, account, `--audience=${audience}`];
    const jwt = (await this.platform.cluster.kubectl(...asked)).trim();
    const { status, text } = await this.ask('auth/kubernetes/login', undefined, { role, jwt });
    return { status, token: (JSON.parse(text) as SignedIn).auth?.client_token };
  }

  /** Signs in as a person does at its user interface. */
  async person(user: string, password: string): Promise<{ readonly token?: string; readonly host?: string }> {
    return this.client.run('vault_sign_in.py', { input: JSON.stringify({ user, password, url: this.url }) });
  }
}
