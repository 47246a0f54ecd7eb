import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject } from '../../../lib/core/link/types';
import { compare, nameOf } from '../upgrade/compare';
import { SCRATCH } from '../paths';
import {
  apply,
  type Claim,
  lives,
  makeLaterImages,
  notArrived,
  type Picture,
  picture,
  stored,
  workloads,
  writeFolder,
} from '../upgrade/live';
import { combine, compose, filesOf, objectsOf, type Tuning } from '../upgrade/program';
import { laterRelease } from '../upgrade/release';
import { LOST, RESTORED } from '../upgrade/restored';
import { STEPS } from '../upgrade/steps';
import { type Journal, type Kind, now } from './failure/journal';
import { Writer } from './failure/writer';
import { Kept } from './support/kept';
import { LivePlatform } from './support/platform';
import { proves, SYSTEMS } from './support/proves';

const KINDS: readonly Kind[] = ['run', 'object'];
const platform = new LivePlatform();
const { cluster } = platform;
const journalFile = join(SCRATCH, 'upgrades.jsonl');

interface Applied {
  readonly folder: string;
  readonly from: readonly KubeObject[];
  readonly to: readonly KubeObject[];
  /** Workloads whose pods had to be replaced. */
  readonly restarts: ReadonlySet<string>;
  readonly before: Picture;
  readonly after: Picture;
  readonly began: number;
  readonly ended: number;
}

/** What is left takes minutes, most of which wait for one server of MinIO after another: others may use the machine. */
const halfUpgraded = new Kept<true>('half-upgraded', '80-upgrades');
let writer: Writer;
let journal: Journal | undefined;
const folders: string[] = [];
beforeAll(async () => {
  const restored = (await cluster.kubectl('get', 'statefulset', '-n', 'postgres', 'postgres', '-o', 'yaml')).includes(
    LOST,
  );
  if (restored) base = RESTORED;
  installed = objectsOf(compose(base));
  await makeLaterImages(cluster);
  writer = await Writer.start(platform, journalFile);
}, 180_000);
afterAll(async () => {
  if (!journal) await writer.stop();
  for (const path of [...folders, journalFile]) rmSync(path, { recursive: true, force: true });
}, 300_000);

/** What runs: the blueprint's platform, or that with data from a backup, which keeps to say so. */
let base: Tuning = {};
let installed: readonly KubeObject[];
describe.each(STEPS)('while people write: $title', ({ title, tuning, later, gaps, settings }) => {
  if (later) beforeAll(() => halfUpgraded.keep(true));
  let applied: Applied | undefined;
  const done = (): Applied => {
    if (!applied) throw new Error('it was not applied');
    return applied;
  };

  proves(SYSTEMS, 'A', `${title}: applied over the running platform at the first pass`, async () => {
    const program = later ? await laterRelease() : { compose, objectsOf, filesOf };
    const made = program.compose(combine([base, tuning]));
    const [from, to] = [installed, program.objectsOf(made)];
    const folder = writeFolder(program.filesOf(made));
    folders.push(folder);
    const before = await picture(cluster, from);
    const began = now();
    await apply(cluster, folder);
    const ended = now();
    installed = to;
    const restarts = new Set(compare(from, to).restarts);
    applied = { folder, from, to, restarts, before, after: await picture(cluster, to), began, ended };
  });

  proves(SYSTEMS, 'A', `${title}: all that runs is what was asked for`, async () => {
    const { to, after } = done();
    const differences = workloads(to).flatMap((workload) => notArrived(workload, after.pods.get(nameOf(workload))!));
    expect(differences).toEqual([]);
    const counted = workloads(to).filter(({ kind }) => kind !== 'DaemonSet');
    expect(counted.map((workload) => [nameOf(workload), after.pods.get(nameOf(workload))!.length])).toEqual(
      counted.map((workload) => [nameOf(workload), (workload.spec as { replicas: number }).replicas]),
    );
    for (const [name, value] of Object.entries(settings)) {
      expect([name, await platform.sql('postgres', `SHOW ${name}`)]).toEqual([name, [value]]);
    }
  });

  proves(SYSTEMS, 'A', `${title}: only what had to restart restarted`, async () => {
    const { restarts, before, after } = done();
    for (const workload of workloads(done().from)) {
      const name = nameOf(workload);
      const [was, is] = [before, after].map(({ pods }) => lives(pods.get(name)!));
      const stayed = was!.filter((pod) => is!.includes(pod));
      expect([name, stayed]).toEqual([name, restarts.has(name) ? [] : was]);
    }
  });

  proves(['minio', 'postgres'], 'A', `${title}: volumes stay, as large as asked for`, async () => {
    const asked = done().to.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    expect(asked.length).toBeGreaterThan(0);
    const sizes = new Map(
      asked.map(({ metadata, spec }) => [
        `${metadata.namespace}/${metadata.name}`,
        (spec as Claim['spec']).resources.requests.storage,
      ]),
    );
    for (const [name, claim] of done().before.claims) {
      const { metadata, spec } = done().after.claims.get(name)!;
      expect([name, metadata.uid, spec.volumeName, spec.resources.requests.storage]).toEqual([
        name,
        claim.metadata.uid,
        claim.spec.volumeName,
        sizes.get(name) ?? claim.spec.resources.requests.storage,
      ]);
    }
  });

  proves(SYSTEMS, 'A', `${title}: no Secret's content changes`, async () => {
    for (const [name, data] of done().before.secrets)
      expect([name, done().after.secrets.get(name)]).toEqual([name, data]);
  });

  proves(
    ['gateway', 'minio', 'postgres', 'mlflow'],
    'F',
    `${title}: writes go on, with gaps within bounds`,
    async () => {
      const { began, ended } = done();
      const longest = KINDS.map((kind) => ({ kind, seconds: longestGap(writer.journal, kind, began, ended) }));
      const failed = writer.journal.errors.filter((write) => write.ended >= began && write.began <= ended).length;
      const said = longest.map(({ kind, seconds }) => `no ${kind} for ${seconds.toFixed(1)} s`).join(', ');
      console.log(`${title}: ${(ended - began).toFixed(0)} s, ${failed} writes failed; at most ${said}`);
      const long = longest.filter(({ kind, seconds }) => seconds > gaps[kind]);
      expect(long).toEqual([]);
    },
  );

  proves(SYSTEMS, 'A', `${title}: applied again, it changes nothing`, async () => {
    const before = await stored(cluster, done().folder);
    await apply(cluster, done().folder);
    expect(await stored(cluster, done().folder)).toEqual(before);
  });
});

proves(
  ['gateway', 'minio', 'postgres', 'mlflow'],
  'F',
  'no write that was acknowledged while the platform changed is lost',
  async () => {
    journal = await writer.stop();
    expect(journal.losses).toEqual([]);
    expect(journal.checked).toBe(journal.acknowledged);
    expect(journal.acknowledged).toBeGreaterThan(50);
  },
);

/** Seconds of the longest time, from `began` to `ended`, in which no write of a kind was acknowledged. */
function longestGap({ writes }: Journal, kind: Kind, began: number, ended: number): number {
  const times = writes
    .filter((write) => write.kind === kind && write.error === undefined && write.ended > began && write.ended < ended)
    .map((write) => write.ended)
    .sort((a, b) => a - b);
  return Math.max(...[...times, ended].map((time, i) => time - (times[i - 1] ?? began)));
}
