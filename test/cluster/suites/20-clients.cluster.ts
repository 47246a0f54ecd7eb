import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { LivePlatform } from './support/platform';
import { type Logged, mlflowProgram, wellLogged } from './support/programs';
import { proves } from './support/proves';
import { web } from './support/web';

const platform = new LivePlatform();
const { cluster, domain } = platform;
let client: Client;

beforeAll(async () => {
  client = await platform.client(console.log);
});

describe('the address', () => {
  interface Service extends KubeObject {
    readonly spec: { readonly type: string; readonly externalTrafficPolicy: string };
  }
  interface Pod extends KubeObject {
    readonly spec: { readonly nodeName: string };
  }

  proves('metallb', 'L', "gives the gateway an address of the site's range", async () => {
    const service = await cluster.get<Service>('service', '-n', 'gateway', 'haproxy');
    const ranges = platform.site.networks.flatMap(({ loadBalancerRanges }) => loadBalancerRanges);
    const address = await platform.address();
    const holding = ranges.filter((range) => range.contains(address));
    expect({ type: service.spec.type, address, ranges: ranges.map(String), holding: holding.length }).toMatchObject({
      type: 'LoadBalancer',
      holding: 1,
    });
  });

  proves('metallb', 'L', 'answers ARP for it on a node that runs the gateway', async () => {
    const address = await platform.address();
    expect(await web(client, { url: `${platform.mlflowUrl}/health` })).toMatchObject({ status: 200, body: 'OK' });
    const neighbour = /lladdr ([0-9a-f:]+)/.exec(await cluster.run(['ip', 'neigh', 'show', address]))?.[1];
    const links = await Promise.all(
      cluster.state.nodes.map(async ({ name }) => ({
        name,
        links: (await cluster.onNode(name, ['ip', '-o', 'link'])).toLowerCase(),
      })),
    );
    const announcing = links.filter(({ links }) => neighbour !== undefined && links.includes(neighbour));
    const pods = await cluster.list<Pod>('pods', '-n', 'gateway', '-l', 'app.kubernetes.io/component=haproxy');
    expect(pods.map(({ spec }) => spec.nodeName)).toContain(announcing[0]?.name ?? `nobody has ${neighbour}`);
  });

  proves(['metallb', 'gateway'], 'L', "the client's own address reaches the gateway", async () => {
    const path = `/from-${randomUUID()}`;
    await web(client, { url: `${platform.mlflowUrl}${path}` });
    const line = await until('the request in the log', 10, async () => {
      const log = await cluster.kubectl(
        'logs',
        '-n',
        'gateway',
        '-l',
        'app.kubernetes.io/component=haproxy',
        '--tail=50',
      );
      return log.split('\n').find((text) => text.includes(path));
    });
    expect(line.slice(0, line.indexOf(':'))).toBe(cluster.state.clientAddress);
  });
});

describe('TLS', () => {
  interface Certificate extends KubeObject {
    readonly spec: {
      readonly dnsNames: readonly string[];
      readonly secretName: string;
      readonly issuerRef: { readonly kind: string; readonly name: string };
    };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }

  proves(['cert-manager', 'gateway'], 'L', "serves the certificate that cert-manager's authority issued", async () => {
    const [{ certificate }, wanted, pem, authority] = await Promise.all([
      web(client, { url: `${platform.mlflowUrl}/health` }),
      cluster.get<Certificate>('certificates.cert-manager.io', '-n', 'gateway', 'tls'),
      cluster.secret('gateway', 'tls', 'tls.crt'),
      platform.authority(),
    ]);
    const served = new X509Certificate(pem);
    const root = new X509Certificate(authority);
    expect(wanted.spec.issuerRef).toMatchObject({ kind: 'ClusterIssuer', name: 'private-ca' });
    expect(wanted.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(certificate).toMatchObject({
      sha256: createHash('sha256').update(served.raw).digest('hex'),
      names: [...wanted.spec.dnsNames].sort(),
      protocol: 'TLSv1.3',
    });
    expect({ ca: root.ca, issuer: served.issuer, signed: served.verify(root.publicKey) }).toEqual({
      ca: true,
      issuer: root.subject,
      signed: true,
    });
    expect(certificate!.names).toEqual(expect.arrayContaining([`mlflow.${domain}`, `*.minio.${domain}`]));
  });

  proves(
    ['cert-manager', 'gateway'],
    'L',
    "is trusted by whom the platform's authority is, and by nobody else",
    async () => {
      const url = `${platform.mlflowUrl}/health`;
      const other = await cluster.get<KubeObject & { data: Record<string, string> }>(
        'configmap',
        '-n',
        'default',
        'kube-root-ca.crt',
      );
      const files = { 'other.crt': other.data['ca.crt']! };
      expect(await web(client, { url })).toMatchObject({ status: 200 });
      expect(await web(client, { url, authority: 'public' })).toEqual({
        url,
        error: expect.stringMatching(/^certificate: .*(issuer|self.signed)/),
      });
      expect(await web(client, { url, authority: 'other.crt' }, files)).toEqual({
        url,
        error: expect.stringMatching(/^certificate: .*(issuer|self.signed)/),
      });
      const unknown = `https://unknown.${domain}/`;
      expect(await web(client, { url: unknown })).toEqual({
        url: unknown,
        error: expect.stringContaining('Hostname mismatch'),
      });
    },
  );
});

describe('the gateway', () => {
  proves('gateway', 'L', 'sends plain HTTP to HTTPS, path and query kept', async () => {
    expect(await web(client, { url: `http://mlflow.${domain}/a/path?with=query` })).toMatchObject({
      status: 308,
      headers: { location: `https://mlflow.${domain}/a/path?with=query` },
    });
  });

  proves('gateway', 'L', 'has no route for a host that nobody asked for', async () => {
    expect(await web(client, { url: platform.mlflowUrl, host: `unknown.${domain}` })).toMatchObject({
      status: 404,
      body: expect.stringContaining('no route'),
    });
  });

  proves(['gateway', 'minio'], 'L', "leads to MinIO's console", async () => {
    expect(await web(client, { url: platform.consoleUrl })).toMatchObject({
      status: 200,
      headers: { server: 'MinIO Console' },
    });
  });
});

describe('MLflow', () => {
  let logged: Logged;

  proves(
    ['mlflow', 'gateway'],
    'L',
    'takes a run with a model and 100 MiB through HTTPS and gives it back',
    async () => {
      logged = await mlflowProgram(platform, client, 100);
      expect(logged).toMatchObject(wellLogged(logged, 100));
    },
  );

  proves(['mlflow', 'minio'], 'L', "keeps the artifact's bytes in its bucket", async () => {
    const key = `${logged.artifacts.replace('mlflow-artifacts:/', '')}/artifact.bin`;
    const object = await client.run('s3_object.py', {
      args: ['digest', 'mlflow', key],
      env: await platform.s3Env('mlflow'),
    });
    expect(object).toEqual({ sha256: logged.sent, bytes: logged.bytes });
  });

  proves(['mlflow', 'postgres'], 'L', 'keeps the run in PostgreSQL', async () => {
    const rows = await platform.sql(
      'mlflow',
      `SELECT r.status, r.experiment_id, (SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM params WHERE run_uuid = r.run_uuid),
       (SELECT count(*) FROM metrics WHERE run_uuid = r.run_uuid) FROM runs r WHERE r.run_uuid = '${logged.run}'`,
    );
    expect(rows).toEqual([`FINISHED|${logged.experiment}|layers=12,learning_rate=0.1|5`]);
  });

  proves('mlflow', 'L', 'refuses a wrong password and none', async () => {
    const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = await platform.mlflowEnv();
    const url = `${platform.mlflowUrl}/api/2.0/mlflow/experiments/search?max_results=1`;
    expect(logged.refusal).toContain('401');
    expect(await web(client, { url })).toMatchObject({ status: 401 });
    expect(await web(client, { url, user, password: 'not-the-password' })).toMatchObject({ status: 401 });
    expect(await web(client, { url, user: 'nobody', password })).toMatchObject({ status: 401 });
    expect(await web(client, { url, user, password })).toMatchObject({ status: 200 });
  });
});

proves('postgres', 'L', 'refuses a wrong password, none, and a database that is not the own', async () => {
  const program = `
import json, os, psycopg2
def ask(**change):
    try:
        with psycopg2.connect(host="postgres.postgres.svc.cluster.local", **{"dbname": "mlflow", **change}) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT current_user")
            return cursor.fetchone()[0]
    except psycopg2.Error as error:
        return str(error).strip()
answers = {"right": ask(), "wrong": ask(password="not-the-password"), "other": ask(dbname="postgres"), "root": ask(user="postgres")}
del os.environ["PGPASSWORD"]
answers["none"] = ask()
print(json.dumps(answers))`;
  const answers: unknown = JSON.parse(
    await cluster.run(
      ['kubectl', 'exec', '-i', '-n', 'mlflow', 'deployment/server', '-c', 'mlflow', '--', 'python3', '-'],
      { input: program },
    ),
  );
  expect(answers).toEqual({
    right: 'mlflow',
    wrong: expect.stringContaining('password authentication failed'),
    root: expect.stringContaining('password authentication failed'),
    other: expect.stringContaining('permission denied for database'),
    none: expect.stringContaining('no password supplied'),
  });
});
