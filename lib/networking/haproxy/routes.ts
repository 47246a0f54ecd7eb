import { type Duration } from 'cdk8s';
import { checkDuration, checkHost, fail, type IEndpoint, type RouteProps, show } from '../../core';
import { type Site } from '../../site';
import { type HttpRoute, type TcpRoute } from './config';

/** What can stand in HAProxy's configuration as it is. */
const PATH = /^\/[A-Za-z0-9._/-]*$/;
const HEALTH_PATH = /^\/[A-Za-z0-9._~%@:+,=/?&-]*$/;
const MAX_TIMEOUT = 24 * 3600;

/** Ports that the pods open themselves. */
export const PORTS = { http: 8080, https: 8443, metrics: 8404 } as const;
const ABOVE_PRIVILEGED = 20000;

/** A port that is handed on as it is. */
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

/** A route as the configuration has it. @param caFile what verifies an endpoint that speaks https */
export function httpRoute(path: string, props: RouteProps, caFile: string): HttpRoute {
  const { host, to, scheme, healthPath } = props;
  const prefix = props.path ?? '/';
  if (!PATH.test(prefix) || prefix.includes('//')) {
    fail(
      path,
      `path must begin with "/" and be of letters, digits, ".", "_" and "-" between slashes, got ${show(prefix)}; write it as "/api"`,
    );
  }
  if (healthPath !== undefined && !HEALTH_PATH.test(healthPath)) {
    fail(
      path,
      `healthPath must begin with "/" and have no space or quote, got ${show(healthPath)}; write it as "/health"`,
    );
  }
  const trimmed = prefix.replace(/\/+$/, '');
  return {
    name: `${host.replace('*', '_')}${trimmed.replaceAll('/', ':')}`,
    host,
    path: trimmed || '/',
    backend: to.host,
    port: to.port,
    tls: scheme === 'https' ? { serverName: to.host, caFile } : undefined,
    check: { path: healthPath },
    timeout: seconds(path, 'timeout', props.timeout, 60),
  };
}

/** A port as the configuration has it. */
export function tcpRoute(path: string, { port, to, timeout }: TcpRouteProps): TcpRoute {
  return {
    name: tcpName(port),
    listen: listenPort(port),
    backend: to.host,
    port: to.port,
    timeout: seconds(path, 'timeout', timeout, 3600),
  };
}

/** A duration in whole seconds, within the bounds that HAProxy's and common sense's timers have. */
export function seconds(path: string, what: string, value: Duration | undefined, otherwise: number, min = 1): number {
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

/** The pods' port for one of the Service's: they may not open those below 1024, and have some of their own. */
export function listenPort(port: number): number {
  const own: readonly number[] = Object.values(PORTS);
  return port < 1024 || own.includes(port) ? port + ABOVE_PRIVILEGED : port;
}
