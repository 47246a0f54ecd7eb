import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Construct } from 'constructs';
import { type ICredentials, type IOwnCredentialSource } from '../../lib/core/contracts';
import { MINT_SCRIPT } from '../../lib/core/credentials/mint-script';
import { External } from '../../lib/core/external';
import { objectOf, objectsOf, testPlatform } from '../support';
import { Demo } from './demo';

const VALUES = { username: { value: 'admin' }, password: { length: 32 } };

test('a credential is one Secret in each namespace that uses it, made by one Job', () => {
  const platform = testPlatform();
  const a = new Demo(platform, 'a');
  const b = new Demo(platform, 'b');
  const credential = platform.credentials.generate(a, 'db', VALUES);
  expect(credential.in('a').env('password')).toEqual({ secretKeyRef: { name: 'db', key: 'password' } });
  credential.in('b');
  credential.in('b');
  platform.credentials.generate(b, 'unused', VALUES);
  const job = objectOf(platform, 'Job', /^mint-/);
  expect(JSON.parse(job.metadata.annotations!['onprem-ml.io/creates']!)).toEqual(
    ['a', 'b'].map((namespace) => ({ kind: 'Secret', namespace, name: 'db', keys: ['username', 'password'] })),
  );
  expect(objectOf<{ data: { plan: string } }>(platform, 'ConfigMap', 'plan').data.plan).toBe(
    'db a,b username=value:YWRtaW4= password=alphanumeric:32\n',
  );
});

test('the Job may create Secrets and read its own, and nothing else', () => {
  const platform = testPlatform();
  const a = new Demo(platform, 'a');
  platform.credentials.generate(a, 'one', VALUES).in('a');
  platform.credentials.generate(a, 'two', VALUES).in('a');
  expect(objectOf(platform, 'Role', 'credentials-mint', 'a').rules).toEqual([
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['one', 'two'] },
  ]);
  expect(objectsOf(platform).filter(({ kind }) => kind === 'ClusterRole')).toEqual([]);
});

test('another plan is another Job', () => {
  const nameOf = (length: number) => {
    const platform = testPlatform();
    platform.credentials.generate(new Demo(platform, 'a'), 'db', { password: { length } }).in('a');
    return objectOf(platform, 'Job', /^mint-/).metadata.name;
  };
  expect(nameOf(32)).toBe(nameOf(32));
  expect(nameOf(32)).not.toBe(nameOf(40));
});

test('what a hurried person gets wrong', () => {
  const platform = testPlatform();
  const a = new Demo(platform, 'a');
  const generate = (name: string, values: Record<string, { value: string } | { length: number }>) =>
    platform.credentials.generate(a, name, values);
  expect(() => generate('Root', VALUES)).toThrow("lab/a: a credential's name must be of lower-case letters");
  expect(() => generate('root', { password: { length: 8 } })).toThrow(
    'lab/a: credential "root": password must have 16 to 4096 characters to be safe, got 8; give more',
  );
  expect(() => generate('root', { 'pass word': { length: 32 } })).toThrow('got "pass word"; rename it');
  expect(() => generate('root', {})).toThrow('lab/a: credential "root" must have at least one value, got none');
  generate('db', VALUES).in('a');
  expect(() => generate('db', VALUES).in('a')).toThrow(
    'lab/a: the Secret "db" in namespace "a" is that of lab/a; give one of the two another name',
  );
  expect(() => generate('other', VALUES).in('a').env('pasword')).toThrow(
    'a/other: the Secret has no key "pasword"; did you mean "password"?',
  );
});

test('systems that are made once another source is used ask that one, those from before never', () => {
  const platform = testPlatform();
  const early = new Demo(platform, 'early');
  const asked: string[] = [];
  class Source extends Construct implements IOwnCredentialSource {
    generate(scope: Construct, name: string): ICredentials {
      asked.push(`${scope.node.path} ${name}`);
      return External.credentials(scope, { name }, ['password']);
    }
  }
  platform.useCredentials(new Source(platform, 'source'));
  const late = new Demo(platform, 'late');
  platform.credentials.generate(new Construct(early, 'inner'), 'one', VALUES).in('early');
  platform.credentials.generate(new Construct(late, 'inner'), 'two', VALUES);
  platform.credentials.generate(platform, 'three', VALUES);
  expect(asked).toEqual(['lab/late/inner two', 'lab three']);
  expect(objectOf<{ data: { plan: string } }>(platform, 'ConfigMap', 'plan').data.plan).toMatch(
    /^one early \S+ \S+\n$/,
  );
});

test('an existing Secret stays in its namespace, and link is told of it', () => {
  const platform = testPlatform();
  new Demo(platform, 'a');
  const here = External.credentials(platform, { name: 'mine' }, ['token']);
  here.in('a');
  expect(platform.externals).toContainEqual({ kind: 'Secret', namespace: 'a', name: 'mine', keys: ['token'] });
  const there = External.credentials(platform, { name: 'mine', namespace: 'b' }, ['token']);
  expect(() => there.in('a')).toThrow('the Secret "mine" is in namespace "b", but is used in "a"');
});

describe('the script', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mint-'));
    for (const name of ['account', 'bin', 'work', 'store']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'account/token'), 't');
    writeFileSync(join(folder, 'bin/curl'), FAKE_API);
    chmodSync(join(folder, 'bin/curl'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const secret = (namespace: string, name: string) =>
    (
      JSON.parse(readFileSync(join(folder, 'store', `${namespace}_${name}`), 'utf8')) as {
        data: Record<string, string>;
      }
    ).data;
  const run = (plan: string) => {
    writeFileSync(join(folder, 'plan'), plan);
    const script = MINT_SCRIPT.replace('/var/run/secrets/kubernetes.io/serviceaccount', join(folder, 'account'))
      .replace('work=/tmp', `work=${join(folder, 'work')}`)
      .replace('< /plan/plan', `< ${join(folder, 'plan')}`);
    return spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, PLATFORM: 'lab', STORE: join(folder, 'store') },
    });
  };

  test('makes each value in its form, the same in each namespace', () => {
    const result = run('db a,b username=value:YWRtaW4= password=alphanumeric:32 seed=hex:20 key=base64:16\n');
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('created a/db\ncreated b/db\n');
    expect(secret('b', 'db')).toEqual(secret('a', 'db'));
    const { username, password, seed, key } = Object.fromEntries(
      Object.entries(secret('a', 'db')).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
    );
    expect(username).toBe('admin');
    expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(seed).toMatch(/^[0-9a-f]{20}$/);
    expect(Buffer.from(key!, 'base64')).toHaveLength(16);
  });

  test('keeps what is there, and completes what an interrupted run left', () => {
    run('db a password=alphanumeric:32\n');
    const before = secret('a', 'db');
    expect(run('db a,b password=alphanumeric:32\nnew b password=alphanumeric:16\n').stdout).toBe(
      'created b/db\ncreated b/new\n',
    );
    expect(secret('a', 'db')).toEqual(before);
    expect(secret('b', 'db')).toEqual(before);
    expect(run('db a,b password=alphanumeric:32\n').stdout).toBe('kept db\n');
  });

  test('refuses to choose between two that differ, and to change one that lacks a key', () => {
    run('db a password=alphanumeric:32\n');
    run('db b password=alphanumeric:32\n');
    const differs = run('db a,b password=alphanumeric:32\n');
    expect(differs.status).toBe(1);
    expect(differs.stderr).toContain('Secret db differs between namespaces a and b');
    const lacks = run('db a password=alphanumeric:32 salt=hex:16\n');
    expect(lacks.status).toBe(1);
    expect(lacks.stderr).toContain('Secret a/db lacks the key salt');
  });

  test('is plain sh', () => {
    expect(() => execFileSync('sh', ['-n'], { input: MINT_SCRIPT })).not.toThrow();
  });
});

/** Plays the API server's part: GET and POST of Secrets, kept as files. */
const FAKE_API = `#!/bin/sh
method=GET body= out=
for last; do :; done
while [ $# -gt 0 ]; do
  case $1 in -X) method=$2; shift ;; -o) out=$2; shift ;; --data-binary) body=\${2#@}; shift ;; esac
  shift
done
path=\${last#*/namespaces/}
namespace=\${path%%/*}
if [ "$method" = GET ]; then
  name=\${path##*/}; name=\${name%%\\?*}
  if [ -f "$STORE/\${namespace}_$name" ]; then cp "$STORE/\${namespace}_$name" "$out"; printf 200; else echo '{}' > "$out"; printf 404; fi
else
  name=$(sed 's/.*"metadata":{"name":"\\([^"]*\\)".*/\\1/' "$body")
  cp "$body" "$STORE/\${namespace}_$name"; echo '{}' > "$out"; printf 201
fi
`;
