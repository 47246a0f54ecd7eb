import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED_SCRIPT } from '../../lib/security/external-secrets/seed-script';
import { FakeApis } from './external-secrets-apis';

let folder: string;
let apis: FakeApis;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seed-'));
  for (const name of ['account', 'work']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'account/token'), 'token for the API');
  writeFileSync(join(folder, 'token'), 'token for the store');
  apis = new FakeApis();
  url = await apis.start();
});

afterEach(async () => {
  await apis.stop();
  rmSync(folder, { recursive: true });
});

/** Runs the script as the Job does, against the two APIs. `SEED_SHELL` is another shell to run it in: `busybox sh`. */
async function run(
  plan: string,
  role = 'lab-seed',
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  writeFileSync(join(folder, 'plan'), plan);
  const script = SEED_SCRIPT.replace('/var/run/secrets/kubernetes.io/serviceaccount', join(folder, 'account'))
    .replace('/var/run/secrets/store/token', join(folder, 'token'))
    .replace('https://kubernetes.default.svc', url)
    .replace('work=/tmp', `work=${join(folder, 'work')}`)
    .replace('--retry 8', '--retry 1')
    .replace('< /plan/plan', `< ${join(folder, 'plan')}`);
  const [shell, ...options] = (process.env.SEED_SHELL ?? 'sh').split(' ');
  const child = spawn(shell!, [...options, '-c', script], {
    env: { PATH: process.env.PATH, VAULT_ADDR: url, VAULT_MOUNT: 'kv', VAULT_AUTH: 'kubernetes', VAULT_ROLE: role },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

const base64 = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
const put = (path: string, values: Record<string, string>, labels?: Record<string, string>) =>
  apis.secrets.set(path, { data: base64(values), labels });
const MANAGED = { 'reconcile.external-secrets.io/managed': 'true' };
const DB = 'lab/postgres/db db a,b username=value:YWRtaW4= password=alphanumeric:32\n';

test('what is nowhere is made at random, in its form, and only once', async () => {
  const plan = 'lab/s/db db a username=value:YWRtaW4= password=alphanumeric:32 seed=hex:20 key.v1=base64:16\n';
  const first = await run(plan);
  expect(first).toEqual({ status: 0, stderr: '', stdout: 'put lab/s/db, made at random\n' });
  const { username, password, seed, 'key.v1': key } = apis.stored.get('lab/s/db')!.data as Record<string, string>;
  expect(username).toBe('admin');
  expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(seed).toMatch(/^[0-9a-f]{20}$/);
  expect(Buffer.from(key, 'base64')).toHaveLength(16);

  const again = await run(plan);
  expect(again).toEqual({ status: 0, stderr: '', stdout: 'kept lab/s/db\n' });
  expect(apis.stored.get('lab/s/db')!.data).toMatchObject({ password });
  expect(apis.asked.filter((request) => request.startsWith('POST'))).toHaveLength(1);
  expect(readdirSync(join(folder, 'work')).sort()).toEqual(['answer', 'api-header', 'store-header']);
});

test('what the cluster has goes to the store as it is', async () => {
  const password = 'a "quoted" \\ back\\nslash\tand <html> & more\r\nlines\n';
  put('b/db', { username: 'admin', password });
  const result = await run(DB);
  expect(result).toEqual({ status: 0, stderr: '', stdout: 'put lab/postgres/db, as in b/db\n' });
  expect(apis.stored.get('lab/postgres/db')!.data).toEqual({ username: 'admin', password });
  // What is in both is compared as the store answers it.
  expect(await run(DB)).toEqual({ status: 0, stderr: '', stdout: 'kept lab/postgres/db\n' });
});

test('several credentials, some of which are there', async () => {
  put('a/one', { key: 'x'.repeat(16) });
  const { stdout } = await run('lab/s/one one a key=hex:16\nlab/s/two two a,b key=hex:16\n');
  expect(stdout).toBe('put lab/s/one, as in a/one\nput lab/s/two, made at random\n');
});

test('a store that was lost is filled from what the operator had brought to the cluster', async () => {
  put('a/db', { username: 'admin', password: 'old' }, MANAGED);
  put('b/db', { username: 'admin', password: 'old' }, MANAGED);
  expect((await run(DB)).stdout).toBe('put lab/postgres/db, as in b/db\n');
  expect(apis.stored.get('lab/postgres/db')!.data).toMatchObject({ password: 'old' });
});

test('what the operator has taken over may lag behind the store', async () => {
  apis.stored.set('lab/postgres/db', { data: { username: 'admin', password: 'new' } });
  put('a/db', { username: 'admin', password: 'old' }, MANAGED);
  expect(await run(DB)).toEqual({ status: 0, stderr: '', stdout: 'kept lab/postgres/db\n' });
});

test('another that puts the same path at the same time wins, and nothing is changed', async () => {
  apis.beforeWrite = () => apis.stored.set('lab/postgres/db', { data: { username: 'admin', password: 'theirs' } });
  const result = await run(DB);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain(`putting ${url}, kv/lab/postgres/db: status 403: "permission denied"`);
  expect((await run(DB)).stdout).toBe('kept lab/postgres/db\n');
  expect(apis.stored.get('lab/postgres/db')!.data).toMatchObject({ password: 'theirs' });
});

describe('stops, and changes nothing, where', () => {
  const refused = async (plan: string, message: string) => {
    const before = new Map(apis.stored);
    const result = await run(plan);
    expect(result.stderr.replaceAll(url, 'URL')).toBe(`seed: ${message}\n`);
    expect(result.status).toBe(1);
    expect(apis.stored).toEqual(before);
  };

  test('namespaces differ', async () => {
    put('a/db', { username: 'admin', password: 'one' });
    put('b/db', { username: 'admin', password: 'two' });
    await refused(DB, 'Secret db differs between namespaces a and b; delete the one that is wrong and apply again');
  });

  test('a Secret and the store differ', async () => {
    apis.stored.set('lab/postgres/db', { data: { username: 'admin', password: 'one' } });
    put('b/db', { username: 'admin', password: 'two' });
    await refused(
      DB,
      "Secret b/db and URL, kv/lab/postgres/db differ in password. If the store is right, delete the Secret; if the Secret is, remove the store's (vault kv metadata delete); then apply again",
    );
  });

  test('a Secret lacks a key, or has one that would be lost', async () => {
    put('a/db', { username: 'admin' });
    await refused(DB, 'Secret a/db lacks the key password; add it, or delete the Secret');
    put('a/db', { username: 'admin', password: 'x', mine: 'y' });
    await refused(
      DB,
      'Secret a/db has the key mine, which nobody asked for and External Secrets would take away; move it to a Secret of its own',
    );
  });

  test('a Secret holds what is no text', async () => {
    put('a/db', { username: 'admin', password: 'pässword' });
    await refused(
      DB,
      "Secret a/db, key password, holds other bytes than ASCII text, which can't be brought to the store; put it there by hand: URL, kv/lab/postgres/db",
    );
  });

  test('the store lacks a key', async () => {
    apis.stored.set('lab/postgres/db', { data: { username: 'admin', password: 7 } });
    await refused(DB, 'URL, kv/lab/postgres/db has no text under the key password; add it (vault kv patch)');
  });

  test("the store's was deleted", async () => {
    apis.stored.set('lab/postgres/db', { data: null, deleted: true });
    await refused(
      DB,
      'URL, kv/lab/postgres/db was deleted, and what it held may be in use; bring it back (vault kv undelete, vault kv rollback), or remove its metadata to have it made anew (vault kv metadata delete)',
    );
  });

  test('the role may not', async () => {
    await refused(
      'else/where db a password=alphanumeric:32\n',
      'reading URL, kv/else/where: role lab-seed may not; it needs create and read on kv/data/else/where',
    );
    expect((await run(DB, 'other')).stderr).toBe(
      `seed: signing in to ${url} at auth/kubernetes by role other: status 403: "permission denied"\n`,
    );
  });

  test('the store is sealed', async () => {
    apis.sealed = true;
    const { status, stderr } = await run(DB);
    expect(status).toBe(1);
    expect(stderr).toContain(`seed: ${url} is sealed, or not initialized; unseal it, and apply again\n`);
  });
});

test('never says a value', async () => {
  put('a/db', { username: 'admin', password: 'hunter2-hunter2' });
  put('b/db', { username: 'admin', password: 'hunter3-hunter3' });
  const { stdout, stderr } = await run(DB);
  expect(stdout + stderr).not.toMatch(/hunter/);
});

test('is plain sh', () => {
  expect(() => execFileSync('sh', ['-n'], { input: SEED_SCRIPT })).not.toThrow();
});
