import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { complaints } from '../complaints';
import { SCRATCH } from '../paths';
import { until } from '../shell';
import { initialize, SERVERS, unseal, vault, vaultKeys, type VaultKeys } from './support/hands';
import { FOLDER, LivePlatform, manifests } from './support/platform';
import { proves } from './support/proves';
import { web } from './support/web';

const platform = new LivePlatform();
const { cluster, domain } = platform;
const name = cluster.state.platform;
/** Longest, in seconds, until another server of Vault is the active one. */
const FAILOVER = 30;

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}
interface ExternalSecret extends KubeObject {
  readonly spec: {
    readonly data: readonly {
      readonly secretKey: string;
      readonly remoteRef: { readonly key: string; readonly property: string };
    }[];
    readonly target: { readonly name: string };
  };
}

let client: Client;
let keys: VaultKeys;

beforeAll(async () => {
  [client, keys] = await Promise.all([platform.client(), vaultKeys.get()]);
});

/** What Vault answers to a request through the gateway. */
async function ask(path: string, token?: string, body?: object) {
  const { status, body: text } = await web(client, {
    url: `https://vault.${domain}/v1/${path}`,
    method: body ? 'POST' : 'GET',
    headers: token === undefined ? {} : { 'X-Vault-Token': token },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status, text: text ?? '' };
}

/** Signs in to Vault as a service account of the cluster does: its token of Kubernetes for one of Vault. */
async function signIn(namespace: string, account: string, role: string) {
  const jwt = await cluster.kubectl('create', 'token', '-n', namespace, account, '--audience=vault');
  const { status, text } = await ask('auth/kubernetes/login', undefined, { role, jwt: jwt.trim() });
  const { auth } = JSON.parse(text) as { readonly auth?: { readonly client_token: string } };
  return { status, token: auth?.client_token };
}

describe('Vault', () => {
  proves('vault', 'L', 'takes the root token no longer, since the platform was let in', async () => {
    expect(await ask('sys/health')).toMatchObject({ status: expect.any(Number) });
    expect((await ask('auth/token/lookup-self', keys.root_token)).status).toBe(403);
  });

  proves(
    'vault',
    'L',
    "gives a service account of Kubernetes its own namespace's secrets, and no other's",
    async () => {
      const { token } = await signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
      const { status, text } = await ask(`kv/data/${name}/mlflow/mlflow-admin`, token);
      expect(status).toBe(200);
      const { data } = (JSON.parse(text) as { data: { data: Record<string, string> } }).data;
      expect(data.password).toBe(await cluster.secret('mlflow', 'mlflow-admin', 'password'));
      expect((await ask(`kv/data/${name}/postgres/postgres-superuser`, token)).status).toBe(403);
      expect((await ask('sys/policies/acl?list=true', token)).status).toBe(403);
    },
  );

  proves('vault', 'L', 'refuses an account the role of another, and an account that nobody wired', async () => {
    expect((await signIn('mlflow', 'external-secrets', `${name}-read-postgres`)).status).toBe(403);
    expect((await signIn('mlflow', 'default', `${name}-read-mlflow`)).status).toBe(403);
  });

  proves('vault', 'L', 'logs each request to two devices, with values hashed', async () => {
    const password = await cluster.secret('mlflow', 'mlflow-admin', 'password');
    const active = await activeServer();
    const file = await cluster.run(vault(active, 'tail', '-n', '400', '/vault/audit/audit.log'));
    const output = await cluster.kubectl('logs', '-n', 'vault', active, '-c', 'vault', '--tail=2000');
    for (const log of [file, output]) {
      expect(log).toContain(`kv/data/${name}/mlflow/mlflow-admin`);
      expect(log).toContain('hmac-sha256:');
      expect(log).not.toContain(password);
    }
  });
});

describe('External Secrets', () => {
  proves(['external-secrets', 'vault'], 'L', "each consumer's Secret has the value that is in Vault", async () => {
    const all = manifests().filter(({ kind }) => kind === 'ExternalSecret') as unknown as readonly ExternalSecret[];
    const namespaces = [...new Set(all.map(({ metadata }) => metadata.namespace!))];
    const differing: string[] = [];
    let compared = 0;
    for (const namespace of namespaces) {
      const { token } = await signIn(namespace, 'external-secrets', `${name}-read-${namespace}`);
      for (const { metadata, spec } of all.filter((each) => each.metadata.namespace === namespace)) {
        const { data } = await cluster.get<Secret>('secret', '-n', namespace, spec.target.name);
        for (const { secretKey, remoteRef } of spec.data) {
          const { text } = await ask(`kv/data/${remoteRef.key}`, token);
          const kept = (JSON.parse(text) as { data: { data: Record<string, string> } }).data.data[remoteRef.property];
          compared += 1;
          if (kept === undefined || Buffer.from(data[secretKey] ?? '', 'base64').toString() !== kept)
            differing.push(`${namespace}/${metadata.name} ${secretKey}`);
        }
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(5);
  });

  proves('external-secrets', 'L', "a controller reads no other namespace's Secrets", async () => {
    const may = async (namespace: string) => {
      const as = '--as=system:serviceaccount:external-secrets:controller-mlflow';
      const { stdout } = await cluster.attempt(['kubectl', 'auth', 'can-i', 'get', 'secrets', '-n', namespace, as]);
      return stdout.trim();
    };
    expect(await may('mlflow')).toBe('yes');
    for (const other of ['postgres', 'minio', 'cert-manager', 'vault'])
      expect([other, await may(other)]).toEqual([other, 'no']);
  });

  proves(
    ['external-secrets', 'vault'],
    'L',
    'a path that the namespace has no right to is told, and makes no Secret',
    async () => {
      const stolen = {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: { name: 'stolen', namespace: 'mlflow' },
        spec: {
          refreshInterval: '10s',
          secretStoreRef: { kind: 'SecretStore', name: 'external-secrets' },
          target: { name: 'stolen' },
          data: [
            { secretKey: 'password', remoteRef: { key: `${name}/postgres/postgres-superuser`, property: 'password' } },
          ],
        },
      };
      await cluster.run(['kubectl', 'create', '-f', '-'], { input: JSON.stringify(stolen) });
      try {
        const message = await until('its refusal', 60, async () => {
          const conditions = await cluster.kubectl(
            ...['get', 'externalsecret', '-n', 'mlflow', 'stolen', '-o', 'jsonpath={.status.conditions[*].message}'],
          );
          const events = await cluster.kubectl(
            ...[
              'get',
              'events',
              '-n',
              'mlflow',
              '--field-selector',
              'involvedObject.name=stolen',
              '-o',
              'jsonpath={.items[*].message}',
            ],
          );
          return /403|permission denied/.exec(`${conditions} ${events}`)?.[0];
        });
        expect(message).toBeDefined();
        expect((await cluster.attempt(['kubectl', 'get', 'secret', '-n', 'mlflow', 'stolen'])).code).not.toBe(0);
      } finally {
        await cluster.kubectl('delete', 'externalsecret', '-n', 'mlflow', 'stolen');
      }
    },
  );
});

describe('when a server is lost', () => {
  proves('vault', 'F', `another is active within ${FAILOVER} s, and what is unsealed again joins it`, async () => {
    const before = await activeServer();
    await cluster.kubectl('delete', 'pod', '-n', 'vault', before, '--wait=false');
    const began = Date.now();
    await until('another active server', FAILOVER, async () => {
      const now = await activeServer();
      return now !== before && now !== '' ? now : undefined;
    });
    const { token } = await signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
    expect((await ask(`kv/data/${name}/mlflow/mlflow-admin`, token)).status).toBe(200);
    console.log(`another server of Vault answers after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    await unsealed([before]);
  });
});

/** As lib/security/vault/README.md says it. */
describe('when all volumes are lost', () => {
  const folder = join(SCRATCH, 'snapshots');
  const COPY = '/vault/data/restore.snap';
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  proves(['vault', 'minio'], 'F', 'a snapshot from its bucket brings all back, opened by the old shares', async () => {
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
    await cluster.kubectl('delete', 'job', '-n', 'vault', '-l', 'app.kubernetes.io/component=configure');
    expect(complaints(await applied)).toEqual({ code: 0, stderr: '' });
  });

  proves('vault', 'F', 'with the values and the roles that were in it', async () => {
    const { token } = await signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
    const { status, text } = await ask(`kv/data/${name}/mlflow/mlflow-admin`, token);
    expect(status).toBe(200);
    expect(text).toContain(await cluster.secret('mlflow', 'mlflow-admin', 'password'));
  });
});

async function activeServer(): Promise<string> {
  return cluster.kubectl(
    'get',
    'pods',
    '-n',
    'vault',
    '-l',
    'vault-active=true',
    '-o',
    'jsonpath={.items[*].metadata.name}',
  );
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
