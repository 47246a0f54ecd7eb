import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { load } from 'js-yaml';
import { External, type Platform } from '../../lib/core';
import { Postgres } from '../../lib/data/postgres';
import { HAProxy } from '../../lib/networking/haproxy';
import { CertManager } from '../../lib/security/cert-manager';
import { activeDirectory, Dex, type DexProps } from '../../lib/security/dex';
import { definitions } from '../../lib/security/dex/crds';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';
import { configurationOf, dexLab, directory, gatewayLab } from './dex-support';

interface Configuration {
  readonly issuer: string;
  readonly storage: object;
  readonly web: object;
  readonly connectors: readonly { readonly config: { readonly userSearch: object; readonly groupSearch?: object } }[];
  readonly staticClients: readonly object[];
  readonly staticPasswords?: readonly object[];
}

interface Pods {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly args: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
        }[];
      };
    };
  };
}

const ALICE = { name: 'alice', email: 'alice@lab.example', groups: ['ml-vision'] };

function parsed(lab: Platform): Configuration {
  return load(configurationOf(lab)) as Configuration;
}

function container(lab: Platform) {
  return objectOf<Pods>(lab, 'Deployment', 'dex').spec.template.spec.containers[0];
}

function variables(lab: Platform): Record<string, unknown> {
  return Object.fromEntries((container(lab).env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}

function named(lab: Platform, kind: string): string[] {
  return objectsOf(lab)
    .filter((object) => object.kind === kind && object.metadata.namespace === 'dex')
    .map(({ metadata }) => metadata.name ?? '')
    .sort();
}

describe('by default', () => {
  test('links', () => {
    const { lab, dex } = dexLab();
    dex.addClient(lab, 'harbor', { redirectUris: ['https://harbor.test.example/c/oidc/callback'] });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its configuration is as it was', () => {
    const { lab, dex } = dexLab();
    dex.addClient(lab, 'harbor', {
      title: 'Harbor',
      redirectUris: ['https://harbor.test.example/c/oidc/callback'],
      personal: true,
    });
    expectGolden('security/golden/dex.yaml', configurationOf(lab));
  });

  test('two pods, one of which may be drained, keep all they know in custom resources that they alone may touch', () => {
    const { lab } = dexLab();
    expect(objectOf<Pods>(lab, 'Deployment', 'dex').spec.replicas).toBe(2);
    expect(named(lab, 'PodDisruptionBudget')).toEqual(['dex']);
    expect(parsed(lab).storage).toEqual({ type: 'kubernetes', config: { inCluster: true, crdHandling: 'check' } });
    expect(objectOf(lab, 'Role', 'dex')).toMatchObject({
      metadata: { namespace: 'dex' },
      rules: [
        {
          apiGroups: ['dex.coreos.com'],
          resources: definitions.map(({ plural }) => plural),
          verbs: ['get', 'list', 'create', 'update', 'delete'],
        },
      ],
    });
    expect(
      objectsOf(lab).filter(({ kind, metadata }) => kind === 'ClusterRole' && /dex/.test(metadata.name ?? '')),
    ).toEqual([]);
    const crds = objectsOf(lab).filter(
      ({ kind, metadata }) => kind === 'CustomResourceDefinition' && /dex/.test(metadata.name ?? ''),
    );
    expect(crds).toHaveLength(10);
    expect(crds[0]).toMatchObject({
      spec: {
        versions: [
          { name: 'v1', schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
        ],
      },
    });
  });

  test('is reached by the gateway alone, with TLS behind it too', () => {
    const { lab, dex } = dexLab();
    expect(dex.issuer).toBe('https://dex.test.example');
    expect(dex.endpoint).toMatchObject({ host: 'dex.test.example', port: 443 });
    expect(parsed(lab).web).toMatchObject({ https: '0.0.0.0:5556', tlsCert: '/etc/dex-tls/tls.crt' });
    expect(objectOf(lab, 'Certificate', 'tls', 'dex')).toMatchObject({
      spec: { dnsNames: ['dex.dex.svc.cluster.local', 'dex.dex.svc'] },
    });
    expect(objectOf(lab, 'NetworkPolicy', 'dex', 'dex')).toMatchObject({
      spec: {
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway' } } }],
            ports: [{ port: 5556 }],
          },
        ],
      },
    });
  });

  test('a renewed certificate is taken by the entry script', () => {
    const { lab } = dexLab();
    expect(container(lab)).toMatchObject({
      command: ['/bin/sh', '/scripts/run.sh'],
      args: ['dex', 'serve', '/etc/dex-config/config.yaml'],
    });
    const { data } = objectOf<{ data: Record<string, string> }>(lab, 'ConfigMap', 'entrypoint', 'dex');
    expect(data['run.sh']).toContain('kill -HUP');
  });
});

describe('LDAP', () => {
  test('binds by a Secret, whose values stand in no manifest', () => {
    const { lab } = dexLab();
    expect(parsed(lab).connectors[0].config).toMatchObject({
      host: 'ldap.corp.example:636',
      bindDN: '$LDAP_LDAP_USER',
      bindPW: '$LDAP_LDAP_PASSWORD',
    });
    expect(variables(lab)).toMatchObject({
      LDAP_LDAP_USER: { secretKeyRef: { name: 'ldap-bind', key: 'username' } },
      LDAP_LDAP_PASSWORD: { secretKeyRef: { name: 'ldap-bind', key: 'password' } },
    });
    expect(lab.externals).toContainEqual({
      kind: 'Secret',
      namespace: 'dex',
      name: 'ldap-bind',
      keys: ['username', 'password'],
    });
  });

  test('nobody binds where the directory lets anybody search', () => {
    const { lab } = dexLab((of) => ({ ldap: [directory(of, { bind: undefined })] }));
    expect(parsed(lab).connectors[0].config).not.toHaveProperty('bindDN');
    expect(findingsOf(lab)).toEqual([]);
  });

  test('StartTLS, an authority of its own, the way out to it alone', () => {
    const { lab } = dexLab((of) => ({
      ldap: [
        directory(of, {
          id: 'corp',
          tls: 'starttls',
          server: External.endpoint(of, { host: 'ldap.corp.example', port: 389, cidr: '10.1.2.3/32' }),
          authority: External.credentials(of, { name: 'ldap-ca' }, ['ca.crt']),
        }),
      ],
    }));
    expect(parsed(lab).connectors[0].config).toMatchObject({
      host: 'ldap.corp.example:389',
      startTLS: true,
      rootCA: '/etc/dex-ldap/corp/ca.crt',
    });
    expect(objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'dex', 'dex').spec.egress).toContainEqual({
      to: [{ ipBlock: { cidr: '10.1.2.3/32' } }],
      ports: [{ port: 389, protocol: 'TCP' }],
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('searches are as they are given', () => {
    const { lab } = dexLab((of) => ({
      ldap: [
        directory(of, {
          users: {
            baseDN: 'ou=people,dc=corp,dc=example',
            filter: '(objectClass=person)',
            username: 'mail',
            id: 'entryUUID',
            email: 'mailPrimaryAddress',
            name: 'displayName',
            preferredUsername: 'uid',
            scope: 'one',
          },
          groups: {
            baseDN: 'ou=groups,dc=corp,dc=example',
            filter: '(objectClass=posixGroup)',
            name: 'ou',
            scope: 'one',
            memberships: [
              { user: 'uid', group: 'memberUid' },
              { user: 'DN', group: 'member', recursive: 'DN' },
            ],
          },
        }),
      ],
    }));
    expect(parsed(lab).connectors[0].config).toMatchObject({
      userSearch: {
        filter: '(objectClass=person)',
        username: 'mail',
        idAttr: 'entryUUID',
        emailAttr: 'mailPrimaryAddress',
        nameAttr: 'displayName',
        preferredUsernameAttr: 'uid',
        scope: 'one',
      },
      groupSearch: {
        filter: '(objectClass=posixGroup)',
        nameAttr: 'ou',
        scope: 'one',
        userMatchers: [
          { userAttr: 'uid', groupAttr: 'memberUid' },
          { userAttr: 'DN', groupAttr: 'member', recursionGroupAttr: 'DN' },
        ],
      },
    });
  });

  test('Active Directory: enabled people, groups within groups', () => {
    const { lab } = dexLab((of) => ({
      ldap: [
        activeDirectory({
          server: External.endpoint(of, { host: 'dc1.corp.example', port: 636 }),
          bind: External.credentials(of, { name: 'ad-bind' }, ['username', 'password']),
          baseDN: 'dc=corp,dc=example',
          groupsDN: 'ou=groups,dc=corp,dc=example',
        }),
      ],
    }));
    expect(parsed(lab).connectors[0]).toMatchObject({
      id: 'active-directory',
      name: 'Active Directory',
      config: {
        bindDN: '$LDAP_ACTIVE_DIRECTORY_USER',
        userSearch: {
          baseDN: 'dc=corp,dc=example',
          filter: '(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))',
          username: 'sAMAccountName',
          idAttr: 'sAMAccountName',
          emailAttr: 'mail',
        },
        groupSearch: {
          baseDN: 'ou=groups,dc=corp,dc=example',
          userMatchers: [{ userAttr: 'DN', groupAttr: 'member:1.2.840.113556.1.4.1941:' }],
        },
      },
    });
  });

  test('a dollar sign is read as one', () => {
    const { lab } = dexLab((of) => ({
      ldap: [directory(of, { users: { baseDN: 'ou=people$old,dc=corp,dc=example', username: 'uid' } })],
    }));
    expect(parsed(lab).connectors[0].config.userSearch).toMatchObject({
      baseDN: 'ou=people${DOLLAR}old,dc=corp,dc=example',
    });
    expect(variables(lab).DOLLAR).toBe('$');
  });
});

describe('local users', () => {
  test('have minted passwords, hashed as the pod starts', () => {
    const { lab } = dexLab(() => ({
      users: [ALICE, { name: 'bob-2', email: 'bob@lab.example', title: "Bob O'Neill" }],
    }));
    expect(findingsOf(lab)).toEqual([]);
    expect(container(lab).args).toEqual(['docker-entrypoint', 'dex', 'serve', '/etc/dex-config/config.yaml.tmpl']);
    expect(variables(lab)).toMatchObject({
      PASSWORD_ALICE: { secretKeyRef: { name: 'dex-user-alice', key: 'password' } },
      PASSWORD_BOB_2: { secretKeyRef: { name: 'dex-user-bob-2', key: 'password' } },
    });
    expect(parsed(lab).staticPasswords).toEqual([
      {
        email: 'alice@lab.example',
        hash: '{{ crypto.Bcrypt 10 (getenv "PASSWORD_ALICE") }}',
        username: 'alice',
        preferredUsername: 'alice',
        userID: 'alice',
        groups: ['ml-vision'],
      },
      expect.objectContaining({ username: "Bob O'Neill", userID: 'bob-2', groups: [] }),
    ]);
  });

  test('leave the rest of the template as it was written', () => {
    const { lab } = dexLab(() => ({ users: [ALICE], title: 'The {{lab}}' }));
    expect(configurationOf(lab)).toContain('issuer: The {{ "{{" }}lab}}');
  });

  test('are told how to sign in', () => {
    const { dex } = dexLab(() => ({ users: [ALICE] }));
    expect(dex.instructions).toContainEqual({
      when: 'after',
      what: 'How alice (alice@lab.example) signs in',
      command: "kubectl -n dex get secret dex-user-alice -o jsonpath='{.data.password}' | base64 -d",
    });
  });
});

describe('clients', () => {
  test('have a secret of their own, here and where it is used', () => {
    const { lab, dex } = dexLab();
    const uris = ['https://harbor.test.example/callback'];
    const client = dex.addClient(lab, 'harbor', { title: 'Harbor', redirectUris: () => uris });
    uris.push('https://registry.test.example/callback');
    expect(client.credentials.keys).toEqual(['client-id', 'client-secret']);
    expect(client.readyAfter).toBe(dex.readyAfter);
    expect(container(lab).env).toContainEqual({
      name: 'CLIENT_HARBOR_SECRET',
      valueFrom: { secretKeyRef: { name: 'dex-client-harbor', key: 'client-secret' } },
    });
    expect(parsed(lab).staticClients).toEqual([
      { id: 'cli', name: 'a program on your own machine', public: true, redirectURIs: [] },
      {
        id: 'harbor',
        name: 'Harbor',
        secretEnv: 'CLIENT_HARBOR_SECRET',
        redirectURIs: ['https://harbor.test.example/callback', 'https://registry.test.example/callback'],
      },
    ]);
  });

  test("may let people's own programs ask for tokens, and come back to people's own machines", () => {
    const { lab, dex } = dexLab();
    dex.addClient(lab, 'vault', { redirectUris: ['http://localhost:8250/oidc/callback'], personal: true });
    expect(parsed(lab).staticClients).toContainEqual(
      expect.objectContaining({
        id: 'vault',
        trustedPeers: ['cli'],
        redirectURIs: ['http://localhost:8250/oidc/callback'],
      }),
    );
  });

  test('publicClient names the one without a secret, or there is none', () => {
    const other = dexLab((lab) => ({ ldap: [directory(lab)], publicClient: 'kubernetes' }));
    expect(other.dex.publicClient).toBe('kubernetes');
    const none = dexLab((lab) => ({ ldap: [directory(lab)], publicClient: false }));
    none.dex.addClient(none.lab, 'minio', { redirectUris: ['https://minio.test.example/'], personal: true });
    expect(none.dex.publicClient).toBeUndefined();
    expect(parsed(none.lab).staticClients).toEqual([expect.not.objectContaining({ trustedPeers: ['cli'] })]);
  });

  test('are ready when the gateway leads to Dex', () => {
    const { dex, gateway } = dexLab();
    expect(dex.readyAfter).toEqual(expect.arrayContaining([...gateway.readyAfter]));
    expect(dex.readyAfter.map(({ file }) => file)).toEqual(['dex', 'gateway']);
  });

  test.each<[string, string, string[], string]>([
    [
      'that is there',
      'harbor',
      ['https://a.test.example/'],
      'lab: client "harbor" of lab/dex is there already; give this one another id',
    ],
    [
      'with the public id',
      'cli',
      ['https://a.test.example/'],
      'lab: client "cli" of lab/dex is there already; give this one another id',
    ],
    [
      'with a name of spaces',
      'My App',
      ['https://a.test.example/'],
      'lab: a client\'s id must be of lower-case letters, digits and "-" between them, got "My App"; did you mean "my-app"?',
    ],
    [
      'that leads nowhere',
      'app',
      [],
      'lab: client "app" needs a URL that a sign-in leads back to, got none; give redirectUris',
    ],
    [
      'without TLS',
      'app',
      ['http://app.test.example/callback'],
      'lab: client "app": a redirect URI must be an https URL without "#", got "http://app.test.example/callback"; write it as "https://app.lab.example/callback"',
    ],
    [
      'with no URL',
      'app',
      ['app.test.example'],
      'lab: client "app": a redirect URI must be an https URL without "#", got "app.test.example"; write it as "https://app.lab.example/callback"',
    ],
  ])('%s is refused', (_, id, redirectUris, message) => {
    const { lab, dex } = dexLab();
    dex.addClient(new Construct(lab, 'harbor'), 'harbor', { redirectUris: ['https://harbor.test.example/'] });
    expect(() => dex.addClient(lab, id, { redirectUris })).toThrow(new Error(message));
  });

  test('of another platform is refused', () => {
    const { dex } = dexLab();
    const other = testPlatform();
    expect(() => dex.addClient(other, 'app', { redirectUris: ['https://a.example/'] })).toThrow(/belongs to "lab"/);
  });
});

describe('props', () => {
  test('database takes the place of custom resources, and of all rights', () => {
    const { lab, gateway, certificates } = gatewayLab();
    const postgres = new Postgres(lab, 'postgres', { certificates });
    new Dex(lab, 'dex', { gateway, certificates, ldap: [directory(lab)], database: postgres.addDatabase('dex') });
    expect(findingsOf(lab)).toEqual([]);
    expect(parsed(lab).storage).toEqual({
      type: 'postgres',
      config: {
        host: 'postgres.postgres.svc.cluster.local',
        port: 5432,
        database: 'dex',
        user: '$DATABASE_USER',
        password: '$DATABASE_PASSWORD',
        connectionTimeout: 10,
        ssl: { mode: 'verify-full', caFile: '/etc/dex-database/ca.crt' },
      },
    });
    expect(named(lab, 'Role').filter((name) => name === 'dex')).toEqual([]);
    expect(objectsOf(lab).filter(({ metadata }) => /dex\.coreos\.com$/.test(metadata.name ?? ''))).toEqual([]);
  });

  test('an issuer of public certificates has the gateway speak HTTP, and clients trust the public authorities', () => {
    const lab = testPlatform();
    const certificates = new CertManager(lab, 'cert-manager', {
      acme: { server: 'https://acme.corp.example/directory', email: 'a@corp.example', solvers: [{ dns01: {} }] },
    });
    const gateway = new HAProxy(lab, 'gateway', { addresses: External.loadBalancer(), certificates });
    const dex = new Dex(lab, 'dex', { gateway, certificates, ldap: [directory(lab)] });
    expect(parsed(lab).web).toMatchObject({ http: '0.0.0.0:5556' });
    expect(container(lab)).toMatchObject({ command: ['dex'], args: ['serve', '/etc/dex-config/config.yaml'] });
    expect(dex.authority(gateway.readyAfter[0])).toBeUndefined();
    expect(named(lab, 'Certificate')).toEqual([]);
  });

  test('with local users and no certificate the image fills in the template itself', () => {
    const lab = testPlatform();
    const certificates = External.certificates(lab, { tlsSecret: 'tls' });
    const gateway = External.ingress(lab, {
      ingressClassName: 'nginx',
      pods: { namespace: 'ingress', labels: { app: 'nginx' } },
    });
    new Dex(lab, 'dex', { gateway, certificates, users: [ALICE] });
    expect(container(lab)).toMatchObject({
      command: ['docker-entrypoint'],
      args: ['dex', 'serve', '/etc/dex-config/config.yaml.tmpl'],
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('times, title, host, log level, replicas', () => {
    const { lab, dex } = dexLab((of) => ({
      ldap: [directory(of)],
      host: 'sso.test.example',
      title: 'Lab',
      replicas: 1,
      logLevel: 'debug',
      idTokens: Duration.minutes(10),
      session: Duration.days(1),
      longestSession: Duration.days(2),
      signingKeys: Duration.days(3),
      resources: { dex: { memory: Size.mebibytes(256) } },
    }));
    expect(dex.issuer).toBe('https://sso.test.example');
    expect(parsed(lab)).toMatchObject({
      issuer: 'https://sso.test.example',
      frontend: { issuer: 'Lab' },
      logger: { level: 'debug' },
      expiry: { idTokens: '600s', refreshTokens: { validIfNotUsedFor: '86400s', absoluteLifetime: '172800s' } },
      signer: { config: { keysRotationPeriod: '259200s' } },
    });
    expect(objectOf(lab, 'Deployment', 'dex')).toMatchObject({
      spec: { replicas: 1, template: { spec: { containers: [{ resources: { limits: { memory: '256Mi' } } }] } } },
    });
  });

  test('metrics has the pods scraped', () => {
    const { lab } = dexLab((of) => ({
      ldap: [directory(of)],
      metrics: External.prometheus(of, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } }),
    }));
    expect(objectOf(lab, 'ServiceMonitor', 'dex')).toMatchObject({ spec: { endpoints: [{ port: 'telemetry' }] } });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('crds: external leaves them to others', () => {
    const { lab } = dexLab((of) => ({ ldap: [directory(of)], crds: 'external' }));
    expect(objectsOf(lab).filter(({ metadata }) => /dex\.coreos\.com$/.test(metadata.name ?? ''))).toEqual([]);
    expect(findingsOf(lab)).toEqual([]);
  });

  const users = { baseDN: 'ou=people,dc=corp,dc=example', username: 'uid' };
  test.each<[string, (lab: Platform) => Partial<DexProps>, string]>([
    ['nobody', () => ({}), 'lab/dex: nobody could sign in; pass ldap, the directory of people, or users'],
    [
      'two directories of one id',
      (lab) => ({ ldap: [directory(lab), directory(lab)] }),
      'lab/dex: two connectors have the id "ldap"; give one of them another',
    ],
    [
      'the id of local users',
      (lab) => ({ ldap: [directory(lab, { id: 'local' })] }),
      'lab/dex: a connector can\'t have the id "local", which is that of local users; choose another',
    ],
    [
      'another kind of TLS',
      (lab) => ({ ldap: [directory(lab, { tls: 'startls' as 'starttls' })] }),
      'lab/dex: connector "ldap": tls must be one of "ldaps", "starttls", got "startls"; did you mean "starttls"?',
    ],
    [
      'a base that is no DN',
      (lab) => ({ ldap: [directory(lab, { users: { ...users, baseDN: 'corp.example' } })] }),
      'lab/dex: connector "ldap": users.baseDN must be a distinguished name, got "corp.example"; write it as "ou=people,dc=corp,dc=example"',
    ],
    [
      "brackets that don't match",
      (lab) => ({ ldap: [directory(lab, { users: { ...users, filter: '(&(objectClass=person)' } })] }),
      'lab/dex: connector "ldap": users.filter must be in brackets that match, got "(&(objectClass=person)"; write it as "(objectClass=person)"',
    ],
    [
      'an attribute with spaces',
      (lab) => ({ ldap: [directory(lab, { groups: { baseDN: 'dc=x', name: 'common name' } })] }),
      'lab/dex: connector "ldap": groups names "common name", which is no attribute; write it as "uid"',
    ],
    [
      'a bind without a password',
      (lab) => ({ ldap: [directory(lab, { bind: External.credentials(lab, { name: 'x' }, ['username']) })] }),
      'lab/dex: connector "ldap": bind must be a Secret with the keys "username" and "password", got "username"; add "password"',
    ],
    [
      'two users of one name',
      () => ({ users: [ALICE, { ...ALICE, email: 'a@b.example' }] }),
      'lab/dex: two users are called "alice"; rename one',
    ],
    [
      'two users of one address',
      () => ({ users: [ALICE, { ...ALICE, name: 'al', email: 'Alice@lab.example' }] }),
      'lab/dex: users "alice" and "al" have one address, Alice@lab.example; give one another',
    ],
    [
      'a user without an address',
      () => ({ users: [{ name: 'alice', email: 'alice' }] }),
      'lab/dex: user "alice": email must be a mail address, got "alice"; write it as "alice@lab.example"',
    ],
    [
      'a title with braces',
      () => ({ users: [{ ...ALICE, title: '{{x}}' }] }),
      'lab/dex: user "alice": title must be one line of 1 to 100 letters without braces, got "{{x}}"; rewrite it',
    ],
    [
      'a group with a comma',
      () => ({ users: [{ ...ALICE, groups: ['a,b'] }] }),
      'lab/dex: a group\'s name must have no commas, quotes, braces or spaces around it, got "a,b"; rename it',
    ],
    [
      'tokens for a week',
      () => ({ users: [ALICE], idTokens: Duration.days(7) }),
      'lab/dex: idTokens must be whole seconds from 1 minute to 1 day, got 7 days; choose one between',
    ],
    [
      'six pods',
      () => ({ users: [ALICE], replicas: 6 }),
      'lab/dex: replicas must be a whole number from 1 to 5, got 6; two on different nodes outlive one of them',
    ],
  ])('%s is refused', (_, props, message) => {
    expect(() => dexLab(props)).toThrow(new Error(message));
  });
});
