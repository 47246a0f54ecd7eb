import { Duration } from 'cdk8s';
import { load } from 'js-yaml';
import { External, type Platform, type ProtectProps } from '../../lib/core';
import { OAuth2Proxy, type OAuth2ProxyProps } from '../../lib/security/oauth2-proxy';
import { expectGolden, findingsOf, objectOf } from '../support';
import { Web } from './web-support';
import { configurationOf, dexLab } from './dex-support';

interface Pods {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
        }[];
      };
    };
  };
}

function make(props: Partial<OAuth2ProxyProps> = {}) {
  const made = dexLab();
  const web = new Web(made.lab, 'web');
  const signIn = new OAuth2Proxy(made.lab, 'sign-in', { identity: made.dex, ...props });
  const protect = (more: Partial<ProtectProps> = {}, id = 'web') => {
    const endpoint = signIn.protect(web, id, { host: 'web.test.example', to: web.endpoint, ...more });
    made.gateway.addRoute(web, { host: more.host ?? 'web.test.example', to: endpoint, healthPath: '/ping' });
    return endpoint;
  };
  return { ...made, web, signIn, protect };
}

function alphaOf(lab: Platform): string {
  return objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'web-config').data['alpha.yaml'] ?? '';
}

function containerOf(lab: Platform) {
  return objectOf<Pods>(lab, 'Deployment', 'web', 'sign-in').spec.template.spec.containers[0];
}

test('stands between the gateway and what is behind, which nobody else reaches', () => {
  const { lab, web, protect } = make();
  const endpoint = protect();
  expect(endpoint.host).toBe('web.sign-in.svc.cluster.local');
  expect(findingsOf(lab)).toEqual([]);
  expect(objectOf(lab, 'NetworkPolicy', 'web', 'web')).toMatchObject({
    spec: {
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'sign-in' } } }] }],
    },
  });
  expect(objectOf(lab, 'NetworkPolicy', 'web', 'sign-in')).toMatchObject({
    spec: {
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway' } } }] }],
    },
  });
  expect(web.endpoint.host).toBe('web.web.svc.cluster.local');
});

test('its configuration is as it was', () => {
  const { lab, protect } = make();
  protect({ groups: ['ml-vision'] });
  expectGolden('security/golden/oauth2-proxy.yaml', alphaOf(lab));
});

test('is a client of its own, comes back to its host, and keeps its key in the cluster', () => {
  const { lab, protect } = make();
  protect({ title: 'The web' });
  const { staticClients } = load(configurationOf(lab)) as { staticClients: object[] };
  expect(staticClients).toContainEqual({
    id: 'web',
    name: 'The web',
    secretEnv: 'CLIENT_WEB_SECRET',
    redirectURIs: ['https://web.test.example/oauth2/callback'],
  });
  expect(containerOf(lab).args).toContain('--redirect-url=https://web.test.example/oauth2/callback');
  expect(containerOf(lab).env).toContainEqual({
    name: 'OAUTH2_PROXY_COOKIE_SECRET',
    valueFrom: { secretKeyRef: { name: 'sign-in-web-cookie', key: 'cookie-secret' } },
  });
});

test('lets in whom the groups name, or anybody who can sign in', () => {
  const some = make();
  some.protect({ groups: ['a', 'b'] });
  expect(load(alphaOf(some.lab))).toMatchObject({ providers: [{ allowedGroups: ['a', 'b'] }] });
  const all = make();
  all.protect();
  expect(alphaOf(all.lab)).not.toContain('allowedGroups');
});

test('open paths are prefixes and nothing more', () => {
  const { lab, protect } = make();
  protect({ open: ['/api/2.0/', '/health'] });
  expect(containerOf(lab).args).toEqual(
    expect.arrayContaining(['--skip-auth-route=^/api/2\\.0/', '--skip-auth-route=^/health']),
  );
});

test('a proof is sent with each request, from its Secret', () => {
  const { lab, protect } = make();
  const proof = lab.credentials.generate(lab, 'web-proof', { proof: { length: 48 } });
  protect({ proof });
  expect(load(alphaOf(lab))).toMatchObject({
    injectRequestHeaders: expect.arrayContaining([
      { name: 'X-Sign-In-Proof', values: [{ secretSource: { fromEnv: 'SIGN_IN_PROOF' } }] },
    ]) as object,
  });
  expect(containerOf(lab).env).toContainEqual({
    name: 'SIGN_IN_PROOF',
    valueFrom: { secretKeyRef: { name: 'web-proof', key: 'proof' } },
  });
  expect(findingsOf(lab)).toEqual([]);
});

test('what speaks https behind it is verified', () => {
  const made = make();
  const certificates = new OAuth2Proxy(made.lab, 'tls', { identity: made.dex, certificates: made.certificates });
  certificates.protect(made.web, 'web', { host: 'web.test.example', to: made.web.endpoint, scheme: 'https' });
  expect(load(alphaOf(made.lab))).toMatchObject({
    upstreamConfig: { upstreams: [{ uri: 'https://web.web.svc.cluster.local:80' }] },
  });
  const [container] = objectOf<Pods>(made.lab, 'Deployment', 'web', 'tls').spec.template.spec.containers;
  expect(container.env).toContainEqual({ name: 'SSL_CERT_FILE', value: '/etc/oauth2-proxy-upstream/ca.crt' });
});

test("trusts the issuer's private authority, and the company's own provider with its claims", () => {
  const { lab, protect } = make();
  protect();
  expect(load(alphaOf(lab))).toMatchObject({ providers: [{ caFiles: ['/etc/oauth2-proxy-issuer/ca.crt'] }] });
  const other = dexLab();
  const web = new Web(other.lab, 'web');
  const identity = External.identityProvider(other.lab, {
    issuer: 'https://sso.corp.example/realms/corp',
    clients: { web: { secret: 'web-oidc', id: 'lab-web' } },
    groupsClaim: 'roles',
    usernameClaim: 'preferred_username',
  });
  new OAuth2Proxy(other.lab, 'sign-in', { identity }).protect(web, 'web', {
    host: 'web.test.example',
    to: web.endpoint,
  });
  const [provider] = (load(alphaOf(other.lab)) as { providers: object[] }).providers;
  expect(provider).toMatchObject({
    clientID: 'lab-web',
    scope: 'openid email profile',
    oidcConfig: {
      issuerURL: 'https://sso.corp.example/realms/corp',
      emailClaim: 'preferred_username',
      groupsClaim: 'roles',
    },
  });
  expect(provider).not.toHaveProperty('caFiles');
});

test('session, replicas, metrics', () => {
  const made = dexLab();
  const web = new Web(made.lab, 'web');
  const signIn = new OAuth2Proxy(made.lab, 'sign-in', {
    identity: made.dex,
    session: Duration.minutes(30),
    replicas: 3,
    metrics: External.prometheus(made.lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
  });
  signIn.protect(web, 'web', { host: 'web.test.example', to: web.endpoint });
  expect(containerOf(made.lab).args).toContain('--cookie-expire=1800s');
  expect(objectOf<Pods>(made.lab, 'Deployment', 'web', 'sign-in').spec.replicas).toBe(3);
  expect(objectOf(made.lab, 'ServiceMonitor', 'web')).toMatchObject({ spec: { endpoints: [{ port: 'metrics' }] } });
});

test.each<[string, Partial<ProtectProps>, string]>([
  [
    'no group at all',
    { groups: [] },
    'lab/web: sign-in "web": groups must name at least one, got []; leave it out to let in anybody who can sign in',
  ],
  [
    'a group with a comma',
    { groups: ['a,b'] },
    `lab/web: sign-in "web": groups has "a,b", which can't be told apart in a list with commas; rename the group`,
  ],
  [
    'everything open',
    { open: ['/'] },
    'lab/web: sign-in "web": open must have path prefixes such as "/api/", got "/"; write it so',
  ],
  [
    'https that nobody verifies',
    { scheme: 'https' },
    'lab/web: sign-in "web": what is behind speaks https, which nobody here verifies; pass certificates to lab/sign-in',
  ],
  [
    'a host with a scheme',
    { host: 'https://web' },
    'lab/web: host of a sign-in must be a host name of lower-case labels such as "mlflow.lab.example", got "https://web"; write it so',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => make().protect(props)).toThrow(new Error(message));
});

test('a second sign-in of one id, a proof without its key, a session for a month are refused', () => {
  const { lab, protect } = make();
  protect();
  expect(() => protect({ host: 'b.test.example' })).toThrow(
    new Error('lab/web: sign-in "web" is that of lab/web; give this one another id'),
  );
  const proof = lab.credentials.generate(lab, 'x', { secret: { length: 48 } });
  expect(() => protect({ proof }, 'other')).toThrow(
    new Error('lab/web: sign-in "other": proof must have the key "proof", got "secret"; add it'),
  );
  expect(() => make({ session: Duration.days(30) })).toThrow(
    new Error('lab/sign-in: session must be whole seconds from a minute to 7 days, got 30 days; choose one between'),
  );
});
