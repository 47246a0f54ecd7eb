import { type Platform } from '../../lib/core';
import { MinIO, type MinIOProps } from '../../lib/data/minio';
import { findingsOf, objectOf, objectsOf } from '../support';
import { configurationOf, dexLab } from '../security/dex-support';
import { SMALL, type Statement, type Workload } from './minio-support';

function make(props: Partial<MinIOProps> = {}) {
  const made = dexLab();
  const minio = new MinIO(made.lab, 'minio', { ...SMALL, gateway: made.gateway, identity: made.dex, ...props });
  return { ...made, minio };
}

function container(lab: Platform, kind: string, name: string | RegExp) {
  return objectOf<Workload>(lab, kind, name, 'minio').spec.template.spec.containers[0];
}

function variable(lab: Platform, kind: string, name: string | RegExp, key: string): string | object | undefined {
  const found = container(lab, kind, name).env.find((one) => one.name === key);
  return found?.value ?? found?.valueFrom;
}

test('servers know the provider, and take the groups of a token for names of policies', () => {
  const { lab } = make();
  expect(findingsOf(lab)).toEqual([]);
  const env = (key: string) => variable(lab, 'StatefulSet', 'pool-0', `MINIO_IDENTITY_OPENID_${key}`);
  expect(env('CONFIG_URL')).toBe('https://dex.test.example/.well-known/openid-configuration');
  expect(env('CLIENT_ID')).toBe('minio');
  expect(env('CLIENT_SECRET')).toEqual({ secretKeyRef: { name: 'dex-client-minio', key: 'client-secret' } });
  expect(env('CLAIM_NAME')).toBe('groups');
  expect(env('SCOPES')).toBe('openid,email,profile,groups');
  expect(configurationOf(lab)).toContain('https://minio-console.test.example/oauth_callback');
  expect(configurationOf(lab)).toMatch(/id: minio[\s\S]*trustedPeers:\n\s+- cli/);
});

test("servers trust the issuer's authority, with and without a certificate of their own", () => {
  const sources = (lab: Platform) =>
    JSON.stringify(objectOf<Workload>(lab, 'StatefulSet', 'pool-0', 'minio').spec.template.spec.volumes);
  expect(sources(make().lab)).toContain('{"key":"ca.crt","path":"CAs/issuer.crt"}');
  const made = dexLab();
  const { certificates } = made;
  new MinIO(made.lab, 'minio', { ...SMALL, gateway: made.gateway, identity: made.dex, certificates });
  expect(sources(made.lab)).toContain('{"key":"ca.crt","path":"CAs/ca.crt"}');
  expect(sources(made.lab)).not.toContain('issuer.crt');
  expect(findingsOf(made.lab)).toEqual([]);
});

test('a group has one policy, of its own name, for all its buckets', () => {
  const { lab, minio } = make();
  minio.addBucket('vision', { versioning: true }).allowGroup('ml-vision', 'write');
  minio.addBucket('shared').allowGroup('ml-vision', 'read');
  expect(
    objectsOf(lab).filter(({ kind, metadata }) => kind === 'Job' && /^group-/.test(metadata.name ?? '')),
  ).toHaveLength(1);
  expect(variable(lab, 'Job', /^group-ml-vision-/, 'POLICY_NAME')).toBe('ml-vision');
  const { Statement: statements } = JSON.parse(String(variable(lab, 'Job', /^group-ml-vision-/, 'POLICY'))) as {
    Statement: Statement[];
  };
  expect(statements).toEqual([
    expect.objectContaining({ Effect: 'Allow', Resource: ['arn:aws:s3:::vision'] }),
    expect.objectContaining({
      Effect: 'Allow',
      Action: expect.arrayContaining(['s3:PutObject']) as string[],
      Resource: ['arn:aws:s3:::vision/*'],
    }),
    { Effect: 'Deny', Action: ['s3:DeleteObjectVersion'], Resource: ['arn:aws:s3:::vision/*'] },
    expect.objectContaining({ Effect: 'Allow', Resource: ['arn:aws:s3:::shared'] }),
    expect.objectContaining({
      Effect: 'Allow',
      Action: expect.not.arrayContaining(['s3:PutObject']) as string[],
      Resource: ['arn:aws:s3:::shared/*'],
    }),
    { Effect: 'Deny', Action: ['admin:CreateServiceAccount', 'admin:CreateUser'] },
  ]);
  const { command } = container(lab, 'Job', /^group-ml-vision-/);
  expect(command.join('')).toContain('mc --quiet admin policy create');
  expect(command.join('')).not.toContain('user add');
  expect(findingsOf(lab)).toEqual([]);
});

test('groups with letters that no Job may have are told apart', () => {
  const { lab, minio } = make();
  const bucket = minio.addBucket('vision');
  bucket.allowGroup('ML Vision', 'read');
  bucket.allowGroup('ml_vision', 'read');
  const jobs = objectsOf(lab).filter(
    ({ kind, metadata }) => kind === 'Job' && /^group-ml-vision-/.test(metadata.name ?? ''),
  );
  expect(jobs).toHaveLength(2);
});

test('a reader passes groups on to its bucket', () => {
  const { lab, minio } = make();
  minio.addBucket('vision').addReader('dashboards').allowGroup('ops', 'read');
  expect(variable(lab, 'Job', /^group-ops-/, 'POLICY_NAME')).toBe('ops');
});

describe('refused are', () => {
  const cannot = (group: string) =>
    `lab/minio/bucket-vision: group ${JSON.stringify(group)} can't be let in: its name must be one for a policy, of letters, digits, spaces and ". _ @ + -", and none that the server or its users have; give the directory another group`;

  test.each(['consoleAdmin', 'readwrite', 'user-mlflow', 'a,b', '/ml-vision', ''])('the group %j', (group) => {
    const { minio } = make();
    expect(() => minio.addBucket('vision').allowGroup(group, 'read')).toThrow(new Error(cannot(group)));
  });

  test('a group twice', () => {
    const bucket = make().minio.addBucket('vision');
    bucket.allowGroup('ml-vision', 'read');
    expect(() => bucket.allowGroup('ml-vision', 'write')).toThrow(
      new Error('lab/minio/bucket-vision: group "ml-vision" was let in before; say once what it may do'),
    );
  });

  test('groups where nobody signs in, and a sign-in that nobody reaches', () => {
    expect(() => make({ identity: undefined }).minio.addBucket('vision').allowGroup('ml-vision', 'read')).toThrow(
      new Error(
        'lab/minio/bucket-vision: group "ml-vision" can\'t come in, since people don\'t sign in here; pass identity to lab/minio',
      ),
    );
    expect(() => make({ gateway: undefined })).toThrow(
      new Error('lab/minio: identity needs a gateway, by which people come to the S3 API; pass gateway'),
    );
  });
});
