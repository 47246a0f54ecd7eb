import { Duration, Size } from 'cdk8s';
import {
  ConfigFiles,
  Deployment,
  intOrString,
  type ISecret,
  type Mount,
  type ServiceEndpoint,
  type Stage,
  volume,
} from '../../core';
import { PORTS } from './configuration';
import { images } from './images';

/** Where the proxies say how they are. */
const STATUS_PORT = 8404;

export interface ProxyProps {
  /** Name of the Service, by which clients reach the master. */
  readonly service: string;
  /** Host names of the servers. */
  readonly hosts: readonly string[];
  readonly servers: ServiceEndpoint;
  /** Password of the user `proxy`, under that key. */
  readonly passwords: ISecret;
  /** With TLS, which goes through to the server as it is: the authority of the servers' certificate. */
  readonly authority?: ISecret;
}

/**
 * Two HAProxy pods behind one Service, which lead to whichever server says that it is the master. A Service alone can't do that: its pods
 * would have to be labelled anew at each failover by somebody with rights at the API server, or be ready as the master only, and a
 * StatefulSet whose replicas are never ready is never updated.
 */
export function addProxy(stage: Stage, props: ProxyProps): ServiceEndpoint {
  const config = new ConfigFiles(stage, 'haproxy', {
    'haproxy.cfg': proxyConfiguration(props.hosts, props.authority !== undefined),
  });
  const authority: Mount[] = props.authority
    ? [{ path: '/authority', volume: volume.secret('authority', props.authority, { 'ca.crt': 'ca.crt' }) }]
    : [];
  const proxy = new Deployment(stage, 'proxy', {
    replicas: 2,
    restartOn: [config],
    terminationGracePeriod: Duration.seconds(20),
    containers: [
      {
        name: 'haproxy',
        image: images.haproxy,
        command: ['haproxy', '-W', '-db', '-f', '/config/haproxy.cfg'],
        env: { PROXY_PASSWORD: props.passwords.env('proxy') },
        ports: { redis: PORTS.redis, status: STATUS_PORT },
        resources: { cpu: 0.1, memory: Size.mebibytes(256), scratch: Size.mebibytes(64) },
        mounts: [{ path: '/config', volume: volume.config('config', config) }, ...authority],
        // Ready with a master behind it: what waits for the rollout finds one.
        readinessProbe: {
          httpGet: { path: '/ready', port: intOrString('status') },
          periodSeconds: 2,
          failureThreshold: 2,
        },
        livenessProbe: { tcpSocket: { port: intOrString('status') }, initialDelaySeconds: 10, periodSeconds: 10 },
        // Until no Service leads here any more.
        lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
      },
    ],
    // The hosts are fully qualified: without this the resolver would try each with all of the cluster's suffixes first.
    podSpec: { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } },
  });
  proxy.connectTo(props.servers);
  return proxy.addService({ name: props.service, ports: { redis: { port: PORTS.redis, appProtocol: 'redis' } } }).redis;
}

/**
 * Each server is asked once a second; one that isn't the master any more loses its connections, since its clients would be told that it is
 * read only, and most don't connect anew for that. The role stands at the head of the answer; `min-recv` says not to wait for more.
 *
 * @see https://docs.haproxy.org/3.2/configuration.html#4.2-tcp-check%20expect
 */
export function proxyConfiguration(hosts: readonly string[], tls: boolean): string {
  const check = tls ? ' check-ssl verify required ca-file /authority/ca.crt' : '';
  return `global
  log stdout format raw local0 notice
  nbthread 2
  maxconn 4000
defaults
  mode tcp
  log global
  timeout connect 3s
  timeout check 3s
  timeout client 24h
  timeout server 24h
  option clitcpka
  option srvtcpka
resolvers cluster
  parse-resolv-conf
  accepted_payload_size 4096
  resolve_retries 3
  timeout resolve 2s
  timeout retry 1s
  hold nx 5s
  hold valid 5s
frontend status
  mode http
  timeout client 10s
  bind :${STATUS_PORT}
  monitor-uri /ready
  monitor fail if { nbsrv(master) lt 1 }
frontend redis
  bind :${PORTS.redis}
  default_backend master
backend master
  option tcp-check
  tcp-check connect${tls ? ' ssl' : ''}
  tcp-check send "AUTH proxy \${PROXY_PASSWORD}\\r\\n"
  tcp-check expect string +OK
  tcp-check send PING\\r\\n
  tcp-check expect string +PONG
  tcp-check send "INFO replication\\r\\n"
  tcp-check expect min-recv 40 string role:master
  default-server check${check} inter 1s fastinter 1s downinter 1s fall 2 rise 1 on-marked-down shutdown-sessions resolvers cluster resolve-prefer ipv4 init-addr libc,none
${hosts.map((host) => `  server ${host.split('.', 1)[0]} ${host}:${PORTS.redis}\n`).join('')}`;
}
