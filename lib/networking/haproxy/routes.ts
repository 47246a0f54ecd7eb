import {
  checkHealthPath,
  gatewaySeconds,
  routePath,
  type RouteProps,
  tcpName,
  type TcpPorts,
  type TcpRouteProps,
} from '../../core';
import { type HttpRoute, type TcpRoute } from './config';

/** Ports that the pods open themselves. */
export const PORTS = { http: 8080, https: 8443, metrics: 8404 } as const;

/** A route as the configuration has it. @param caFile what verifies an endpoint that speaks https */
export function httpRoute(path: string, props: RouteProps, caFile: string): HttpRoute {
  const { host, to, scheme, healthPath } = props;
  const prefix = routePath(path, props);
  checkHealthPath(path, props);
  return {
    name: `${host.replace('*', '_')}${prefix === '/' ? '' : prefix.replaceAll('/', ':')}`,
    host,
    path: prefix,
    backend: to.host,
    port: to.port,
    tls: scheme === 'https' ? { serverName: to.host, caFile } : undefined,
    check: { path: healthPath },
    timeout: gatewaySeconds(path, 'timeout', props.timeout, 60),
  };
}

/** A port as the configuration has it. */
export function tcpRoute(path: string, { port, to, timeout }: TcpRouteProps, ports: TcpPorts): TcpRoute {
  return {
    name: tcpName(port),
    listen: ports.listen(port),
    backend: to.host,
    port: to.port,
    timeout: gatewaySeconds(path, 'timeout', timeout, 3600),
  };
}
