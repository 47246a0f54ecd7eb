import { type Duration } from 'cdk8s';
import { type Site } from '../site';
import { type RouteProps } from './contracts/gateway';
import { fail, show } from './errors';
import { checkHost, checkPort } from './names';
import { type IEndpoint } from './network';
import { checkDuration } from './quantity';

/** What can stand in a gateway's configuration as it is. */
const PATH = /^\/[A-Za-z0-9._/-]*$/;
const HEALTH_PATH = /^\/[A-Za-z0-9._~%@:+,=/?&-]*$/;
const MAX_TIMEOUT = 24 * 3600;
const ABOVE_PRIVILEGED = 20000;

/** A port that a gateway hands on as it is. */
export interface TcpRouteProps {
  /** The gateway's port, one of its `tcpPorts`. */
  readonly port: number;
  /** Where it leads. It need not be ready before the gateway is. */
  readonly to: IEndpoint;
  /** How long either side may stay silent, 1 second to 24 hours. @default 1 hour */
  readonly timeout?: Duration;
}

/** Checks a route's host: a name in one of the domains, with `*.` in front for all names below. */
export function checkRouteHost(path: string, host: string, site: Site, domains: readonly string[]): void {
  checkHost(path, 'host', host, true);
  const bare = host.replace(/^\*\./, '');
  const all = [site.domain, ...domains];
  if (all.some((domain) => bare === domain || bare.endsWith(`.${domain}`))) return;
  const mend = bare.includes('.')
    ? `use site.host(...), or add its domain to the gateway's domains`
    : `did you mean ${show(`${bare}.${site.domain}`)}?`;
  fail(path, `host ${show(host)} is outside of the gateway's domains, ${all.map(show).join(', ')}; ${mend}`);
}

/** The path prefix of a route, of whole segments, without a slash at its end: `/` is all. */
export function routePath(path: string, { path: prefix = '/' }: RouteProps): string {
  if (!PATH.test(prefix) || prefix.includes('//')) {
    fail(
      path,
      `path must begin with "/" and be of letters, digits, ".", "_" and "-" between slashes, got ${show(prefix)}; write it as "/api"`,
    );
  }
  return prefix.replace(/\/+$/, '') || '/';
}

/** Checks the path that tells of an endpoint's health. */
export function checkHealthPath(path: string, { healthPath }: RouteProps): void {
  if (healthPath !== undefined && !HEALTH_PATH.test(healthPath)) {
    fail(
      path,
      `healthPath must begin with "/" and have no space or quote, got ${show(healthPath)}; write it as "/health"`,
    );
  }
}

/** A duration in whole seconds, within the bounds that a gateway's and common sense's timers have. */
export function gatewaySeconds(
  path: string,
  what: string,
  value: Duration | undefined,
  otherwise: number,
  min = 1,
): number {
  checkDuration(path, what, value);
  const result = value?.toSeconds({ integral: false }) ?? otherwise;
  if (!Number.isInteger(result) || result < min || result > MAX_TIMEOUT) {
    fail(path, `${what} must be ${min} to ${MAX_TIMEOUT} whole seconds, got ${show(result)}; choose one within a day`);
  }
  return result;
}

/** Name of a port's route and of the Service's port. */
export function tcpName(port: number): string {
  return `tcp-${port}`;
}

/** The ports that a gateway hands on as they are, and those that its pods open for them. */
export class TcpPorts {
  /**
   * @param path of the gateway
   * @param numbers the Service's ports
   * @param own ports that the pods open for other ends
   * @throws where one is no port, is for routes by host, or is there twice
   */
  constructor(
    path: string,
    readonly numbers: readonly number[],
    private readonly own: readonly number[],
  ) {
    numbers.forEach((port, i) => {
      checkPort(path, 'tcpPorts', port);
      if (port === 80 || port === 443)
        fail(path, `tcpPorts has ${port}, which is for routes by host; use addRoute, or another port`);
      if (numbers.indexOf(port) !== i) fail(path, `tcpPorts has ${port} twice; leave one out`);
      const listen = this.listen(port);
      checkPort(path, `the pods' port for ${port}`, listen);
      const clash = numbers.find((other, j) => j < i && this.listen(other) === listen);
      if (clash !== undefined) {
        fail(
          path,
          `tcpPorts has ${clash} and ${port}, which would both be port ${listen} of the pods; use another port for one of them`,
        );
      }
    });
  }

  /** The pods' port for one of the Service's: they may not open those below 1024, and have some of their own. */
  listen(port: number): number {
    return port < 1024 || this.own.includes(port) ? port + ABOVE_PRIVILEGED : port;
  }

  /** The containers' ports by name. */
  get containerPorts(): Record<string, number> {
    return Object.fromEntries(this.numbers.map((port) => [tcpName(port), this.listen(port)]));
  }

  /** The Service's ports by name. */
  get servicePorts(): Record<string, { readonly port: number; readonly target: number }> {
    return Object.fromEntries(this.numbers.map((port) => [tcpName(port), { port, target: this.listen(port) }]));
  }

  /** Checks the port of a route. */
  check(path: string, port: number): void {
    if (!this.numbers.includes(port)) {
      fail(path, `port ${show(port)} isn't among the gateway's tcpPorts, ${show(this.numbers)}; add it there`);
    }
  }
}

/** Who has which host, path or port of a gateway. */
export class RouteOwners {
  private readonly owners = new Map<string, string>();

  /** Takes a URL. @throws when another has it */
  takeUrl(path: string, url: string): void {
    this.take(path, url, url, 'give another host or path');
  }

  /** Takes a port. @throws when another has it */
  takePort(path: string, port: number): void {
    this.take(path, `tcp ${port}`, `port ${port} of the gateway`, 'use another port');
  }

  private take(path: string, key: string, what: string, mend: string): void {
    const other = this.owners.get(key);
    if (other !== undefined) fail(path, `${what} is taken by ${other}; ${mend}`);
    this.owners.set(key, path);
  }
}
