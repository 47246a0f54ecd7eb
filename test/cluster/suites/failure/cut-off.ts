import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Cluster } from '../../cluster';
import { LESS_COLLECTION } from '../../machine/constants';
import { KUBECTL_CACHE } from '../../paths';

/** A run of apply.sh that was killed. */
export interface Cut {
  /** The last line that it had printed. */
  readonly after: string;
  readonly lines: number;
  /** Seconds that it ran. */
  readonly seconds: number;
}

/** Longest from the line that the kill waits for to the kill, in seconds: long enough to hit any of what lies between two lines. */
const LONGEST_WAIT = 2;

/** How many lines a run prints: one for each file, one for each gate, and a last one. */
export function linesOf(folder: string): number {
  const script = readFileSync(join(folder, 'apply.sh'), 'utf8');
  return script.match(/^ {2}(step \d|gate_\w+ ).*$/gm)!.length + 1;
}

/**
 * Kills runs of apply.sh at random moments, with all that they started, until there are `count` that were killed. How far they get at
 * most grows from one to the next, so that each part of the way is cut somewhere.
 *
 * @throws when a run that nobody killed fails
 */
export async function cutOff(
  cluster: Cluster,
  folder: string,
  count: number,
  random: () => number,
  tell: (line: string) => void,
): Promise<readonly Cut[]> {
  const lines = linesOf(folder);
  const cuts: Cut[] = [];
  while (cuts.length < count) {
    const furthest = Math.min(lines - 1, (lines * 2 * (cuts.length + 1)) / count);
    const cut = await runUntil(cluster, folder, Math.floor(random() * furthest), random() * LONGEST_WAIT);
    if (!cut) continue;
    cuts.push(cut);
    tell(
      `cut ${cuts.length} after ${cut.seconds.toFixed(1)} s, ${cut.lines} of ${lines} lines: ${cut.after || 'none'}`,
    );
  }
  return cuts;
}

/** Runs apply.sh and kills it some seconds after a line. @returns undefined where it was done before that */
async function runUntil({ state }: Cluster, folder: string, line: number, seconds: number): Promise<Cut | undefined> {
  const began = Date.now();
  const printed: string[] = [];
  const place = ['nsenter', '-t', String(state.holder), '-n', '--'];
  // A process group of its own, as a terminal's: its gates run in the background, and go with it.
  const child = spawn(place[0]!, [...place.slice(1), 'sh', join(folder, 'apply.sh')], {
    detached: true,
    env: {
      ...process.env,
      ...LESS_COLLECTION,
      KUBECONFIG: state.kubeconfig,
      KUBECACHEDIR: KUBECTL_CACHE,
      PATH: `${state.path}:${process.env.PATH}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (text) => errors.push(text));
  return new Promise((resolve, reject) => {
    let cut: Cut | undefined;
    const kill = (): void => {
      cut = { after: printed.at(-1) ?? '', lines: printed.length, seconds: (Date.now() - began) / 1000 };
      process.kill(-child.pid!, 'SIGKILL');
    };
    let timer = line === 0 ? setTimeout(kill, seconds * 1000) : undefined;
    createInterface({ input: child.stdout! }).on('line', (text) => {
      printed.push(text.trim());
      if (printed.length === line) timer = setTimeout(kill, seconds * 1000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL' && cut) resolve(cut);
      else if (code === 0) resolve(undefined);
      else reject(new Error(`apply.sh failed by itself (${signal ?? code}):\n${errors.join('\n')}`));
    });
  });
}
