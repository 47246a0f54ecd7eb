import { createHash } from 'node:crypto';
import { arr, isObj, obj, str } from '../../core/link/json';
import { type DockerConfig } from './docker-config';
import { type Answer, type HttpOptions, isLoopback, request } from './http';

/** An image in a registry: host with port, repository, tag. */
export interface RemoteImage {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** @default - https; http for the machine itself */
  readonly scheme?: 'http' | 'https';
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const ATTEMPTS = 4;

/**
 * Asks registries what a tag stands for, by the distribution API: as nobody or with a login, for a token where the registry wants one.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export class RegistryClient {
  /** By registry and repository. */
  private readonly authorizations = new Map<string, string>();

  constructor(
    private readonly config: DockerConfig,
    private readonly options: HttpOptions & {
      /** Milliseconds before the second attempt. */ readonly pause?: number;
    } = {},
  ) {}

  /**
   * The digest that a tag stands for, computed from what the registry gives out.
   *
   * @param platform `linux/amd64` for the one image of an index, `all` for the index
   * @throws Error that says why there is none
   */
  async digest(image: RemoteImage, platform: string): Promise<string> {
    const { body, headers } = await this.manifest(image);
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    const said = headers['docker-content-digest'];
    if (typeof said === 'string' && said.startsWith('sha256:') && said !== digest) {
      throw new Error(`the registry says ${said}, but sends ${digest}`);
    }
    return platform === 'all' ? digest : (childOf(body, platform) ?? digest);
  }

  private async manifest({ registry, repository, tag, scheme }: RemoteImage): Promise<Answer> {
    // Docker Hub's API is not at its name.
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const hostname = host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.split(':')[0]!;
    const protocol = scheme ?? (isLoopback(hostname) ? 'http' : 'https');
    const url = new URL(`${protocol}://${host}/v2/${repository}/manifests/${tag}`);
    const key = `${registry}/${repository}`;
    let answer = await this.ask(url, this.authorizations.get(key));
    const challenge = answer.headers['www-authenticate'];
    if (answer.status === 401 && challenge !== undefined) {
      const authorization = await this.authorize(registry, repository, challenge);
      if (authorization !== undefined) {
        this.authorizations.set(key, authorization);
        answer = await this.ask(url, authorization);
      }
    }
    if (answer.status === 200) return answer;
    throw new Error(`${url.host} answers ${answer.status}${reasonOf(answer)}`);
  }

  private async ask(url: URL, authorization: string | undefined): Promise<Answer> {
    return this.patiently(() =>
      request(
        url,
        { headers: { accept: MANIFESTS, ...(authorization !== undefined && { authorization }) } },
        this.options,
      ),
    );
  }

  /** Again where the registry is busy, or the way to it breaks. */
  private async patiently(work: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await work().catch((error: unknown) => {
        if (attempt === ATTEMPTS || !isPassing(error)) throw error;
        return undefined;
      });
      if (answer && (attempt === ATTEMPTS || !(answer.status === 429 || answer.status >= 500))) return answer;
      const asked = Number(answer?.headers['retry-after']) * 1000;
      const pause = (this.options.pause ?? 1000) * 2 ** (attempt - 1);
      await new Promise((resolve) => setTimeout(resolve, asked > 0 ? Math.min(asked, 60_000) : pause));
    }
  }

  private async authorize(registry: string, repository: string, challenge: string): Promise<string | undefined> {
    const login = this.config.login(registry);
    const basic =
      login && 'username' in login
        ? `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
        : undefined;
    if (!/^bearer\s/i.test(challenge)) return basic;
    const said = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!.toLowerCase(), value!]),
    );
    const realm = said.get('realm');
    if (realm === undefined) throw new Error('the registry wants a token, but says not from where');
    const asked = {
      service: said.get('service') ?? registry,
      scope: said.get('scope') ?? `repository:${repository}:pull`,
    };
    const url = new URL(realm);
    if (login && url.protocol !== 'https:' && !isLoopback(url.hostname)) {
      throw new Error(`the registry wants the login at ${url.href}, without TLS`);
    }
    const answer = await this.patiently(() => {
      if (login && 'identityToken' in login) {
        const form = { grant_type: 'refresh_token', client_id: 'cdk8s-onprem-ml', refresh_token: login.identityToken };
        return request(
          url,
          {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({ ...form, ...asked }).toString(),
          },
          this.options,
        );
      }
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return request(url, { headers: basic === undefined ? {} : { authorization: basic } }, this.options);
    });
    const given = answer.status === 200 ? json(answer.body) : undefined;
    const token = isObj(given) ? (str(given.token) ?? str(given.access_token)) : undefined;
    if (token === undefined) {
      throw new Error(
        `${url.host} gives no token${login ? ' for the login' : ''}: it answers ${answer.status}${reasonOf(answer)}`,
      );
    }
    return `Bearer ${token}`;
  }
}

/** The digest of an index's image for a platform; undefined where the manifest is no index. */
function childOf(body: Buffer, platform: string): string | undefined {
  const index = json(body);
  if (!isObj(index) || !Array.isArray(index.manifests)) return undefined;
  const there = arr(index.manifests).map((item) => {
    const { os, architecture, variant } = obj(obj(item).platform);
    const name = [os, architecture, variant].filter((part) => typeof part === 'string').join('/');
    return { name, digest: str(obj(item).digest) };
  });
  const found = there.find(({ name }) => name === platform || name.startsWith(`${platform}/`))?.digest;
  if (found !== undefined) return found;
  const others = there.map(({ name }) => name).filter((name) => name !== '' && !name.startsWith('unknown'));
  throw new Error(`it has no ${platform}, but ${others.join(', ')}`);
}

function reasonOf({ status, body }: Answer): string {
  const said = json(body);
  const [first] = isObj(said) ? arr(said.errors) : [];
  const text = str(obj(first).message) ?? str(obj(first).code);
  if (text) return `: ${text}`;
  return status === 401 || status === 403 ? ': it wants a login; docker login, or crane auth login' : '';
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

const PASSING = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'];

function isPassing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return (code !== undefined && PASSING.includes(code)) || /doesn't answer/.test((error as Error).message);
}
