import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { activeServer, vault, vaultKeys, type VaultKeys } from './support/hands';
import { LivePlatform, manifests } from './support/platform';
import { proves } from './support/proves';
import { VaultClient } from './support/vault-client';

const platform = new LivePlatform();
const { cluster } = platform;
const name = cluster.state.platform;

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
let vaultClient: VaultClient;

beforeAll(async () => {
  [client, keys] = await Promise.all([platform.client(), vaultKeys.get(0)]);
  vaultClient = new VaultClient(platform, client);
});

describe('Vault', () => {
  proves('vault', 'L', 'takes the root token no longer, since the platform was let in', async () => {
    expect(await vaultClient.ask('sys/health')).toMatchObject({ status: expect.any(Number) });
    expect((await vaultClient.ask('auth/token/lookup-self', keys.root_token)).status).toBe(403);
  });

  proves(
    'vault',
    'L',
    "gives a service account of Kubernetes its own namespace's secrets, and no other's",
    async () => {
      const { token } = await vaultClient.signIn('mlflow', 'external-secrets', `${name}-read-mlflow`);
      const { status, text } = await vaultClient.ask(`kv/data/${name}/mlflow/mlflow-admin`, token);
      expect(status).toBe(200);
      const { data } = (JSON.parse(text) as { data: { data: Record<string, string> } }).data;
      expect(data.password).toBe(await cluster.secret('mlflow', 'mlflow-admin', 'password'));
      expect((await vaultClient.ask(`kv/data/${name}/postgres/postgres-superuser`, token)).status).toBe(403);
      expect((await vaultClient.ask('sys/policies/acl?list=true', token)).status).toBe(403);
    },
  );

  proves('vault', 'L', 'refuses an account the role of another, and an account that nobody wired', async () => {
    expect((await vaultClient.signIn('mlflow', 'external-secrets', `${name}-read-postgres`)).status).toBe(403);
    expect((await vaultClient.signIn('mlflow', 'default', `${name}-read-mlflow`)).status).toBe(403);
  });

  proves('vault', 'L', 'logs each request to two devices, with values hashed', async () => {
    const password = await cluster.secret('mlflow', 'mlflow-admin', 'password');
    const active = await activeServer(cluster);
    const path = `kv/data/${name}/mlflow/mlflow-admin`;
    // No more than is looked at: what a command prints at its end is lost now and then if it is much.
    const last = ['sh', '-ec', 'grep -F "$1" /vault/audit/audit.log | tail -n 5', 'sh', path];
    const file = await cluster.run(vault(active, ...last));
    const output = await cluster.kubectl('logs', '-n', 'vault', active, '-c', 'vault', '--tail=2000');
    for (const log of [file, output]) {
      expect(log).toContain(path);
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
      const { token } = await vaultClient.signIn(namespace, 'external-secrets', `${name}-read-${namespace}`);
      for (const { metadata, spec } of all.filter((each) => each.metadata.namespace === namespace)) {
        const { data } = await cluster.get<Secret>('secret', '-n', namespace, spec.target.name);
        for (const { secretKey, remoteRef } of spec.data) {
          const { text } = await vaultClient.ask(`kv/data/${remoteRef.key}`, token);
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
