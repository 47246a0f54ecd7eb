import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform } from '../../lib/core';
import { Postgres } from '../../lib/data/postgres';
import { INTERMEDIATE, ROOT } from './chain-fixtures';
import { fileOf, gateway, make } from './vault-support';

/**
 * The engines' scripts, run by a shell in a folder of their own. A stand-in for Vault's command line writes down what it is asked, and remembers
 * what was made: a mount, an issuer or a key is there if a file is.
 */
const VAULT = `#!/bin/sh
ROOT=\${0%/bin/*}
echo "$*\${VAULT_TOKEN:+ [$VAULT_TOKEN]}" >> "$ROOT/calls"
for last in "$@"; do :; done
case "$*" in *' - '* | *' -') cat | tr -d ' \\n' >> "$ROOT/stdin"; echo >> "$ROOT/stdin" ;; esac
mount=$(echo "$last" | tr / _)
case "$*" in
  'write -field=token auth/kubernetes/login '*) echo the-token ;;
  'read sys/mounts/'*) [ -e "$ROOT/$mount" ] || exit 2 ;;
  'read -field=type sys/mounts/'*) cut -d' ' -f1 "$ROOT/$mount" ;;
  'read -field=description sys/mounts/'*) cut -d' ' -f2- "$ROOT/$mount" ;;
  'secrets enable '*)
    [ ! -e "$ROOT/raced" ] || { cp "$ROOT/raced" "$ROOT/sys_mounts_database"; exit 2; }
    path=\${3#-path=}; echo "$last \${4#-description=}" > "$ROOT/sys_mounts_$path"
    ;;
  'read -field=default '*) [ ! -e "$ROOT/broken" ] || exit 2; cat "$ROOT/issuer" 2> /dev/null || true ;;
  'write -field=certificate '*) echo root-1 > "$ROOT/issuer"; echo the-certificate ;;
  'read -field=key_id '*) cat "$ROOT/key" 2> /dev/null || exit 2 ;;
  'write -field=key_id '*) echo 0a1b-key > "$ROOT/key"; cat "$ROOT/key" ;;
  'write -format=json '*set-signed*)
    printf '{\\n "data": {\\n "imported_issuers": null, "mapping": {\\n "c0de-1": "%s",\\n "c0de-2": "" } } }\\n' "$(cat "$ROOT/signed-for" "$ROOT/key" 2> /dev/null | head -1)"
    ;;
  'write -field=csr '*) echo the-request ;;
  *'config/experiments '*) [ ! -e "$ROOT/broken" ] || exit 2 ;;
esac
exit 0
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'engine-'));
  for (const folder of ['bin', 'tmp', 'vault/plan', 'vault/identity'])
    mkdirSync(join(root, folder), { recursive: true });
  put('bin/vault', VAULT);
  chmodSync(join(root, 'bin/vault'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (path: string, text: string): void => writeFileSync(join(root, path), text);
const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
const inRoot = (text: string): string => text.replaceAll(/(?<![\w$/}])\/(vault|tmp)\//g, `${root}/$1/`);

/** Puts the Job's plan where its pod has it, and runs it. */
function run(lab: Platform, id: string, env: Record<string, string>, files: readonly string[] = []) {
  for (const file of ['sign-in.sh', 'engine.sh', 'configure.sh', 'vault-plan', ...files])
    put(`vault/plan/${file}`, inRoot(fileOf(lab, `${id}-plan`, file)));
  put('calls', '');
  rmSync(join(root, 'tmp'), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'vault/plan/configure.sh')], {
    encoding: 'utf8',
    env: { PATH: `${root}/bin:${process.env.PATH}`, HOME: root, ...env },
  });
  const calls = read('calls').trimEnd().split('\n');
  return {
    status,
    output: stdout + stderr,
    changes: calls
      .map((call) => call.replaceAll(`${root}/`, '/').replace(' [the-token]', ''))
      .filter((call) => /^(write|secrets)/.test(call) && !/login/.test(call)),
  };
}

const AUTHORITY = { ROLE: 'platform-authority-pki', MOUNT: 'pki', MAX_LEASE: '315360000s' };
const DATABASE = { ROLE: 'platform-database-experiments', MOUNT: 'database', DATABASE: 'experiments' };

describe('the Job of an authority', () => {
  const withRoot = () => {
    const made = make((lab) => ({ gateway: gateway(lab) }));
    made.certificates.addIssuer('vault', { signer: made.vault.addAuthority() });
    return made.lab;
  };

  test('makes a root once, then what it signs, and does so by its own role', () => {
    const lab = withRoot();
    const first = run(lab, 'authority-pki', AUTHORITY);
    expect(first).toMatchObject({ status: 0 });
    expect(first.output).toContain('the-certificate');
    const configs = [
      'write pki/config/auto-tidy -',
      'write pki/config/cluster -',
      'write pki/config/crl -',
      'write pki/config/urls -',
      'write pki/roles/issuer-vault -',
    ];
    expect(first.changes).toEqual([
      'secrets enable -path=pki -description=configured by cdk8s-onprem-ml pki',
      'secrets tune -max-lease-ttl=315360000s pki/',
      'write -field=certificate pki/root/generate/internal -',
      ...configs,
    ]);
    expect(read('calls')).toContain('login role=platform-authority-pki');
    const second = run(lab, 'authority-pki', AUTHORITY);
    expect(second.output).toContain('pki has an issuer already, which stays: root-1');
    expect(second.changes).toEqual(['secrets tune -max-lease-ttl=315360000s pki/', ...configs]);
  });

  test('makes no root where it is not told whether there is one', () => {
    put('broken', '');
    const { status, changes } = run(withRoot(), 'authority-pki', AUTHORITY);
    expect(status).not.toBe(0);
    expect(changes.filter((call) => /generate|pki\/config/.test(call))).toEqual([]);
  });

  test('leaves alone what somebody else has made at its path', () => {
    put('sys_mounts_pki', 'pki ours since ever');
    const other = run(withRoot(), 'authority-pki', AUTHORITY);
    expect(other).toMatchObject({ status: 1, changes: [] });
    expect(other.output).toContain('pki/ is there, and was not made by the platform; choose another name');
    put('sys_mounts_pki', 'kv configured by cdk8s-onprem-ml');
    expect(run(withRoot(), 'authority-pki', AUTHORITY).output).toContain('pki/ is there, but no engine of type pki');
  });

  test('makes a key and a request, then takes the chain, and the same key all the while', () => {
    const first = make();
    first.vault.addAuthority('pki', { intermediate: {} });
    const asked = run(first.lab, 'authority-pki', AUTHORITY);
    expect(asked).toMatchObject({ status: 0 });
    expect(asked.output).toContain('give this request to whoever signs it:\nthe-request\n');
    expect(asked.changes.slice(2, 4)).toEqual([
      'write -field=key_id pki/keys/generate/internal -',
      'write -field=csr pki/intermediate/generate/existing -',
    ]);

    const { lab, vault } = make();
    vault.addAuthority('pki', { intermediate: { chain: `${INTERMEDIATE}\n${ROOT}` } });
    const withChain = { ...AUTHORITY, CHAIN: join(root, 'vault/plan/chain.pem') };
    for (let i = 0; i < 2; i++) {
      expect(run(lab, 'authority-pki', withChain, ['chain.pem']).changes.slice(0, 4)).toEqual([
        'secrets tune -max-lease-ttl=315360000s pki/',
        'write -format=json pki/intermediate/set-signed certificate=@/vault/plan/chain.pem',
        'write pki/config/issuers default=c0de-1',
        'write -field=csr pki/intermediate/generate/existing -',
      ]);
    }
  });

  test('refuses a chain for another key, and says which request is to be signed', () => {
    const { lab, vault } = make();
    vault.addAuthority('pki', { intermediate: { chain: `${INTERMEDIATE}\n${ROOT}` } });
    put('signed-for', 'ffff-other\n');
    const { status, output, changes } = run(
      lab,
      'authority-pki',
      { ...AUTHORITY, CHAIN: join(root, 'vault/plan/chain.pem') },
      ['chain.pem'],
    );
    expect(status).toBe(1);
    expect(output).toContain('no certificate of the chain is for the key of pki');
    expect(output).toContain('the-request');
    expect(changes.join()).not.toContain('default=');
  });
});

describe('the Job of a database', () => {
  const lab = () => {
    const made = make();
    const postgres = new Postgres(made.lab, 'postgres', { certificates: made.certificates });
    made.vault.addDatabase('experiments', { database: postgres.addDatabase('experiments') });
    return made.lab;
  };
  const account = 'username=@/vault/administrator/username password=@/vault/administrator/password';

  test('hands over the connection, with its authority where it has one, and what users may be', () => {
    mkdirSync(join(root, 'vault/database-authority'));
    put('vault/database-authority/ca.crt', 'certificate');
    for (const enabled of [['secrets enable -path=database -description=configured by cdk8s-onprem-ml database'], []]) {
      const { status, changes } = run(lab(), 'database-experiments', DATABASE);
      expect(status).toBe(0);
      expect(changes).toEqual([
        ...enabled,
        `write database/config/experiments - ${account} tls_ca=@/vault/database-authority/ca.crt`,
        'write database/roles/experiments-own -',
        'write database/roles/experiments-read -',
      ]);
    }
    rmSync(join(root, 'vault/database-authority'), { recursive: true });
    expect(run(lab(), 'database-experiments', DATABASE).changes[0]).toBe(
      `write database/config/experiments - ${account}`,
    );
  });

  test('bears another Job that is as far as it is', () => {
    put('raced', 'database configured by cdk8s-onprem-ml');
    expect(run(lab(), 'database-experiments', DATABASE)).toMatchObject({ status: 0 });
  });

  test('fails where the connection does', () => {
    put('broken', '');
    expect(run(lab(), 'database-experiments', DATABASE).status).not.toBe(0);
  });
});
