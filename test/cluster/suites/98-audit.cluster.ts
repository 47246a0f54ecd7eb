import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Client } from '../client/client';
import { SCRATCH } from '../paths';
import { until } from '../shell';
import { whole } from './failure/pods';
import { auditMark } from './support/audit-mark';
import { comesAfter } from './support/ended';
import { asCore } from './support/harbor-core';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

const platform = new LivePlatform();
const { cluster } = platform;
const BUCKET = 'audit';
const OBJECT = /^year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/collector-\d_logs_[0-9a-f-]+\.txt\.gz$/;
const folder = join(SCRATCH, 'audit');
/** Longest, in seconds, until what was done is in the bucket: it is gathered for a minute. */
const PATIENCE = 120;

interface MinioRecord {
  readonly accessKey?: string;
  readonly parentUser?: string;
  readonly api: {
    readonly name: string;
    readonly bucket?: string;
    readonly object?: string;
    readonly statusCode?: number;
  };
}
interface VaultRecord {
  readonly type: 'request' | 'response';
  readonly auth?: { readonly display_name?: string };
  readonly error?: string;
  readonly request?: { readonly path: string };
}
interface Records {
  /** Lines, as they were sent. */
  readonly harbor: readonly string[];
  readonly minio: readonly MinioRecord[];
  readonly vault: readonly VaultRecord[];
}

let client: Client;
let mark: string;
let records: Records;

/** Done after the collectors were killed. */
const LATER = `later-${Date.now()}`;
const CORE = 'audit-as-core';
const LINE = `<14>1 core operator="alice" action:pull, resource:vision/resnet ${LATER}`;

comesAfter(cluster, '95-authority', '96-people');

beforeAll(
  async () => {
    [client, mark] = await Promise.all([platform.client(), auditMark.get(0)]);
    const env = await platform.s3Env('vault-snapshots');
    await client.run('s3_object.py', { args: ['put', 'vault-snapshots', LATER, 'x'], env });
    await sendAsHarbor();
    mkdirSync(folder);
    await until(
      'the records of what was done',
      PATIENCE,
      async () => {
        records = await recorded();
        const { minio, vault, harbor } = records;
        // Each collector sends when its own minute is over.
        const lacking = [
          ...[LATER, mark, 'alice.txt', 'bob.txt'].filter((key) => !minio.some(({ api }) => api.object === key)),
          ...[`kv/data/${mark}`].filter((path) => !vault.some(({ request }) => request?.path === path)),
          ...[LINE].filter((line) => !harbor.includes(line)),
        ];
        if (lacking.length > 0) throw new Error(`not there yet: ${lacking.join(', ')}`);
        return true;
      },
      5,
    );
  },
  (PATIENCE + 60) * 1000,
);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster.kubectl('delete', 'pod', '-n', 'harbor', CORE, '--wait=false');
});

/** A line by TCP, as Harbor's core sends them: it has no other program to be had. */
async function sendAsHarbor(): Promise<void> {
  await cluster.run(['kubectl', 'apply', '-f', '-'], { input: JSON.stringify(asCore(CORE)) });
  await cluster.kubectl('wait', `pod/${CORE}`, '-n', 'harbor', '--for=condition=Ready', '--timeout=60s');
  const send = `echo '${LINE}' > /dev/tcp/harbor.audit.svc.cluster.local/9003`;
  // Its node hears of the new pod a moment later, and lets it through then.
  await until('the way to the collectors', 20, async () => {
    const { code } = await cluster.attempt(['kubectl', 'exec', '-n', 'harbor', CORE, '--', 'bash', '-c', send]);
    return code === 0 || undefined;
  });
}

/** What is in the bucket, by the key of the bucket's owner. */
async function recorded(): Promise<Records> {
  const env = await platform.s3Env(BUCKET);
  await client.run('offsite.py', { args: ['save', BUCKET], env, shared: folder });
  const parsed = <T>(system: string): readonly T[] => linesOf(system).map((line) => JSON.parse(line) as T);
  return { minio: parsed('minio'), vault: parsed('vault'), harbor: linesOf('harbor') };
}

/** Lines of the objects below a system's path, `audit/<system>/year=…`. */
function linesOf(system: string): readonly string[] {
  const there = join(folder, BUCKET, 'audit', system);
  if (!existsSync(there)) return [];
  return (readdirSync(there, { recursive: true }) as string[])
    .filter((path) => OBJECT.test(path))
    .flatMap((path) =>
      gunzipSync(readFileSync(join(there, path)))
        .toString()
        .trim()
        .split('\n'),
    );
}

proves(['audit', 'minio'], 'L', 'has who wrote which object, and who was refused', () => {
  const of = (bucket: string, person: string) =>
    records.minio.filter(
      ({ api }) => api.bucket === bucket && api.object === `${person}.txt` && api.name === 'PutObject',
    );
  expect(of('vision', 'alice').map(({ api }) => api.statusCode)).toContain(200);
  expect(of('vision', 'bob').map(({ api }) => api.statusCode)).toEqual(expect.arrayContaining([403]));
  expect(of('vision', 'bob').map(({ api }) => api.statusCode)).not.toContain(200);
});

proves(['audit', 'vault'], 'L', 'has who asked Vault for what, with values hashed, and who was refused', () => {
  const answers = (path: string) =>
    records.vault.filter(({ type, request }) => type === 'response' && request?.path === path);
  const own = answers('kv/data/teams/vision/key');
  expect(own.map(({ auth }) => auth?.display_name).join()).toContain('alice');
  expect(JSON.stringify(own)).toContain('hmac-sha256:');
  expect(JSON.stringify(own)).not.toContain('"of":"alice"');
  const errors = answers('database/creds/mlflow-read').map(({ error = '' }) => error);
  expect(errors).toEqual(expect.arrayContaining(['', expect.stringContaining('permission denied')]));
});

proves(
  ['audit', 'minio', 'vault'],
  'F',
  'has what was in the queue of its collectors when they were killed',
  async () => {
    expect(records.minio.filter(({ api }) => api.object === mark)).not.toEqual([]);
    expect(records.vault.filter(({ request }) => request?.path === `kv/data/${mark}`)).not.toEqual([]);
    await whole(cluster, [{ namespace: 'audit', name: 'collector' }]);
  },
);

proves('audit', 'L', 'leaves out the writing of its own objects, and that alone', () => {
  const written = records.minio.filter(({ api }) => api.bucket === BUCKET && api.name === 'PutObject');
  expect(written.filter(({ api }) => api.statusCode === 200)).toEqual([]);
  // Somebody has read them.
  expect(records.minio.filter(({ api }) => api.bucket === 'vault-snapshots')).not.toEqual([]);
});

proves('audit', 'L', 'has lines that come by TCP from where Harbor is, as they were', () => {
  expect(records.harbor).toContain(LINE);
});
