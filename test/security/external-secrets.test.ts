import { Duration, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { App } from '../../lib/core/app';
import { External } from '../../lib/core/external';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { Platform } from '../../lib/core/platform';
import { MinIO } from '../../lib/data/minio';
import { CertManager } from '../../lib/security/cert-manager';
import { ExternalSecrets, type ExternalSecretsProps } from '../../lib/security/external-secrets';
import { definitions } from '../../lib/security/external-secrets/crds';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform, testSite } from '../support';
import { Consumer, make, Store } from './external-secrets-store';

interface Pod {
  readonly spec: { readonly template: { readonly spec: PodSpec }; readonly strategy?: { readonly type: string } };
}
interface PodSpec {
  readonly containers: readonly { readonly args: string[]; readonly env?: { name: string; value?: string }[] }[];
  readonly volumes?: readonly object[];
}
interface Role {
  readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[];
}

const argsOf = (lab: Platform, name: string) =>
  objectOf<Pod>(lab, 'Deployment', name).spec.template.spec.containers[0]!.args;
const script = (lab: Platform) => platformFiles(linked(lab).bundle).find(({ name }) => name === 'apply.sh')!.text;
const stageOf = (lab: Platform, file: string) => lab.stages.find((stage) => stage.file === file)!;

/** `verb resource` for each right of a Role, `verb resource a,b` where it is limited to names. */
function rights({ rules }: Role): string[] {
  return rules.flatMap(({ resources, verbs, resourceNames }) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => [verb, resource, ...(resourceNames ? [resourceNames.join(',')] : [])].join(' ')),
    ),
  );
}

describe('the operator', () => {
  test('as it is rolled out', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    expect(findingsOf(lab)).toEqual([]);
    const own = objectsOf(lab).filter(({ apiVersion }) => apiVersion === 'external-secrets.io/v1');
    expectGolden('security/golden/external-secrets.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('brings the three kinds that it serves, or none', () => {
    const crds = (lab: Platform) =>
      objectsOf(lab)
        .filter(({ kind, metadata }) => kind === 'CustomResourceDefinition' && /external-secrets/.test(metadata.name!))
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(crds(make().lab)).toEqual(definitions.map(({ name }) => name).sort());
    const { lab } = make({ crds: 'external' });
    expect(crds(lab)).toEqual([]);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('has a controller for each namespace that uses a secret, and none for others', () => {
    const { lab, secrets } = make();
    const controllers = () =>
      objectsOf(lab).filter(({ kind, metadata }) => kind === 'Deployment' && /^controller-/.test(metadata.name!));
    expect(controllers()).toEqual([]);
    lab.useCredentials(secrets);
    const web = new Consumer(lab, 'web');
    new Consumer(lab, 'other', web.credentials);
    expect(controllers().map(({ metadata }) => metadata.name)).toEqual(['controller-web', 'controller-other']);
    expect(argsOf(lab, 'controller-web')).toEqual([
      '--namespace=web',
      '--enable-cluster-store-reconciler=false',
      '--enable-cluster-external-secret-reconciler=false',
      '--enable-cluster-push-secret-reconciler=false',
      '--enable-push-secret-reconciler=false',
      '--metrics-addr=:8080',
      '--loglevel=info',
      '--zap-time-encoding=iso8601',
    ]);
    expect(objectOf<Pod>(lab, 'Deployment', 'controller-web').spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('a controller may write the Secrets that it keeps, in its namespace, and nobody may read those of all', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    const role = objectOf<Role>(lab, 'Role', 'external-secrets-controller-web', 'web');
    expect(rights(role).filter((right) => / (secrets|serviceaccounts)\b/.test(right))).toEqual([
      'get secrets',
      'list secrets',
      'watch secrets',
      'create secrets',
      'update secrets web-db',
      'patch secrets web-db',
      'get serviceaccounts',
      'list serviceaccounts',
      'watch serviceaccounts',
      'create serviceaccounts/token external-secrets',
    ]);
    const cluster = objectsOf(lab).filter(
      ({ kind, metadata }) => /^ClusterRole/.test(kind) && /external-secrets/.test(metadata.name!),
    );
    expect(cluster).toEqual([]);
    expect(
      objectsOf(lab).filter(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'external-secrets'),
    ).toEqual([]);
  });

  test('serves what people make themselves in namespaces of their own', () => {
    const lab = testPlatform();
    lab.addExternal({ kind: 'Namespace', name: 'team-a' });
    const { secrets } = make({ namespaces: ['team-a', 'web'] }, lab);
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    expect(findingsOf(lab)).toEqual([]);
    for (const namespace of ['team-a', 'web']) {
      const all = rights(objectOf<Role>(lab, 'Role', `external-secrets-controller-${namespace}`, namespace));
      expect(all).toEqual(
        expect.arrayContaining(['update secrets', 'delete secrets', 'create serviceaccounts/token', 'get configmaps']),
      );
    }
  });

  test('the webhook has a certificate of the issuer, and is asked before others rely on it', () => {
    const { lab } = make();
    expect(argsOf(lab, 'external-secrets-webhook')).toEqual(
      expect.arrayContaining([
        'webhook',
        '--dns-name=external-secrets-webhook.external-secrets.svc',
        '--lookahead-interval=1h',
      ]),
    );
    expect(objectOf(lab, 'Certificate', 'external-secrets-webhook')).toMatchObject({
      spec: {
        dnsNames: [
          'external-secrets-webhook.external-secrets.svc',
          'external-secrets-webhook.external-secrets.svc.cluster.local',
        ],
      },
    });
    for (const kind of ['secretstore', 'externalsecret']) {
      const { metadata, webhooks } = objectOf<{
        metadata: { annotations: object };
        webhooks: { clientConfig: object; failurePolicy: string; rules: object[] }[];
      }>(lab, 'ValidatingWebhookConfiguration', `${kind}-validate`);
      expect(metadata.annotations).toEqual({
        'cert-manager.io/inject-ca-from': 'external-secrets/external-secrets-webhook',
      });
      expect(webhooks).toHaveLength(1);
      expect(webhooks[0]).toMatchObject({ failurePolicy: 'Fail', rules: [{ resources: [`${kind}s`] }] });
      expect(webhooks[0]!.clientConfig).not.toHaveProperty('caBundle');
    }
    expect(stageOf(lab, 'external-secrets').gates).toEqual([
      expect.objectContaining({ type: 'field', name: 'secretstore-validate' }),
      expect.objectContaining({ type: 'field', name: 'externalsecret-validate' }),
      expect.objectContaining({ type: 'admission', of: "External Secrets' webhook" }),
    ]);
  });

  test('what can be tuned', () => {
    const lab = testPlatform();
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    const { secrets } = make(
      {
        replicas: 3,
        logLevel: 'debug',
        resources: { controller: { memory: Size.mebibytes(300) }, webhook: { cpu: 0.5 } },
        metrics,
        refreshInterval: Duration.hours(2),
      },
      lab,
    );
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    expect(objectOf(lab, 'Deployment', 'external-secrets-webhook')).toMatchObject({ spec: { replicas: 3 } });
    expect(objectOf(lab, 'PodDisruptionBudget', 'external-secrets-webhook')).toBeDefined();
    for (const name of ['external-secrets-webhook', 'controller-web'])
      expect(argsOf(lab, name)).toContain('--loglevel=debug');
    const [controller] = objectOf<Pod>(lab, 'Deployment', 'controller-web').spec.template.spec.containers;
    expect(controller).toMatchObject({ resources: { limits: { memory: '300Mi' } } });
    const [webhook] = objectOf<Pod>(lab, 'Deployment', 'external-secrets-webhook').spec.template.spec.containers;
    expect(webhook).toMatchObject({ resources: { requests: { cpu: '500m' } } });
    const monitors = objectsOf(lab).filter(({ kind }) => kind === 'ServiceMonitor');
    expect(monitors.map(({ metadata }) => metadata.name).sort()).toEqual([
      'controller-web',
      'external-secrets-webhook',
    ]);
    expect(objectOf(lab, 'ExternalSecret', 'web-db')).toMatchObject({ spec: { refreshInterval: '7200s' } });
  });

  test('reaches the store and the API server, and nothing else', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    const policy = objectOf<{ spec: { egress: { ports: { port: number }[]; to?: object[] }[] } }>(
      lab,
      'NetworkPolicy',
      'controller-web',
    );
    expect(policy.spec).not.toHaveProperty('ingress');
    expect(policy.spec.egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[53, 53], [6443], [8200]]);
    expect(JSON.stringify(policy.spec.egress[2])).toContain('"kubernetes.io/metadata.name":"store"');
    const store = objectOf<{
      spec: { ingress: { from: { podSelector: { matchLabels: Record<string, string> } }[] }[] };
    }>(lab, 'NetworkPolicy', 'store', 'store');
    const callers = store.spec.ingress[0]!.from.map(
      ({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/component'],
    );
    expect(callers.sort()).toEqual(['controller-web', 'seed', 'store']);
  });

  test('namespaces with long names have controllers too', () => {
    const lab = testPlatform();
    const namespace = `team-${'x'.repeat(50)}`;
    lab.addExternal({ kind: 'Namespace', name: namespace });
    make({ namespaces: [namespace] }, lab);
    expect(
      argsOf(
        lab,
        'controller-team-xxxxxxxxxxxxxxxxxxxxxxxxxxx' +
          objectsOf(lab)
            .find(({ kind, metadata }) => kind === 'Deployment' && /^controller-team/.test(metadata.name!))!
            .metadata.name!.slice(43),
      ),
    ).toContain(`--namespace=${namespace}`);
    expect(findingsOf(lab)).toEqual([]);
  });
});

describe('credentials', () => {
  test('a line of the blueprint has them come from the store, and consumers stay as they are', () => {
    const build = (stored: boolean) => {
      const { lab, secrets } = make();
      if (stored) lab.useCredentials(secrets);
      new Consumer(lab, 'web');
      expect(findingsOf(lab)).toEqual([]);
      return lab;
    };
    const [minted, stored] = [build(false), build(true)];
    expect(objectOf(stored, 'Deployment', 'app')).toEqual(objectOf(minted, 'Deployment', 'app'));
    expect(objectOf<{ data: { plan: string } }>(minted, 'ConfigMap', 'plan').data.plan).toMatch(/^web-db web /m);
    expect(objectOf<{ data: { plan: string } }>(stored, 'ConfigMap', 'plan').data.plan).not.toMatch(/web-db/);
    expect(objectOf<{ data: { plan: string } }>(stored, 'ConfigMap', 'seed-plan').data.plan).toBe(
      'lab/web/web-db web-db web username=value:YXBw password=alphanumeric:32\n',
    );
  });

  test('each namespace has a role that reads what is used there, and nothing else', () => {
    const { lab, store, secrets } = make();
    lab.useCredentials(secrets);
    const web = new Consumer(lab, 'web');
    new Consumer(lab, 'db');
    web.credentials.in('db');
    lab.credentials.generate(web, 'unused', { key: { length: 32 } });
    expect(store.roles.get('lab-read-web')).toMatchObject({
      serviceAccount: { namespace: 'web', name: 'external-secrets' },
      audience: 'vault',
    });
    expect(store.paths('lab-read-web', 'read')).toEqual(['lab/web/web-db']);
    expect(store.paths('lab-read-db', 'read')).toEqual(['lab/db/db-db', 'lab/web/web-db']);
    expect(store.roles.get('lab-seed')).toMatchObject({
      serviceAccount: { namespace: 'external-secrets', name: 'seed' },
    });
    for (const right of ['read', 'create'] as const) {
      expect(store.paths('lab-seed', right)).toEqual(['lab/web/web-db', 'lab/db/db-db']);
    }
    for (const role of store.roles.keys()) expect(store.paths(role, 'write')).toEqual([]);
    expect(objectOf(lab, 'ServiceAccount', 'external-secrets', 'web')).toMatchObject({
      automountServiceAccountToken: false,
    });
    expect(objectOf(lab, 'SecretStore', 'external-secrets', 'web')).toMatchObject({
      spec: {
        provider: {
          vault: {
            server: 'https://store.store.svc.cluster.local:8200',
            path: 'kv',
            caProvider: { type: 'Secret', name: 'private-ca-authority', key: 'ca.crt' },
            auth: {
              kubernetes: {
                role: 'lab-read-web',
                serviceAccountRef: { name: 'external-secrets', audiences: ['vault'] },
              },
            },
          },
        },
      },
    });
  });

  test('nothing owns the Secret, so that nothing deletes it', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    expect(objectOf(lab, 'ExternalSecret', 'web-db')).toMatchObject({
      spec: {
        target: {
          name: 'web-db',
          creationPolicy: 'Orphan',
          deletionPolicy: 'Retain',
          template: { metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } } },
        },
      },
    });
    expect(objectsOf(lab).filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('they are in the store and in the cluster before who uses them is applied', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    const { stage } = new Consumer(lab, 'web');
    for (const file of ['external-secrets', 'external-secrets-seed', 'store']) {
      expect(stage.comesAfter(stageOf(lab, file))).toBe(true);
    }
    expect(script(lab)).toContain('gate_condition web externalsecrets.external-secrets.io web-db Ready');
    expect(script(lab)).toContain('gate_condition web secretstores.external-secrets.io external-secrets Ready');
  });

  test('the Job that seeds the store reads the named Secrets, and signs in with a token for the store alone', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    const web = new Consumer(lab, 'web');
    lab.credentials.generate(web, 'more', { key: { length: 32 } }).in('web');
    secrets.secret(web, 'company', { path: 'company/x', keys: ['x'] }).in('web');
    expect(rights(objectOf<Role>(lab, 'Role', 'external-secrets-seed', 'web'))).toEqual(['get secrets web-db,more']);
    const { spec } = objectOf<Pod>(lab, 'Job', /^seed-/).spec.template;
    expect(spec.volumes).toContainEqual({
      name: 'store-token',
      projected: {
        defaultMode: 0o440,
        sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'token' } }],
      },
    });
    expect(Object.fromEntries(spec.containers[0]!.env!.map(({ name, value }) => [name, value]))).toEqual({
      VAULT_ADDR: 'https://store.store.svc.cluster.local:8200',
      VAULT_MOUNT: 'kv',
      VAULT_AUTH: 'kubernetes',
      VAULT_ROLE: 'lab-seed',
      VAULT_CACERT: '/etc/store/ca.crt',
    });
  });

  test('systems that were made before keep minted ones, whenever they ask', () => {
    const { lab, store, secrets } = make();
    const early = new Consumer(lab, 'early');
    lab.useCredentials(secrets);
    lab.credentials.generate(early, 'late', { key: { length: 32 } }).in('early');
    new Consumer(lab, 'web');
    expect(findingsOf(lab)).toEqual([]);
    const { plan } = objectOf<{ data: { plan: string } }>(lab, 'ConfigMap', 'plan').data;
    expect(plan.match(/^\S+ \S+/gm)).toEqual(['unseal store', 'early-db early', 'late early']);
    expect(store.paths('lab-seed', 'create')).toEqual(['lab/web/web-db']);
  });

  test("a MinIO that is made after has the key of its objects' encryption from the store", () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    new MinIO(lab, 'minio', { driveSize: Size.tebibytes(1), encrypted: true }).addBucket('data');
    expect(findingsOf(lab)).toEqual([]);
    const kept = objectsOf(lab).filter(
      ({ kind, metadata }) => kind === 'ExternalSecret' && metadata.namespace === 'minio',
    );
    expect(kept.map(({ metadata }) => metadata.name)).toContain('encryption');
    expect(stageOf(lab, 'minio').comesAfter(stageOf(lab, 'external-secrets-secrets'))).toBe(true);
  });

  test('two systems may call theirs by one name; in one namespace, they may not', () => {
    const { lab, store, secrets } = make();
    lab.useCredentials(secrets);
    const [a, b] = [new Consumer(lab, 'a'), new Consumer(lab, 'b')];
    const values = { key: { length: 32 } };
    lab.credentials.generate(a, 'root', values).in('a');
    const root = lab.credentials.generate(b, 'root', values);
    root.in('b');
    expect(store.paths('lab-seed', 'create')).toEqual(expect.arrayContaining(['lab/a/root', 'lab/b/root']));
    expect(() => root.in('a')).toThrow(
      new Error('lab/b: the Secret "root" in namespace "a" is that of lab/a; give one of the two another name'),
    );
    expect(() => lab.credentials.generate(b, 'root', values)).toThrow(
      new Error('lab/b: the credential "root" was asked for by lab/b already; give one of the two another name'),
    );
  });

  test('link refuses a Secret that two sources make', () => {
    const { lab, secrets } = make();
    const early = new Consumer(lab, 'early');
    lab.useCredentials(secrets);
    const web = new Consumer(lab, 'web');
    lab.credentials.generate(web, 'early-db', { password: { length: 32 } }).in('early');
    expect(early.credentials.keys).toContain('password');
    expect(findingsOf(lab).join('\n')).toMatch(
      /spec\.target\.name.*early-db.*is also the Secret that Job platform-credentials\/mint-\w+ makes; give one of the two another name/,
    );
  });

  test('are below a path of their own', () => {
    const { lab, store, secrets } = make({ path: 'ml/lab' });
    lab.useCredentials(secrets);
    new Consumer(lab, 'web');
    expect(store.paths('lab-seed', 'create')).toEqual(['ml/lab/web/web-db']);
  });

  test('name their keys, as minted ones do', () => {
    const { lab, secrets } = make();
    lab.useCredentials(secrets);
    const secret = new Consumer(lab, 'web').credentials.in('web');
    expect(secret).toMatchObject({ namespace: 'web', name: 'web-db', keys: ['username', 'password'] });
    expect(() => secret.env('pasword')).toThrow(
      'web/web-db: the Secret has no key "pasword"; did you mean "password"?',
    );
  });

  test('without any, no Job runs', () => {
    const { lab } = make();
    expect(objectsOf(lab).filter(({ kind, metadata }) => kind === 'Job' && /^seed/.test(metadata.name!))).toEqual([]);
  });
});

describe('what is in the store already', () => {
  test('comes as a Secret of each namespace that uses it, and is never written', () => {
    const { lab, store, secrets } = make();
    const registry = secrets.secret(lab, 'registry', {
      path: 'company/registry',
      keys: { '.dockerconfigjson': 'config' },
      type: 'kubernetes.io/dockerconfigjson',
    });
    new Consumer(lab, 'web', registry);
    expect(findingsOf(lab)).toEqual([]);
    expect(objectOf(lab, 'ExternalSecret', 'registry', 'web')).toMatchObject({
      spec: {
        target: { template: { type: 'kubernetes.io/dockerconfigjson' } },
        data: [{ secretKey: '.dockerconfigjson', remoteRef: { key: 'company/registry', property: 'config' } }],
      },
    });
    expect(store.paths('lab-read-web', 'read')).toEqual(['company/registry']);
    expect([...store.roles.keys()]).toEqual(['lab-read-web']);
  });

  test('link knows its keys', () => {
    const { lab, secrets } = make();
    const wrong = secrets.secret(lab, 'login', { path: 'company/login', keys: ['user', 'password'] });
    const web = new Consumer(lab, 'web', wrong);
    expect(web.credentials.in('web').keys).toEqual(['user', 'password']);
    const container = objectOf<Pod>(lab, 'Deployment', 'app').spec.template.spec.containers[0]!;
    expect(container.env).toContainEqual({
      name: 'PASSWORD',
      valueFrom: { secretKeyRef: { name: 'login', key: 'password' } },
    });
  });
});

describe('a Vault elsewhere', () => {
  const elsewhere = () => {
    const lab = testPlatform();
    const certificates = new CertManager(lab, 'cert-manager');
    const store = External.secretStore(lab, {
      host: 'vault.corp.example',
      cidr: '10.20.0.15/32',
      mount: 'teams/ml',
      authMount: 'lab',
      authority: { name: 'company-ca' },
    });
    const secrets = new ExternalSecrets(lab, 'external-secrets', { store, certificates });
    lab.useCredentials(secrets);
    return { lab, store, web: new Consumer(lab, 'web') };
  };

  test('is told of in the summary: each role, and its policy', () => {
    const { lab, store } = elsewhere();
    store.allowGroup('ml-admins', 'lab');
    expect(findingsOf(lab)).toEqual([]);
    const text = platformFiles(linked(lab).bundle).find(({ name }) => name === 'summary.md')!.text;
    expect(text).toContain(
      [
        "vault policy write lab-seed - <<'EOF'",
        'path "teams/ml/data/lab/web/web-db" { capabilities = ["create", "read"] }',
        'EOF',
        'vault write auth/lab/role/lab-seed bound_service_account_names=seed bound_service_account_namespaces=external-secrets audience=vault token_policies=lab-seed token_ttl=15m',
      ].join('\n'),
    );
    expect(text).toContain('path "teams/ml/data/lab/web/web-db" { capabilities = ["read"] }');
    expect(text).toContain('bound_service_account_names=external-secrets bound_service_account_namespaces=web');
    expect(text).toContain('path "teams/ml/metadata/lab/*" { capabilities = ["list", "read", "delete"] }');
    expect(objectOf(lab, 'SecretStore', 'external-secrets')).toMatchObject({
      spec: {
        provider: {
          vault: { server: 'https://vault.corp.example:8200', path: 'teams/ml', caProvider: { name: 'company-ca' } },
        },
      },
    });
    const policy = objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'controller-web');
    expect(policy.spec.egress).toContainEqual({
      to: [{ ipBlock: { cidr: '10.20.0.15/32' } }],
      ports: [{ port: 8200, protocol: 'TCP' }],
    });
  });

  test.each([
    [
      { mount: '/kv' },
      'lab: mount must be a path of letters, digits, "-" and "_" without "/" at its ends, got "/kv"; write "kv" or "teams/kv"',
    ],
    [
      { mount: 'kv', scheme: 'http' as const, authority: { name: 'ca' } },
      'lab: the store of secrets at vault has an authority but speaks http; leave authority out or use https',
    ],
  ])('refuses %j', (props, message) => {
    expect(() => External.secretStore(testPlatform(), { host: 'vault', ...props })).toThrow(new Error(message));
  });

  test('refuses roles and paths that a policy would read otherwise', () => {
    const lab = testPlatform();
    const store = External.secretStore(lab, { host: 'vault', mount: 'kv' });
    const props = { serviceAccount: { namespace: 'a', name: 'a' }, audience: 'vault' };
    store.addRole(lab, 'mine', props);
    expect(() => store.addRole(lab, 'mine', props)).toThrow(
      new Error('lab: role "mine" of https://vault:8200 was asked for by lab; give one of the two another name'),
    );
    expect(() => store.addRole(lab, 'a role', props)).toThrow('the name of a role must be of letters, digits');
    store.addRole(lab, 'wrong', { ...props, read: ['a/+/b'] });
    expect(() => lab.instructions.map(({ command }) => command)).toThrow(
      new Error(
        'lab: a path of the store must be of letters, digits, "-", "_" and "." between "/", got "a/+/b"; rename it',
      ),
    );
  });
});

describe('refuses', () => {
  test.each<[string, Partial<ExternalSecretsProps>, string]>([
    [
      'no webhook',
      { replicas: 0 },
      'replicas must be a whole number from 1 to 5, got 0; the webhook answers from all of them',
    ],
    [
      'to ask all the time',
      { refreshInterval: Duration.seconds(5) },
      'refreshInterval must be whole seconds, at least 60, got 5 seconds; each Secret is a request to the store',
    ],
    [
      'a path from the root',
      { path: '/lab' },
      'path must be of letters, digits, "-", "_" and "." between "/", got "/lab"; write it as "ml/registry"',
    ],
    [
      'a namespace that is none',
      { namespaces: ['Team'] },
      'a namespace in namespaces must be of lower-case letters, digits and "-" between them, got "Team"; did you mean "team"?',
    ],
  ])('%s', (_, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/external-secrets: ${message}`));
  });

  test('an issuer whose certificates no webhook can have', () => {
    const lab = testPlatform();
    const store = External.secretStore(lab, { host: 'vault', mount: 'kv' });
    const certificates = External.certificates(lab, { tlsSecret: 'tls' });
    expect(() => new ExternalSecrets(lab, 'external-secrets', { store, certificates })).toThrow(
      'nobody puts the authority of "tls", which is issued elsewhere, into a webhook\'s configuration',
    );
  });

  test('another source, and one of another platform', () => {
    const { lab, secrets, store, certificates } = make();
    lab.useCredentials(secrets);
    const second = new ExternalSecrets(lab, 'second', { store, certificates });
    expect(() => lab.useCredentials(second)).toThrow(
      new Error(
        "lab: credentials come from lab/external-secrets already, and lab/second can't be another source; leave one out",
      ),
    );
    const other = new Platform(new App({ outdir: '/nonexistent' }), 'other', { site: testSite() });
    expect(() => other.useCredentials(secrets)).toThrow(/uses lab\/external-secrets of platform "lab"/);
    expect(() => secrets.generate(other, 'x', { key: { length: 32 } })).toThrow(/belongs to "other"/);
  });

  test('keys and paths that are none', () => {
    const { lab, secrets } = make();
    const secret = (path: string, keys: readonly string[]) => secrets.secret(lab, 'x', { path, keys });
    expect(() => secret('a', [])).toThrow(
      new Error('lab: the secret "x" must have at least one key, got none; name those to be read'),
    );
    expect(() => secret('a', ['pass word'])).toThrow(
      'a key of a Secret must be of letters, digits, "-", "_" and ".", got "pass word"; give keys as { legal: "pass word" }',
    );
    expect(() => secret('a//b', ['x'])).toThrow('path of the secret "x" must be of letters');
    expect(() => secrets.secret(lab, 'X', { path: 'a', keys: ['x'] })).toThrow('did you mean "x"?');
    expect(() => secrets.generate(lab, 'x', { key: { length: 3 } })).toThrow('key must have 16 to 4096 characters');
  });

  test('a store that makes roles when it is ready', () => {
    const lab = testPlatform();
    const certificates = new CertManager(lab, 'cert-manager');
    const late = new Consumer(lab, 'late');
    const store = new Store(lab, 'store', certificates, late.stage);
    const secrets = new ExternalSecrets(lab, 'external-secrets', { store, certificates });
    lab.useCredentials(secrets);
    expect(() => new Consumer(lab, 'web')).toThrow(
      /role "lab-read-web" is made by lab\/late\/install, for which what needs the store doesn't wait; a store is ready when all of its roles are/,
    );
  });
});
