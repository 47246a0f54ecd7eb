import { type Config, type HttpRoute, renderConfig, type TcpRoute } from '../../lib/networking/haproxy/config';
import { expectGolden } from '../support';

const CONFIG: Config = {
  httpPort: 8080,
  httpsPort: 8443,
  metricsPort: 8404,
  certificateFile: '/etc/haproxy/tls/tls.crt',
  keyFile: '/etc/haproxy/tls/tls.key',
  runFolder: '/run/haproxy',
  threads: 2,
  maxConnections: 4000,
  logLevel: 'info',
  minimumTls: '1.2',
  hsts: 31536000,
  tunnelTimeout: 3600,
  http: [],
  tcp: [],
};

function route(host: string, props: Partial<HttpRoute> = {}): HttpRoute {
  return { name: host, host, path: '/', backend: 'a.b.svc.cluster.local', port: 80, check: {}, timeout: 60, ...props };
}

/** The lines of one section, without its head. */
function section(head: string, config: Partial<Config>): string[] {
  const blocks = renderConfig({ ...CONFIG, ...config }).split('\n\n');
  const block = blocks.find((text) => text.startsWith(`${head}\n`));
  if (block === undefined) throw new Error(`there is no section "${head}"`);
  return block
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function rules(...http: HttpRoute[]): string[] {
  return section('frontend https', { http }).filter((line) => line.startsWith('use_backend'));
}

describe("HAProxy's configuration", () => {
  test('as a whole', () => {
    const tcp: TcpRoute = {
      name: 'tcp-5432',
      listen: 5432,
      backend: 'db.db.svc.cluster.local',
      port: 5432,
      timeout: 3600,
    };
    expectGolden(
      'networking/golden/haproxy.cfg',
      renderConfig({
        ...CONFIG,
        http: [
          route('mlflow.lab.example', { check: { path: '/health' }, timeout: 600 }),
          route('*.s3.lab.example', {
            name: '_.s3.lab.example',
            tls: { serverName: 'a.b.svc', caFile: '/etc/haproxy/tls/ca.crt' },
          }),
        ],
        tcp: [tcp],
      }),
    );
  });

  test('a host is matched as a whole, a wildcard by its end', () => {
    expect(rules(route('a.lab.example'), route('*.lab.example', { name: 'w' }))).toEqual([
      'use_backend a.lab.example if { var(txn.host) -m str a.lab.example }',
      'use_backend w if { var(txn.host) -m end .lab.example }',
    ]);
  });

  test('a path prefix is matched by whole segments', () => {
    expect(rules(route('a.b', { name: 'api', path: '/api' }))).toEqual([
      'use_backend api if { var(txn.host) -m str a.b } { path -m str /api } or { var(txn.host) -m str a.b } { path -m beg /api/ }',
    ]);
  });

  test('the most specific route is tried first, in whatever order they were added', () => {
    const routes = [
      route('*.b.example', { name: 'wild' }),
      route('*.a.b.example', { name: 'wild-longer' }),
      route('x.b.example', { name: 'all' }),
      route('x.b.example', { name: 'deep', path: '/a/b' }),
      route('x.b.example', { name: 'shallow', path: '/a' }),
    ];
    const order = (list: HttpRoute[]) => rules(...list).map((line) => line.split(' ')[1]);
    expect(order(routes)).toEqual(['deep', 'shallow', 'all', 'wild-longer', 'wild']);
    expect(order([...routes].reverse())).toEqual(order(routes));
  });

  test('what matches no route is answered 404', () => {
    expect(section('frontend https', {}).at(-1)).toBe('default_backend no-route');
    expect(section('backend no-route', {})[0]).toMatch(/^http-request return status 404 /);
  });

  test('plain HTTP is sent to HTTPS', () => {
    expect(section('frontend http', {})).toContain('http-request redirect scheme https code 308');
  });

  test("what clients say of where they come from isn't believed", () => {
    expect(section('frontend https', {})).toEqual(
      expect.arrayContaining([
        'http-request set-header X-Forwarded-For %[src]',
        'http-request set-header X-Forwarded-Proto https',
        'http-request del-header Forwarded',
      ]),
    );
  });

  test('HSTS is for as long as asked, or not at all', () => {
    const hsts = (seconds: number) =>
      section('frontend https', { hsts: seconds }).filter((line) => line.includes('Strict-Transport-Security'));
    expect(hsts(600)).toEqual(['http-response set-header Strict-Transport-Security "max-age=600"']);
    expect(hsts(0)).toEqual([]);
  });

  test('the oldest TLS is the one asked for', () => {
    expect(section('global', { minimumTls: '1.3' })).toContain(
      'ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets',
    );
  });

  test('a health path is asked for with the host of the route', () => {
    const [head, http] = [section('backend a.b', { http: [route('a.b', { check: { path: '/up' } })] }), route('a.b')];
    expect(head).toContain('http-check send meth GET uri /up ver HTTP/1.1 hdr Host a.b');
    expect(section('backend a.b', { http: [http] })).toEqual([
      'timeout server 60s',
      'server service a.b.svc.cluster.local:80',
    ]);
  });

  test('an endpoint with TLS must show a certificate of its name', () => {
    const tls = { serverName: 'x.y.svc', caFile: '/ca.crt' };
    expect(section('backend a.b', { http: [route('a.b', { tls })] }).at(-1)).toBe(
      'server service a.b.svc.cluster.local:80 ssl verify required ca-file /ca.crt verifyhost x.y.svc sni str(x.y.svc) check-sni x.y.svc alpn http/1.1',
    );
  });

  test('a TCP route is not looked into', () => {
    const tcp: TcpRoute = { name: 'tcp-22', listen: 20022, backend: 'git.git.svc', port: 2222, timeout: 60 };
    expect(section('listen tcp-22', { tcp: [tcp] })).toEqual([
      'mode tcp',
      'option tcplog',
      'bind :20022',
      'timeout client 60s',
      'timeout server 60s',
      'server service git.git.svc:2222',
    ]);
  });

  test('a level without requests still logs those that failed', () => {
    const logging = (logLevel: Config['logLevel']) => [
      section('global', { logLevel })[0],
      section('defaults', { logLevel }).includes('option log-separate-errors'),
    ];
    expect(logging('info')).toEqual(['log stdout format raw local0 info', false]);
    expect(logging('debug')).toEqual(['log stdout format raw local0 debug', false]);
    expect(logging('notice')).toEqual(['log stdout format raw local0 notice', true]);
    expect(logging('err')).toEqual(['log stdout format raw local0 err', true]);
  });

  test('the query, which may hold a signature, is not logged', () => {
    const format = section('defaults', {}).find((line) => line.startsWith('log-format')) ?? '';
    expect(format).toContain('%HPO');
    expect(format).not.toMatch(/%\[?(HU|HQ|r|query|url)\b/);
  });
});
