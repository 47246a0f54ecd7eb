import { CONTAINER, object, shop, TEMPLATE } from './shop';

const WEB = 'Deployment/web: spec.template.spec';

test('a bundle that works has no findings', () => {
  expect(shop().findings()).toEqual([]);
});

describe('a name that nothing has', () => {
  const env = [...CONTAINER, 'env', 1, 'valueFrom', 'secretKeyRef'];

  test('is told with the nearest one', () => {
    expect(
      shop()
        .set('Deployment/web', [...env, 'name'], 'dbb')
        .findings(),
    ).toEqual([
      `${WEB}.containers[0].env[1].valueFrom.secretKeyRef.name "dbb" names no Secret in namespace shop; did you mean "db"?`,
    ]);
  });

  test('is none where it is optional', () => {
    const bundle = shop()
      .set('Deployment/web', [...env, 'name'], 'dbb')
      .set('Deployment/web', [...env, 'optional'], true);
    expect(bundle.findings()).toEqual([]);
  });

  test('is none where it is declared external, by name or by any', () => {
    const bundle = () => shop().set('Deployment/web', [...env, 'name'], 'vault');
    expect(bundle().findings({ external: [{ kind: 'Secret', namespace: 'shop', name: 'vault' }] })).toEqual([]);
    expect(bundle().findings({ external: [{ kind: 'Secret', name: '*' }] })).toEqual([]);
    expect(bundle().findings({ external: [{ kind: 'Secret', namespace: 'other', name: 'vault' }] })).toEqual([
      `${WEB}.containers[0].env[1].valueFrom.secretKeyRef.name "vault" names no Secret in namespace shop; there is "db"`,
    ]);
  });

  test.each<[string, readonly (string | number)[], string]>([
    [
      'serviceAccountName',
      [...TEMPLATE, 'serviceAccountName'],
      'ServiceAccount in namespace shop; did you mean "web"?',
    ],
    [
      'volumes[0].configMap.name',
      [...TEMPLATE, 'volumes', 0, 'configMap', 'name'],
      'ConfigMap in namespace shop; did you mean "web"?',
    ],
    [
      'priorityClassName',
      [...TEMPLATE, 'priorityClassName'],
      'PriorityClass; there is "system-cluster-critical", "system-node-critical"',
    ],
    [
      'runtimeClassName',
      [...TEMPLATE, 'runtimeClassName'],
      'RuntimeClass; add it, or declare it external: RuntimeClass/webb',
    ],
  ])('%s', (field, path, message) => {
    expect(shop().set('Deployment/web', path, 'webb').findings()).toContain(
      `${WEB}.${field} "webb" names no ${message}`,
    );
  });

  test('of a storage class, a governing Service, a claim', () => {
    const claim = { name: 'old', persistentVolumeClaim: { claimName: 'data-db-2' } };
    const bundle = shop()
      .set('StatefulSet/db', ['spec', 'volumeClaimTemplates', 0, 'spec', 'storageClassName'], 'slow')
      .set('StatefulSet/db', ['spec', 'serviceName'], 'dbs')
      .set('StatefulSet/db', [...TEMPLATE, 'volumes'], [claim]);
    expect(bundle.findings()).toEqual([
      'StatefulSet/db: spec.template.spec.volumes[0].persistentVolumeClaim.claimName "data-db-2" names no PersistentVolumeClaim in namespace shop; did you mean "data-db-0"?',
      'StatefulSet/db: spec.serviceName "dbs" names no Service in namespace shop; did you mean "db"?',
      'StatefulSet/db: spec.volumeClaimTemplates[0].spec.storageClassName "slow" names no StorageClass; add it, or declare it external: StorageClass/slow',
    ]);
  });

  test('of a Role and a subject', () => {
    const bundle = shop().add(
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'web', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
        subjects: [{ kind: 'ServiceAccount', name: 'wed', namespace: 'shop' }],
      }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'viewer', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
      }),
    );
    expect(bundle.findings()).toEqual([
      'RoleBinding/web: roleRef.name "web" names no Role in namespace shop; add it, or declare it external: Role/shop/web',
      'RoleBinding/web: subjects[0].name "wed" names no ServiceAccount in namespace shop; did you mean "web"?',
    ]);
  });
});

describe('a key', () => {
  test('that the ConfigMap has not', () => {
    expect(shop().set('ConfigMap/web', ['data', 'LEVEL'], undefined).findings()).toEqual([
      `${WEB}.containers[0].env[0].valueFrom.configMapKeyRef.key "LEVEL" is no key of ConfigMap web; there is "web.conf"`,
    ]);
  });

  test('that the Job does not put into the Secret it makes', () => {
    const creates = '[{"kind":"Secret","namespace":"shop","name":"db","keys":["username","pasword"]}]';
    const bundle = shop().set('Job/secrets', ['metadata', 'annotations', 'onprem-ml.io/creates'], creates);
    expect(bundle.findings()).toEqual([
      `${WEB}.containers[0].env[1].valueFrom.secretKeyRef.key "password" is no key of Secret db; did you mean "pasword"?`,
    ]);
  });

  test('that is mounted as a file', () => {
    const mounts = [{ name: 'config', mountPath: '/etc/web/web.conf', subPath: 'wed.conf' }];
    expect(
      shop()
        .set('Deployment/web', [...CONTAINER, 'volumeMounts'], mounts)
        .findings(),
    ).toContain(
      `${WEB}.containers[0].volumeMounts[0].subPath "wed.conf" is no key of ConfigMap web; did you mean "web.conf"?`,
    );
  });

  test('of the file that an argument names', () => {
    expect(shop().set('ConfigMap/web', ['data', 'web.conf'], undefined).findings()).toEqual([
      `${WEB}.containers[0].args[0] "/etc/web/web.conf" is no key of ConfigMap web, which is mounted at /etc/web; there is "LEVEL"`,
    ]);
  });
});

describe('made at run time', () => {
  const certificate = object('cert-manager.io/v1', 'Certificate', 'web', 'shop', {
    spec: { secretName: 'web-tls', issuerRef: { name: 'ca', kind: 'ClusterIssuer' } },
  });
  const crd = { kind: 'CustomResourceDefinition', name: 'cert-manager.io' };
  const issuer = { kind: 'ClusterIssuer', name: 'ca' };
  const mounted = (key: string) => ({ name: 'tls', secret: { secretName: 'web-tls', items: [{ key, path: 'x' }] } });
  const config = { name: 'config', configMap: { name: 'web' } };

  test('a Certificate makes its Secret, with these keys', () => {
    const bundle = (key: string) =>
      shop()
        .add(certificate)
        .set('Deployment/web', [...TEMPLATE, 'volumes'], [config, mounted(key)]);
    expect(bundle('tls.crt').findings({ external: [crd, issuer] })).toEqual([]);
    expect(bundle('tls.pem').findings({ external: [crd] })).toEqual([
      `${WEB}.volumes[1].secret.items[0].key "tls.pem" is no key of Secret web-tls; did you mean "tls.key"?`,
      'Certificate/web: spec.issuerRef.name "ca" names no ClusterIssuer; add it, or declare it external: ClusterIssuer/ca',
    ]);
  });

  test('an issuer that asks Vault names its account, and the Secrets it verifies and signs in by', () => {
    const vault = {
      caBundleSecretRef: { name: 'vault-ca' },
      auth: { kubernetes: { role: 'pki', serviceAccountRef: { name: 'issuer' } } },
    };
    const own = object('cert-manager.io/v1', 'Issuer', 'own', 'shop', { spec: { vault } });
    const token = { tokenSecretRef: { name: 'vault-ca', key: 'token' } };
    const other = object('cert-manager.io/v1', 'Issuer', 'other', 'shop', { spec: { vault: { auth: token } } });
    expect(
      shop()
        .add(own)
        .findings({ external: [crd] }),
    ).toEqual([
      'Issuer/own: spec.vault.auth.kubernetes.serviceAccountRef.name "issuer" names no ServiceAccount in namespace shop; there is "web"',
      'Issuer/own: spec.vault.caBundleSecretRef.name "vault-ca" names no Secret in namespace shop; there is "db"',
    ]);
    const secret = object('v1', 'Secret', 'vault-ca', 'shop', { data: { 'ca.crt': '' } });
    const account = { kind: 'ServiceAccount', namespace: 'shop', name: 'issuer' };
    expect(
      shop()
        .add(secret)
        .add(own)
        .add(other)
        .findings({ external: [crd, account] }),
    ).toEqual([
      'Issuer/other: spec.vault.auth.tokenSecretRef.key "token" is no key of Secret vault-ca; there is "ca.crt"',
    ]);
  });

  test('an ExternalSecret makes its target', () => {
    const secret = object('external-secrets.io/v1', 'ExternalSecret', 'web', 'shop', {
      spec: {
        secretStoreRef: { name: 'vault', kind: 'ClusterSecretStore' },
        target: { name: 'web-tls' },
        data: [{ secretKey: 'a' }],
      },
    });
    const external = [
      { kind: 'ClusterSecretStore', name: 'vault' },
      { kind: 'CustomResourceDefinition', name: 'external-secrets.io' },
    ];
    const bundle = shop()
      .add(secret)
      .set('Deployment/web', [...TEMPLATE, 'volumes'], [config, mounted('b')]);
    expect(bundle.findings({ external })).toEqual([
      `${WEB}.volumes[1].secret.items[0].key "b" is no key of Secret web-tls; did you mean "a"?`,
    ]);
  });

  test("an ExternalSecret's template leaves the keys as they are, unless it makes them", () => {
    const made = (template: object) =>
      shop()
        .add(
          object('external-secrets.io/v1', 'ExternalSecret', 'web', 'shop', {
            spec: { target: { name: 'web-tls', template }, data: [{ secretKey: 'a' }] },
          }),
        )
        .set('Deployment/web', [...TEMPLATE, 'volumes'], [config, mounted('b')])
        .findings({ external: [{ kind: 'CustomResourceDefinition', name: 'external-secrets.io' }] });
    expect(made({ metadata: { labels: { a: 'b' } } })).toHaveLength(1);
    expect(made({ data: { b: '{{ .a }}' } })).toEqual([]);
    expect(made({ templateFrom: [{ literal: 'b: "{{ .a }}"' }] })).toEqual([]);
  });

  test('a SecretStore signs in to Vault as somebody, and trusts a Secret', () => {
    const store = object('external-secrets.io/v1', 'SecretStore', 'vault', 'shop', {
      spec: {
        provider: {
          vault: {
            server: 'https://vault.corp.example:8200',
            caProvider: { type: 'Secret', name: 'company-ca', key: 'ca.crt' },
            auth: { kubernetes: { role: 'shop', serviceAccountRef: { name: 'reader' } } },
          },
        },
      },
    });
    const findings = (external: { kind: string; namespace?: string; name: string; keys?: string[] }[]) =>
      shop()
        .add(store)
        .findings({ external: [{ kind: 'CustomResourceDefinition', name: 'external-secrets.io' }, ...external] });
    const reader = { kind: 'ServiceAccount', namespace: 'shop', name: 'reader' };
    const authority = { kind: 'Secret', namespace: 'shop', name: 'company-ca', keys: ['ca.crt'] };
    expect(findings([reader, authority])).toEqual([]);
    expect(findings([authority]).join()).toContain('serviceAccountRef.name "reader" names no ServiceAccount');
    expect(findings([reader]).join()).toContain('caProvider.name "company-ca" names no Secret');
    expect(findings([reader, { ...authority, keys: ['tls.crt'] }]).join()).toContain(
      'caProvider.key "ca.crt" is no key',
    );
  });

  test('each namespace has a service account and the root certificate', () => {
    const root = {
      name: 'config',
      configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
    };
    const bundle = shop()
      .set('Deployment/web', [...TEMPLATE, 'serviceAccountName'], 'default')
      .set('Deployment/web', [...CONTAINER, 'args', 0], '--config=/etc/web/ca.crt')
      .set('Deployment/web', [...TEMPLATE, 'volumes'], [root]);
    expect(bundle.findings()).toEqual([]);
  });

  test('outside strict mode, what a service account may make and a pod names is taken to be made', () => {
    const hook = (args: string[]) => [
      object('batch/v1', 'CronJob', 'hook', 'shop', {
        spec: {
          jobTemplate: {
            spec: {
              template: {
                metadata: { labels: { app: 'hook' } },
                spec: { serviceAccountName: 'hook', containers: [{ name: 'hook', image: 'hook:1', args }] },
              },
            },
          },
        },
      }),
      object('v1', 'ServiceAccount', 'hook', 'shop'),
      object('rbac.authorization.k8s.io/v1', 'Role', 'hook', 'shop', {
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }],
      }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'hook', 'shop', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'hook' },
        subjects: [{ kind: 'ServiceAccount', name: 'hook', namespace: 'shop' }],
      }),
    ];
    const refs = (args: string[], strict: boolean) =>
      shop()
        .set(
          'Deployment/web',
          [...TEMPLATE, 'volumes'],
          [config, { name: 'tls', secret: { secretName: 'webhook-tls' } }],
        )
        .add(...hook(args))
        .findings({ strict })
        .filter((line) => line.includes('webhook-tls'));
    expect(refs(['--secret=webhook-tls'], false)).toEqual([]);
    expect(refs(['--secret=other'], false)).toHaveLength(1);
    expect(refs(['--secret=webhook-tls'], true)).toHaveLength(1);
  });
});

describe('custom resources name each other', () => {
  const pool = object('metallb.io/v1beta1', 'IPAddressPool', 'services', 'metallb');
  const advertisement = (name: string) =>
    object('metallb.io/v1beta1', 'L2Advertisement', 'all', 'metallb', { spec: { ipAddressPools: [name] } });
  const external = [
    { kind: 'CustomResourceDefinition', name: 'metallb.io' },
    { kind: 'Namespace', name: 'metallb' },
  ];

  test('an advertisement its pools', () => {
    expect(shop().add(pool, advertisement('services')).findings({ external })).toEqual([]);
    expect(shop().add(pool, advertisement('service')).findings({ external })).toEqual([
      'IPAddressPool/services: metadata.name "services" is announced by no L2Advertisement or BGPAdvertisement; add one that names it',
      'L2Advertisement/all: spec.ipAddressPools[0] "service" names no IPAddressPool in namespace metallb; did you mean "services"?',
    ]);
  });

  test('a queue its cluster queue, and that its flavors', () => {
    const queues = [
      object('kueue.x-k8s.io/v1beta1', 'LocalQueue', 'team', 'shop', { spec: { clusterQueue: 'gpus' } }),
      object('kueue.x-k8s.io/v1beta1', 'ClusterQueue', 'gpu', undefined, {
        spec: { resourceGroups: [{ flavors: [{ name: 'a100' }] }] },
      }),
    ];
    expect(
      shop()
        .add(...queues)
        .findings({ external: [{ kind: 'CustomResourceDefinition', name: 'kueue.x-k8s.io' }] }),
    ).toEqual([
      'LocalQueue/team: spec.clusterQueue "gpus" names no ClusterQueue; did you mean "gpu"?',
      'ClusterQueue/gpu: spec.resourceGroups[0].flavors[0].name "a100" names no ResourceFlavor; add it, or declare it external: ResourceFlavor/a100',
    ]);
  });

  test('a pod its secondary networks', () => {
    const bundle = shop().set('Deployment/web', ['spec', 'template', 'metadata', 'annotations'], {
      'k8s.v1.cni.cncf.io/networks': 'shop/ib0@eth1',
    });
    expect(bundle.findings()).toEqual([
      'Deployment/web: spec.template.metadata.annotations["k8s.v1.cni.cncf.io/networks"] "ib0" names no NetworkAttachmentDefinition in namespace shop; add it, or declare it external: NetworkAttachmentDefinition/shop/ib0',
    ]);
  });
});
