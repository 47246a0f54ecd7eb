import { X509Certificate } from 'node:crypto';
import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { directory, type Person } from '../machine/directory';
import { sleep, until } from '../shell';
import { auditMark } from './support/audit-mark';
import { killContainer, pods } from './failure/pods';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';
import { VaultClient } from './support/vault-client';

const platform = new LivePlatform();
const { cluster } = platform;
const name = cluster.state.platform;

interface Request extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly reason: string; readonly message: string }[] };
}

let client: Client;
let vault: VaultClient;

beforeAll(async () => {
  client = await platform.client();
  vault = new VaultClient(platform, client);
});

async function comes(person: Person, password = directory().passwords[person]) {
  return vault.person(person, password);
}

describe("Vault's authority", () => {
  proves(
    ['vault', 'cert-manager', 'redis'],
    'L',
    'signs the certificates that cert-manager asks it for, by which clients verify the server',
    async () => {
      const { text } = await vault.ask('pki/ca/pem');
      const authority = new X509Certificate(text);
      expect(authority.subject).toBe(`CN=${name} Vault CA`);
      expect(authority.checkIssued(authority)).toBe(true);
      const served = new X509Certificate(await cluster.secret('redis', 'tls', 'tls.crt'));
      expect(served.checkIssued(authority) && served.verify(authority.publicKey)).toBe(true);
      expect(served.checkHost('redis.redis.svc')).toBe('redis.redis.svc');
      const given = new X509Certificate(await cluster.secret('harbor', 'vault-authority', 'ca.crt'));
      expect(given.fingerprint256).toBe(authority.fingerprint256);
    },
  );

  proves(['vault', 'cert-manager'], 'L', 'signs no name that is not of its domains, and says so', async () => {
    const certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'strange', namespace: 'redis' },
      spec: {
        secretName: 'strange',
        dnsNames: ['www.bank.example'],
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'vault' },
      },
    };
    await cluster.run(['kubectl', 'create', '-f', '-'], { input: JSON.stringify(certificate) });
    try {
      const refusal = await until('its refusal', 60, async () => {
        const requests = await cluster.list<Request>('certificaterequests.cert-manager.io', '-n', 'redis');
        return requests
          .filter(({ metadata }) => metadata.name.startsWith('strange-'))
          .flatMap(({ status }) => status?.conditions ?? [])
          .find(({ reason }) => reason === 'Failed')?.message;
      });
      expect(refusal).toMatch(/www\.bank\.example not allowed by this role/);
      expect((await cluster.attempt(['kubectl', 'get', 'secret', '-n', 'redis', 'strange'])).code).not.toBe(0);
    } finally {
      await cluster.kubectl('delete', 'certificate', '-n', 'redis', 'strange');
    }
  });

  proves(['vault', 'cert-manager'], 'L', "lets nobody in by the issuer's role but its own account", async () => {
    const login = async (account: string, audience: string) =>
      (await vault.signIn('cert-manager', account, 'issuer-vault', audience)).status;
    expect(await login('issuer-vault', 'vault://vault')).toBe(200);
    expect(await login('default', 'vault://vault')).toBe(403);
    expect(await login('issuer-vault', 'vault')).toBe(403);
  });
});

describe('people at Vault', () => {
  proves(['vault', 'dex', 'vision', 'language'], 'L', "come by Dex to their own team's secrets", async () => {
    for (const [person, own, other] of [
      ['alice', 'vision', 'language'],
      ['bob', 'language', 'vision'],
    ] as const) {
      const { token } = await comes(person);
      const put = async (team: string) =>
        (await vault.ask(`kv/data/teams/${team}/key`, token, { data: { of: person } })).status;
      expect([person, await put(own), await put(other)]).toEqual([person, 200, 403]);
      const { data } = await vault.read<{ data: object }>(`kv/data/teams/${own}/key`, token);
      expect(data).toEqual({ of: person });
      expect((await vault.ask(`kv/data/${name}/mlflow/mlflow-admin`, token)).status).toBe(403);
    }
  });

  proves(['vault', 'dex'], 'L', 'get no further than Dex with a wrong password', async () => {
    expect(await comes('alice', directory().passwords.bob)).toEqual({ host: `dex.${platform.domain}` });
  });
});

describe('users of a database that Vault makes', () => {
  const CREDENTIALS = 'database/creds/mlflow-read';

  proves(['vault', 'dex'], 'L', 'are made for people of the group alone', async () => {
    const { token } = await comes('alice');
    expect((await vault.ask(CREDENTIALS, token)).status).toBe(403);
    expect((await vault.ask(CREDENTIALS)).status).toBe(403);
  });

  proves(
    ['vault', 'postgres'],
    'L',
    'read and write nothing; when they are revoked their connections end, and nobody gets in by them',
    async () => {
      const { token } = await comes('carol');
      const { username, password } = await vault.read<{ username: string; password: string }>(CREDENTIALS, token);
      expect(await users(username)).toBe(1);
      const forward = cluster.start(['kubectl', 'port-forward', '-n', 'postgres', 'service/postgres', '15432:5432']);
      try {
        await until('the way to the server', 20, async () =>
          cluster.run(['bash', '-c', 'exec 3<> /dev/tcp/127.0.0.1/15432']).then(() => true as const),
        );
        const input = JSON.stringify({ host: '127.0.0.1', port: 15432, user: username, password, dbname: 'mlflow' });
        let revoked: Promise<{ readonly status?: number }> | undefined;
        const { stdout } = await client.attempt('database_user.py', {
          input,
          onLine: (line) => {
            // Whatever a token has leased ends with it.
            if (line === 'in') revoked = vault.ask('auth/token/revoke-self', token, {});
          },
        });
        const used = JSON.parse(stdout.trim().split('\n').at(-1)!) as { experiments: number };
        expect(used).toEqual({
          experiments: expect.any(Number),
          refused: 'InsufficientPrivilege',
          cut: expect.any(String),
        });
        expect(used.experiments).toBeGreaterThan(0);
        expect((await revoked)?.status).toBe(204);
        await until('its user to be gone', 20, async () => ((await users(username)) === 0 ? true : undefined));
        const again = await client.run<{ refused: string }>('database_user.py', { input });
        expect(again.refused).toMatch(/password authentication failed/);
      } finally {
        forward.kill();
      }
    },
  );

  async function users(username: string): Promise<number> {
    const [count] = await platform.sql('mlflow', `SELECT count(*) FROM pg_roles WHERE rolname = '${username}'`);
    return Number(count);
  }
});

describe('the audit log', () => {
  proves('audit', 'L', "takes nothing without its system's token, nor by another's way", async () => {
    const send = async (namespace: string, pod: string, container: string, script: string) => {
      const { stdout } = await cluster.attempt([
        'kubectl',
        'exec',
        '-n',
        namespace,
        pod,
        '-c',
        container,
        '--',
        'sh',
        '-c',
        script,
      ]);
      return stdout.trim();
    };
    const curl = `curl -sS --max-time 5 --cacert "$CA" -o /dev/null -w '%{http_code}' -d '{"time":"now"}'`;
    const token = '-H "Authorization: Bearer $(cat /vault/audit-token/token)"';
    const from = ['vault', 'vault-0', 'audit'] as const;
    expect(await send(...from, `${curl} "$URL"`)).toBe('401');
    expect(await send(...from, `${curl} -H 'Authorization: Bearer wrong' "$URL"`)).toBe('401');
    expect(await send(...from, `${curl} ${token} "$URL"`)).toMatch(/^2/);
    // MinIO's port isn't open for Vault's pods.
    expect(await send(...from, `${curl} ${token} "https://minio.audit.svc.cluster.local:9001/records"`)).toBe('000');
  });

  // What 98-audit looks for.
  it('is sent what is done just before its collectors are killed', async () => {
    const mark = `asked-for-${Date.now()}`;
    expect((await vault.ask(`kv/data/${mark}`)).status).toBe(403);
    const env = await platform.s3Env('vault-snapshots');
    await client.run('s3_object.py', { args: ['put', 'vault-snapshots', mark, 'x'], env });
    // Vault's records are sent every two seconds.
    await sleep(4);
    for (const pod of await pods(cluster, { namespace: 'audit', name: 'collector' }))
      await killContainer(cluster, pod, 'collector');
    auditMark.keep(mark);
  });
});
