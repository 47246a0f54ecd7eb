import { Duration } from 'cdk8s';
import { dump } from 'js-yaml';
import { type CertificateProps, External, type Platform, type Stage, System } from '../../lib/core';
import { type KubeObject } from '../../lib/core/link/types';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { type AcmeProps, CertManager, type CertManagerProps } from '../../lib/security/cert-manager';
import { definitions } from '../../lib/security/cert-manager/crds';
import { expectGolden, findingsOf, objectOf, objectsOf, testPlatform } from '../support';

/** A system that asks for certificates. */
class Web extends System {
  readonly stage: Stage;

  constructor(lab: Platform, id: string, needs: CertManager | undefined) {
    super(lab, id, { name: 'web', version: '1' }, {});
    this.stage = this.addStage('install', [needs]);
  }
}

interface Lab {
  readonly lab: Platform;
  readonly certificates: CertManager;
  readonly web: Web;
}

function make(props: CertManagerProps = {}, id = 'cert-manager'): Lab {
  const lab = testPlatform();
  const certificates = new CertManager(lab, id, props);
  return { lab, certificates, web: new Web(lab, 'web', certificates) };
}

const ACME: AcmeProps = {
  server: 'https://acme.corp.example/directory',
  email: 'platform@corp.example',
  solvers: [
    {
      dns01: {
        rfc2136: {
          nameserver: '10.10.0.53:53',
          tsigKeyName: 'platform',
          tsigAlgorithm: 'HMACSHA256',
          tsigSecretSecretRef: { name: 'dns-key', key: 'key' },
        },
      },
    },
  ],
};
const HTTP01: AcmeProps = { ...ACME, solvers: [{ http01: { ingress: { ingressClassName: 'nginx' } } }] };

interface Rules {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** What the controller may do in all namespaces, as `verb resource`. */
function rightsOf(lab: Platform): string[] {
  return objectsOf(lab)
    .filter(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name?.startsWith('cert-manager-cert-manager-'))
    .filter(({ metadata }) => !/webhook|cainjector/.test(metadata.name ?? ''))
    .flatMap((role) => (role as KubeObject & Rules).rules)
    .flatMap(({ resources, verbs }) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)));
}

function argsOf(lab: Platform, name: string): string[] {
  const { spec } = objectOf<{ spec: { template: { spec: { containers: { args: string[] }[] } } } }>(
    lab,
    'Deployment',
    name,
  );
  return spec.template.spec.containers[0].args;
}

describe('cert-manager', () => {
  test('links without a finding, with a certificate and the authority in another namespace', () => {
    const { lab, certificates, web } = make();
    certificates.issue(web.stage, 'tls', { dnsNames: ['web.test.example'] });
    certificates.authority(web.stage);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('makes a private authority and issues by it', () => {
    const { lab, certificates, web } = make();
    certificates.issue(web.stage, 'tls', { dnsNames: ['web.test.example'], ipAddresses: ['10.20.0.100'] });
    const own = objectsOf(lab).filter(({ apiVersion }) => apiVersion === 'cert-manager.io/v1');
    expectGolden('security/golden/cert-manager.yaml', own.map((object) => dump(object)).join('---\n'));
  });

  test('has three deployments, with two pods each that may be drained one at a time', () => {
    const { lab } = make();
    const names = ['cert-manager', 'cert-manager-cainjector', 'cert-manager-webhook'];
    for (const kind of ['Deployment', 'PodDisruptionBudget']) {
      const found = objectsOf(lab).filter((object) => object.kind === kind);
      expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(names);
    }
    expect(objectOf(lab, 'Deployment', 'cert-manager-webhook')).toMatchObject({ spec: { replicas: 2 } });
    expect(objectOf(make({ replicas: 1 }).lab, 'Deployment', 'cert-manager')).toMatchObject({ spec: { replicas: 1 } });
  });

  test("brings upstream's six CRDs, or none", () => {
    const crds = (lab: Platform) =>
      objectsOf(lab)
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(crds(make().lab)).toEqual(definitions.map(({ name }) => name).sort());
    expect(definitions).toHaveLength(6);
    const { lab } = make({ crds: 'external' });
    expect(crds(lab)).toEqual([]);
    expect(findingsOf(lab)).toEqual([]);
  });

  test("is ready when the webhook's authority is injected and the API server is answered", () => {
    const { lab } = make();
    const install = lab.stages.find(({ file }) => file === 'cert-manager');
    expect(install?.gates).toEqual([
      expect.objectContaining({ type: 'field', resource: 'mutatingwebhookconfiguration' }),
      expect.objectContaining({ type: 'field', resource: 'validatingwebhookconfiguration' }),
      expect.objectContaining({ type: 'admission', of: "cert-manager's webhook" }),
    ]);
    const script = platformFiles(linked(lab).bundle).find(({ name }) => name === 'apply.sh')?.text ?? '';
    for (const gate of [
      'cert-manager issuers.cert-manager.io self-signed',
      'cert-manager certificates.cert-manager.io root-ca',
      "'' clusterissuers.cert-manager.io private-ca",
    ]) {
      expect(script).toContain(`gate_condition ${gate} Ready`);
    }
  });

  test("leaves the webhook's authority to the injector", () => {
    const { lab } = make({}, 'pki');
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      const { metadata, webhooks } = objectOf<{
        metadata: { annotations: Record<string, string> };
        webhooks: { clientConfig: object; failurePolicy: string }[];
      }>(lab, kind, 'cert-manager-webhook');
      expect(metadata.annotations['cert-manager.io/inject-ca-from-secret']).toBe('pki/cert-manager-webhook-ca');
      expect(webhooks).toHaveLength(1);
      expect(webhooks[0]).toMatchObject({ failurePolicy: 'Fail', clientConfig: { service: { namespace: 'pki' } } });
      expect(webhooks[0].clientConfig).not.toHaveProperty('caBundle');
    }
    expect(argsOf(lab, 'cert-manager-webhook')).toContain(
      '--dynamic-serving-dns-names=cert-manager-webhook,cert-manager-webhook.pki,cert-manager-webhook.pki.svc',
    );
  });

  test('elects its leaders in its own namespace, with no right to those of others', () => {
    const { lab } = make();
    expect(argsOf(lab, 'cert-manager')).toContain('--leader-election-namespace=cert-manager');
    expect(objectsOf(lab).filter(({ metadata }) => metadata.namespace === 'kube-system')).toEqual([]);
    expect(objectOf(lab, 'Role', 'cert-manager')).toMatchObject({
      rules: [
        { resources: ['leases'], resourceNames: ['cert-manager-controller'] },
        { resources: ['leases'], verbs: ['create'] },
      ],
    });
  });

  test('the controller has no right to pods, Services and Ingresses, unless ACME needs it', () => {
    expect(
      rightsOf(make().lab).filter((right) => /pods|services|ingresses|(create|delete) orders/.test(right)),
    ).toEqual([]);
    expect(argsOf(make().lab, 'cert-manager')).toContain(
      '--controllers=*,-ingress-shim,-orders,-challenges,-certificaterequests-issuer-acme',
    );
    const dns = rightsOf(make({ acme: ACME }).lab);
    expect(dns).toEqual(expect.arrayContaining(['create orders', 'create challenges', 'list pods']));
    expect(dns).not.toContain('create pods');
    expect(rightsOf(make({ acme: HTTP01 }).lab)).toContain('create pods');
  });

  test('is scraped by whoever is given', () => {
    const lab = testPlatform();
    const metrics = External.prometheus(lab, { pods: { namespace: 'monitoring', labels: { app: 'prometheus' } } });
    new CertManager(lab, 'cert-manager', { metrics });
    const monitors = objectsOf(lab).filter(({ kind }) => kind === 'ServiceMonitor');
    expect(monitors.map(({ metadata }) => metadata.name).sort()).toEqual([
      'cert-manager',
      'cert-manager-cainjector',
      'cert-manager-webhook',
    ]);
    expect(objectsOf(make().lab).filter(({ metadata }) => /-metrics$/.test(metadata.name ?? ''))).toEqual([]);
  });
});

describe('certificates', () => {
  test('are issued into a Secret of the stage, with the authority next to them', () => {
    const { lab, certificates, web } = make();
    const names = ['web.test.example'];
    const secret = certificates.issue(web.stage, 'web-tls', {
      dnsNames: () => names,
      usages: ['client auth'],
      duration: Duration.days(30),
    });
    names.push('*.web.test.example', 'web.test.example');
    expect(secret).toMatchObject({ namespace: 'web', name: 'web-tls', keys: ['tls.crt', 'tls.key', 'ca.crt'] });
    expect(secret.readyAfter).toEqual([web.stage]);
    expect(objectOf(lab, 'Certificate', 'web-tls')).toMatchObject({
      metadata: { namespace: 'web' },
      spec: {
        secretName: 'web-tls',
        issuerRef: { kind: 'ClusterIssuer', name: 'private-ca' },
        dnsNames: ['web.test.example', '*.web.test.example'],
        duration: '2592000s',
        usages: ['digital signature', 'key encipherment', 'client auth'],
      },
    });
  });

  test('the authority is one Secret a namespace, there before whoever asked for it', () => {
    const { lab, certificates, web } = make();
    const first = certificates.authority(web.stage);
    expect(certificates.authority(web.stage)).toBe(first);
    expect(first).toMatchObject({ namespace: 'web', name: 'private-ca-authority' });
    expect(first?.readyAfter).toEqual(certificates.readyAfter);
    expect(objectOf(lab, 'Certificate', 'private-ca-authority')).toMatchObject({
      metadata: { namespace: 'web' },
      spec: { usages: ['digital signature', 'client auth'] },
    });
  });

  test("tell by annotations how their authority gets into a webhook's configuration", () => {
    const { certificates, web } = make();
    const secret = certificates.issue(web.stage, 'web-tls', { dnsNames: ['web.web.svc'] });
    expect(certificates.webhookAnnotations(secret)).toEqual({ 'cert-manager.io/inject-ca-from': 'web/web-tls' });
  });

  test('may be signed by an authority of your own', () => {
    const lab = testPlatform();
    const authority = External.credentials(lab, { name: 'company-ca' }, ['tls.crt', 'tls.key']);
    new CertManager(lab, 'cert-manager', { authority });
    expect(objectOf(lab, 'ClusterIssuer', 'private-ca')).toMatchObject({ spec: { ca: { secretName: 'company-ca' } } });
    expect(objectsOf(lab).filter(({ kind }) => kind === 'Certificate')).toEqual([]);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('may be signed by an ACME server', () => {
    const { lab, certificates, web } = make({ acme: { ...ACME, authority: '-----BEGIN CERTIFICATE-----\n' } });
    const secret = certificates.issue(web.stage, 'tls', {
      dnsNames: ['web.corp.example'],
      duration: Duration.days(30),
    });
    expect(secret.keys).toEqual(['tls.crt', 'tls.key']);
    expect(certificates.authority(web.stage)).toBeUndefined();
    expect(objectOf(lab, 'ClusterIssuer', 'acme')).toMatchObject({
      spec: {
        acme: {
          server: 'https://acme.corp.example/directory',
          email: 'platform@corp.example',
          caBundle: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==',
          privateKeySecretRef: { name: 'acme-account' },
          solvers: ACME.solvers,
        },
      },
    });
    expect(objectOf<{ spec: object }>(lab, 'Certificate', 'tls').spec).not.toHaveProperty('duration');
    expect(lab.externals).toContainEqual({ kind: 'Secret', namespace: 'cert-manager', name: 'dns-key' });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('with HTTP-01 the solver is on the list of images and let through', () => {
    const { lab, certificates, web } = make({ acme: HTTP01 });
    certificates.issue(web.stage, 'one', { dnsNames: ['one.corp.example'] });
    certificates.issue(web.stage, 'two', { dnsNames: ['two.corp.example'] });
    expect([...lab.images.keys()]).toContain('quay.io/jetstack/cert-manager-acmesolver:v1.21.1');
    expect(objectOf(lab, 'NetworkPolicy', 'acme-http01-solver', 'web')).toMatchObject({
      spec: { podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } } },
    });
    expect([...make({ acme: ACME }).lab.images.keys()].filter((name) => name.includes('acmesolver'))).toEqual([]);
  });
});

describe('cert-manager refuses', () => {
  const keyless = (lab: Platform) => External.credentials(lab, { name: 'ca' }, ['ca.crt']);

  test.each<[string, (lab: Platform) => CertManagerProps, string]>([
    [
      'no replica',
      () => ({ replicas: 0 }),
      'lab/cert-manager: replicas must be a whole number from 1 to 5, got 0; one pod works, the others stand by',
    ],
    [
      'two authorities',
      (lab) => ({ acme: ACME, authority: keyless(lab) }),
      'lab/cert-manager: either acme or authority signs, got both; leave one of them out',
    ],
    [
      'a name for a root that is not made',
      () => ({ acme: ACME, commonName: 'x' }),
      'lab/cert-manager: commonName "x" is the private root\'s, but another authority signs; leave it out',
    ],
    [
      'an authority without a key',
      (lab) => ({ authority: keyless(lab) }),
      'lab/cert-manager: authority must be a Secret with the keys "tls.crt" and "tls.key", got "ca.crt"; add "tls.crt"',
    ],
    [
      'a name that is too long',
      () => ({ commonName: 'x'.repeat(65) }),
      `lab/cert-manager: commonName must have 1 to 64 characters, got 65 in "${'x'.repeat(65)}"; X.509 allows no more`,
    ],
    [
      'an ACME server without TLS',
      () => ({ acme: { ...ACME, server: 'http://acme/' } }),
      'lab/cert-manager: acme.server must be the https URL of a directory, got "http://acme/"; Let\'s Encrypt\'s is "https://acme-v02.api.letsencrypt.org/directory"',
    ],
    [
      'ACME without a solver',
      () => ({ acme: { ...ACME, solvers: [] } }),
      'lab/cert-manager: acme.solvers must name at least one way of proving names, got none; give { dns01: { ... } }',
    ],
    [
      'a path for a certificate',
      () => ({ acme: { ...ACME, authority: '/etc/ca.crt' } }),
      'lab/cert-manager: acme.authority must be certificates in PEM; pass the text of the file',
    ],
  ])('%s', (_, props, message) => {
    const lab = testPlatform();
    expect(() => new CertManager(lab, 'cert-manager', props(lab))).toThrow(new Error(message));
  });

  test.each<[string, CertificateProps, string]>([
    [
      'no name',
      { dnsNames: [] },
      'lab/web/install/tls: a certificate needs at least one name or address, got none; give dnsNames',
    ],
    [
      'a name with capitals',
      { dnsNames: ['Web.example'] },
      'lab/web/install/tls: a name of a certificate must be a host name of lower-case labels such as "mlflow.lab.example", got "Web.example"; write it so',
    ],
    [
      'minutes',
      { dnsNames: ['a.example'], duration: Duration.minutes(5) },
      'lab/web/install/tls: duration must be at least an hour, got 300 seconds; a certificate is renewed after two thirds of it',
    ],
  ])('a certificate for %s', (_, props, message) => {
    const { certificates, web } = make();
    expect(() => certificates.issue(web.stage, 'tls', props)).toThrow(new Error(message));
  });

  test('names that come late and are wrong, when they come', () => {
    const { lab, certificates, web } = make();
    certificates.issue(web.stage, 'tls', { dnsNames: () => [] });
    expect(() => objectsOf(lab)).toThrow('a certificate needs at least one name or address, got none');
  });

  test('to ask an ACME server for what only the cluster knows', () => {
    const { certificates, web } = make({ acme: ACME });
    for (const name of ['web.web.svc', 'web.web.svc.cluster.local', 'localhost']) {
      expect(() => certificates.issue(web.stage, `tls-${name.length}`, { dnsNames: [name] })).toThrow(
        `an ACME server can't issue for "${name}", which is known in the cluster alone; give this platform a private CA by leaving acme out`,
      );
    }
    expect(() => certificates.issue(web.stage, 'ip', { dnsNames: ['a.example'], ipAddresses: ['10.0.0.1'] })).toThrow(
      "an ACME server doesn't issue for addresses, got 10.0.0.1; use names",
    );
  });

  test("to put an authority into a webhook's configuration that it hasn't, or nobody trusts", () => {
    const { certificates, web } = make();
    expect(() => certificates.webhookAnnotations(certificates.authority(web.stage)!)).toThrow(
      new Error(
        'lab/cert-manager: the Secret "private-ca-authority" of namespace "web" is no certificate that was issued here; pass what issue returned',
      ),
    );
    const acme = make({ acme: ACME });
    const secret = acme.certificates.issue(acme.web.stage, 'tls', { dnsNames: ['a.example'] });
    expect(() => acme.certificates.webhookAnnotations(secret)).toThrow(
      'an ACME server issues no certificates for webhooks; give them a private authority',
    );
  });

  test('the same Secret twice', () => {
    const { certificates, web } = make();
    certificates.issue(web.stage, 'tls', { dnsNames: ['a.example'] });
    expect(() => certificates.issue(web.stage, 'tls', { dnsNames: ['b.example'] })).toThrow(
      new Error(
        'lab/web/install/tls: the Secret "tls" of namespace "web" is the certificate of lab/web/install already; give this one another id',
      ),
    );
  });

  test('a stage that is applied before it, and one of another platform', () => {
    const { lab, certificates } = make();
    const early = new Web(lab, 'early', undefined);
    expect(() => certificates.issue(early.stage, 'tls', { dnsNames: ['a.example'] })).toThrow(
      new Error(
        'lab/early/install/tls: may be applied before lab/cert-manager issues certificates; give the issuer to the stage as a need',
      ),
    );
    const foreign = make().web;
    expect(() => certificates.authority(foreign.stage)).toThrow(/is of platform "lab"/);
  });
});
