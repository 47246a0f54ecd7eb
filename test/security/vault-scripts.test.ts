import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform } from '../../lib/core';
import { bucket, Directory, fileOf, gateway, make, type Lab } from './vault-support';

/**
 * The scripts, run by a shell in a folder of their own. A stand-in for Vault's command line writes down what it is asked; what it answers is in
 * files: a policy or mount is there if a file is.
 */
const VAULT = `#!/bin/sh
ROOT=\${0%/bin/*}
echo "$*\${VAULT_TOKEN:+ [$VAULT_TOKEN]}" >> "$ROOT/calls"
for last in "$@"; do :; done
case "$*" in *' - '* | *' -') cat | tr -d ' \\n' >> "$ROOT/stdin"; echo >> "$ROOT/stdin" ;; esac
case "$*" in
  status*)
    echo "{ \\"initialized\\": true, \\"progress\\": $(cat "$ROOT/progress" 2> /dev/null || echo 0) }"
    [ -e "$ROOT/sealed" ] && exit 2
    exit 0
    ;;
  'operator unseal')
    n=$(($(cat "$ROOT/progress" 2> /dev/null || echo 0) + 1))
    if [ "$n" -ge 3 ]; then rm -f "$ROOT/sealed"; n=0; fi
    echo "$n" > "$ROOT/progress"
    ;;
  'write -field=token auth/kubernetes/login '*)
    [ -e "$ROOT/let-in" ] || { echo 'permission denied' >&2; exit 2; }
    echo the-token
    ;;
  'token lookup') [ "$VAULT_TOKEN" = root-token ] && echo '[root]' || exit 2 ;;
  'audit list '*) cat "$ROOT/audit" 2> /dev/null || exit 2 ;;
  'secrets list '*) cat "$ROOT/mounts" 2> /dev/null || echo '{ "sys/": {} }' ;;
  'read -format=json sys/mounts/kv') echo "{ \\"options\\": { \\"version\\": \\"$(cat "$ROOT/kv-version" 2> /dev/null || echo 2)\\" } }" ;;
  'read sys/auth/'*) [ -e "$ROOT/\${last#sys/auth/}" ] || exit 2 ;;
  'read -field=accessor '*) echo auth_oidc_1 ;;
  'read -format=json identity/group/name/'*) cat "$ROOT/group" 2> /dev/null || echo '{ "alias": {} }' ;;
  'read -field=id '*) echo "id-of-\${last##*/}" ;;
  'policy list') printf 'default\\nroot\\n'; cat "$ROOT/policies" 2> /dev/null ;;
  'operator raft snapshot save '*) echo content > "$last" ;;
esac
exit 0
`;

/** Keeps objects as files. */
const MC = `#!/bin/sh
ROOT=\${0%/tools/*}
shift 2
case $1 in
  put) mkdir -p "$(dirname "$ROOT/$3")"; cp "$2" "$ROOT/$3" ;;
  cat) cat "$ROOT/$2"; [ ! -e "$ROOT/corrupt" ] || echo more ;;
  ls) for f in "$ROOT/$3"*; do echo "{\\"status\\":\\"success\\",\\"key\\":\\"\${f##*/}\\"}"; done ;;
  rm) rm "$ROOT/$2" ;;
esac
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vault-'));
  for (const folder of ['bin', 'tools', 'scratch', 'tmp', 'vault/identity', 'vault/audit', 'vault/tls'])
    mkdirSync(join(root, folder), { recursive: true });
  program('bin/vault', VAULT);
  program('tools/mc', MC);
});
afterEach(() => rmSync(root, { recursive: true }));

function program(path: string, text: string): void {
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), 0o755);
}

const put = (path: string, text = ''): void => writeFileSync(join(root, path), text);
const inRoot = (text: string): string => text.replaceAll(/(?<![\w$/}])\/(vault|tmp|tools|scratch)\//g, `${root}/$1/`);

/** Puts the files of a ConfigMap where the pods have them. */
function mount(lab: Platform, configMap: string, files: readonly string[]): void {
  const folder = `vault/${configMap}`;
  mkdirSync(join(root, folder), { recursive: true });
  for (const file of files) put(`${folder}/${file}`, inRoot(fileOf(lab, configMap, file)));
}

const options = (env: Record<string, string> = {}) =>
  ({ encoding: 'utf8', env: { PATH: `${root}/bin:${process.env.PATH}`, HOME: root, ...env } }) as const;

function run(script: string, env: Record<string, string> = {}, input = '') {
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'vault', script)], { ...options(env), input });
  return { status, output: stdout + stderr };
}

const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
const calls = (): string[] => read('calls').trimEnd().split('\n');
const changes = (): string[] =>
  calls()
    .map((call) => call.replaceAll(`${root}/`, '/'))
    .filter((call) => /^(policy (write|delete)|write|delete|audit enable|secrets enable|auth|token revoke)/.test(call));

const PLAN = ['configure.sh', 'configure.hcl', 'sign-in.sh', 'plan'];

function configured(lab: Lab['lab']): string[] {
  mount(lab, 'plan', PLAN);
  put('let-in');
  expect(run('plan/configure.sh')).toMatchObject({ status: 0 });
  return changes();
}

describe('the Job that configures', () => {
  test('makes an empty Vault what the program says', () => {
    const { lab, vault } = make();
    vault.addRole(lab, 'reader', {
      serviceAccount: { namespace: 'reader', name: 'reader' },
      audience: 'vault',
      read: ['platform/*'],
    });
    expect(configured(lab)).toEqual([
      'write -field=token auth/kubernetes/login role=platform-configure jwt=@/vault/identity/token',
      'policy write platform-configure /vault/plan/configure.hcl [the-token]',
      'audit enable -path=file file file_path=/vault/audit/audit.log [the-token]',
      'audit enable -path=stdout file file_path=stdout [the-token]',
      'secrets enable -path=kv -version=2 kv [the-token]',
      'policy write platform-role-reader /tmp/plan/policy/platform-role-reader [the-token]',
      'write auth/kubernetes/role/reader - [the-token]',
      'token revoke -self [the-token]',
    ]);
    expect(read('tmp/plan/policy/platform-role-reader')).toMatch(
      /^path "kv\/data\/platform\/\*" \{\n {2}capabilities = \["read"\]\n\}\n/,
    );
    expect(JSON.parse(read('stdin'))).toMatchObject({ audience: 'vault', token_policies: ['platform-role-reader'] });
  });

  test('does nothing twice, and works without a role', () => {
    put('audit', '{ "file/": {}, "stdout/": {} }');
    put('mounts', '{ "kv/": {}, "sys/": {} }');
    expect(configured(make().lab).slice(1)).toEqual([
      'policy write platform-configure /vault/plan/configure.hcl [the-token]',
      'token revoke -self [the-token]',
    ]);
  });

  test('lets people in by the identity provider, and groups to their secrets', () => {
    const { lab, vault } = make((p: Platform) => ({ gateway: gateway(p), identity: new Directory(p) }));
    vault.allowGroup('Vision Team', 'teams/vision');
    mkdirSync(join(root, 'vault/oidc-authority'));
    put('vault/oidc-authority/ca.crt', 'certificate');
    const name = 'platform-group-vision-team-fbd4e609';
    expect(configured(lab).slice(5, -1)).toEqual([
      `policy write ${name} /tmp/plan/policy/${name} [the-token]`,
      'auth enable -path=oidc oidc [the-token]',
      'write auth/oidc/config - oidc_client_secret=@/vault/oidc-client/client-secret oidc_discovery_ca_pem=@/vault/oidc-authority/ca.crt [the-token]',
      'write auth/oidc/role/people - [the-token]',
      'auth tune -listing-visibility=unauth oidc/ [the-token]',
      `write identity/group/name/${name} - [the-token]`,
      `write identity/group-alias - mount_accessor=auth_oidc_1 canonical_id=id-of-${name} [the-token]`,
    ]);
    expect(read('stdin').trimEnd().split('\n').slice(-2)).toEqual([
      `{"type":"external","policies":["${name}"]}`,
      '{"name":"VisionTeam"}', // the stand-in leaves spaces out
    ]);
  });

  test("doesn't give a group its alias again, which Vault would refuse", () => {
    const { lab, vault } = make((p: Platform) => ({ gateway: gateway(p), identity: new Directory(p) }));
    vault.allowGroup('ml-vision', 'teams/vision');
    put('group', '{ "alias": { "mount_accessor": "auth_oidc_1", "name": "ml-vision" } }');
    const done = configured(lab);
    expect(done.filter((call) => call.startsWith('write identity/group/name/'))).toHaveLength(1);
    expect(done.filter((call) => call.startsWith('write identity/group-alias'))).toEqual([]);
  });

  test('takes back what the program no longer gives, and nothing that others made', () => {
    const { lab, vault } = make();
    vault.addRole(lab, 'kept', { serviceAccount: { namespace: 'a', name: 'a' }, audience: 'vault', read: ['a'] });
    put('policies', 'platform-role-kept\nplatform-role-gone\nplatform-group-gone-0a1b\nplatform-configure\nmine\n');
    expect(configured(lab).filter((call) => /delete/.test(call))).toEqual([
      'delete auth/kubernetes/role/gone [the-token]',
      'policy delete platform-role-gone [the-token]',
      'delete identity/group/name/platform-group-gone-0a1b [the-token]',
      'policy delete platform-group-gone-0a1b [the-token]',
    ]);
  });

  test('refuses a store of another version at its path', () => {
    put('mounts', '{ "kv/": {} }');
    put('kv-version', '1');
    put('let-in');
    mount(make().lab, 'plan', PLAN);
    const { status, output } = run('plan/configure.sh');
    expect(status).toBe(1);
    expect(output).toContain('kv/ is there, but no KV store of version 2');
  });

  test('waits until it is let in, and says why it is not', async () => {
    mount(make().lab, 'plan', PLAN);
    put('vault/plan/sign-in.sh', read('vault/plan/sign-in.sh').replace('sleep 5', 'sleep 0.1'));
    put('sealed');
    const job = spawn('sh', [join(root, 'vault/plan/configure.sh')], options());
    let output = '';
    job.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const said = async (text: string) => {
      while (!output.includes(text)) await once(job.stdout, 'data');
    };
    await said('waiting: Vault is sealed, or not initialized');
    rmSync(join(root, 'sealed'));
    await said(
      "waiting: Vault doesn't let platform-configure in; once it is initialized, run bootstrap.sh, see summary.md",
    );
    expect(output).toContain('    permission denied');
    put('let-in');
    const [status] = (await once(job, 'exit')) as [number];
    expect(status).toBe(0);
    expect(output.match(/waiting/g)).toHaveLength(2);
  });
});

describe('the scripts in the servers', () => {
  const SCRIPTS = ['bootstrap.sh', 'unseal.sh', 'reload.sh', 'configure.hcl', 'configure.json'];

  test('bootstrap.sh lets the Job in, and revokes the root token', () => {
    mount(make().lab, 'scripts', SCRIPTS);
    const { status, output } = run('scripts/bootstrap.sh', {}, 'root-token\n');
    expect(status).toBe(0);
    expect(output).not.toContain('root-token');
    expect(changes()).toEqual([
      'policy write platform-configure /vault/scripts/configure.hcl [root-token]',
      'auth enable -path=kubernetes kubernetes [root-token]',
      'write auth/kubernetes/config kubernetes_host=https://kubernetes.default.svc [root-token]',
      'write auth/kubernetes/role/platform-configure - [root-token]',
      'token revoke -self [root-token]',
    ]);
    expect(JSON.parse(read('stdin'))).toEqual({
      bound_service_account_names: ['configure'],
      bound_service_account_namespaces: ['vault'],
      audience: 'vault',
      token_policies: ['platform-configure'],
      token_ttl: '20m',
      token_max_ttl: '1h',
    });
  });

  test('bootstrap.sh may be run again, and changes nothing for a wrong token or while sealed', () => {
    mount(make().lab, 'scripts', SCRIPTS);
    put('kubernetes');
    expect(run('scripts/bootstrap.sh', {}, 'root-token')).toMatchObject({ status: 0 });
    expect(changes()).not.toContain('auth enable -path=kubernetes kubernetes [root-token]');
    rmSync(join(root, 'calls'));
    expect(run('scripts/bootstrap.sh', {}, 'wrong\n').output).toContain('Vault refuses that token');
    put('sealed');
    expect(run('scripts/bootstrap.sh', {}, 'root-token\n')).toMatchObject({ status: 1 });
    expect(changes()).toEqual([]);
  });

  test('unseal.sh asks for shares until the server is unsealed', () => {
    mount(make().lab, 'scripts', SCRIPTS);
    put('sealed');
    expect(run('scripts/unseal.sh')).toMatchObject({ status: 0 });
    expect(calls().filter((call) => call === 'operator unseal')).toHaveLength(3);
    expect(run('scripts/unseal.sh')).toMatchObject({ status: 0 });
    expect(calls().filter((call) => call === 'operator unseal')).toHaveLength(3);
  });

  test('reload.sh has a renewed certificate read, and puts full audit logs away', async () => {
    mount(make().lab, 'scripts', SCRIPTS);
    put('vault/scripts/reload.sh', read('vault/scripts/reload.sh').replace('sleep 10', 'sleep 0.05'));
    program('bin/pkill', `#!/bin/sh\necho "pkill $*"\n`);
    put('vault/tls/tls.crt', 'first');
    put('vault/audit/audit.log', 'x'.repeat(50));
    for (const n of [1, 2]) put(`vault/audit/audit.log.${n}`, `old ${n}`);
    const child = spawn(
      'sh',
      [join(root, 'vault/scripts/reload.sh')],
      options({ AUDIT_FILES: '2', AUDIT_FILE_SIZE: '40' }),
    );
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const said = async (text: string) => {
      while (!output.includes(text)) await once(child.stdout, 'data');
    };
    try {
      await said('reload: audit log rotated\npkill -HUP -f ^vault server\n');
      expect(readdirSync(join(root, 'vault/audit')).sort()).toEqual(['audit.log.1', 'audit.log.2']);
      expect(read('vault/audit/audit.log.1')).toBe('x'.repeat(50));
      expect(read('vault/audit/audit.log.2')).toBe('old 1');
      put('vault/tls/tls.crt', 'second');
      await said('reload: certificate renewed\npkill -HUP -f ^vault server\n');
      expect(output.match(/renewed/g)).toHaveLength(1);
    } finally {
      child.kill();
    }
  });
});

describe('the snapshots', () => {
  const ENV = { ARCHIVE: 'archive/snapshots/vault', KEEP: '2' };
  const stored = (): string[] => readdirSync(join(root, ENV.ARCHIVE)).sort();
  beforeEach(() => {
    mount(make((lab: Platform) => ({ snapshots: bucket(lab) })).lab, 'scripts', ['sign-in.sh', 'snapshot.sh']);
    mkdirSync(join(root, ENV.ARCHIVE), { recursive: true });
    put('let-in');
    for (const day of ['01', '02', '03']) put(`${ENV.ARCHIVE}/vault-202601${day}T000000Z.snap`, day);
    put(`${ENV.ARCHIVE}/notes.txt`, 'mine');
  });

  test('are stored, read back, and the oldest are removed', () => {
    const { status, output } = run('scripts/snapshot.sh', ENV);
    expect(status).toBe(0);
    expect(output).toContain('bytes, read back');
    const [notes, second, latest, ...more] = stored();
    expect([notes, second, more]).toEqual(['notes.txt', 'vault-20260103T000000Z.snap', []]);
    expect(read(`${ENV.ARCHIVE}/${latest}`)).toBe('content\n');
    expect(calls()[0]).toContain('role=platform-snapshot');
  });

  test('that are stored wrongly fail the Job, and nothing is removed', () => {
    put('corrupt');
    const { status, output } = run('scripts/snapshot.sh', ENV);
    expect(status).toBe(1);
    expect(output).toContain('does not hold what was stored');
    expect(stored()).toHaveLength(5);
  });
});
