import { type LinkOptions } from '../../../lib/core/link';
import { CONTAINER, object, shop } from './shop';

const found = (bundle: ReturnType<typeof shop>, rule: string, options: LinkOptions = { reasons: [] }) =>
  bundle.findings(options).filter((line) => line.includes(rule));

describe('a wildcard in rights', () => {
  const RULE = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
  const bundle = (rule: object) =>
    shop().add(
      object('rbac.authorization.k8s.io/v1', 'Role', 'reader', 'shop', { rules: [RULE, { ...RULE, ...rule }] }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reader', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
      }),
    );
  const reason = {
    kind: 'Role',
    namespace: 'shop',
    name: 'reader',
    field: 'rules[1]',
    reason: 'it collects the garbage of all kinds there are',
  };
  const MEND =
    'grants more than anybody can read from it; name what is needed, or say why all is (because, on the rule)';

  test.each<[object, string]>([
    [{ verbs: ['get', '*'] }, 'verbs[1]'],
    [{ apiGroups: ['*'] }, 'apiGroups[0]'],
    [{ resources: ['*'] }, 'resources[0]'],
    [{ resources: ['pods/*'] }, 'resources[0]'],
    [{ nonResourceURLs: ['/metrics/*'] }, 'nonResourceURLs[0]'],
  ])('%j is refused without a reason', (rule, field) => {
    expect(bundle(rule).findings({ reasons: [] })).toEqual([`Role/reader: rules[1].${field} "*" ${MEND}`]);
    expect(bundle(rule).findings({ reasons: [reason] })).toEqual([]);
    expect(bundle(rule).findings()).toEqual([]);
  });

  test('a reason is for the rule that it names, and needed', () => {
    expect(bundle({ verbs: ['*'] }).findings({ reasons: [{ ...reason, field: 'rules[0]' }] })).toEqual([
      'Role/reader: rules[0] of this Role has a reason for a wildcard, and none; take the reason out',
      `Role/reader: rules[1].verbs[0] "*" ${MEND}`,
    ]);
  });
});

describe('another end of TLS that is not verified', () => {
  const MEND = 'lets anybody stand in for the other end; verify it by its authority, or say why nobody can (justify)';
  const env = (name: string, value: string) =>
    found(shop().set('Deployment/web', [...CONTAINER, 'env', 4], { name, value }), 'stand in');
  const arg = (...args: string[]) => found(shop().set('Deployment/web', [...CONTAINER, 'args'], args), 'stand in');
  const file = (text: string) => found(shop().set('ConfigMap/web', ['data', 'web.conf'], text), 'stand in');
  const at = 'Deployment/web: spec.template.spec.containers[0]';

  test.each([
    ['VAULT_SKIP_VERIFY', '1'],
    ['MLFLOW_TRACKING_INSECURE_TLS', 'true'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['PYTHONHTTPSVERIFY', '0'],
    ['GIT_SSL_NO_VERIFY', 'true'],
  ])('is refused as the variable %s=%s', (name, value) => {
    expect(env(name, value)).toEqual([`${at}.env[4].value "${name}=${value}" ${MEND}`]);
  });

  test.each(['--insecure-skip-tls-verify', '--kubelet-insecure-tls', '--tls-skip-verify=true', '--insecure'])(
    'is refused as the flag %s',
    (flag) => {
      expect(arg(flag)).toEqual([`${at}.args[0] "${flag}" ${MEND}`]);
    },
  );

  test.each([
    'curl -fsSk https://db.example/',
    'curl --retry 3 --insecure https://db.example/',
    'wget --no-check-certificate https://db.example/',
    'requests.get(url, verify=False)',
    'tls:\n  insecure_skip_verify: true\n',
    '{\n"insecureSkipTLSVerify": true,\n}',
    'ssl_verify = off',
    'backend x\n  server one db.example:443 ssl verify none\n',
  ])('is refused in %j', (text) => {
    expect(file(text)).toHaveLength(1);
    expect(arg('sh', '-c', text)).toHaveLength(1);
  });

  test.each([
    'curl -fsS https://db.example/ | sort -k 2',
    'curl -K options https://db.example/',
    'insecure_skip_verify: false',
    'ssl_verify: on',
    '# insecure_skip_verify lets anybody in: true to its name',
    'verify required',
  ])('is not what %j says', (text) => {
    expect(file(text)).toEqual([]);
    expect(arg('sh', '-c', text)).toEqual([]);
  });

  test('is refused in a field, but where a reason is given', () => {
    const service = object('apiregistration.k8s.io/v1', 'APIService', 'v1.shop', undefined, {
      spec: {
        group: 'shop',
        version: 'v1',
        groupPriorityMinimum: 1,
        versionPriority: 1,
        insecureSkipTLSVerify: true,
        service: { name: 'web', namespace: 'shop', port: 80 },
      },
    });
    const reason = {
      kind: 'APIService',
      name: 'v1.shop',
      field: 'spec.insecureSkipTLSVerify',
      reason: 'its pods sign for themselves, of which no authority is kept',
    };
    expect(found(shop().add(service), 'stand in')).toEqual([
      `APIService/v1.shop: spec.insecureSkipTLSVerify "true" ${MEND}`,
    ]);
    expect(found(shop().add(service), 'stand in', { reasons: [reason] })).toEqual([]);
    expect(found(shop().add(service), 'stand in', {})).toEqual([]);
  });
});

describe('a route', () => {
  const ingress = (name: string, spec: object = {}, host = 'web.example') =>
    object('networking.k8s.io/v1', 'Ingress', name, 'shop', {
      spec: {
        tls: [{ hosts: ['web.example'] }],
        rules: [
          {
            host,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
            },
          },
        ],
        ...spec,
      },
    });
  const routes = (...objects: Parameters<ReturnType<typeof shop>['add']>) =>
    shop()
      .add(...objects)
      .findings()
      .filter((line) => /plain HTTP|is led elsewhere/.test(line));

  test('of an Ingress has TLS', () => {
    expect(routes(ingress('web'))).toEqual([]);
    expect(routes(ingress('web', { tls: [{ hosts: ['*.example'] }] }))).toEqual([]);
    expect(routes(ingress('web', { tls: [{}] }))).toEqual([]);
    expect(routes(ingress('web', { tls: undefined }))).toEqual([
      'Ingress/web: spec.rules[0].host "web.example" lets people in by plain HTTP; name the host in spec.tls',
    ]);
    expect(routes(ingress('web', {}, 'a.web.example'))).toHaveLength(1);
  });

  test('leads one host and path to one place', () => {
    expect(routes(ingress('one'), ingress('two'))).toEqual([
      'Ingress/two: spec.rules[0].http.paths[0].path "web.example/" is led elsewhere by Ingress shop/one; give one of the two another host or path',
    ]);
    expect(routes(ingress('one'), ingress('two', { ingressClassName: 'other' }))).toEqual([]);
  });

  const gateway = object('gateway.networking.k8s.io/v1', 'Gateway', 'edge', 'shop', {
    spec: {
      gatewayClassName: 'edge',
      listeners: [
        { name: 'http', port: 80, protocol: 'HTTP' },
        { name: 'https', port: 443, protocol: 'HTTPS' },
      ],
    },
  });
  const route = (name: string, sectionName?: string, rule: object = { backendRefs: [{ name: 'web', port: 80 }] }) =>
    object('gateway.networking.k8s.io/v1', 'HTTPRoute', name, 'shop', {
      spec: { parentRefs: [{ name: 'edge', sectionName }], hostnames: ['web.example'], rules: [rule] },
    });
  const REDIRECT = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };

  test('of the Gateway API is bound to a listener with TLS, or only redirects', () => {
    expect(routes(gateway, route('web', 'https'), route('redirect', 'http', REDIRECT))).toEqual([]);
    const refused =
      'HTTPRoute/web: spec.parentRefs[0] "edge/http" lets people in by plain HTTP at that listener; name its listener for HTTPS in sectionName, or only redirect';
    expect(routes(gateway, route('web', 'http'))).toEqual([refused]);
    expect(routes(gateway, route('web'))).toEqual([refused]);
    expect(routes(gateway, route('web', 'https'), route('more', 'https'))).toEqual([
      'HTTPRoute/more: spec.rules[0].matches[0] "web.example/" is led elsewhere by HTTPRoute shop/web; give one of the two another host or path',
    ]);
  });

  test("of HAProxy's has a certificate", () => {
    const config = (bind: string, more = '') =>
      shop()
        .set(
          'ConfigMap/web',
          ['data', 'web.conf'],
          `defaults\n  mode http\n\nfrontend in\n  bind :80\n  http-request redirect scheme https\n\nfrontend https\n  ${more}bind ${bind}\n  default_backend web\n`,
        )
        .findings()
        .filter((line) => line.includes('plain HTTP'));
    expect(config(':443 ssl crt /tls')).toEqual([]);
    expect(config(':443', 'mode tcp\n  ')).toEqual([]);
    expect(config(':443')).toEqual([
      'ConfigMap/web: data["web.conf"] "bind :443" lets people in by plain HTTP in frontend https; add ssl and its certificate',
    ]);
  });
});

describe('a password', () => {
  const env = (name: string, value: string) =>
    shop()
      .set('Deployment/web', [...CONTAINER, 'env', 4], { name, value })
      .findings();
  const MEND = 'take it from a Secret that is made in the cluster';
  const at = 'Deployment/web: spec.template.spec.containers[0].env[4].value';

  test.each([
    ['DB_PASSWORD', 'password', 'is a secret in plain text, by the name DB_PASSWORD'],
    ['DB_PASSWORD', '123456', 'is a secret in plain text, by the name DB_PASSWORD'],
    ['DB_PASSWORD', 'default', 'is a secret in plain text, by the name DB_PASSWORD'],
    ['ACCESS', 'minioadmin', 'is a password that everybody knows'],
    ['HASH', `$2y$10$${'a'.repeat(53)}`, 'is the hash of a password'],
    ['CONNECTION', 'host=db.example user=web password=x9y8z7w6', 'is a password among parameters'],
    ['MODEL', `hf_${'a1B2'.repeat(9)}`, 'looks like an access token'],
  ])('is not the value of %s, %s', (name, value, expected) => {
    const [only, ...more] = env(name, value);
    expect(more).toEqual([]);
    expect(only).toMatch(/^Deployment\/web: spec\.template\.spec\.containers\[0\]\.env\[4\]\.value "/);
    expect(only.startsWith(at) && only.endsWith(`${expected}; ${MEND}`)).toBe(true);
    expect(only).not.toContain(`"${value}`);
  });

  test.each([
    ['ASK_PASSWORD', 'required'],
    ['GRANT', 'password'],
    ['CONNECTION', 'host=db.example password=$(PGPASSWORD)'],
    ['TOKEN', 'default'],
  ])('is not seen in %s=%s', (name, value) => {
    expect(env(name, value)).toEqual([]);
  });

  test('is in no annotation', () => {
    const annotated = (value: string) =>
      shop().set('Service/web', ['metadata', 'annotations'], { note: value }).findings();
    expect(annotated('postgresql://app:hunter22@db.example/app')).toEqual([
      `Service/web: metadata.annotations.note "hu******" is a password in a URL; ${MEND}`,
    ]);
    expect(annotated('https://db.example/')).toEqual([]);
  });
});
