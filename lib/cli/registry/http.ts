import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type Socket } from 'node:net';
import * as tls from 'node:tls';

export interface HttpOptions {
  /** Authorities that are trusted besides the public ones, PEM. */
  readonly authority?: string;
  /** Time without an answer after which a request is given up, in milliseconds. @default 30 seconds */
  readonly timeout?: number;
  /** Whence proxies are read. @default - the process's environment */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Request {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<http.IncomingHttpHeaders>;
  readonly body: Buffer;
}

const MOST = 32 * 2 ** 20;
const REDIRECTS = 5;

/** One request by Node's own http and https: through the proxy that the environment names, with private authorities. Follows redirects, and hands credentials to no other host. */
export async function request(url: URL, wanted: Request = {}, options: HttpOptions = {}): Promise<Answer> {
  let [at, headers] = [url, wanted.headers ?? {}];
  for (let i = 0; i <= REDIRECTS; i++) {
    const answer = await once(at, { ...wanted, headers }, options);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
    const next = new URL(location, at);
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw new Error(`${at.host} leads to ${next.href}, without TLS`);
    if (next.host !== at.host) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
    }
    at = next;
  }
  throw new Error(`${url.host} redirects more than ${REDIRECTS} times`);
}

async function once(url: URL, wanted: Request, options: HttpOptions): Promise<Answer> {
  const timeout = options.timeout ?? 30_000;
  const secure = url.protocol === 'https:';
  const ca = options.authority === undefined ? undefined : [...tls.rootCertificates, options.authority];
  const proxy = proxyOf(url, options.environment ?? process.env);
  const tunnel = proxy && (await connect(proxy, url, timeout));
  return new Promise((resolve, reject) => {
    const sent = (secure ? https : http).request(url, {
      method: wanted.method ?? 'GET',
      headers: { 'user-agent': 'cdk8s-onprem-ml', ...wanted.headers },
      timeout,
      ...(secure && { ca }),
      // With an agent, Node takes no notice of createConnection.
      ...(tunnel
        ? {
            createConnection: () =>
              secure
                ? tls.connect({
                    socket: tunnel,
                    host: url.hostname,
                    ...(isIP(url.hostname) === 0 && { servername: url.hostname }),
                    ...(ca && { ca }),
                  })
                : tunnel,
          }
        : { agent: false }),
    });
    sent.on('timeout', () => sent.destroy(new Error(`${url.host} doesn't answer within ${timeout / 1000} s`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MOST) sent.destroy(new Error(`${url.host} answers with more than ${MOST} bytes`));
        parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.end(wanted.body);
  });
}

/** The proxy for a URL, by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as curl reads them. */
export function proxyOf(url: URL, environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = environment[name] ?? environment[name.toUpperCase()] ?? environment.all_proxy ?? environment.ALL_PROXY;
  if (!proxy || isLoopback(url.hostname)) return undefined;
  const without = (environment.no_proxy ?? environment.NO_PROXY ?? '').split(',').map((host) => host.trim());
  const isExcepted = without.some((host) => {
    const suffix = host.replace(/^\*?\./, '');
    return host === '*' || (suffix !== '' && (url.hostname === suffix || url.hostname.endsWith(`.${suffix}`)));
  });
  return isExcepted ? undefined : new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^127(\.\d+){3}$/.test(host) || host === '[::1]';
}

/** A way through the proxy. */
function connect(proxy: URL, to: URL, timeout: number): Promise<Socket> {
  const port = to.port || (to.protocol === 'https:' ? '443' : '80');
  const account = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new Promise((resolve, reject) => {
    const asked = (proxy.protocol === 'https:' ? https : http).request(proxy, {
      method: 'CONNECT',
      path: `${to.hostname}:${port}`,
      headers: {
        host: `${to.hostname}:${port}`,
        ...(proxy.username && { 'proxy-authorization': `Basic ${Buffer.from(account).toString('base64')}` }),
      },
      timeout,
      agent: false,
    });
    asked.on('timeout', () => asked.destroy(new Error(`the proxy ${proxy.host} doesn't answer`)));
    asked.on('error', reject);
    asked.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket as Socket);
      else reject(new Error(`the proxy ${proxy.host} answers ${statusCode} for ${to.host}`));
    });
    asked.end();
  });
}
