import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type k8s } from '../../lib/core';
import { objectOf } from '../support';
import { FakeHarbor } from './fake-harbor';
import { lab } from './harbor-support';

const job = objectOf<{ spec: k8s.JobSpec }>(lab().platform, 'Job', /^secrets-/, 'harbor');
const { initContainers, containers } = job.spec.template.spec!;

let api: FakeHarbor;
let root: string;
beforeEach(() => {
  api = new FakeHarbor('');
  root = mkdtempSync(join(tmpdir(), 'harbor-'));
  for (const folder of ['account', 'made']) mkdirSync(join(root, folder));
  for (const [file, text] of Object.entries({ token: 'account', namespace: 'harbor', 'ca.crt': '' })) {
    writeFileSync(join(root, 'account', file), text);
  }
});
afterEach(async () => {
  await api.close();
  rmSync(root, { recursive: true });
});

/** What the Job's second container does with what the first one made. */
async function store(url: string, key: string, passwords: string): Promise<string> {
  writeFileSync(join(root, 'made/private_key.pem'), key);
  writeFileSync(join(root, 'made/passwd'), passwords);
  const script = containers[0]!
    .command![2]!.replaceAll('https://kubernetes.default.svc', url)
    .replaceAll('/var/run/secrets/kubernetes.io/serviceaccount', join(root, 'account'))
    .replaceAll('/made/', `${root}/made/`);
  return new Promise((done) => {
    const child = spawn('sh', ['-ec', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (status) => done(`${output}${status}`));
  });
}

const stored = (name: string, key: string) => {
  const { data } = api.state.secrets[`harbor/${name}`] as { data: Record<string, string> };
  return Buffer.from(data[key]!, 'base64').toString();
};

test('the key of tokens is kept, the password file follows the password', async () => {
  const url = await api.listen();
  expect(await store(url, 'first key', 'user:first\n')).toBe(
    "made the key of tokens\nwrote the registry's password\n0",
  );
  expect(await store(url, 'second key', 'user:second\n')).toBe(
    "kept the key of tokens\nwrote the registry's password\n0",
  );
  expect(stored('token-service', 'private_key.pem')).toBe('first key');
  expect(stored('registry-passwords', 'passwd')).toBe('user:second\n');
});

test('what the API server refuses is said', async () => {
  const url = await api.listen();
  writeFileSync(join(root, 'account/token'), 'of somebody else');
  expect(await store(url, 'key', 'user:x\n')).toBe('writing Secret token-service: status 401\n1');
});

test('the password is read from a pipe, never an argument, and the Job may touch nothing else', () => {
  expect(initContainers![0]!.command![2]).toContain(
    `printf '%s\\n' "$REGISTRY_PASSWORD" | htpasswd -niB "$REGISTRY_USERNAME"`,
  );
  expect(objectOf(lab().platform, 'Role', 'secrets', 'harbor').rules).toEqual([
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['update'], resourceNames: ['registry-passwords'] },
  ]);
});
