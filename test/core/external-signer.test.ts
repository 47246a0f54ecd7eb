import { Duration } from 'cdk8s';
import { External, type ExternalCertificateSignerProps, type Platform, type Stage, System } from '../../lib/core';
import { CertManager } from '../../lib/security/cert-manager';
import { findingsOf, objectOf, testPlatform } from '../support';

class Web extends System {
  readonly stage: Stage;

  constructor(lab: Platform, id: string, issuer: ReturnType<CertManager['addIssuer']>) {
    super(lab, id, { name: 'web', version: '1' }, {});
    this.stage = this.addStage('install', [issuer]);
  }
}

const VAULT: ExternalCertificateSignerProps = { host: 'vault.corp.example', cidr: '10.9.0.8/32', mount: 'pki/ml' };

function make(props: Partial<ExternalCertificateSignerProps> = {}) {
  const lab = testPlatform();
  const certificates = new CertManager(lab, 'cert-manager');
  const signer = External.certificateSigner(lab, { ...VAULT, ...props });
  const issuer = certificates.addIssuer('company', { signer });
  return { lab, certificates, signer, issuer, web: new Web(lab, 'web', issuer) };
}

test("a company's Vault signs, and the summary says what it must have for it", () => {
  const { lab, issuer, web } = make({
    authority: { name: 'vault-ca' },
    authMount: 'lab',
    domains: ['ml.corp.example'],
  });
  issuer.issue(web.stage, 'tls', {
    dnsNames: ['web.ml.corp.example', 'web.other.example'],
    ipAddresses: ['10.20.0.9'],
  });
  expect(findingsOf(lab)).toEqual([]);
  expect(objectOf(lab, 'ClusterIssuer', 'company')).toMatchObject({
    spec: {
      vault: {
        server: 'https://vault.corp.example:8200',
        path: 'pki/ml/sign/issuer-company',
        caBundleSecretRef: { name: 'vault-ca', key: 'ca.crt' },
        auth: { kubernetes: { mountPath: '/v1/auth/lab', role: 'issuer-company' } },
      },
    },
  });
  expect(JSON.stringify(objectOf(lab, 'NetworkPolicy', 'cert-manager', 'cert-manager'))).toContain(
    '"cidr":"10.9.0.8/32"',
  );
  const { what, command } = lab.instructions.find(({ what: text }) => String(text).includes('issuer-company'))!;
  expect(what).toContain(
    'ServiceAccount cert-manager/issuer-company has certificates signed at https://vault.corp.example:8200',
  );
  const [head, ...rest] = command!.split('\n');
  expect(head).toBe("vault write pki/ml/roles/issuer-company - <<'EOF'");
  expect(JSON.parse(rest.slice(0, rest.indexOf('EOF')).join('\n'))).toMatchObject({
    allowed_domains: ['ml.corp.example', '*.ml.corp.example', 'web.other.example'],
    allow_ip_sans: true,
    max_ttl: '7776000s',
  });
  expect(rest.slice(rest.indexOf('EOF') + 1)).toEqual([
    "vault policy write issuer-company - <<'EOF'",
    'path "pki/ml/sign/issuer-company" { capabilities = ["update"] }',
    'EOF',
    'vault write auth/lab/role/issuer-company bound_service_account_names=issuer-company bound_service_account_namespaces=cert-manager audience=vault://company token_policies=issuer-company token_ttl=15m',
  ]);
});

test('needs no authority of its own where public ones are enough', () => {
  const { lab } = make();
  expect(JSON.stringify(objectOf(lab, 'ClusterIssuer', 'company'))).not.toContain('caBundle');
  expect(findingsOf(lab)).toEqual([]);
});

test('refuses what can not be', () => {
  expect(() => make({ mount: '/pki' })).toThrow(
    'lab: mount must be a path of letters, digits, "-" and "_" without "/" at its ends, got "/pki"; write "pki" or "pki/ml"',
  );
  expect(() => make({ authMount: '' })).toThrow('lab: authMount must be a path');
  expect(() => make({ maxDuration: Duration.days(366) })).toThrow(
    'lab: maxDuration of vault.corp.example must be from an hour to a year, got 8784 hours; write Duration.days(90)',
  );
  expect(() => make({ domains: ['*.corp.example'] })).toThrow(
    'lab: a domain of vault.corp.example must be a host name',
  );
  const { lab, signer } = make();
  const other = new CertManager(lab, 'other', { crds: 'external' });
  expect(() => other.addIssuer('company', { signer })).toThrow(
    'lab/other: role "issuer-company" of https://vault.corp.example:8200 was asked for by lab/cert-manager; give one of the two another name',
  );
});
