import { join } from 'node:path';
import { restartControlPlane } from '../machine/control-plane';
import { CACHE } from '../paths';
import { until } from '../shell';
import { Arena, KINDS } from './failure/arena';
import { Target } from './failure/blows';
import * as bounds from './failure/bounds';
import { drain } from './failure/drain';
import { now } from './failure/journal';
import { saveOffsite } from './failure/offsite';
import { savePicture } from './failure/picture';
import { isReady, pods, type Workload, whole, workloads } from './failure/pods';
import { problems, table } from './failure/verdict';
import { Writer } from './failure/writer';
import { LivePlatform } from './support/platform';
import { proves, SYSTEMS } from './support/proves';

const platform = new LivePlatform();
const { cluster } = platform;
let writer: Writer;
let all: readonly Workload[];
const arena = new Arena((hit) => writer.journal.note(hit));

const NAMESPACES = ['metallb', 'cert-manager', 'gateway', 'minio', 'postgres', 'mlflow'];
const LIVE = SYSTEMS.filter((system) => system !== 'credentials');

beforeAll(async () => {
  all = await workloads(cluster, NAMESPACES);
  await whole(cluster, all);
  await savePicture(cluster);
  writer = await Writer.start(platform, join(CACHE, 'journal.jsonl'));
});

afterAll(() => console.log(table(writer.journal, arena.hits)));

describe('while clients write', () => {
  proves(LIVE, 'F', 'containers are killed, pods deleted and torn away, each in turn; the bounds hold', async () => {
    expect(all.map(nameOf).sort()).toEqual(Object.keys(bounds.BOUNDS).sort());
    await deal(all.map((workload) => () => strike(new Target(cluster, workload))));
  });

  proves(LIVE, 'F', 'nodes are drained and given back; the bounds hold', async () => {
    const database = await nodeOf('postgres/postgres');
    const other = await nodeOf('gateway/haproxy', database);
    await deal([
      async () => {
        await arena.deal(drain(cluster, other, 'with a gateway', all, bounds.DRAINED));
        await arena.deal(drain(cluster, database, 'with the database', all, bounds.DRAINED));
      },
    ]);
  });

  proves(LIVE, 'F', 'the control plane is killed and comes back; no write fails', async () => {
    const blow = {
      what: 'kill -9 of etcd, kube-apiserver, kube-controller-manager, kube-scheduler',
      bound: bounds.CONTROL_PLANE,
      strike: restartControlPlane,
      recover: () => whole(cluster, all),
    };
    await deal([() => arena.deal(blow)]);
  });

  proves(LIVE, 'F', 'every acknowledged write reads back the same', async () => {
    const { losses, checked, acknowledged } = await writer.stop();
    expect(losses).toEqual([]);
    expect(checked).toBe(acknowledged);
    expect(acknowledged).toBeGreaterThan(arena.hits.length);
  });

  proves('postgres', 'F', 'a backup is made on demand, and copied to another place with all buckets', async () => {
    const { runs } = await saveOffsite(platform);
    const written = writer.journal.writes.filter(({ kind, error }) => kind === 'run' && error === undefined);
    expect(Object.keys(runs)).toEqual(expect.arrayContaining(written.map(({ key }) => key!.split(' ')[0])));
  });
});

/** Kills each container of a workload, deletes each pod, and tears one away; each when the workload is whole again after the one before. */
async function strike(target: Target): Promise<void> {
  const { killed, stopped, forced } = bounds.BOUNDS[nameOf(target.workload)]!;
  for (const pod of await target.pods()) {
    for (const kill of target.kills(pod, killed)) await arena.deal(kill);
  }
  for (const pod of await target.pods()) await arena.deal(target.deletion(pod, stopped, 'gracefully'));
  const [oldest] = await target.pods();
  await arena.deal(target.deletion(oldest!, forced, 'by force'));
}

/** Has blows dealt, all lanes at a time, and expects them to have cost no more than they may. */
async function deal(lanes: readonly (() => Promise<void>)[]): Promise<void> {
  const began = now();
  const ended = await Promise.allSettled(lanes.map((lane) => lane()));
  const failures = ended.flatMap((lane) => (lane.status === 'rejected' ? [String(lane.reason)] : []));
  const last = Math.max(...arena.hits.map(({ at }) => at));
  await until('writes after the last blow', 60, async () =>
    KINDS.every((kind) => writer.journal.through(kind, last)) ? true : undefined,
  );
  expect([...failures, ...problems(writer.journal, arena.hits, began)]).toEqual([]);
}

function nameOf({ namespace, name }: Workload): string {
  return `${namespace}/${name}`;
}

/** A node with a ready pod of the workload. */
async function nodeOf(name: string, other?: string): Promise<string> {
  const found = await pods(
    cluster,
    all.find((workload) => nameOf(workload) === name)!,
  );
  const nodes = found.filter(isReady).map(({ spec }) => spec.nodeName);
  return nodes.find((node) => node !== other)!;
}
