import { join } from 'node:path';
import { restartControlPlane } from '../machine/control-plane';
import { KEPT } from '../paths';
import { until } from '../shell';
import { Arena, KINDS } from './failure/arena';
import { Target } from './failure/blows';
import * as bounds from './failure/bounds';
import { drain } from './failure/drain';
import { now } from './failure/journal';
import { pods, type Workload, whole, workloads } from './failure/pods';
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
  writer = await Writer.start(platform, join(KEPT, 'journal.jsonl'));
});

afterAll(() => console.log(table(writer.journal, arena.hits)));

describe('while clients write', () => {
  proves(LIVE, 'F', 'containers are killed, pods deleted and torn away, each in turn; the bounds hold', async () => {
    expect(all.map(nameOf).sort()).toEqual(Object.keys(bounds.BOUNDS).sort());
    await deal(all.map((workload) => () => strike(new Target(cluster, workload))));
  });

  proves(LIVE, 'F', 'a node is drained and given back; the bounds hold', async () => {
    const [database] = (await pods(cluster, named('postgres/postgres'))).map(({ spec }) => spec.nodeName);
    await deal([() => arena.deal(drain(cluster, database!, 'with the database', all, bounds.DRAINED))]);
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
});

/** Kills each container of a workload and deletes each pod, the last by force; each when the workload is whole again after the one before. */
async function strike(target: Target): Promise<void> {
  const { killed, stopped, forced } = bounds.BOUNDS[nameOf(target.workload)]!;
  for (const pod of await target.pods()) {
    for (const kill of target.kills(pod, killed)) await arena.deal(kill);
  }
  const [last, ...others] = await target.pods();
  // One pod is all that some have.
  for (const pod of others.length > 0 ? others : [last!]) {
    await arena.deal(target.deletion(pod, stopped, 'gracefully'));
  }
  const [pod] = others.length > 0 ? [last!] : await target.pods();
  await arena.deal(target.deletion(pod!, forced, 'by force'));
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

function named(name: string): Workload {
  return all.find((workload) => nameOf(workload) === name)!;
}
