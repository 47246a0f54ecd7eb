import { randomUUID } from 'node:crypto';
import { type Client } from '../client/client';
import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { isReady } from './failure/pods';
import { LivePlatform } from './support/platform';
import { ALL_WELL, s3Program } from './support/programs';
import { proves } from './support/proves';

const platform = new LivePlatform();
const { cluster } = platform;
let client: Client;

beforeAll(async () => {
  client = await platform.client(console.log);
});

async function object(...args: string[]): Promise<unknown> {
  return client.run('s3_object.py', { args, env: await platform.s3Env('mlflow') });
}

proves(['minio', 'gateway'], 'L', 'serves an unchanged S3 program, the bucket in the path', async () => {
  expect(await s3Program(platform, client, 'path')).toEqual({
    ...ALL_WELL,
    style: 'path',
    signedHost: `minio.${platform.domain}`,
  });
});

proves(['minio', 'gateway'], 'L', 'serves an unchanged S3 program, the bucket in the host name', async () => {
  const signedHost = `mlflow.minio.${platform.domain}`;
  expect(await s3Program(platform, client, 'virtual')).toEqual({ ...ALL_WELL, style: 'virtual', signedHost });
});

proves('minio', 'L', 'refuses a wrong key, an unknown user and a request without a signature', async () => {
  const env = await platform.s3Env('mlflow');
  const attempt = async (what: string, change: Record<string, string>): Promise<unknown> =>
    client.run('s3_object.py', { args: [what, 'mlflow'], env: { ...env, ...change } });
  expect({
    right: await attempt('try', {}),
    wrong: await attempt('try', { AWS_SECRET_ACCESS_KEY: 'not-the-secret-key-of-this-user' }),
    unknown: await attempt('try', { AWS_ACCESS_KEY_ID: 'nobody' }),
    unsigned: await attempt('try-unsigned', {}),
  }).toEqual({
    right: { code: 'accepted', status: 200 },
    wrong: { code: 'SignatureDoesNotMatch', status: 403 },
    unknown: { code: 'InvalidAccessKeyId', status: 403 },
    unsigned: { code: 'AccessDenied', status: 403 },
  });
});

proves('minio', 'L', 'is one store of four servers, each on a node of its own', async () => {
  const pods = await servers();
  const nodes = new Set(pods.map(({ spec }) => spec.nodeName));
  expect({ ready: pods.filter(isReady).length, nodes: nodes.size }).toEqual({ ready: 4, nodes: 4 });
});

proves('minio', 'L', 'goes on reading and writing while one of its servers is down', async () => {
  const before = `before-${randomUUID()}`;
  const during = `during-${randomUUID()}`;
  expect(await object('put', 'mlflow', before, 'written by four')).toEqual({ code: 'accepted' });
  const [victim] = await servers();
  const { name } = victim!.metadata;
  const node = victim!.spec.nodeName;
  await cluster.kubectl('cordon', node);
  try {
    await cluster.kubectl('delete', 'pod', '-n', 'minio', name, '--grace-period=0', '--force', '--wait=false');
    expect(await object('get', 'mlflow', before, '8')).toEqual({ 'written by four': 8 });
    expect(await object('put', 'mlflow', during, 'written by three')).toEqual({ code: 'accepted' });
    expect(await s3Program(platform, client, 'path')).toMatchObject(ALL_WELL);
    const down = (await servers()).filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
    expect(down).toEqual([name]);
  } finally {
    await cluster.kubectl('uncordon', node);
  }
  await until(`pod ${name} being back`, 180, async () => ((await servers()).every(isReady) ? true : undefined));
  // The one that was down may answer again, and must not say that what it missed doesn't exist.
  expect(await object('get', 'mlflow', during, '32')).toEqual({ 'written by three': 32 });
});

interface Pod extends KubeObject {
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function servers(): Promise<readonly Pod[]> {
  return cluster.list<Pod>('pods', '-n', 'minio', '-l', 'minio.onprem-ml.io/server=true');
}
