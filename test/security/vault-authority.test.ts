import { Duration, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { External, type ICertificateIssuer, type Platform, type Stage, System } from '../../lib/core';
import { MinIO } from '../../lib/data/minio';
import { Postgres } from '../../lib/data/postgres';
import { Istio } from '../../lib/networking/istio';
import { ExternalSecrets } from '../../lib/security/external-secrets';
import { type VaultAuthorityProps } from '../../lib/security/vault';
import { expectGolden, findingsOf, objectOf, objectsOf } from '../support';
import { INTERMEDIATE, LEAF, ROOT } from './chain-fixtures';
import { Directory, fileOf, gateway, type Lab, make, planOf } from './vault-support';

/** A system with a certificate of its own. */
class Web extends System {
  readonly stage: Stage;

  constructor(lab: Platform, id: string, issuer: ICertificateIssuer) {
    super(lab, id, { name: 'web', version: '1' }, {});
    this.stage = this.addStage('install', [issuer]);
  }
}

interface Signed extends Lab {
  readonly issuer: ICertificateIssuer;
  readonly web: Web;
}

function signed(props: VaultAuthorityProps = {}, lab: Lab = make(), mount = 'pki'): Signed {
  const issuer = lab.certificates.addIssuer('vault', { signer: lab.vault.addAuthority(mount, props) });
  return { ...lab, issuer, web: new Web(lab.lab, 'web', issuer) };
}

const planOfAuthority = (lab: Platform, mount = 'pki') => fileOf(lab, `authority-${mount}-plan`, 'vault-plan');

/** A part of a plan, read. */
function partOf(plan: string, head: string): Record<string, unknown> {
  const text = plan.split('### ').find((each) => each.startsWith(`${head}\n`)) ?? '';
  return JSON.parse(text.slice(head.length)) as Record<string, unknown>;
}

const roleOf = (lab: Platform) => partOf(planOfAuthority(lab), 'role issuer-vault');

describe("an issuer that Vault's PKI signs for", () => {
  test('links without a finding: certificates, addresses and the authority in another namespace', () => {
    const { lab, issuer, web } = signed(
      {},
      make((p) => ({ gateway: gateway(p), identity: new Directory(p) })),
    );
    issuer.issue(web.stage, 'tls', { dnsNames: ['web.test.example'], ipAddresses: ['10.20.0.100'] });
    issuer.authority(web.stage);
    expect(findingsOf(lab)).toEqual([]);
  });

  test('its objects, policies and plan, as they are by default', () => {
    const { lab, issuer, web } = signed();
    issuer.issue(web.stage, 'tls', { dnsNames: ['web.test.example', 'web.web.svc'] });
    issuer.authority(web.stage);
    const objects = objectsOf(lab).filter(
      ({ kind, metadata: { name, namespace } }) =>
        ['issuer-vault', 'vault'].includes(name ?? '') &&
        [undefined, 'cert-manager'].includes(namespace) &&
        kind !== 'Namespace',
    );
    const policies = planOf(lab)
      .split('### ')
      .filter((part) => /^\S+ \S*(authority-pki|issuer-vault)\n/.test(part));
    expectGolden(
      'security/golden/vault-authority.yaml',
      [...objects.map((object) => dump(object)), planOfAuthority(lab), policies.join('### ')].join('---\n'),
    );
  });

  test('cert-manager gets to Vault, and gets tokens for the account of the issuer alone', () => {
    const { lab } = signed();
    const to = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'vault' } } };
    const policy = objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'cert-manager', 'cert-manager');
    expect(policy.spec.egress).toContainEqual(
      expect.objectContaining({ to: [expect.objectContaining(to)], ports: [{ port: 8200, protocol: 'TCP' }] }),
    );
    expect(objectOf(lab, 'Role', 'issuer-vault', 'cert-manager')).toMatchObject({
      rules: [{ resources: ['serviceaccounts/token'], resourceNames: ['issuer-vault'], verbs: ['create'] }],
    });
    expect(partOf(planOf(lab), 'role issuer-vault')).toMatchObject({
      audience: 'vault://vault',
      bound_service_account_names: ['issuer-vault'],
      bound_service_account_namespaces: ['cert-manager'],
    });
  });

  test('signs for the names below its domains, and for what systems ask for exactly', () => {
    const { lab, issuer, web } = signed({ domains: ['ml.corp.example'] });
    issuer.issue(web.stage, 'tls', { dnsNames: () => ['a.ml.corp.example', 'web.web.svc', '*.web.web.svc'] });
    expect(roleOf(lab)).toMatchObject({
      allowed_domains: ['ml.corp.example', '*.ml.corp.example', '*.web.web.svc', 'web.web.svc'],
      allow_subdomains: false,
      allow_ip_sans: false,
      client_flag: false,
      use_csr_sans: false,
    });
  });

  test('signs for addresses and for clients where one is asked for, and not else', () => {
    const { lab, issuer, web } = signed();
    issuer.issue(web.stage, 'tls', {
      dnsNames: ['web.test.example'],
      ipAddresses: ['10.20.0.100'],
      usages: ['server auth', 'client auth'],
    });
    expect(roleOf(lab)).toMatchObject({ allow_ip_sans: true, client_flag: true });
  });

  test('has certificates as long as the authority signs, and no longer', () => {
    const { lab, issuer, web } = signed({ maxDuration: Duration.days(7) });
    issuer.issue(web.stage, 'tls', { dnsNames: ['web.test.example'] });
    issuer.issue(web.stage, 'short', { dnsNames: ['web.test.example'], duration: Duration.hours(2) });
    issuer.authority(web.stage);
    const durationOf = (name: string) =>
      objectOf<{ spec: { duration?: string } }>(lab, 'Certificate', name, 'web').spec.duration;
    expect([durationOf('tls'), durationOf('short'), durationOf('vault-authority')]).toEqual([
      '604800s',
      '7200s',
      '604800s',
    ]);
    expect(roleOf(lab)).toMatchObject({ max_ttl: '604800s', ttl: '604800s' });
    const long = { dnsNames: ['web.test.example'], duration: Duration.days(8) };
    expect(() => issuer.issue(web.stage, 'long', long)).toThrow(
      'lab/web/install/long: duration must be at most 604800 seconds, the longest that issuer "vault" has signed, got 691200; lower it',
    );
  });

  test('has the addresses of its certificate and list in certificates where there is a gateway', () => {
    expect(planOfAuthority(signed().lab)).not.toContain('### config urls');
    const { lab } = signed(
      {},
      make((p) => ({ gateway: gateway(p) })),
    );
    expect(partOf(planOfAuthority(lab), 'config cluster')).toEqual({
      path: 'https://vault.test.example/v1/pki',
      aia_path: 'https://vault.test.example/v1/pki',
    });
    expect(partOf(planOfAuthority(lab), 'config urls')).toMatchObject({ enable_templating: true });
    expect(planOf(lab)).toContain('path "pki/config/urls"');
  });

  test("has its authority injected into webhooks, and refuses other issuers' certificates", () => {
    const { certificates, issuer, web } = signed();
    const secret = issuer.issue(web.stage, 'tls', { dnsNames: ['web.web.svc'] });
    expect(issuer.webhookAnnotations(secret)).toEqual({ 'cert-manager.io/inject-ca-from': 'web/tls' });
    expect(() => certificates.webhookAnnotations(secret)).toThrow(
      'lab/cert-manager: the Secret "tls" of namespace "web" is no certificate that was issued here; pass what issue returned',
    );
    expect(() => certificates.issue(web.stage, 'tls', { dnsNames: ['web.web.svc'] })).toThrow(
      'give this one another id',
    );
  });

  test("has Vault's own role and engine made before it, and nothing else wait for it", () => {
    const { lab, vault, issuer } = signed();
    const [made] = issuer.readyAfter;
    expect(made?.needs.map(({ node }) => node.path)).toEqual(['lab/cert-manager/configure', 'lab/vault/authority-pki']);
    expect(vault.readyAfter.map(({ node }) => node.path)).toEqual(['lab/vault/configure']);
    expect(objectOf(lab, 'Job', /^authority-pki-/, 'vault')).toBeDefined();
  });

  test('signs for systems that take an issuer, beside Vault that keeps their secrets and makes users of their database', () => {
    const { lab, vault, certificates } = make();
    lab.useCredentials(new ExternalSecrets(lab, 'external-secrets', { store: vault, certificates }));
    const issuer = certificates.addIssuer('vault', { signer: vault.addAuthority() });
    const gateway = new Istio(lab, 'gateway', { addresses: External.loadBalancer(), certificates: issuer });
    const postgres = new Postgres(lab, 'postgres', { certificates: issuer });
    vault.addDatabase('runs', { database: postgres.addDatabase('runs') });
    const drives = { servers: 4, drivesPerServer: 1, driveSize: Size.gibibytes(10) };
    new MinIO(lab, 'minio', { ...drives, certificates: issuer, gateway });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('leaves a Vault without one as it was', () => {
    const objects = objectsOf(make().lab).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(objects.filter((each) => /authority-pki|issuer-|database/.test(each))).toEqual([]);
  });

  test('refuses what Vault itself stands on', () => {
    const { issuer, vault } = signed();
    const [configure] = vault.readyAfter;
    expect(() => issuer.issue(configure!, 'tls', { dnsNames: ['vault.test.example'] })).toThrow(
      'lab/vault/configure/tls: can\'t have a certificate of issuer "vault", which stands on it: lab/cert-manager/issuer-vault needs lab/vault/authority-pki needs lab/vault/configure; ' +
        'have it issued by what is there before, such as the private authority of cert-manager',
    );
    const [certificate] = configure!.needs.flatMap(({ needs }) => needs);
    expect(() => issuer.authority(certificate!)).toThrow(
      'issuer-vault needs lab/vault/authority-pki needs lab/vault/configure needs lab/vault/install needs lab/vault/certificate;',
    );
  });

  test('refuses a name that is taken, and a stage that does not wait for it', () => {
    const { lab, certificates, issuer, vault } = signed();
    const signer = vault.addAuthority('pki-2');
    expect(() => certificates.addIssuer('private-ca', { signer })).toThrow(
      'lab/cert-manager: issuer "private-ca" is there already; choose another name',
    );
    expect(() => certificates.addIssuer('vault', { signer })).toThrow('issuer "vault" is there already');
    expect(() => certificates.addIssuer('Vault', { signer })).toThrow('the name of an issuer must be of lower-case');
    const early = new Web(lab, 'early', certificates);
    expect(() => issuer.issue(early.stage, 'tls', { dnsNames: ['early.test.example'] })).toThrow(
      'lab/early/install/tls: may be applied before lab/cert-manager issues certificates; give the issuer to the stage as a need',
    );
  });
});

describe('an authority', () => {
  const planFor = (props: VaultAuthorityProps, mount?: string) => {
    const { lab } = signed(props, make(), mount);
    return planOfAuthority(lab, mount);
  };

  test('is a root of ten years, called and limited as asked', () => {
    expect(partOf(planFor({}), 'ca root')).toEqual({
      key_type: 'ec',
      key_bits: 384,
      key_name: 'platform',
      common_name: 'lab Vault CA',
      exclude_cn_from_sans: true,
      ttl: '315360000s',
    });
    expect(partOf(planFor({ commonName: 'Our CA', validity: Duration.days(730) }), 'ca root')).toMatchObject({
      common_name: 'Our CA',
      ttl: '63072000s',
    });
    expect(partOf(planFor({}, 'pki-2'), 'ca root')).toMatchObject({ common_name: 'lab Vault CA pki-2' });
  });

  test('says how people come to trust its root', () => {
    const { vault } = signed();
    expect(vault.instructions.at(-1)).toEqual({
      when: 'after',
      what: "Have browsers and clients trust the root of Vault's authority pki, whose certificate is",
      command: 'kubectl -n vault exec vault-0 -c vault -- vault read -field=certificate pki/cert/ca',
    });
  });

  test('whose certificate is signed elsewhere gets a request first, then the chain', () => {
    const first = make();
    const signer = first.vault.addAuthority('pki', { intermediate: {} });
    expect(first.vault.instructions.at(-1)).toMatchObject({
      command: 'kubectl -n vault logs -l app.kubernetes.io/component=authority-pki --tail=-1',
    });
    expect(() => first.certificates.addIssuer('vault', { signer })).toThrow(
      'lab/cert-manager: authority "pki" of lab/vault has no certificate yet, so that nothing could be signed; ' +
        'apply without "issuer-vault", have its request signed, and pass what comes back as intermediate.chain',
    );
    expect(partOf(planOfAuthority(first.lab), 'ca request')).toMatchObject({
      key_ref: 'platform',
      add_basic_constraints: true,
    });
    expect(findingsOf(first.lab)).toEqual([]);
    const { lab } = signed({ intermediate: { chain: `subject=lab Vault CA\n${INTERMEDIATE}\nissuer\n${ROOT}` } });
    expect(fileOf(lab, 'authority-pki-plan', 'chain.pem')).toBe(`${INTERMEDIATE}\n${ROOT}\n`);
    expect(planOf(lab)).toContain('path "pki/intermediate/set-signed"');
    expect(planOf(lab)).not.toContain('root/generate');
    expect(findingsOf(lab)).toEqual([]);
  });

  test.each([
    [
      `${INTERMEDIATE}`,
      'must be the certificate that was signed and all those above it, got 1 in PEM; append them, up to the root',
    ],
    [`${ROOT}\n${INTERMEDIATE}`, 'must be in order, but certificate 1, "CN=Company Root", is not signed by the next'],
    [
      `${INTERMEDIATE}\n${INTERMEDIATE}`,
      'must be in order, but certificate 1, "CN=lab Vault CA", is not signed by the next',
    ],
    [`${LEAF}\n${ROOT}`, 'must be of authorities, but certificate 1, "CN=web", is none'],
    [
      `${INTERMEDIATE}\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----`,
      'got a "EC PRIVATE KEY" in it',
    ],
    [`${INTERMEDIATE}\n${ROOT.replace('MII', 'AII')}`, "can't be read at certificate 2; copy it again"],
    ['', 'got 0 in PEM'],
  ])('refuses a chain that is none (%#)', (chain, message) => {
    expect(() => make().vault.addAuthority('pki', { intermediate: { chain } })).toThrow(
      new RegExp(
        `^lab/vault: intermediate.chain of authority "pki" .*${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`,
      ),
    );
  });

  test.each<[VaultAuthorityProps, string]>([
    [{ commonName: ' ' }, 'commonName of authority "pki" must have 1 to 64 characters, got 1 in " "'],
    [{ commonName: 'x'.repeat(65) }, 'must have 1 to 64 characters, got 65'],
    [{ validity: Duration.days(364) }, 'validity of authority "pki" must be from one year to 30, got 364 days'],
    [{ validity: Duration.days(365 * 31) }, 'must be from one year to 30'],
    [
      { validity: Duration.days(900), intermediate: {} },
      'validity of authority "pki" is the choice of whoever signs it',
    ],
    [
      { maxDuration: Duration.minutes(30) },
      'maxDuration of authority "pki" must be from an hour to a year, got 0.5 hours',
    ],
    [{ maxDuration: Duration.days(400) }, 'must be from an hour to a year'],
    [{ domains: [] }, 'domains of authority "pki" must be at least one, got none'],
    [{ domains: ['*.lab.example'] }, 'a domain of authority "pki" must be a host name'],
  ])('refuses %j', (props, message) => {
    expect(() => make().vault.addAuthority('pki', props)).toThrow(
      `lab/vault: ${message}`.replace('lab/vault: must', 'must'),
    );
  });

  test('refuses paths that are taken or can be none', () => {
    const { vault } = make();
    vault.addAuthority();
    expect(() => vault.addAuthority()).toThrow(
      'lab/vault: authority "pki" was added before; use what was returned then',
    );
    expect(() => vault.addAuthority('kv')).toThrow(
      `lab/vault: an authority can't be called "kv", where Vault has another engine; choose another name`,
    );
    expect(() => vault.addAuthority('p/k')).toThrow('the name of an authority must be of lower-case letters');
  });
});
