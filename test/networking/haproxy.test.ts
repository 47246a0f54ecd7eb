import { Duration, Size } from 'cdk8s';
import { type Construct } from 'constructs';
import {
  Deployment,
  External,
  type ICertificateIssuer,
  type IGateway,
  type Platform,
  type RouteProps,
  type ServiceEndpoint,
  System,
} from '../../lib/core';
import { HAProxy, type HAProxyProps, type MinimumTls } from '../../lib/networking/haproxy';
import { CertManager } from '../../lib/security/cert-manager';
import { findingsOf, objectOf, objectsOf, testPlatform } from '../support';

class Web extends System {
  readonly endpoint: ServiceEndpoint;

  constructor(scope: Construct, id = 'web') {
    super(scope, id, { name: 'web', version: '1' }, {});
    const deployment = new Deployment(this.addStage('install'), 'web', {
      containers: [
        {
          name: 'web',
          image: { registry: 'docker.io', repository: 'library/nginx', tag: '1.29.0' },
          ports: { http: 8000 },
          resources: { cpu: 0.1, memory: Size.mebibytes(64) },
        },
      ],
    });
    this.endpoint = deployment.addService({ ports: { http: { port: 80, target: 8000 } } }).http;
  }

  route(gateway: IGateway, props: Partial<RouteProps> = {}) {
    return gateway.addRoute(this, { host: 'web.test.example', to: this.endpoint, ...props });
  }
}

interface Lab {
  readonly lab: Platform;
  readonly gateway: HAProxy;
  readonly web: Web;
}

function make(props: Partial<HAProxyProps> = {}): Lab {
  const lab = testPlatform();
  const certificates = props.certificates ?? new CertManager(lab, 'cert-manager');
  const gateway = new HAProxy(lab, 'gateway', { addresses: External.loadBalancer(), ...props, certificates });
  return { lab, gateway, web: new Web(lab) };
}

function configOf(lab: Platform): string {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'configuration').data['haproxy.cfg'] ?? '';
}

function scriptOf(lab: Platform): string {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'entrypoint').data['run.sh'] ?? '';
}

interface Pods {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly annotations: Record<string, string> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly volumeMounts: readonly { readonly mountPath: string }[];
          readonly resources: { readonly limits: Record<string, string> };
        }[];
      };
    };
  };
}

const pods = (lab: Platform) => objectOf<Pods>(lab, 'Deployment', 'haproxy', 'gateway').spec;

describe('HAProxy', () => {
  test('links without a finding', () => {
    const { lab, gateway, web } = make({ tcpPorts: [22, 5432] });
    web.route(gateway, { healthPath: '/healthz' });
    web.route(gateway, { host: '*.web.test.example' });
    gateway.addTcpRoute(web, { port: 5432, to: web.endpoint });
    gateway.addTcpRoute(web, { port: 22, to: web.endpoint });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('one certificate is for the hosts of all routes, in a fixed order', () => {
    const { lab, gateway, web } = make();
    web.route(gateway, { host: 'z.test.example' });
    web.route(gateway, { host: 'z.test.example', path: '/api' });
    web.route(gateway, { host: '*.a.test.example' });
    expect(objectOf(lab, 'Certificate', 'tls', 'gateway')).toMatchObject({
      spec: { dnsNames: ['*.a.test.example', 'gateway.test.example', 'z.test.example'] },
    });
  });

  test('a route has its URL and its backend, and the way is open at both ends', () => {
    const { lab, gateway, web } = make();
    expect(web.route(gateway)).toMatchObject({ host: 'web.test.example', url: 'https://web.test.example' });
    expect(web.route(gateway, { path: '/api/', timeout: Duration.minutes(10) }).url).toBe(
      'https://web.test.example/api',
    );
    const config = configOf(lab);
    expect(config).toContain(
      'backend web.test.example\n  timeout server 60s\n  server service web.web.svc.cluster.local:80\n',
    );
    expect(config).toContain('backend web.test.example:api\n  timeout server 600s\n');
    const web8000 = [{ port: 8000, protocol: 'TCP' }];
    expect(objectOf(lab, 'NetworkPolicy', 'web', 'web')).toMatchObject({ spec: { ingress: [{ ports: web8000 }] } });
    expect(
      objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'haproxy', 'gateway').spec.egress,
    ).toContainEqual(expect.objectContaining({ ports: web8000 }));
  });

  test('a new route changes neither the pods nor the Service', () => {
    const one = make();
    const two = make();
    one.web.route(one.gateway);
    two.web.route(two.gateway);
    two.web.route(two.gateway, { host: 'more.test.example' });
    expect(pods(two.lab)).toEqual(pods(one.lab));
    expect(objectOf(two.lab, 'Service', 'haproxy')).toEqual(objectOf(one.lab, 'Service', 'haproxy'));
    expect(configOf(two.lab)).not.toBe(configOf(one.lab));
  });

  test('a changed entry script restarts the pods', () => {
    const digest = (seconds: number) =>
      pods(make({ drainTimeout: Duration.seconds(seconds) }).lab).template.metadata.annotations;
    expect(digest(60)).toEqual(digest(60));
    expect(digest(60)).not.toEqual(digest(61));
  });

  test.each<[string, (lab: Platform) => ICertificateIssuer, string, string[]]>([
    ['of its own issuer', (lab) => new CertManager(lab, 'cert-manager'), '/etc/haproxy/tls/ca.crt', []],
    [
      'of an authority handed out apart',
      (lab) => External.certificates(lab, { tlsSecret: 'company-tls', authority: { name: 'company-ca' } }),
      '/etc/haproxy/authority/ca.crt',
      ['/etc/haproxy/authority'],
    ],
    ['of the public authorities', (lab) => External.certificates(lab, { tlsSecret: 'company-tls' }), '@system-ca', []],
  ])('an endpoint that speaks https is verified by the certificate %s', (_, issuer, file, mounts) => {
    const lab = testPlatform();
    const gateway = new HAProxy(lab, 'gateway', { addresses: External.loadBalancer(), certificates: issuer(lab) });
    new Web(lab).route(gateway, { scheme: 'https' });
    expect(configOf(lab)).toContain(`ssl verify required ca-file ${file} verifyhost web.web.svc.cluster.local `);
    const mounted = pods(lab).template.spec.containers[0].volumeMounts.map(({ mountPath }) => mountPath);
    expect(mounted).toEqual(['/opt/haproxy', '/etc/haproxy/config', '/etc/haproxy/tls', ...mounts, '/run/haproxy']);
  });

  test('ports below 1024 and those of the pods themselves are moved up', () => {
    const { lab, gateway, web } = make({ tcpPorts: [22, 8404, 5432] });
    gateway.addTcpRoute(web, { port: 22, to: web.endpoint, timeout: Duration.minutes(1) });
    expect(pods(lab).template.spec.containers[0].ports).toEqual(
      expect.arrayContaining([
        { name: 'tcp-22', containerPort: 20022, protocol: 'TCP' },
        { name: 'tcp-8404', containerPort: 28404, protocol: 'TCP' },
        { name: 'tcp-5432', containerPort: 5432, protocol: 'TCP' },
      ]),
    );
    const { spec } = objectOf<{ spec: { ports: object[] } }>(lab, 'Service', 'haproxy');
    expect(spec.ports).toContainEqual({ name: 'tcp-22', port: 22, protocol: 'TCP', targetPort: 20022 });
    expect(configOf(lab)).toContain(
      'listen tcp-22\n  mode tcp\n  option tcplog\n  bind :20022\n  timeout client 60s\n',
    );
  });

  test('its props do what they say', () => {
    const { lab, gateway } = make({
      addresses: External.loadBalancer({ 'example.com/pool': 'edge' }),
      address: '10.20.0.150',
      replicas: 3,
      threads: 4,
      maxConnections: 8000,
      minimumTls: '1.3',
      hsts: Duration.seconds(0),
      tunnelTimeout: Duration.hours(2),
      drainTimeout: Duration.minutes(5),
      externalTrafficPolicy: 'Cluster',
    });
    expect(gateway.endpoints).toEqual([{ what: 'address of the gateway', address: '10.20.0.150' }]);
    const { replicas, template } = pods(lab);
    expect(replicas).toBe(3);
    expect(template.spec.terminationGracePeriodSeconds).toBe(10 + 300 + 15);
    expect(template.spec.containers[0].resources.limits).toMatchObject({ cpu: '4', memory: '878Mi' });
    const config = configOf(lab);
    for (const text of ['nbthread 4', 'maxconn 8000', 'TLSv1.3', 'timeout tunnel 7200s', 'hard-stop-after 7200s']) {
      expect(config).toContain(text);
    }
    expect(config).not.toContain('Strict-Transport-Security');
    expect(objectOf(lab, 'Service', 'haproxy')).toMatchObject({
      metadata: { annotations: { 'example.com/pool': 'edge' } },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' },
    });
  });

  test('another log level is put into effect without a restart', () => {
    const [all, few] = [make().lab, make({ logLevel: 'warning' }).lab];
    expect(configOf(all)).toContain('log stdout format raw local0 info\n');
    expect(configOf(few)).toContain('log stdout format raw local0 warning\n');
    expect(pods(few)).toEqual(pods(all));
  });

  test('by default two pods keep the address of the client, and one may be drained', () => {
    const { lab } = make();
    expect(pods(lab).replicas).toBe(2);
    expect(objectOf(lab, 'Service', 'haproxy')).toMatchObject({ spec: { externalTrafficPolicy: 'Local' } });
    expect(objectOf(lab, 'PodDisruptionBudget', 'haproxy')).toMatchObject({ spec: { maxUnavailable: 1 } });
  });

  test('metrics are there for whoever scrapes them, else for nobody', () => {
    const lab = testPlatform();
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    new HAProxy(lab, 'gateway', {
      addresses: External.loadBalancer(),
      certificates: new CertManager(lab, 'cert-manager'),
      metrics,
    });
    expect(objectOf(lab, 'ServiceMonitor', 'haproxy')).toMatchObject({
      spec: { endpoints: [{ port: 'metrics', path: '/metrics' }] },
    });
    expect(objectsOf(make().lab).filter(({ metadata }) => metadata.name === 'haproxy-metrics')).toEqual([]);
  });

  test('the entry script reloads by the master, keeps what works, and ends gently', () => {
    const script = scriptOf(make({ drainTimeout: Duration.seconds(90) }).lab);
    expect(script).toContain('haproxy -W -db -S "$master" -f "$config" &');
    expect(script).toContain('haproxy -c -f "$config"');
    expect(script).toContain('mark configuration/accepted');
    expect(script).toContain("trap 'stop=yes' TERM INT USR1");
    expect(script).toContain('( sleep 90 && kill -TERM "$haproxy" )');
    expect(configOf(make().lab)).toContain('backend configuration\n  server accepted 127.0.0.1:1 no-check\n');
  });

  test('a pod that stops says so by its health before it stops to listen', () => {
    const { lab } = make();
    expect(scriptOf(lab)).toContain('mark pod/serving\nsleep 10\nkill -USR1 "$haproxy"\n');
    expect(configOf(lab)).toContain('backend pod\n  server serving 127.0.0.1:1 no-check\n');
    expect(configOf(lab)).toContain('monitor-uri /healthz\n  monitor fail if !{ srv_is_up(pod/serving) }\n');
    // Noticed in less time than it lingers.
    expect(objectOf(lab, 'Deployment', 'haproxy')).toMatchObject({
      spec: { template: { spec: { containers: [{ readinessProbe: { periodSeconds: 2, failureThreshold: 2 } }] } } },
    });
  });
});

describe('HAProxy refuses', () => {
  test.each<[string, Partial<HAProxyProps>, string]>([
    [
      'no replica',
      { replicas: 0 },
      'lab/gateway: replicas must be a whole number from 1 to 20, got 0; two on different nodes outlive one of them',
    ],
    [
      'few connections',
      { maxConnections: 10 },
      'lab/gateway: maxConnections must be a whole number from 100 to 100000, got 10; a browser holds about six',
    ],
    [
      'half a thread',
      { threads: 0.5 },
      'lab/gateway: threads must be a whole number from 1 to 64, got 0.5; each may use one core',
    ],
    [
      'weak TLS',
      { minimumTls: '1.0' as MinimumTls },
      'lab/gateway: minimumTls must be "1.2" or "1.3", got "1.0"; what is older is broken and no browser speaks it',
    ],
    [
      'a log level of another program',
      { logLevel: 'warn' as HAProxyProps['logLevel'] },
      'lab/gateway: logLevel must be one of "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", got "warn"; choose one',
    ],
    [
      'a second as drain of none',
      { drainTimeout: Duration.seconds(0) },
      'lab/gateway: drainTimeout must be 1 to 86400 whole seconds, got 0; choose one within a day',
    ],
    [
      'HSTS for a century',
      { hsts: Duration.days(36500) },
      'lab/gateway: hsts must be a whole number from 0 to 315360000, got 3153600000; give a Duration of at most ten years, in whole seconds',
    ],
    [
      'port 443 twice',
      { tcpPorts: [443] },
      'lab/gateway: tcpPorts has 443, which is for routes by host; use addRoute, or another port',
    ],
    ['a port twice', { tcpPorts: [5432, 5432] }, 'lab/gateway: tcpPorts has 5432 twice; leave one out'],
    [
      'ports that would be one',
      { tcpPorts: [22, 20022] },
      'lab/gateway: tcpPorts has 22 and 20022, which would both be port 20022 of the pods; use another port for one of them',
    ],
    ['no port', { tcpPorts: [70000] }, 'lab/gateway: tcpPorts must be a port from 1 to 65535, got 70000; choose one'],
  ])('%s', (_, props, message) => {
    expect(() => make(props)).toThrow(new Error(message));
  });

  test.each<[string, Partial<RouteProps>, string]>([
    [
      'a bare name',
      { host: 'web' },
      'lab/web: host "web" is outside of the gateway\'s domains, "test.example"; did you mean "web.test.example"?',
    ],
    [
      'a foreign host',
      { host: 'web.other.example' },
      'lab/web: host "web.other.example" is outside of the gateway\'s domains, "test.example"; use site.host(...), or add its domain to the gateway\'s domains',
    ],
    [
      'capitals',
      { host: 'Web.test.example' },
      'lab/web: host must be a host name of lower-case labels such as "mlflow.lab.example", got "Web.test.example"; write it so',
    ],
    [
      'a URL as a host',
      { host: 'https://web.test.example' },
      'lab/web: host must be a host name of lower-case labels such as "mlflow.lab.example", got "https://web.test.example"; write it so',
    ],
    [
      'a relative path',
      { path: 'api' },
      'lab/web: path must begin with "/" and be of letters, digits, ".", "_" and "-" between slashes, got "api"; write it as "/api"',
    ],
    [
      'a path that ends the line',
      { path: '/a\n  mode tcp' },
      'lab/web: path must begin with "/" and be of letters, digits, ".", "_" and "-" between slashes, got "/a\\n  mode tcp"; write it as "/api"',
    ],
    [
      'a comment in the health path',
      { healthPath: '/x#y' },
      'lab/web: healthPath must begin with "/" and have no space or quote, got "/x#y"; write it as "/health"',
    ],
    [
      'half a second',
      { timeout: Duration.millis(500) },
      'lab/web: timeout must be 1 to 86400 whole seconds, got 0.5; choose one within a day',
    ],
  ])('%s', (_, props, message) => {
    const { gateway, web } = make();
    expect(() => web.route(gateway, props)).toThrow(new Error(message));
  });

  test('a host and path that another has, and says whose it is', () => {
    const { lab, gateway, web } = make();
    web.route(gateway, { path: '/api' });
    const other = new Web(lab, 'other');
    expect(() => other.route(gateway, { path: '/api/' })).toThrow(
      new Error('lab/other: https://web.test.example/api is taken by lab/web; give another host or path'),
    );
    expect(other.route(gateway, { path: '/other' }).url).toBe('https://web.test.example/other');
  });

  test('a TCP port that is not declared, or has a route', () => {
    const { gateway, web } = make({ tcpPorts: [5432] });
    expect(() => gateway.addTcpRoute(web, { port: 6379, to: web.endpoint })).toThrow(
      new Error("lab/web: port 6379 isn't among the gateway's tcpPorts, [5432]; add it there"),
    );
    gateway.addTcpRoute(web, { port: 5432, to: web.endpoint });
    expect(() => gateway.addTcpRoute(web, { port: 5432, to: web.endpoint })).toThrow(
      new Error('lab/web: port 5432 of the gateway is taken by lab/web; use another port'),
    );
  });

  test('nothing of a domain that it was told of', () => {
    const { gateway, web } = make({ domains: ['corp.example'] });
    expect(web.route(gateway, { host: 'mlflow.corp.example' }).host).toBe('mlflow.corp.example');
  });
});

test('a route of another platform is refused', () => {
  const { gateway } = make();
  expect(() => make().web.route(gateway)).toThrow(
    /^lab\/web: uses lab\/gateway of platform "lab", but belongs to "lab"; make what it needs in its own platform/,
  );
});

test("pods that use a route's URL come by the gateway's own pods", () => {
  const { lab, gateway, web } = make();
  const { endpoint } = web.route(gateway);
  expect([endpoint.host, endpoint.port]).toEqual(['web.test.example', 443]);
  const { peer, ports } = endpoint.allow({ namespace: 'clients', podLabels: { app: 'client' } });
  expect(peer).toHaveProperty('namespace', 'gateway');
  expect(ports.map(({ port }) => port)).toEqual([8443]);
  expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'haproxy').spec)).toContain('"app":"client"');
});
