/** The oldest TLS that clients may speak. */
export type MinimumTls = '1.2' | '1.3';

/** The least important messages that are logged, in syslog's words. */
export const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a backend is asked whether it works. */
export interface HealthCheck {
  /** Path that answers 2xx or 3xx when all is well. @default - a TCP connection is enough */
  readonly path?: string;
}

/** TLS on the way to a backend. */
export interface BackendTls {
  /** Name that the backend's certificate must bear. */
  readonly serverName: string;
  /** File with the authorities to trust. */
  readonly caFile: string;
}

/** Requests for one host and path, and where they go. */
export interface HttpRoute {
  /** Name of the backend, unique in the configuration. */
  readonly name: string;
  /** Host in lower case; `*.` at the start stands for any names before the rest. */
  readonly host: string;
  /** Path prefix of whole segments, from a slash: `/` is all. */
  readonly path: string;
  /** Fully qualified name of the backend's Service. */
  readonly backend: string;
  readonly port: number;
  readonly tls?: BackendTls;
  readonly check: HealthCheck;
  /** Longest silence of the backend, in seconds. */
  readonly timeout: number;
}

/** A port that is handed on as it is. */
export interface TcpRoute {
  readonly name: string;
  /** Port that HAProxy listens on. */
  readonly listen: number;
  readonly backend: string;
  readonly port: number;
  /** Longest silence of either side, in seconds. */
  readonly timeout: number;
}

/** Everything that the configuration says. */
export interface Config {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Port of `/metrics` and `/healthz`. */
  readonly metricsPort: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Folder of the administration socket. */
  readonly runFolder: string;
  readonly threads: number;
  readonly maxConnections: number;
  readonly logLevel: LogLevel;
  readonly minimumTls: MinimumTls;
  /** Seconds that browsers must remember to use HTTPS; 0 says nothing to them. */
  readonly hsts: number;
  /** Seconds that a connection which changed its protocol (WebSocket) may be silent, and that a reload leaves to old connections. */
  readonly tunnelTimeout: number;
  readonly http: readonly HttpRoute[];
  readonly tcp: readonly TcpRoute[];
}

/** Its server goes into maintenance when a configuration is refused, so that the metrics show it. */
export const CONFIGURATION_BACKEND = 'configuration';
export const CONFIGURATION_SERVER = 'accepted';

/** Its server goes into maintenance when the pod stops: the health endpoint says so while requests are still answered. */
export const POD_BACKEND = 'pod';
export const POD_SERVER = 'serving';
const STOPPING = `!{ srv_is_up(${POD_BACKEND}/${POD_SERVER}) }`;

/** Mozilla's intermediate set without the finite-field ones. @see https://wiki.mozilla.org/Security/Server_Side_TLS */
const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const CIPHER_SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** Path without the query, which may hold tokens and signatures of presigned URLs. */
const LOG_FORMAT = [
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %U/%B %tsc %ac/%fc/%bc/%sc/%rc',
  '%[var(txn.host)] %HM %HPO %HV %sslv',
].join(' ');

/** HAProxy's configuration, in the words of version 3.0 and later. @see https://docs.haproxy.org/3.2/configuration.html */
export function renderConfig(config: Config): string {
  const sections = [
    globalSection(config),
    certificates(config),
    resolvers(),
    defaults(config),
    metricsFrontend(config),
    httpFrontend(config),
    httpsFrontend(config),
    ...config.http.map(httpBackend),
    ...config.tcp.map(tcpSection),
    noRoute(),
    stateBackend(CONFIGURATION_BACKEND, CONFIGURATION_SERVER),
    stateBackend(POD_BACKEND, POD_SERVER),
  ];
  return sections.map(([head, ...lines]) => [head, ...lines.map((line) => `  ${line}`), ''].join('\n')).join('\n');
}

function globalSection(config: Config): string[] {
  return [
    'global',
    `log stdout format raw local0 ${config.logLevel}`,
    `nbthread ${config.threads}`,
    `maxconn ${config.maxConnections}`,
    `hard-stop-after ${config.tunnelTimeout}s`,
    'tune.bufsize 32768',
    `stats socket ${config.runFolder}/admin.sock mode 600 level admin`,
    `ssl-default-bind-options ssl-min-ver TLSv${config.minimumTls} no-tls-tickets`,
    `ssl-default-bind-ciphers ${CIPHERS}`,
    `ssl-default-bind-ciphersuites ${CIPHER_SUITES}`,
    'ssl-default-server-options ssl-min-ver TLSv1.2',
  ];
}

function certificates({ certificateFile, keyFile }: Config): string[] {
  return ['crt-store', `load crt ${certificateFile} key ${keyFile} alias gateway`];
}

function resolvers(): string[] {
  return [
    'resolvers cluster',
    'parse-resolv-conf',
    'accepted_payload_size 4096',
    'resolve_retries 3',
    'timeout resolve 5s',
    'timeout retry 1s',
    'hold nx 30s',
    // A Service's address doesn't change: while DNS is away, the last one is good.
    ...['refused', 'timeout', 'other'].map((status) => `hold ${status} 24h`),
  ];
}

function defaults({ tunnelTimeout, logLevel }: Config): string[] {
  return [
    'defaults',
    'mode http',
    'log global',
    `log-format "${LOG_FORMAT}"`,
    'option dontlognull',
    // Each request is a message of level info. Where those aren't wanted, the failed ones are all the same.
    ...(logsRequests(logLevel) ? [] : ['option log-separate-errors']),
    'retries 3',
    'timeout connect 5s',
    'timeout client 60s',
    'timeout client-fin 30s',
    'timeout server 60s',
    'timeout check 5s',
    'timeout http-request 10s',
    'timeout http-keep-alive 60s',
    'timeout queue 30s',
    `timeout tunnel ${tunnelTimeout}s`,
    'default-server check inter 5s fastinter 1s downinter 1s fall 3 rise 2 resolvers cluster resolve-prefer ipv4 init-addr libc,none',
  ];
}

function logsRequests(level: LogLevel): boolean {
  return level === 'info' || level === 'debug';
}

function metricsFrontend({ metricsPort }: Config): string[] {
  return [
    'frontend metrics',
    `bind :${metricsPort}`,
    'option dontlog-normal',
    'monitor-uri /healthz',
    `monitor fail if ${STOPPING}`,
    'http-request use-service prometheus-exporter if { path /metrics }',
    'http-request return status 404',
  ];
}

function httpFrontend({ httpPort }: Config): string[] {
  return ['frontend http', `bind :${httpPort}`, ...hostVariable(), 'http-request redirect scheme https code 308'];
}

function httpsFrontend({ httpsPort, hsts, http }: Config): string[] {
  return [
    'frontend https',
    `bind :${httpsPort} ssl crt @/gateway alpn h2,http/1.1`,
    ...hostVariable(),
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Proto https',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request set-header X-Forwarded-Port 443',
    'http-request del-header Forwarded',
    // Who asks again by another connection may come to another pod.
    `http-after-response set-header Connection close if ${STOPPING}`,
    ...(hsts > 0 ? [`http-response set-header Strict-Transport-Security "max-age=${hsts}"`] : []),
    ...bySpecificity(http).flatMap(useBackend),
    'default_backend no-route',
  ];
}

function hostVariable(): string[] {
  return ['http-request set-var(txn.host) req.hdr(host),host_only,lower'];
}

/** Exact hosts before wildcards, longer ones before shorter, and of one host the longest path first. */
function bySpecificity(routes: readonly HttpRoute[]): HttpRoute[] {
  const wild = (route: HttpRoute) => Number(route.host.startsWith('*.'));
  return [...routes].sort(
    (a, b) =>
      wild(a) - wild(b) ||
      b.host.length - a.host.length ||
      compare(a.host, b.host) ||
      b.path.length - a.path.length ||
      compare(a.path, b.path),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function useBackend({ name, host, path }: HttpRoute): string[] {
  const isHost = host.startsWith('*.')
    ? `{ var(txn.host) -m end ${host.slice(1)} }`
    : `{ var(txn.host) -m str ${host} }`;
  const prefix = path.replace(/\/+$/, '');
  if (prefix === '') return [`use_backend ${name} if ${isHost}`];
  return [`use_backend ${name} if ${isHost} { path -m str ${prefix} } or ${isHost} { path -m beg ${prefix}/ }`];
}

function httpBackend({ name, host, backend, port, tls, check, timeout }: HttpRoute): string[] {
  const checkHost = host.startsWith('*.') ? host.slice(2) : host;
  return [
    `backend ${name}`,
    `timeout server ${timeout}s`,
    ...(check.path === undefined
      ? []
      : [
          'option httpchk',
          `http-check send meth GET uri ${check.path} ver HTTP/1.1 hdr Host ${checkHost}`,
          'http-check expect status 200-399',
        ]),
    `server service ${backend}:${port}${tls ? ` ${backendTls(tls)}` : ''}`,
  ];
}

function backendTls({ serverName, caFile }: BackendTls): string {
  const name = `str(${serverName})`;
  return `ssl verify required ca-file ${caFile} verifyhost ${serverName} sni ${name} check-sni ${serverName} alpn http/1.1`;
}

/** One section: a frontend and a backend of the same name are refused by versions to come. */
function tcpSection({ name, listen, backend, port, timeout }: TcpRoute): string[] {
  return [
    `listen ${name}`,
    'mode tcp',
    'option tcplog',
    `bind :${listen}`,
    `timeout client ${timeout}s`,
    `timeout server ${timeout}s`,
    `server service ${backend}:${port}`,
  ];
}

function noRoute(): string[] {
  return [
    'backend no-route',
    'http-request return status 404 content-type text/plain string "The gateway has no route for this host and path.\\n"',
  ];
}

/** A backend that gets no request: its server's state, set by the entry script, is what is to be known. */
function stateBackend(name: string, server: string): string[] {
  return [`backend ${name}`, `server ${server} 127.0.0.1:1 no-check`];
}
