import { Size } from 'cdk8s';
import { External, type Platform } from '../../lib/core';
import { linked } from '../../lib/core/output/linked';
import { platformFiles } from '../../lib/core/output/platform-files';
import { type VaultProps, type VaultUnseal } from '../../lib/security/vault';
import { findingsOf, objectOf } from '../support';
import { bucket, configOf, containerOf, Directory, envOf, make, serversOf } from './vault-support';

const secret = (lab: Platform, name: string, ...keys: string[]) => External.credentials(lab, { name }, keys);
const sealed = (unseal: (lab: Platform) => VaultUnseal) => make((lab) => ({ unseal: unseal(lab) })).lab;
const transit = (lab: Platform, more: object = {}): VaultUnseal => ({
  by: 'transit',
  address: 'https://vault.corp.example:8200',
  keyName: 'lab',
  token: secret(lab, 'unseal', 'token'),
  ...more,
});
const egress = (lab: Platform) =>
  objectOf<{ spec: { egress: object[] } }>(lab, 'NetworkPolicy', 'vault', 'vault').spec.egress;
const seal = (lab: Platform) => /^seal [^]*/m.exec(configOf(lab))?.[0];
const summaryOf = (lab: Platform) =>
  platformFiles(linked(lab).bundle).find(({ name }) => name === 'summary.md')?.text ?? '';

describe('Vault is unsealed', () => {
  test('by people, unless told otherwise, with no seal in its configuration', () => {
    expect(seal(make().lab)).toBeUndefined();
    expect(summaryOf(make().lab)).toContain('-key-shares=5 -key-threshold=3');
    expect(summaryOf(make({ unseal: { by: 'operator', shares: 1 } }).lab)).toContain('-key-shares=1 -key-threshold=1');
  });

  test('by another Vault, whose token is a file that only the server has', () => {
    const lab = sealed((of) => transit(of, { authority: secret(of, 'corp-ca', 'ca.crt'), cidr: '10.20.0.15/32' }));
    expect(seal(lab)).toBe(`seal "transit" {
  address = "https://vault.corp.example:8200"
  key_name = "lab"
  mount_path = "transit/"
  token = "file:///vault/seal/token"
  tls_ca_cert = "/vault/seal-authority/ca.crt"
  tls_skip_verify = "false"
}
`);
    expect(serversOf(lab).spec.template.spec.volumes).toContainEqual({
      name: 'seal',
      secret: { secretName: 'unseal', defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] },
    });
    expect(containerOf(lab, 'reload').volumeMounts!.map(({ name }) => name)).not.toContain('seal');
    expect(envOf(lab)).not.toHaveProperty('VAULT_TOKEN');
    expect(egress(lab)).toContainEqual({
      ports: [{ port: 8200, protocol: 'TCP' }],
      to: [{ ipBlock: { cidr: '10.20.0.15/32' } }],
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('and then people hold the recovery key, and unseal nothing', () => {
    const text = summaryOf(sealed((lab) => transit(lab, { shares: 3, threshold: 2 })));
    expect(text).toContain('vault operator init -recovery-shares=3 -recovery-threshold=2');
    expect(text).not.toContain('unseal.sh');
  });

  test('at another mount, with the public authorities, at any address', () => {
    const lab = sealed((of) => transit(of, { mountPath: 'lab-transit/', address: 'https://vault.corp.example' }));
    expect(seal(lab)).toContain('mount_path = "lab-transit/"');
    // What the file says of TLS counts alone, so that VAULT_CACERT isn't taken.
    expect(seal(lab)).not.toContain('tls_ca_cert');
    expect(seal(lab)).toContain('tls_skip_verify = "false"');
    expect(egress(lab)).toContainEqual({ ports: [{ port: 443, protocol: 'TCP' }] });
  });

  test('by AWS KMS', () => {
    const lab = sealed((of) => ({
      by: 'awskms',
      region: 'eu-central-1',
      kmsKeyId: 'alias/lab',
      endpoint: 'https://kms.corp.example:8443',
      credentials: secret(of, 'kms', 'access-key', 'secret-key'),
    }));
    expect(seal(lab)).toBe(
      'seal "awskms" {\n  region = "eu-central-1"\n  kms_key_id = "alias/lab"\n  endpoint = "https://kms.corp.example:8443"\n}\n',
    );
    expect(envOf(lab)).toMatchObject({
      AWS_ACCESS_KEY_ID: { secretKeyRef: { name: 'kms', key: 'access-key' } },
      AWS_SECRET_ACCESS_KEY: { secretKeyRef: { name: 'kms', key: 'secret-key' } },
    });
    expect(egress(lab)).toContainEqual({ ports: [{ port: 8443, protocol: 'TCP' }] });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('by Azure Key Vault', () => {
    const lab = sealed((of) => ({
      by: 'azurekeyvault',
      tenantId: 'tenant',
      vaultName: 'lab',
      keyName: 'unseal',
      credentials: secret(of, 'azure', 'client-id', 'client-secret'),
    }));
    expect(seal(lab)).toBe(
      'seal "azurekeyvault" {\n  tenant_id = "tenant"\n  vault_name = "lab"\n  key_name = "unseal"\n}\n',
    );
    expect(envOf(lab)).toMatchObject({
      AZURE_CLIENT_ID: { secretKeyRef: { name: 'azure', key: 'client-id' } },
      AZURE_CLIENT_SECRET: { secretKeyRef: { name: 'azure', key: 'client-secret' } },
    });
    expect(findingsOf(lab)).toEqual([]);
  });

  test('by Google Cloud KMS', () => {
    const lab = sealed((of) => ({
      by: 'gcpckms',
      project: 'lab',
      region: 'europe-west3',
      keyRing: 'vault',
      cryptoKey: 'unseal',
      credentials: secret(of, 'gcp', 'credentials.json'),
    }));
    expect(seal(lab)).toBe(`seal "gcpckms" {
  project = "lab"
  region = "europe-west3"
  key_ring = "vault"
  crypto_key = "unseal"
  credentials = "/vault/seal/credentials.json"
}
`);
    expect(egress(lab)).toContainEqual({ ports: [{ port: 443, protocol: 'TCP' }] });
    expect(findingsOf(lab)).toEqual([]);
  });
});

describe('Vault refuses', () => {
  // What a program in plain JavaScript may pass.
  const any = (value: object) => value as Partial<VaultProps>;

  test.each<[string, (lab: Platform) => Partial<VaultProps>, string]>([
    [
      "an HSM, which the community edition can't talk to",
      () => any({ unseal: { by: 'pkcs11' } }),
      'unseal.by can\'t be "pkcs11", which only Vault Enterprise\'s binary for HSMs has; put the HSM behind another Vault and use "transit", or unseal by "operator"',
    ],
    [
      'a way that there is not',
      () => any({ unseal: { by: 'transmit' } }),
      'unseal.by must be one of "operator", "transit", "awskms", "azurekeyvault", "gcpckms", got "transmit"; did you mean "transit"?',
    ],
    [
      'no share',
      () => ({ unseal: { by: 'operator', shares: 0 } }),
      'unseal.shares must be a whole number from 1 to 255, got 0; five people hold one each',
    ],
    [
      'a threshold of one for many',
      () => ({ unseal: { by: 'operator', shares: 5, threshold: 1 } }),
      'unseal.threshold must be a whole number from 2 to 5, got 1; no more than there are shares',
    ],
    [
      'a threshold that nobody reaches',
      () => ({ unseal: { by: 'operator', shares: 3, threshold: 4 } }),
      'unseal.threshold must be a whole number from 2 to 3, got 4; no more than there are shares',
    ],
    [
      'another Vault without TLS',
      (lab) => ({ unseal: transit(lab, { address: 'http://vault.corp.example:8200' }) }),
      'unseal.address must be an https URL without a path, got "http://vault.corp.example:8200"; write it as "https://vault.corp.example:8200"',
    ],
    [
      'a token under another key',
      (lab) => ({ unseal: transit(lab, { token: secret(lab, 'unseal', 'password') }) }),
      'the credentials of unseal must have the keys "token", got "password"; add "token"',
    ],
    [
      'two servers',
      () => any({ servers: 2 }),
      'servers must be 1, 3 or 5, got 2; with an even number as many may fail as with one less',
    ],
    [
      'more servers than nodes',
      () => ({ servers: 5 }),
      'servers must each have a node, got 5 for 3 nodes that take workloads; lower it',
    ],
    ['hardly any room', () => ({ storage: Size.mebibytes(100) }), 'storage must be at least 1Gi, got 100Mi; give more'],
    [
      'hardly any room for the audit log',
      () => ({ auditStorage: Size.mebibytes(100) }),
      'auditStorage must be at least 1Gi, got 100Mi; give more',
    ],
    ['hardly any memory', () => ({ memory: Size.mebibytes(64) }), 'memory must be at least 256Mi, got 64Mi; give more'],
    ['no core', () => ({ cpu: 0 }), 'cpu must be above 0 and at most 256 cores, got 0; write 0.5 for half a core'],
    [
      'a log level that there is not',
      () => any({ logLevel: 'warning' }),
      'logLevel must be one of "trace", "debug", "info", "warn", "error", got "warning"; choose one',
    ],
    [
      'a host without a gateway',
      () => ({ host: 'vault.test.example' }),
      'host needs a gateway, got "vault.test.example"; pass gateway, or leave host out',
    ],
    [
      'people without a gateway',
      (lab) => ({ identity: new Directory(lab) }),
      'identity needs a gateway, by which people and the identity provider come back to Vault; pass gateway',
    ],
    [
      'a schedule of no snapshots',
      () => ({ snapshotSchedule: '0 3 * * *' }),
      'snapshotSchedule is of no use without snapshots; pass snapshots: objects.addBucket("vault-snapshots")',
    ],
    [
      'a schedule that is none',
      (lab) => ({ snapshots: bucket(lab), snapshotSchedule: 'daily' }),
      'schedule must be cron\'s five fields in UTC, got "daily"; write "0 3 * * *" for every day at three',
    ],
    [
      'a path that is none',
      (lab) => ({ snapshots: bucket(lab), snapshotPath: '/vault' }),
      'snapshotPath must be lower-case words with "/" between them, got "/vault"; write it as "vault" or "lab/vault"',
    ],
    [
      'no snapshot',
      (lab) => ({ snapshots: bucket(lab), snapshotsKept: 0 }),
      'snapshotsKept must be a whole number from 1 to 1000, got 0; keep at least the last',
    ],
  ])('%s', (_what, props, message) => {
    expect(() => make(props)).toThrow(new Error(`lab/vault: ${message}`));
  });
});
