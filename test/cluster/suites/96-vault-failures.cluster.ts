import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Client } from '../client/client';
import { complaints } from '../complaints';
import { SCRATCH } from '../paths';
import { until } from '../shell';
import { comesAfter } from './support/ended';
import { activeServer, initialize, SERVERS, unseal, vault, vaultKeys, type VaultKeys } from './support/hands';
import { FOLDER, LivePlatform } from './support/platform';
import { proves } from './support/proves';
import { VaultClient } from './support/vault-client';

const platform = new LivePlatform();
const { cluster } = platform;
const name = cluster.state.platform;
/** Longest, in seconds, until another server of Vault is the active one. */
const FAILOVER = 30;

let client: Client;
let keys: VaultKeys;
let vaultClient: VaultClient;

comesAfter(cluster, '95-authority', '95-secrets');

beforeAll(async () => {
  [client, keys] = await Promise.all([platform.client(), vaultKeys.get(0)]);
  vaultClient = new VaultClient(platform, client);
});

describe('when a server is lost', () => {
  proves('vault', 'F', `another is active within ${FAILOVER} s, and what is unsealed again joins it`, async () => {
    const before = await activeServer(cluster);
    await cluster.kubectl('delete', 'pod', '-n', 'vault', before, '--wait=false');
    const began = Date.now();
    await until('another active server', FAILOVER, async () => {
      const now = await activeServer(cluster);
      return now !== before && now !== '' ? now : undefined;
    });
    const { token } = await vaultClient.signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
    expect((await vaultClient.ask(`kv/data/${name}/mlflow/mlflow-admin`, token)).status).toBe(200);
    console.log(`another server of Vault answers after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    await unsealed([before]);
  });
});

/** As lib/security/vault/README.md says it. */
describe('when all volumes are lost', () => {
  const folder = join(SCRATCH, 'snapshots');
  const COPY = '/vault/data/restore.snap';
  let authority: string;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  proves(['vault', 'minio'], 'F', 'a snapshot from its bucket brings all back, opened by the old shares', async () => {
    authority = await authorityOf();
    await cluster.kubectl('create', 'job', '-n', 'vault', '--from=cronjob/snapshot', 'snapshot-now');
    await cluster.kubectl('wait', 'job/snapshot-now', '-n', 'vault', '--for=condition=Complete', '--timeout=120s');
    mkdirSync(folder);
    const env = await platform.s3Env('vault-snapshots');
    await client.run('offsite.py', { args: ['save', 'vault-snapshots'], env, shared: folder });
    const snapshot = (readdirSync(folder, { recursive: true }) as string[]).find((path) => path.endsWith('.snap'))!;

    await cluster.kubectl('scale', 'statefulset', '-n', 'vault', 'vault', '--replicas=0');
    for (const server of SERVERS)
      await cluster.kubectl('wait', `pod/${server}`, '-n', 'vault', '--for=delete', '--timeout=90s');
    await cluster.kubectl('delete', 'pvc', '-n', 'vault', '--all');
    const applied = cluster.attempt(['sh', join(FOLDER, 'apply.sh'), '--timeout', '240']);
    const thrownAway = await until('an empty server', 120, async () => initialize(cluster, 1));
    await unseal(cluster, thrownAway, ['vault-0']);
    const restore = [
      `vault login - > /dev/null`,
      `vault operator raft snapshot restore -force ${COPY}`,
      `rm ${COPY} /vault/home/.vault-token`,
    ];
    await cluster.kubectl('cp', '-n', 'vault', '-c', 'vault', join(folder, snapshot), `vault-0:${COPY}`);
    await cluster.run(vault('vault-0', 'sh', '-ec', restore.join('\n')), { input: `${thrownAway.root_token}\n` });
    await cluster.kubectl('delete', 'pod', '-n', 'vault', ...SERVERS);
    await unsealed(SERVERS);
    // The engines' Jobs too: they must leave the authority as it was.
    const jobs = 'app.kubernetes.io/component in (configure,authority-pki,database-mlflow)';
    await cluster.kubectl('delete', 'job', '-n', 'vault', '-l', jobs);
    expect(complaints(await applied)).toEqual({ code: 0, stderr: '' });
  });

  proves('vault', 'F', 'with the values, the roles and the authority that were in it', async () => {
    const { token } = await vaultClient.signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
    const { status, text } = await vaultClient.ask(`kv/data/${name}/mlflow/mlflow-admin`, token);
    expect(status).toBe(200);
    expect(text).toContain(await cluster.secret('mlflow', 'mlflow-admin', 'password'));
    expect(await authorityOf()).toBe(authority);
  });
});

/** The certificate of Vault's authority. */
async function authorityOf(): Promise<string> {
  const { text } = await vaultClient.ask('pki/ca/pem');
  expect(text).toContain('BEGIN CERTIFICATE');
  return text;
}

/** Unseals servers once they run, and waits until they are ready. */
async function unsealed(servers: readonly string[]): Promise<void> {
  for (const server of servers) {
    await until(`${server} running`, 90, async () => {
      const { code } = await cluster.attempt(vault(server, 'true'));
      return code === 0 || undefined;
    });
  }
  await unseal(cluster, keys, servers);
  for (const server of servers) {
    await cluster.kubectl('wait', `pod/${server}`, '-n', 'vault', '--for=condition=Ready', '--timeout=60s');
  }
}
