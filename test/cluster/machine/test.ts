import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE, REPOSITORY, RESULTS, SCRATCH } from '../paths';
import { run } from '../shell';
import { inherit } from './interactive';
import { withJanitor } from './janitor';
import { type Tell, up } from './up';

export interface TestOptions {
  /** For jest: which suites, which tests. */
  readonly args: readonly string[];
  /** Only start the cluster, and keep it until this process is ended. @default false */
  readonly onlyUp?: boolean;
  readonly tell: Tell;
}

/** Suites whose names begin with these need the first cluster, and a fresh one after what the others did to it. */
const CLUSTERS: readonly RegExp[] = [/^[1-6]/, /^[7-9]/];

const JEST = [
  process.execPath,
  join(REPOSITORY, 'node_modules/jest/bin/jest.js'),
  '-c',
  join(REPOSITORY, 'jest.cluster.config.js'),
];

/** Runs the suites, each group against a cluster that is started for it and ended afterwards. @returns the exit code */
export async function test({ args, onlyUp, tell }: TestOptions): Promise<number> {
  rmSync(RESULTS, { force: true });
  if (onlyUp) {
    return withJanitor(async (janitor) => {
      await up(janitor, { tell });
      return new Promise(() => setInterval(() => undefined, 60_000));
    });
  }
  const files = (await run([...JEST, '--listTests', ...args])).split('\n').filter((file) => file.startsWith('/'));
  if (files.length === 0) throw new Error(`no suite is meant by ${args.join(' ')}`);
  const options = args.filter((argument, i) => argument.startsWith('-') || args[i - 1] === '-t');
  let worst = 0;
  const results: unknown[] = [];
  for (const names of CLUSTERS) {
    const suites = files.filter((file) => names.test(basename(file)));
    if (suites.length === 0) continue;
    const { code, testResults } = await onOneCluster(suites, options, tell);
    worst ||= code;
    results.push(...testResults);
  }
  writeFileSync(RESULTS, JSON.stringify({ testResults: results }));
  tell(`the clusters' logs are in ${join(CACHE, 'last-log')}, the results in ${RESULTS}`);
  return worst;
}

async function onOneCluster(
  suites: readonly string[],
  options: readonly string[],
  tell: Tell,
): Promise<{ readonly code: number; readonly testResults: readonly unknown[] }> {
  return withJanitor(async (janitor) => {
    await up(janitor, { tell });
    const output = join(CACHE, 'suites.json');
    rmSync(output, { force: true });
    // It ends with this process, however that ends.
    const command = ['setpriv', '--pdeathsig', 'KILL', '--', ...JEST, '--json', `--outputFile=${output}`, ...options];
    const code = await inherit([...command, '--runTestsByPath', ...suites], { TMPDIR: SCRATCH });
    tell('taking the cluster down');
    await janitor.end();
    const found = existsSync(output)
      ? (JSON.parse(readFileSync(output, 'utf8')) as { testResults: unknown[] })
      : undefined;
    return { code, testResults: found?.testResults ?? [] };
  });
}
