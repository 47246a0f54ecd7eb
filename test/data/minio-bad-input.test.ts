import { Duration, Size } from 'cdk8s';
import { type MinIOProps } from '../../lib/data/minio';
import { testPlatform } from '../support';
import { Consumer, LARGE, minio, Recorder, SMALL } from './minio-support';

describe('bad input', () => {
  const gateway = new Recorder();
  test.each<[string, MinIOProps, string]>([
    ['no servers', { ...LARGE, servers: 0 }, 'servers must be a whole number from 1 to 512, got 0'],
    ['half a server', { ...LARGE, servers: 2.5 }, 'servers must be a whole number from 1 to 512, got 2.5'],
    ['no drives', { ...LARGE, drivesPerServer: 0 }, 'drivesPerServer must be a whole number from 1 to 64, got 0'],
    [
      'two servers',
      { ...LARGE, servers: 2 },
      'servers: 2 x 4 drives (erasure sets of 8, parity 4) stop writing when one server is down; use 4 servers or more, or 1 for a small site',
    ],
    ['two servers, one drive', { ...LARGE, servers: 2, drivesPerServer: 1 }, 'stop writing when one server is down'],
    [
      'three servers with little parity',
      { ...LARGE, servers: 3, parity: 3 },
      'servers: 3 x 4 drives (erasure sets of 12, parity 3) stop writing when one server is down; set parity to 4',
    ],
    [
      'a prime',
      { ...LARGE, servers: 17, drivesPerServer: 1 },
      "servers: 17 x 1 drives can't be divided evenly into erasure sets of 2 to 16 drives; use 18 servers, or another drivesPerServer",
    ],
    [
      'too much parity',
      { ...LARGE, parity: 9 },
      'parity of erasure sets of 16 drives must be a whole number from 1 to 8, got 9; half of the drives at most can be parity',
    ],
    ['no parity', { ...LARGE, parity: 0 }, 'must be a whole number from 1 to 8, got 0'],
    [
      'parity of a single drive',
      { ...SMALL, parity: 1 },
      'parity must be left out with a single drive, got 1; give more drives or servers',
    ],
    ['a small drive', { driveSize: Size.mebibytes(512) }, 'driveSize must be at least 1Gi, got 512Mi'],
    [
      'shrinking',
      { ...LARGE, grownFrom: Size.tebibytes(4) },
      'driveSize must be larger than grownFrom, got 3Ti and 4Ti',
    ],
    ['little memory', { ...SMALL, memory: Size.mebibytes(100) }, 'memory must be at least 512Mi'],
    ['no cpu', { ...SMALL, cpu: 0 }, 'cpu must be above 0'],
    [
      'a class that is not there',
      { ...SMALL, storageClass: 'larg' },
      'has no storage class "larg", by name or tier; did you mean "large"?',
    ],
    ['an extended single drive', { ...SMALL, expansions: [LARGE] }, 'a single drive can never be extended'],
    [
      'a single drive that is extended, said in words',
      { servers: 1, drivesPerServer: 1, driveSize: Size.tebibytes(1), expansions: [LARGE] },
      'a single drive can never be extended',
    ],
    [
      'a poor expansion',
      { ...LARGE, expansions: [{ servers: 2, driveSize: Size.tebibytes(3) }] },
      'parity of expansions[0] with erasure sets of 2 drives must be a whole number from 1 to 1, got 4; which is the first pool',
    ],
    [
      'an expansion of one drive',
      { ...LARGE, expansions: [SMALL] },
      'expansions[0].drivesPerServer must be at least 2 with one server, got 1',
    ],
    [
      'an expansion without servers',
      { ...LARGE, expansions: [{ ...LARGE, servers: 0 }] },
      'expansions[0].servers must be a whole number',
    ],
    [
      'a host without gateway',
      { ...SMALL, host: 'minio.test.example' },
      'host needs a gateway, got "minio.test.example"; pass gateway, or leave host out',
    ],
    [
      "a console that is a bucket's",
      { ...SMALL, gateway, consoleHost: 'console.minio.test.example' },
      'consoleHost "console.minio.test.example" would be that of a bucket',
    ],
  ])('%s', (_what, props, message) => expect(() => minio(props)).toThrow(message));

  test.each<[unknown, string]>([
    [
      'MLflow',
      'a bucket\'s name must be of lower-case letters, digits and "-" between them, got "MLflow"; did you mean "mlflow"?',
    ],
    ['ml_flow', 'got "ml_flow"; did you mean "ml-flow"?'],
    ['my.bucket', 'got "my.bucket"; did you mean "my-bucket"?'],
    ['-mlflow', 'did you mean "mlflow"?'],
    ['', 'got ""; give it a name such as "mlflow"'],
    [undefined, 'must be of lower-case letters'],
    ['ab', 'must have 3 to 63 characters, got 2 in "ab"; give a longer one'],
    ['x'.repeat(64), 'must have 3 to 63 characters, got 64'],
    ['xn--bucket', 'must not begin with "xn--"'],
    ['bucket-s3alias', 'must not end with "-s3alias"'],
    ['minio', 'must not be "minio", which the server keeps for itself'],
    ['root', 'must not be "root"'],
  ])('a bucket called %p', (name, message) =>
    expect(() => minio(SMALL).store.addBucket(name as string)).toThrow(message),
  );

  test.each([
    [
      'expireAfter',
      { expireAfter: Duration.hours(36) },
      'bucket "mlflow": expireAfter must be 1 to 36500 whole days, got 1.5',
    ],
    ['no time', { expireAfter: Duration.days(0) }, 'bucket "mlflow": expireAfter must be 1 to 36500 whole days, got 0'],
    [
      'former versions without versioning',
      { expireNoncurrentAfter: Duration.days(3) },
      'bucket "mlflow": expireNoncurrentAfter needs versioning',
    ],
    ['a tiny quota', { quota: Size.kibibytes(10) }, 'bucket "mlflow": quota must be at least 1Mi, got 10Ki'],
    [
      'a quota beyond the drives',
      { quota: Size.tebibytes(40) },
      'bucket "mlflow": quota must be at most what all drives hold, 36Ti, got 40Ti; lower it or add drives',
    ],
  ])('a bucket with %s', (_what, props, message) =>
    expect(() => minio(LARGE).store.addBucket('mlflow', props)).toThrow(`lab/minio: ${message}`),
  );

  test('a bucket or a reader asked for twice', () => {
    const { store } = minio(SMALL);
    const bucket = store.addBucket('mlflow');
    expect(() => store.addBucket('mlflow')).toThrow(
      'lab/minio: bucket "mlflow" was asked for before; pass on what addBucket returned then, or take another name',
    );
    bucket.addReader('one');
    expect(() => bucket.addReader('one')).toThrow('lab/minio/bucket-mlflow: reader "one" was added before');
    expect(() => bucket.addReader('Two')).toThrow('did you mean "two"?');
  });

  test('a bucket of another platform', () => {
    const bucket = minio(SMALL).store.addBucket('mlflow');
    expect(() => new Consumer(testPlatform(), 'consumer', bucket)).toThrow('needs lab/minio/configure of platform');
  });
});
