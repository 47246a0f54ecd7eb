import { until } from '../shell';
import { killContainer, type Pod, whole, workloads } from './failure/pods';
import { asCore } from './support/harbor-core';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

const { cluster } = new LivePlatform();
/** Longest, in seconds, in which no write succeeds when the master is lost: 5 to notice, one to elect, and what a busy machine adds. */
const GAP = 30;
const CLIENT = 'as-core';

/** Writes a number five times a second, and prints those that were acknowledged, with when. */
const WRITER = `i=0
while [ $i -lt 2000 ]; do
  i=$((i + 1))
  [ "$(ask SET key:$i $i)" = OK ] && echo "$i $(date +%s%3N)" >> /tmp/written
  sleep 0.2
done`;

const ASK = `ask() {
  REDISCLI_AUTH=$(cat /user/password) timeout 3 valkey-cli --tls --cacert /authority/ca.crt -h redis.redis.svc -p 6379 \\
    --user "$(cat /user/username)" --no-auth-warning "$@" < /dev/null
}
`;

async function inClient(script: string): Promise<string> {
  return cluster.run(['kubectl', 'exec', '-i', '-n', 'harbor', CLIENT, '--', 'sh', '-s'], { input: `${ASK}${script}` });
}

async function written(): Promise<readonly (readonly [number, number])[]> {
  const lines = (await inClient('cat /tmp/written')).trim().split('\n');
  return lines.map((line) => line.split(' ').map(Number) as [number, number]);
}

async function master(): Promise<Pod> {
  const script = '. /scripts/common.sh; cli sentinel "$me" 26379 SENTINEL GET-MASTER-ADDR-BY-NAME redis';
  for (const name of ['redis-0', 'redis-1', 'redis-2']) {
    const asked = ['kubectl', 'exec', '-n', 'redis', name, '-c', 'redis', '--', 'sh', '-c', script];
    const { code, stdout } = await cluster.attempt(asked);
    const found = /^(redis-\d)\./.exec(stdout)?.[1];
    if (code === 0 && found) return cluster.get<Pod>('pod', '-n', 'redis', found);
  }
  throw new Error('no sentinel knows the master');
}

beforeAll(async () => {
  await cluster.run(['kubectl', 'apply', '-f', '-'], {
    input: JSON.stringify(asCore(CLIENT, { user: 'redis-harbor', authority: 'vault-authority' })),
  });
  await cluster.kubectl('wait', `pod/${CLIENT}`, '-n', 'harbor', '--for=condition=Ready', '--timeout=60s');
  // Its node hears of the new pod a moment later, and lets it through then.
  await until('the way to Redis', 20, async () => (await inClient('ask PING')).includes('PONG') || undefined);
});

afterAll(async () => {
  await cluster.kubectl('delete', 'pod', '-n', 'harbor', CLIENT, '--wait=false');
});

proves('redis', 'L', 'its user reads and writes by TLS, and may do nothing to the server', async () => {
  expect((await inClient('ask SET hello world; ask GET hello; ask INFO server | head -n 1')).split('\n')).toEqual(
    expect.arrayContaining(['OK', 'world']),
  );
  for (const forbidden of ['CONFIG GET maxmemory', 'FLUSHALL', 'SHUTDOWN', 'ACL LIST']) {
    expect(await inClient(`ask ${forbidden}`)).toMatch(/NOPERM/);
  }
});

proves('redis', 'L', 'without the password, or in plain text, nobody is answered', async () => {
  expect(
    await inClient(
      'ask_no() { valkey-cli --tls --cacert /authority/ca.crt -h redis.redis.svc "$@"; }; ask_no GET hello',
    ),
  ).toMatch(/NOAUTH|NOPERM/);
  expect(await inClient('timeout 3 valkey-cli -h redis.redis.svc GET hello < /dev/null 2>&1 || true')).not.toContain(
    'world',
  );
});

describe('while somebody writes', () => {
  beforeAll(async () => {
    await inClient(`(${WRITER}) > /dev/null 2>&1 &`);
    await until('a first write', 20, async () => (await inClient('wc -l < /tmp/written')).trim() !== '0' || undefined);
  });

  proves(
    'redis',
    'F',
    `the master is deleted: another takes over within ${GAP} s, and nothing acknowledged is lost`,
    async () => {
      const before = await master();
      await cluster.kubectl('delete', 'pod', '-n', 'redis', before.metadata.name, '--wait=true');
      await settled(before);
      await judge('deleted');
    },
  );

  proves('redis', 'F', `the master is killed: another takes over within ${GAP} s`, async () => {
    const before = await master();
    await killContainer(cluster, before, 'redis');
    await settled(before);
    await judge('killed');
  });
});

/** Until all servers are there again, and some writes have come since. */
async function settled(before: Pod): Promise<void> {
  const known = (await written()).length;
  await until('writes afterwards', GAP + 15, async () => (await written()).length >= known + 10 || undefined, 1);
  await until('all servers', 120, async () => {
    await whole(cluster, await workloads(cluster, ['redis']));
    return true;
  });
  expect((await master()).metadata.name).toMatch(/^redis-\d$/);
  expect(before.metadata.name).toMatch(/^redis-\d$/);
}

async function judge(what: string): Promise<void> {
  const acknowledged = await written();
  const gaps = acknowledged.slice(1).map(([, time], i) => time - acknowledged[i]![1]);
  const keys = acknowledged.map(([i]) => `key:${i}`);
  const values = (await inClient(`ask MGET ${keys.join(' ')}`)).trim().split('\n');
  const lost = acknowledged.filter(([i], at) => Number(values[at]) !== i);
  console.log(
    `${what}: ${acknowledged.length} writes, no write for ${(Math.max(...gaps) / 1000).toFixed(1)} s, ${lost.length} lost`,
  );
  expect(lost).toEqual([]);
  expect(Math.max(...gaps)).toBeLessThan(GAP * 1000);
}
