import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BERTH, RUN } from '../paths';
import { attempt, run } from '../shell';
import { GROUP, MARK } from './constants';

const LOG = join(BERTH, 'janitor.log');
const LOCK = join(BERTH, 'lock');
const LOCKED = 75;

/** Another command starts, keeps or ends a cluster. */
export class Locked extends Error {}

/**
 * Does something with a janitor. When that fails, or this process is told to stop, nothing is left of the cluster.
 *
 * @throws Locked where another command starts, keeps or ends a cluster
 */
export async function withJanitor<T>(task: (janitor: Janitor) => Promise<T>): Promise<T> {
  const janitor = await Janitor.start();
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      stopped = true;
      void janitor.end().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
  try {
    return await task(janitor);
  } catch (error) {
    if (stopped) await new Promise(() => undefined);
    await janitor.end();
    throw error;
  }
}

/** Watches over a cluster from outside, and clears up after it when it ends or this process does, for whatever reason. */
export class Janitor {
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      child.on('error', () => resolve(null));
      child.on('exit', resolve);
    });
  }

  /** Clears what another cluster left, and marks the programs that this process starts from now on. @throws Locked */
  static async start(): Promise<Janitor> {
    mkdirSync(BERTH, { recursive: true });
    const log = openSync(LOG, 'w');
    const child = spawn('sh', [join(__dirname, 'janitor.sh'), BERTH, RUN, GROUP], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', log],
    });
    closeSync(log);
    child.stdin!.on('error', () => undefined);
    const janitor = new Janitor(child);
    await janitor.answer();
    process.env[MARK] = GROUP;
    return janitor;
  }

  /** Makes the namespaces; the answer is their first process. They end with this one unless it says `stay`. */
  async hold(program: string): Promise<number> {
    this.child.stdin!.write(`hold ${program}\n`);
    return Number(await this.answer());
  }

  /** The cluster outlives this process. */
  async stay(): Promise<void> {
    await new Promise<void>((resolve) => this.child.stdin!.end('stay\n', () => resolve()));
    this.child.stdout!.destroy();
    this.child.unref();
  }

  /** Ends the cluster and waits until nothing is left of it. */
  async end(): Promise<void> {
    delete process.env[MARK];
    this.child.stdin!.end();
    await unlocked(60);
  }

  private async answer(): Promise<string> {
    const { done, value } = await this.lines.next();
    if (!done) return value;
    const code = await this.ended;
    if (code === LOCKED)
      throw new Locked('a cluster is up, or is being started or ended just now; end it with: npm run cluster:down');
    throw new Error(`the bench can't make its namespaces (exit code ${code}); see ${LOG}`);
  }
}

/** Whether a cluster is being started, kept or cleared. */
export async function isLocked(): Promise<boolean> {
  return existsSync(LOCK) && (await attempt(['flock', '-n', LOCK, 'true'])).code !== 0;
}

/** Waits until no cluster is left. @throws after `seconds` */
export async function unlocked(seconds: number): Promise<void> {
  await run(['flock', '-w', String(seconds), LOCK, 'true']);
  if (existsSync(RUN)) throw new Error(`${RUN} could not be removed; see ${LOG}`);
}
