import { X509Certificate } from 'node:crypto';
import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { LivePlatform } from './support/platform';
import { ALL_WELL, mlflowProgram, s3Program, wellLogged } from './support/programs';
import { proves } from './support/proves';
import { web } from './support/web';

/*
 * The clients of 20-clients and 20-object-store, through Istio's gateway. Its pods in the mesh talk in plain text here: what would encrypt
 * that, ztunnel, is only simulated.
 */

const platform = new LivePlatform();
const { cluster, domain } = platform;
let client: Client;

beforeAll(async () => {
  client = await platform.client(console.log);
});

interface Route extends KubeObject {
  readonly spec: { readonly hostnames: readonly string[] };
  readonly status: {
    readonly parents: readonly { readonly conditions: readonly { readonly type: string; readonly status: string }[] }[];
  };
}

proves('istio', 'L', 'takes every route', async () => {
  const routes = await cluster.list<Route>('httproutes.gateway.networking.k8s.io', '-A');
  const wrong = routes.filter(({ status }) =>
    ['Accepted', 'ResolvedRefs'].some((wanted) =>
      status.parents.some(
        ({ conditions }) => !conditions.some(({ type, status }) => type === wanted && status === 'True'),
      ),
    ),
  );
  expect(wrong.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([]);
  const hosts = routes.flatMap(({ spec }) => spec.hostnames);
  expect(hosts).toEqual(
    expect.arrayContaining([`mlflow.${domain}`, `minio.${domain}`, `vault.${domain}`, `dex.${domain}`]),
  );
});

proves(['istio', 'cert-manager'], 'L', "serves the certificate that cert-manager's authority issued", async () => {
  const [{ certificate, status }, pem, authority] = await Promise.all([
    web(client, { url: `${platform.mlflowUrl}/health` }),
    cluster.secret('gateway', 'tls', 'tls.crt'),
    platform.authority(),
  ]);
  const served = new X509Certificate(pem);
  expect(status).toBe(200);
  expect(certificate).toMatchObject({
    sha256: served.fingerprint256.replaceAll(':', '').toLowerCase(),
    protocol: 'TLSv1.3',
  });
  expect(served.verify(new X509Certificate(authority).publicKey)).toBe(true);
});

proves('istio', 'L', 'sends plain HTTP to HTTPS, and has no route for a host that nobody asked for', async () => {
  expect(await web(client, { url: `http://mlflow.${domain}/a/path?with=query` })).toMatchObject({
    status: 308,
    headers: { location: `https://mlflow.${domain}/a/path?with=query` },
  });
  expect(await web(client, { url: platform.mlflowUrl, host: `unknown.${domain}` })).toMatchObject({ status: 404 });
});

proves(['istio', 'mlflow'], 'L', 'the same program logs a run with a model and 20 MiB, and gets it back', async () => {
  const logged = await mlflowProgram(platform, client, 20);
  expect(logged).toMatchObject(wellLogged(logged, 20));
});

proves(['istio', 'minio'], 'L', 'the same S3 program works, the bucket in the path and in the host name', async () => {
  expect(await s3Program(platform, client, 'path')).toMatchObject(ALL_WELL);
  expect(await s3Program(platform, client, 'virtual')).toMatchObject(ALL_WELL);
});
