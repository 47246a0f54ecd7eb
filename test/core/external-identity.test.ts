import { External, type Platform } from '../../lib/core';
import { summary } from '../../lib/core/output/summary';
import { linked } from '../../lib/core/output/linked';
import { findingsOf, objectOf, testPlatform } from '../support';
import { container, Demo } from './demo';

function provider(lab: Platform, more: Partial<Parameters<typeof External.identityProvider>[1]> = {}) {
  return External.identityProvider(lab, {
    issuer: 'https://sso.corp.example:8443/realms/corp',
    clients: { harbor: { secret: 'harbor-oidc', id: 'lab-harbor' } },
    ...more,
  });
}

test('clients that exist: Secrets of the user, the way out, and in the summary where they must lead back to', () => {
  const lab = testPlatform();
  const demo = new Demo(lab, 'demo');
  const identity = provider(lab, { cidr: '10.1.0.0/24', authority: { name: 'corp-ca' }, publicClient: 'kubectl' });
  expect(identity).toMatchObject({
    issuer: 'https://sso.corp.example:8443/realms/corp',
    endpoint: { host: 'sso.corp.example', port: 8443 },
    groupsClaim: 'groups',
    usernameClaim: 'email',
    scopes: ['openid', 'email', 'profile'],
    publicClient: 'kubectl',
    readyAfter: [],
  });
  expect(identity.authority(demo.stage)).toMatchObject({ name: 'corp-ca', namespace: 'demo' });
  const uris = ['https://harbor.test.example/c/oidc/callback'];
  const client = identity.addClient(demo, 'harbor', { redirectUris: () => uris });
  expect(client.id).toBe('lab-harbor');
  const secret = client.credentials.in('demo');
  const web = demo.deployment('web', {
    containers: [container({ env: { S: secret.env('client-secret'), I: secret.env('client-id') } })],
  });
  web.connectTo(identity.endpoint);
  expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'web').spec)).toContain(
    '{"ports":[{"port":8443,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.1.0.0/24"}}]}',
  );
  expect(findingsOf(lab)).toEqual([]);
  uris.push('https://registry.test.example/c/oidc/callback');
  expect(summary(linked(lab).bundle)).toContain(
    '| OAuth client at https://sso.corp.example:8443/realms/corp, which leads back to |  | lab-harbor | ' +
      'https://harbor.test.example/c/oidc/callback, https://registry.test.example/c/oidc/callback |',
  );
});

test('a client that nobody registered, or that is another’s, is refused', () => {
  const lab = testPlatform();
  const identity = provider(lab);
  const redirectUris = ['https://a.test.example/'];
  expect(() => identity.addClient(lab, 'harbour', { redirectUris })).toThrow(
    new Error(
      'lab: needs a client "harbour" at https://sso.corp.example:8443/realms/corp, which has none here; did you mean "harbor"?; register it, and name its Secret in clients',
    ),
  );
  identity.addClient(lab, 'harbor', { redirectUris });
  expect(() => identity.addClient(lab, 'harbor', { redirectUris })).toThrow(
    new Error(
      'lab: client "harbor" at https://sso.corp.example:8443/realms/corp is that of lab; give this one another id',
    ),
  );
});

test.each(['http://sso.corp.example', 'sso.corp.example', 'https://sso.corp.example/?a=b'])(
  'issuer %s is refused',
  (issuer) => {
    expect(() => provider(testPlatform(), { issuer })).toThrow(
      new Error(
        `lab: issuer must be an https URL without "?" and "#", got "${issuer}"; write it as it stands in tokens`,
      ),
    );
  },
);

test('scopes without openid are refused', () => {
  expect(() => provider(testPlatform(), { scopes: ['email'] })).toThrow(
    new Error('lab: scopes must have "openid", got ["email"]; without it there is no token about a person'),
  );
});

test('an endpoint elsewhere, and a bucket whose owner lets groups in', () => {
  const lab = testPlatform();
  expect(External.endpoint(lab, { host: 'ldap.corp.example', port: 636 })).toMatchObject({
    host: 'ldap.corp.example',
    port: 636,
  });
  const bucket = External.bucket(lab, { host: 's3.corp.example', port: 443, bucket: 'b', credentials: { name: 's3' } });
  expect(() => bucket.allowGroup('ml-vision', 'read')).toThrow(
    new Error('lab: bucket "b" is elsewhere, where its owner lets group "ml-vision" in; leave allowGroup out'),
  );
});
