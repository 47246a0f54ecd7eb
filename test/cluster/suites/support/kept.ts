import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEPT } from '../../paths';
import { until } from '../../shell';

/** Longest time, in seconds, until suites that run against another cluster have kept what is waited for. */
const PATIENCE = 600;

/** Set while other suites run against another cluster at the same time. */
const TOGETHER = 'ONPREM_BENCH_TOGETHER';

/** A value that a suite keeps for those that run against another cluster, or after the cluster is gone. */
export class Kept<T> {
  private readonly file: string;

  /** @param suite the one that keeps it */
  constructor(
    name: string,
    private readonly suite: string,
  ) {
    this.file = join(KEPT, `${name}.json`);
  }

  /** Nobody but the owner may read it: there may be passwords in it. */
  keep(value: T): void {
    mkdirSync(KEPT, { recursive: true });
    rmSync(`${this.file}.new`, { force: true });
    writeFileSync(`${this.file}.new`, JSON.stringify(value, undefined, 1), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }

  /**
   * @param patience longest to wait in seconds: 0 where the suite that keeps it has ended
   * @throws where it isn't there, and no suite is running that could keep it
   */
  async get(patience = process.env[TOGETHER] === undefined ? 0 : PATIENCE): Promise<T> {
    await until(`what the suite ${this.suite} keeps`, patience, async () => existsSync(this.file) || undefined, 1);
    return JSON.parse(readFileSync(this.file, 'utf8')) as T;
  }
}
