import { join } from 'node:path';
import { App } from '../lib';
import { Bundle } from '../lib/core/output/bundle';
import { heapUsed, median, print, processorTime } from './measure';
import { platform } from './platform';

const COUNTS = [1, 10, 100] as const;
/** Syntheses that are measured as one: each count gets its share of the garbage collector's pauses, and enough memory to measure. */
const REPEATS = { 1: 50, 10: 5, 100: 1 };
const ROUNDS = 5;
/** Time and memory per object may grow by a fifth. */
const LIMIT = 1.2;

interface Sample {
  readonly time: number;
  readonly heap: number;
}

/** Many platforms in one app. @returns whether time and memory per object stay in bounds */
export function benchScale(scratch: string): boolean {
  const objects = new Bundle(platform(new App())).objects.length;
  const samples = new Map<number, Sample[]>(COUNTS.map((count) => [count, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const count of COUNTS) {
      const [repeats, outdir] = [REPEATS[count], join(scratch, `scale-${count}`)];
      const { time, heap } = synthesizeAll(repeats, count, outdir);
      const share = repeats * count * objects;
      if (round >= 0) samples.get(count)!.push({ time: time / share, heap: heap / share });
    }
  }
  const results = COUNTS.map((count) => ({
    count,
    time: median(samples.get(count)!.map(({ time }) => time)),
    heap: median(samples.get(count)!.map(({ heap }) => heap)),
  }));
  const [one] = results;
  const growth = Math.max(...results.flatMap(({ time, heap }) => [time / one.time, heap / one.heap]));
  print(
    `Platforms of ${objects} objects in one app, processor time and memory, medians of ${ROUNDS} rounds in turns`,
    results.map(({ count, time, heap }) => [
      `${count} platform${count === 1 ? '' : 's'}`,
      `${time.toFixed(3)} ms an object`,
      `x ${(time / one.time).toFixed(2)}`,
      `${(heap / 1024).toFixed(1)} KiB an object`,
      `x ${(heap / one.heap).toFixed(2)}`,
    ]),
  );
  console.log(
    `  ${growth <= LIMIT ? 'ok' : 'GROWS'}: at most ${growth.toFixed(2)} times one platform's, limit ${LIMIT}`,
  );
  return growth <= LIMIT;
}

/** Milliseconds of processor time that whole syntheses take one after another, and the bytes that they keep in memory while their apps live. */
function synthesizeAll(repeats: number, count: number, outdir: string): Sample {
  const before = heapUsed();
  const apps: App[] = [];
  const time = processorTime(() => {
    for (let i = 0; i < repeats; i++) apps.push(synthesize(count, outdir));
  });
  const heap = heapUsed() - before;
  if (apps.some((app) => app.node.children.length !== count)) throw new Error('an app lost a platform');
  return { time, heap };
}

function synthesize(count: number, outdir: string): App {
  const app = new App({ outdir });
  for (let i = 0; i < count; i++) platform(app, `lab-${i}`);
  app.synth();
  return app;
}
