import { CONTAINER, object, pods, shop, tcp, TEMPLATE } from './shop';

const POLICY = (name: string) => `NetworkPolicy/${name}`;

describe('a NetworkPolicy', () => {
  const refused = (way: string) => (line: string) => line.includes(`have no ${way} `);

  test('lets out what the configuration shows', () => {
    const found = shop().set(POLICY('web'), ['spec', 'egress', 0], undefined).findings();
    expect(found.filter(refused('egress'))).toEqual([
      'ConfigMap/web: data["web.conf"] "db-0.db.shop.svc.cluster.local:5432" is refused: NetworkPolicy default-deny, web of namespace shop lets Deployment shop/web have no egress to StatefulSet shop/db on TCP 5432; add it',
      'Deployment/web: spec.template.spec.containers[0].env[2].value "db" is refused: NetworkPolicy default-deny, web of namespace shop lets Deployment shop/web have no egress to StatefulSet shop/db on TCP 5432; add it',
      'Deployment/web: spec.template.spec.containers[0].args[1] "db.shop.svc:5432" is refused: NetworkPolicy default-deny, web of namespace shop lets Deployment shop/web have no egress to StatefulSet shop/db on TCP 5432; add it',
    ]);
  });

  test('lets in what the configuration shows', () => {
    const found = shop()
      .set(POLICY('db'), ['spec', 'ingress', 0, 'from', 0], pods({ app: 'admin' }))
      .findings();
    expect(found).toContain(
      'Deployment/web: spec.template.spec.containers[0].args[1] "db.shop.svc:5432" is refused: NetworkPolicy default-deny, db of namespace shop lets StatefulSet shop/db have no ingress from Deployment shop/web on TCP 5432; add it',
    );
    expect(found).toContain(
      'NetworkPolicy/db: spec.ingress[0].from[0].podSelector "app=admin" selects no pod in namespace shop; add the pods, or correct the selector',
    );
  });

  test('lets look names up', () => {
    expect(shop().set(POLICY('web'), ['spec', 'egress', 1], undefined).findings()).toContain(
      'Deployment/web: spec.template.spec.containers[0].args[1] "db.shop.svc:5432" can\'t be looked up: NetworkPolicy default-deny, web of namespace shop lets Deployment shop/web have no egress to UDP and TCP port 53 of kube-system; add it',
    );
    expect(shop().set(POLICY('web'), ['spec', 'egress', 1, 'ports', 0, 'port'], 54).findings()).toContain(
      'NetworkPolicy/web: spec.egress[1].ports[0].port "54" is no port of the cluster\'s DNS; did you mean "53"?',
    );
  });

  test('lets speak to the API server who has rights there', () => {
    const account = [
      object('v1', 'ServiceAccount', 'maker', 'shop'),
      object('rbac.authorization.k8s.io/v1', 'Role', 'maker', 'shop', {
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }],
      }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'maker', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'maker' },
        subjects: [{ kind: 'ServiceAccount', name: 'maker', namespace: 'shop' }],
      }),
    ];
    const bundle = () =>
      shop()
        .add(...account)
        .set('Job/secrets', [...TEMPLATE, 'serviceAccountName'], 'maker');
    expect(bundle().findings()).toEqual([]);
    expect(bundle().set(POLICY('secrets'), ['spec', 'egress', 0], undefined).findings()).toEqual([
      'Job/secrets: spec.template.spec.serviceAccountName "maker" has rights at the API server, but NetworkPolicy default-deny, secrets of namespace shop lets Job shop/secrets have no egress to port 443 or 6443 of an address; add it',
    ]);
  });

  test('lets in clients from outside, and the API server', () => {
    const bundle = shop()
      .set('Service/web', ['spec', 'type'], 'LoadBalancer')
      .set(POLICY('web'), ['spec', 'ingress', 0, 'from'], [pods({ app: 'db' })]);
    expect(bundle.findings()).toEqual([
      'Service/web: spec.type "web" is called by clients outside the cluster, but NetworkPolicy default-deny, web of namespace shop lets Deployment shop/web have no ingress from any address on TCP 8080; add it',
    ]);
  });

  test('opens ports that are open, to somebody', () => {
    expect(shop().set(POLICY('web'), ['spec', 'ingress', 0, 'ports', 0], tcp(8081)).findings()).toEqual([
      'Service/web: spec.ports[0].targetPort "http" is reachable for nobody: NetworkPolicy default-deny, web of namespace shop opens TCP 8080 of Deployment shop/web to no one; add it',
      'NetworkPolicy/web: spec.ingress[0].ports[0].port "8081" is no TCP port of the pods at that end; did you mean "8080"?',
    ]);
    const open = () => shop().set(POLICY('web'), ['spec', 'ingress', 0, 'from'], undefined);
    expect(open().set('Service/web', ['spec', 'type'], 'LoadBalancer').findings()).toEqual([]);
    expect(open().findings()).toEqual([
      'NetworkPolicy/web: spec.ingress[0].ports[0].port "http" is open to everybody, but nobody beyond the pods calls that port of Deployment shop/web: no Service with an outer address, no webhook, no monitor; say in from who may connect',
    ]);
  });
});

describe('an isolated namespace', () => {
  test('has a policy that denies by default', () => {
    expect(shop().remove(POLICY('default-deny')).findings()).toEqual([
      'Namespace/shop: metadata.labels["onprem-ml.io/isolated"] "true" has no default-deny NetworkPolicy in namespace shop; add one with podSelector {} and policyTypes Ingress and Egress',
    ]);
  });

  test('has a policy for each pod', () => {
    expect(shop().remove(POLICY('secrets')).findings()).toEqual([
      'Job/secrets: spec.template.spec "secrets" is selected by no NetworkPolicy but default-deny in the isolated namespace shop; add one that says what it may reach and be reached by',
    ]);
  });

  test('is one only where it says so', () => {
    const bundle = shop()
      .set('Namespace/shop', ['metadata', 'labels'], undefined)
      .remove(POLICY('default-deny'))
      .remove(POLICY('secrets'));
    expect(bundle.findings()).toEqual([]);
  });
});

describe('a namespace that enforces a Pod Security level', () => {
  const hardened = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    capabilities: { drop: ['ALL'] },
  };
  const found = (level: string, context: object, spec: object = {}) =>
    shop()
      .remove('StatefulSet/db')
      .remove('Service/db')
      .remove('Job/secrets')
      .set('Namespace/shop', ['metadata', 'labels'], { 'pod-security.kubernetes.io/enforce': level })
      .set('Deployment/web', [...TEMPLATE, 'containers'], [{ name: 'web', image: 'web:1', securityContext: context }])
      .set('Deployment/web', [...TEMPLATE, 'hostNetwork'], (spec as { hostNetwork?: boolean }).hostNetwork)
      .findings()
      .filter((line) => line.includes('pod-security'));
  const at = 'Deployment/web: spec.template.spec.containers[0].securityContext';
  const end = (level: string) => `which namespace shop refuses (pod-security.kubernetes.io/enforce: ${level})`;

  test('admits pods that meet it', () => {
    expect(found('restricted', hardened)).toEqual([]);
    expect(found('baseline', {})).toEqual([]);
    expect(found('privileged', { privileged: true })).toEqual([]);
  });

  test('refuses others', () => {
    expect(found('restricted', {})).toEqual([
      `${at}.allowPrivilegeEscalation is not false, ${end('restricted')}`,
      `${at}.runAsNonRoot is not true, ${end('restricted')}`,
      `${at}.seccompProfile.type is neither RuntimeDefault nor Localhost, ${end('restricted')}`,
      `${at}.capabilities.drop doesn't drop ALL, ${end('restricted')}`,
    ]);
    expect(found('restricted', { ...hardened, runAsUser: 0 })).toEqual([
      `${at}.runAsUser "0" is root, ${end('restricted')}`,
    ]);
    expect(found('baseline', { capabilities: { add: ['SYS_ADMIN'] } }, { hostNetwork: true })).toEqual([
      `Deployment/web: spec.template.spec.hostNetwork "true" shares the node's own, ${end('baseline')}`,
      `${at}.capabilities.add[0] "SYS_ADMIN" is a capability, ${end('baseline')}`,
    ]);
  });
});

describe('rights', () => {
  const role = (rule: object) =>
    object('rbac.authorization.k8s.io/v1', 'Role', 'reader', 'shop', {
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...rule }],
    });
  const binding = object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reader', 'shop', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
  });
  const found = (rule: object) => shop().add(role(rule), binding).findings();

  test('are to what exists', () => {
    expect(found({})).toEqual([]);
    expect(found({ verbs: ['gett'] })).toEqual([
      'Role/reader: rules[0].verbs[0] "gett" is no verb; did you mean "get"?',
    ]);
    expect(found({ resources: ['pod'] })).toEqual([
      'Role/reader: rules[0].resources[0] "pod" is no resource of group ""; did you mean "pods"?',
    ]);
    expect(found({ resources: ['pods/statu'] })).toEqual([
      'Role/reader: rules[0].resources[0] "pods/statu" has no part "statu"; did you mean "status"?',
    ]);
    expect(found({ resources: ['deployments'] })).toEqual([
      'Role/reader: rules[0].resources[0] "deployments" is no resource of group ""; it is one of group "apps"',
    ]);
    expect(found({ apiGroups: ['appss'], resources: ['deployments'] })).toEqual([
      'Role/reader: rules[0].apiGroups[0] "appss" is no API group; did you mean "apps"?',
    ]);
    expect(found({ apiGroups: ['somebody.example'], resources: ['things'] })).toEqual([]);
  });

  test('are given to somebody', () => {
    expect(shop().add(role({})).findings()).toEqual([
      'Role/reader: metadata.name "reader" is a Role that no binding gives to anybody; add the binding, or leave it out',
    ]);
  });

  test('in all namespaces are given by a ClusterRole, to an account of one', () => {
    const wrong = object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'reader', undefined, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default' }],
    });
    expect(shop().add(wrong).findings()).toContain(
      'ClusterRoleBinding/reader: roleRef.kind "Role" is of one namespace, and a ClusterRoleBinding can only bind a ClusterRole; use a RoleBinding',
    );
    expect(shop().add(wrong).findings()).toContain(
      'ClusterRoleBinding/reader: subjects[0].namespace is missing; name the namespace of ServiceAccount default',
    );
  });
});

describe('images', () => {
  const images = new Set([
    'registry.example/web:1.2',
    'registry.example/db:17',
    'registry.example/make:1',
    'registry.example/old',
  ]);
  const at = 'Deployment/web: spec.template.spec.containers[0]';

  test('are in the list, where there is one', () => {
    expect(shop().findings({ images })).toEqual([]);
    const bundle = shop().set('Deployment/web', [...CONTAINER, 'image'], 'registry.example/web:1.3');
    expect(bundle.findings({ images })).toEqual([
      `${at}.image "registry.example/web:1.3" isn't in the list of images; did you mean "registry.example/web:1.2"?`,
    ]);
    expect(bundle.findings()).toEqual([]);
  });

  test('have a fixed version', () => {
    const bundle = shop().set('Deployment/web', [...CONTAINER, 'image'], 'registry.example/old');
    expect(bundle.findings({ images })).toEqual([
      `${at}.image "registry.example/old" has no fixed version; give it a tag other than latest, or a digest`,
    ]);
  });

  test('are those that controllers are told to start, too', () => {
    const bundle = shop().set('Deployment/web', [...CONTAINER, 'args', 2], '--worker-image=quay.io/shop/worker:3');
    expect(bundle.findings({ images })).toEqual([
      `${at}.args[2] "quay.io/shop/worker:3" isn't in the list of images; there is "registry.example/web:1.2", "registry.example/db:17", "registry.example/make:1", "registry.example/old"`,
    ]);
  });
});

describe('images that a custom resource names in parts', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const images = new Set([
    ...['registry.example/web:1.2', 'registry.example/db:17', 'registry.example/make:1'],
    ...[
      'registry.example/nic/plugin:1.0',
      'registry.example/nic/driver:5-os24',
      `registry.example/nic/cni:2@${digest}`,
    ],
  ]);
  const policy = (image: string, version: string) =>
    shop().add({
      apiVersion: 'mellanox.com/v1alpha1',
      kind: 'NicClusterPolicy',
      metadata: { name: 'policy' },
      spec: { network: { parts: [{ repository: 'registry.example/nic', image, version }] } },
    });

  test.each([
    ['by tag', 'plugin', '1.0'],
    ['by digest', 'cni', digest],
    ['by the tag of a listed digest', 'cni', '2'],
    ['by what the tags of its variants have in common', 'driver', '5'],
  ])('are in the list %s', (_, image, version) => {
    expect(policy(image, version).findings({ images }).join()).not.toContain('list of images');
  });

  test.each([
    ['plugin', '1.1', 'registry.example/nic/plugin:1.1'],
    ['driver', '5-os', 'registry.example/nic/driver:5-os'],
    ['plugin', digest, `registry.example/nic/plugin@${digest}`],
  ])('or are found out: %s %s', (image, version, whole) => {
    expect(policy(image, version).findings({ images }).join()).toContain(
      `NicClusterPolicy/policy: spec.network.parts[0] "${whole}" isn't in the list of images`,
    );
  });
});

describe('a secret', () => {
  const env = (name: string, value: string, strict = true) =>
    shop()
      .set('Deployment/web', [...CONTAINER, 'env', 4], { name, value })
      .findings({ strict });
  const at = 'Deployment/web: spec.template.spec.containers[0]';
  const MEND = 'take it from a Secret that is made in the cluster';

  test.each<[string, string]>([
    ['ADMIN_PASSWORD', 'hunter22'],
    ['S3_SECRET_KEY', 'abcdefgh'],
    ['GITHUB_TOKEN', 'x1y2z3'],
  ])('is no value of %s', (name, value) => {
    const hidden = `${value.slice(0, 2)}${'*'.repeat(value.length - 2)}`;
    expect(env(name, value)).toEqual([
      `${at}.env[4].value "${hidden}" is a secret in plain text, by the name ${name}; ${MEND}`,
    ]);
    expect(env(name, value, false)).toEqual([]);
  });

  test.each<[string, string]>([
    ['PASSWORD_FILE', '/run/secrets/password'],
    ['TOKEN_URL', 'https://id.example/token'],
    ['SECRET_NAME', 'web'],
    ['DB_PASSWORD', '$(PGPASSWORD)'],
    ['REQUIRE_PASSWORD', 'true'],
  ])('is not what %s=%s is', (name, value) => {
    expect(env(name, value)).toEqual([]);
  });

  test('is no part of a URL', () => {
    expect(env('DSN', 'postgresql://app:hunter22@db.example/app')).toEqual([
      `${at}.env[4].value "hu******" is a password in a URL; ${MEND}`,
    ]);
    expect(env('DSN', 'postgresql://app:$(PGPASSWORD)@db.example/app')).toEqual([]);
  });

  test('is no argument', () => {
    const bundle = (...args: string[]) =>
      shop()
        .set('Deployment/web', [...CONTAINER, 'args'], args)
        .findings();
    expect(bundle('--admin-password=hunter22')).toEqual([
      `${at}.args[0] "hu******" is a secret in plain text, by the name admin-password; ${MEND}`,
    ]);
    expect(bundle('--token', 'x1y2z3')).toEqual([
      `${at}.args[1] "x1****" is a secret in plain text, by the name token; ${MEND}`,
    ]);
  });

  test('is in no configuration file', () => {
    const file = (text: string) => shop().set('ConfigMap/web', ['data', 'web.conf'], text).findings();
    const where = 'ConfigMap/web: data["web.conf"]';
    expect(file('user: app\npassword: hunter22\n')).toEqual([
      `${where} "hu******" is a secret in plain text, by the name password; ${MEND}`,
    ]);
    expect(file('user: app\npassword: ${DB_PASSWORD}\n')).toEqual([]);
    expect(file('key: -----BEGIN EC PRIVATE KEY-----\nabc')).toEqual([
      `${where} "-----BEGIN PRIVATE KEY-----" is a private key; ${MEND}`,
    ]);
    expect(file('id = AKIAABCDEFGHIJKLMNOP\n')).toEqual([`${where} "AK********" looks like an access token; ${MEND}`]);
  });

  test('is not the content of a Secret', () => {
    const secret = (more: object) =>
      shop()
        .add(object('v1', 'Secret', 'x', 'shop', { ...more }))
        .findings();
    expect(secret({})).toEqual([]);
    expect(secret({ stringData: { username: 'app' } })).toEqual([]);
    expect(secret({ stringData: { password: 'hunter22' } })).toEqual([
      'Secret/x: stringData.password "hu******" is the content of a Secret in a manifest; let it be made in the cluster',
    ]);
  });
});
