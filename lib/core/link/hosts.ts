import { nearest } from '../errors';
import { type Bundle } from './bundle';
import { arr, obj, str } from './json';
import { type Text } from './texts';

/** A host inside the cluster that a string names. */
export interface HostUse {
  readonly text: Text;
  /** As it is written, with its port. */
  readonly host: string;
  readonly service: string;
  readonly namespace: string;
  /** The name of one of the Service's pods. */
  readonly pod?: string;
  readonly port?: number;
  /** The domain it ends in, where that isn't the cluster's. */
  readonly wrongDomain?: string;
  /** Where the port follows from the URL's scheme or from another variable, what says so. */
  readonly portFrom?: string;
}

/** `name.namespace.svc`, with what stands before and after it. */
const QUALIFIED = /([A-Za-z0-9$(){}_.*%-]+)\.svc(?![\w-])((?:\.[A-Za-z0-9-]+)*)\.?(?::(\d+))?/g;
const URL = /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@"'`<>]*@)?([A-Za-z0-9_.{}$()*-]+)(?::(\d+))?/gi;
const HOST_PORT = /(?<![\w./@:-])([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{2,5})(?![\w.:-])/g;
const PORT_HINT = /[a-z0-9]:\d\d/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const RANGE = /\{(\d+)\.\.\.(\d+)\}/g;
const SCHEME_BEFORE = /([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@]*@)?$/i;

/** Variables and flags whose value is a host. */
const HOST_NAME = /(^|[-_.])(host|hostname|addr|address|endpoint|url|uri|server|broker|brokers|upstream)s?$/i;
const OWN_NAME = /(^|_)(pod|node|my|self|listen|bind|external|public|advertise[d]?|hostname)/i;

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  postgres: 5432,
  postgresql: 5432,
  redis: 6379,
};

/** Schemes of protocols that a program speaks with a server; others name files, buckets or images. */
const NETWORK_SCHEME =
  /^((jdbc:)?(postgres(ql)?|mysql|mariadb)(\+\w+)?|https?|tcp|udp|grpcs?|rediss?|mongodb|amqps?|ldaps?|nats|kafka|wss?|bolt|h2c)$/i;

const NO_SERVICE = new Set([
  'localhost',
  'example',
  'host',
  'hostname',
  'kubernetes',
  'unix',
  'server',
  'your-host',
  'docker',
]);

/** The in-cluster hosts that the strings name. */
export function collectHosts(texts: readonly Text[], bundle: Bundle): HostUse[] {
  const uses: HostUse[] = [];
  for (const text of texts) {
    if (text.kind === 'file' && text.name.startsWith('_')) continue; // Knative's `_example`
    let value = text.expanded;
    if (value.includes('...')) value = value.replace(RANGE, '$2');
    if (value.includes('.svc')) qualified(text, value, bundle, uses);
    if (value.includes('://')) urls(text, value, bundle, uses);
    if (text.kind === 'custom') continue;
    if (PORT_HINT.test(value)) hostPorts(text, value, bundle, uses);
    if (!isFile(text)) bareName(text, value, bundle, uses);
  }
  return uses;
}

function qualified(text: Text, value: string, bundle: Bundle, uses: HostUse[]): void {
  for (const match of value.matchAll(QUALIFIED)) {
    if (isComment(text, value, match.index)) continue;
    const [whole, before, domain, port] = match;
    const right = domain === '' || domain === `.${bundle.clusterDomain}`;
    // Another cluster's domain is another cluster's affair, unless it is this one's with a slip.
    if (!right && (domain.startsWith('.clusterset') || nearest(domain, [`.${bundle.clusterDomain}`]) === undefined))
      continue;
    const wrongDomain = right ? {} : { wrongDomain: domain.slice(1) };
    const labels = before.replace(/^[({]+(?![^)}]*[)}])/, '').split('.');
    const [namespace, service, ...rest] = labels.reverse();
    if (service === undefined || !DNS_LABEL.test(namespace) || !DNS_LABEL.test(service)) continue;
    const pod = rest.length === 1 && DNS_LABEL.test(rest[0]) ? rest[0] : undefined;
    const scheme = SCHEME_BEFORE.exec(value.slice(Math.max(0, match.index - 60), match.index))?.[1]?.toLowerCase();
    const next = value[match.index + whole.length];
    // MinIO leaves out the port of its peers, which is its own.
    const ports = pod !== undefined && port === undefined ? {} : portOf(text, port, scheme, next);
    uses.push({ text, host: whole, service, namespace, pod, ...ports, ...wrongDomain });
  }
}

/** The port of a host: written after it, said by the scheme, or by the variable beside it. */
function portOf(
  text: Text,
  written: string | undefined,
  scheme: string | undefined,
  next: string | undefined,
): Pick<HostUse, 'port' | 'portFrom'> {
  if (written !== undefined) return { port: Number(written) };
  if (next === ':') return {};
  // In a file a variable's value may go on with a port.
  if (scheme !== undefined && text.kind === 'file' && next !== '/') return {};
  if (scheme !== undefined) {
    const port = DEFAULT_PORTS[scheme];
    return port === undefined ? {} : { port, portFrom: `${scheme}://` };
  }
  return portBeside(text);
}

/** The number in PGPORT beside PGHOST. */
function portBeside({ kind, name, container, variable, entry }: Text): Pick<HostUse, 'port' | 'portFrom'> {
  const stem = kind === 'env' || variable ? /^(.*)HOST(NAME)?$/.exec(name)?.[1] : undefined;
  if (stem === undefined) return {};
  const env = arr(container?.spec.env).find((item) => obj(item).name === `${stem}PORT`);
  const value = str(container ? obj(env).value : obj(entry.object.data)[`${stem}PORT`]);
  return value !== undefined && /^\d+$/.test(value) ? { port: Number(value), portFrom: `${stem}PORT` } : {};
}

function urls(text: Text, value: string, bundle: Bundle, uses: HostUse[]): void {
  for (const match of value.matchAll(URL)) {
    const [whole, scheme, host, port] = match;
    if (host.includes('.svc') || !NETWORK_SCHEME.test(scheme) || isComment(text, value, match.index)) continue;
    const place = placeOf(text, host, bundle);
    if (!place) continue;
    const single = !host.includes('.');
    // In a file a bare host may be anybody's example: it counts only where it is, or nearly is, a Service's name.
    if (single && (isFile(text) || text.kind === 'custom') && !isKnown(host, place.namespace, bundle)) continue;
    uses.push({
      text,
      host: whole,
      ...place,
      ...portOf(text, port, single ? undefined : scheme.toLowerCase(), value[match.index + whole.length]),
    });
  }
}

function isKnown(host: string, namespace: string, bundle: Bundle): boolean {
  return bundle.find('Service', namespace, host) !== undefined;
}

/** What a host of one to three labels means from where it is written; undefined where it is none of the cluster's. */
function placeOf(text: Text, host: string, bundle: Bundle): Pick<HostUse, 'service' | 'namespace' | 'pod'> | undefined {
  const labels = host.split('.');
  if (labels.length > 3 || !labels.every((label) => DNS_LABEL.test(label)) || /^\d+$/.test(labels[0])) return undefined;
  const own = text.pod?.namespace ?? text.entry.namespace;
  if (labels.length === 1) {
    return own === '' || NO_SERVICE.has(host) ? undefined : { service: host, namespace: own };
  }
  const namespace = labels[labels.length - 1];
  if (bundle.hasNamespace(namespace) && !COMMON_DOMAINS.has(namespace)) {
    return { service: labels[labels.length - 2], namespace, pod: labels.length === 3 ? labels[0] : undefined };
  }
  if (labels.length === 2 && bundle.find('Service', own, labels[1]))
    return { service: labels[1], namespace: own, pod: labels[0] };
  return undefined;
}

const COMMON_DOMAINS = new Set(['com', 'org', 'net', 'io', 'dev', 'local', 'internal', 'example', 'test', 'app', 'ai']);

function hostPorts(text: Text, value: string, bundle: Bundle, uses: HostUse[]): void {
  for (const match of value.matchAll(HOST_PORT)) {
    const [whole, host, port] = match;
    if (host.includes('.svc') || isComment(text, value, match.index)) continue;
    const place = placeOf(text, host, bundle);
    if (!place) continue;
    const single = !host.includes('.');
    if (single && (isFile(text) || !(isKnown(host, place.namespace, bundle) || isHostValue(text, whole)))) continue;
    uses.push({ text, host: whole, ...place, port: Number(port) });
  }
}

/** A host alone, in a variable or flag that is one by its name: `PGHOST=postgres`, `--redis-host=redis.cache`. */
function bareName(text: Text, value: string, bundle: Bundle, uses: HostUse[]): void {
  const host = text.kind === 'arg' && text.name !== '' ? value.slice(value.indexOf('=') + 1) : value;
  if (host.length > 253 || host.includes('/') || host.includes(':') || host.includes('.svc')) return;
  if (!/host(name)?$/i.test(text.name) || OWN_NAME.test(text.name) || !/[a-z]/.test(host)) return;
  const place = placeOf(text, host, bundle);
  if (place && !BOOLEAN.has(host)) uses.push({ text, host, ...place, ...portBeside(text) });
}

/** A whole configuration file, in which a name may be anything. */
function isFile({ kind, variable }: Text): boolean {
  return kind === 'file' && !variable;
}

const BOOLEAN = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'none', 'auto', 'all', 'any']);

function isHostValue(text: Text, whole: string): boolean {
  const { name, value } = text;
  return !isFile(text) && HOST_NAME.test(name) && !OWN_NAME.test(name) && value.endsWith(whole);
}

/** True inside a line that is a comment in whatever language a configuration file may have. */
export function isComment({ kind }: Text, value: string, index: number): boolean {
  if (kind === 'env') return false;
  const line = value.slice(value.lastIndexOf('\n', index) + 1, index).trimStart();
  return line.startsWith('#') || line.startsWith('//') || line.startsWith(';') || line.startsWith('--  ');
}
