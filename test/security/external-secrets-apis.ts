import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

interface Entry {
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Deleted, but with its metadata kept. */
  readonly deleted?: boolean;
}

/**
 * The two APIs that the seeding Job talks to, as far as it does: Secrets of Kubernetes, and Vault's KV store of version 2 with Kubernetes' way to
 * sign in. Of a path the role may create, which Vault takes for paths without metadata, and read.
 *
 * @see https://github.com/hashicorp/vault-plugin-secrets-kv/blob/main/path_data.go
 */
export class FakeApis {
  /** By namespace and name: the Secret's values in base64, and its labels. */
  readonly secrets = new Map<string, { data: Record<string, string>; labels?: Record<string, string> }>();
  /** By path below the mount. */
  readonly stored = new Map<string, Entry>();
  /** What was asked of the store, besides signing in: `GET path`, `POST path`. */
  readonly asked: string[] = [];
  sealed = false;
  /** Paths of the role. */
  allowed = (path: string) => path.startsWith('lab/');
  /** Called before a write is looked at. */
  beforeWrite: () => void = () => {};
  private server?: Server;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      void body(request).then((text) => {
        const [status, answer] = this.answer(request, text);
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(`${goJson(answer)}\n`);
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server!.closeAllConnections();
    await new Promise((resolve) => this.server!.close(resolve));
  }

  private answer({ method, url = '', headers }: IncomingMessage, text: string): [number, unknown] {
    const [path] = url.split('?');
    const secret = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(path);
    if (secret) return this.kubernetes(`${secret[1]}/${secret[2]}`, headers.authorization, url);
    if (this.sealed) return [503, { errors: ['Vault is sealed'] }];
    if (path === '/v1/auth/kubernetes/login') {
      const { role, jwt } = JSON.parse(text) as { role: string; jwt: string };
      if (role !== 'lab-seed' || jwt !== 'token for the store') return [403, { errors: ['permission denied'] }];
      return [200, { request_id: 'x', data: null, auth: { client_token: 'hvs.session', policies: ['default', role] } }];
    }
    const key = /^\/v1\/kv\/data\/(.+)$/.exec(path)?.[1];
    if (headers['x-vault-token'] !== 'hvs.session' || key === undefined || !this.allowed(key)) {
      return [403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }];
    }
    this.asked.push(`${method} ${key}`);
    return method === 'GET' ? this.read(key) : this.write(key, text);
  }

  private kubernetes(key: string, authorization: string | undefined, url: string): [number, unknown] {
    if (authorization !== 'Bearer token for the API' || !url.endsWith('?pretty=false')) return [401, {}];
    const found = this.secrets.get(key);
    if (!found) return [404, { kind: 'Status', status: 'Failure', code: 404 }];
    const [namespace, name] = key.split('/');
    const managedFields = [{ manager: 'x', fieldsV1: { 'f:data': { '.': {} }, 'f:metadata': {} } }];
    const metadata = { name, namespace, labels: found.labels, managedFields };
    return [200, { kind: 'Secret', apiVersion: 'v1', metadata, data: found.data, type: 'Opaque' }];
  }

  private read(key: string): [number, unknown] {
    const entry = this.stored.get(key);
    if (!entry) return [404, { errors: [] }];
    const metadata = {
      created_time: 'then',
      custom_metadata: null,
      deletion_time: entry.deleted ? 'now' : '',
      destroyed: false,
      version: 1,
    };
    const data = { data: entry.deleted ? null : sorted(entry.data ?? {}), metadata };
    return [entry.deleted ? 404 : 200, { request_id: 'x', lease_id: '', data, wrap_info: null, auth: null }];
  }

  private write(key: string, text: string): [number, unknown] {
    this.beforeWrite();
    const { options, data } = JSON.parse(text) as { options: { cas?: number }; data: Record<string, unknown> };
    if (this.stored.has(key)) return [403, { errors: ['permission denied'] }];
    if (options.cas !== 0) return [400, { errors: ['check-and-set parameter required for this call'] }];
    this.stored.set(key, { data });
    return [200, { data: { version: 1 } }];
  }
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function sorted(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go's encoder escapes what HTML would take for its own. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[&<>]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}
