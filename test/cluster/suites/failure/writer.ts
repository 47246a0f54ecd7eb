import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Result, until } from '../../shell';
import { type LivePlatform } from '../support/platform';
import { Journal } from './journal';

/** Longest time for reading everything back. */
const VERIFY = 300;

/** client/writer.py at work. */
export class Writer {
  private constructor(
    readonly journal: Journal,
    private readonly platform: LivePlatform,
    private readonly pid: number,
    private readonly ended: Promise<Result>,
  ) {}

  /** Starts it, and waits until it has written something of each kind. */
  static async start(platform: LivePlatform, file: string): Promise<Writer> {
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    const journal = new Journal(file);
    let pid: number | undefined;
    const client = await platform.client();
    const ended = client.attempt('writer.py', {
      args: ['mlflow'],
      env: { ...(await platform.mlflowEnv()), ...(await platform.s3Env('mlflow')) },
      timeout: 1800,
      onLine: (line) => {
        if (!line.startsWith('{')) return;
        if (pid === undefined) ({ pid } = JSON.parse(line) as { pid: number });
        else journal.add(line);
      },
    });
    let early: Result | undefined;
    ended.then(
      (result) => (early = result),
      () => undefined,
    );
    await until('the writer writes', 60, async () => {
      if (early) throw new Error(`it ended: ${early.stderr.slice(-2000)}`);
      return (journal.through('run', 0) && journal.through('object', 0)) || undefined;
    });
    return new Writer(journal, platform, pid!, ended);
  }

  /** Has it stop, read everything back, and end. */
  async stop(): Promise<Journal> {
    await this.platform.cluster.run(['kill', '-TERM', String(this.pid)]);
    await until('all is read back', VERIFY, async () => (this.journal.checked === undefined ? undefined : true));
    await this.ended;
    return this.journal;
  }
}
