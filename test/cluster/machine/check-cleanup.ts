import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { REPOSITORY, STATE } from '../paths';
import { readState } from '../state';
import { isLocked } from './janitor';
import { type Picture, leftovers, picture } from './leftovers';
import { build, type Tell } from './up';

export interface CheckCleanupOptions {
  /** @default - another each time */
  readonly seed?: number;
  readonly tell: Tell;
}

/** Seconds that the janitor has. */
const PATIENCE = 15;

/** Kills the runner three times while it starts a cluster, and once when it is up. @returns what it left, with the moment */
export async function checkCleanup({ seed = randomInt(2 ** 31), tell }: CheckCleanupOptions): Promise<string[]> {
  if (await isLocked()) throw new Error('a cluster is up; end it with: npm run cluster:down');
  await build([], tell);
  tell(`check-cleanup: seed ${seed}`);
  const before = await picture();
  const random = randomFrom(seed);
  const whole = await kill(before, undefined, tell);
  const found = [...whole.left];
  for (let trial = 0; trial < 3; trial += 1) {
    found.push(...(await kill(before, random() * whole.seconds, tell)).left);
  }
  return found;
}

/** Kills a run after some seconds, or when its cluster is up. */
async function kill(
  before: Picture,
  after: number | undefined,
  tell: Tell,
): Promise<{ left: string[]; seconds: number }> {
  const began = Date.now();
  const runner = startRunner();
  const ended = new Promise<void>((resolve) => runner.once('exit', () => resolve()));
  if (after === undefined) await untilUp(runner);
  else await later(after * 1000);
  const seconds = (Date.now() - began) / 1000;
  const early = runner.exitCode !== null;
  runner.kill('SIGKILL');
  await ended;
  const killed = Date.now();
  let left = await leftovers(before);
  while (left.length > 0 && Date.now() - killed < PATIENCE * 1000) {
    await later(250);
    left = await leftovers(before);
  }
  const moment = `killed ${seconds.toFixed(1)} s after its start`;
  tell(
    `check-cleanup: ${moment}: ${left.length === 0 ? `nothing left after ${((Date.now() - killed) / 1000).toFixed(1)} s` : 'FAILED'}`,
  );
  return {
    seconds,
    left: [...(early ? ['it had ended by itself'] : []), ...left].map((thing) => `${moment}: ${thing}`),
  };
}

function startRunner(): ChildProcess {
  const cli = join(REPOSITORY, 'test/cluster/cli.ts');
  return spawn(process.execPath, ['-r', 'ts-node/register', cli, 'only-up'], {
    cwd: REPOSITORY,
    stdio: 'ignore',
  });
}

async function untilUp(runner: ChildProcess): Promise<void> {
  const deadline = Date.now() + 180_000;
  while (!existsSync(STATE) || !readState().ready) {
    if (runner.exitCode !== null) throw new Error('the cluster could not be started; see what npm run cluster:up says');
    if (Date.now() > deadline) throw new Error('the cluster was not up in 180 s');
    await later(100);
  }
}

/** The same numbers from 0 to 1 for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
