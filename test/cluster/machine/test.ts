import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { CACHE, KEPT, REPOSITORY, RESULTS, SCRATCH } from '../paths';
import { type PlatformName } from '../platforms';
import { run, sleep } from '../shell';
import { readState } from '../state';
import { inherit } from './interactive';
import { withJanitor } from './janitor';
import { build, type Tell, up } from './up';
import { watchersForThree } from './watchers';

export interface TestOptions {
  /** For jest: which suites, which tests. */
  readonly args: readonly string[];
  /** Whether the machine may be changed for it. */
  readonly install: boolean;
  readonly tell: Tell;
}

/** Suites that share a cluster. */
interface Group {
  /** What their names begin with. */
  readonly suites: RegExp;
  /** What they apply. @default - nothing: they need a control plane alone, and begin at once, with less of a right to the processors than others */
  readonly platform?: PlatformName;
  /** What suites of the groups before it keep once it may begin beside them. @default - it begins when these have ended */
  readonly beside?: string;
  /** How many suites run at a time; those that can't say so by `support/ended.ts`. @default 1 */
  readonly atATime?: number;
}

/**
 * What the suites of the first break, those of the second begin without. The second's wait for what the first's keep. Those of the third are
 * about another platform, those of the fourth about the scheduler.
 */
const CLUSTERS: Readonly<Record<string, Group>> = {
  first: { suites: /^[1-5]/, platform: 'experiment-tracking' },
  // No other platform is installed beside the first, which is timed.
  second: { suites: /^[6-8]/, platform: 'experiment-tracking', beside: 'timing-experiment-tracking' },
  third: { suites: /^9[0-8]/, platform: 'company-cluster', beside: 'half-upgraded', atATime: 3 },
  fourth: { suites: /^99/ },
};

/** The platforms that suites apply. */
export const TESTED: readonly PlatformName[] = [
  ...new Set(Object.values(CLUSTERS).flatMap(({ platform }) => platform ?? [])),
];

/** Free memory in GiB with which clusters run at a time. */
const ROOMY = 13;

/** Before a command that takes what the others leave of the processors, and a little more, so that it goes on. */
const POLITE = ['nice', '-n', '15'];

/** How suites are told, in a platform's place, that they need none. */
export const NO_PLATFORM = 'none';

const JEST = [
  process.execPath,
  join(REPOSITORY, 'node_modules/jest/bin/jest.js'),
  '-c',
  join(REPOSITORY, 'jest.cluster.config.js'),
];

/** What a run of jest found. */
interface Found {
  readonly testResults: readonly { readonly name: string }[];
}

/** Starts a cluster, and keeps it until this process is ended. */
export async function onlyUp(tell: Tell): Promise<never> {
  return withJanitor(async (janitor) => {
    await up(janitor, { tell });
    return new Promise<never>(() => setInterval(() => undefined, 60_000));
  });
}

/** Runs the suites, each group against a cluster that is started for it and ended afterwards. @returns the exit code */
export async function test({ args, install, tell }: TestOptions): Promise<number> {
  const files = (await run([...JEST, '--listTests', ...args])).split('\n').filter((file) => file.startsWith('/'));
  if (files.length === 0) throw new Error(`no suite is meant by ${args.join(' ')}`);
  const options = args.filter((argument, i) => argument.startsWith('-') || args[i - 1] === '-t');
  const groups = Object.entries(CLUSTERS)
    .map(([name, { suites, ...group }]) => ({
      name,
      ...group,
      suites: files.filter((file) => suites.test(basename(file))).sort(),
    }))
    .filter(({ suites }) => suites.length > 0);
  rmSync(RESULTS, { force: true });
  if (groups.length > 1) rmSync(KEPT, { recursive: true, force: true });
  await build([], tell);
  const together = groups.length > 1 && freemem() / 2 ** 30 >= ROOMY;
  const three = together && watchersForThree(install, tell);
  const runGroup = async ({
    name,
    suites,
    platform,
    atATime = 1,
  }: (typeof groups)[number]): Promise<{ readonly code: number; readonly found: Found['testResults'] }> => {
    const output = join(CACHE, `suites-${name}.json`);
    rmSync(output, { force: true });
    const code = await onCluster(
      name,
      {
        ...(together && { ONPREM_BENCH_TOGETHER: 'yes' }),
        ...(atATime > 1 && { ONPREM_BENCH_FIRST: basename(suites[0]!, '.cluster.ts') }),
      },
      together && platform === undefined ? POLITE : [],
      [platform ?? NO_PLATFORM, '--json', `--outputFile=${output}`, `--maxWorkers=${atATime}`, ...options, ...suites],
      tell,
    );
    const found = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as Found).testResults : [];
    return { code, found };
  };
  const ended = together ? await overlapping(groups, three ? 3 : 2, runGroup) : await inTurn(groups, runGroup);
  const found = ended.flatMap((group) => group.found).sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(RESULTS, JSON.stringify({ testResults: found }));
  tell(`the clusters' logs are in ${join(CACHE, 'clusters')}, the results in ${RESULTS}`);
  return ended.find(({ code }) => code !== 0)?.code ?? 0;
}

/** Runs suites against a cluster of this process' berth, which a platform is for. @returns jest's exit code */
export async function suites(
  platform: PlatformName | undefined,
  jestArgs: readonly string[],
  tell: Tell,
): Promise<number> {
  return withJanitor(async (janitor) => {
    await up(janitor, { platform, empty: platform === undefined, tell });
    // It ends with this process, however that ends, and is where clients are, so that it may ask the API server itself.
    const place = ['setpriv', '--pdeathsig', 'KILL', '--', 'nsenter', '-t', String(readState().holder), '-n', '--'];
    const command = [...place, ...JEST, '--runTestsByPath', ...jestArgs];
    const code = await inherit(command, { TMPDIR: SCRATCH });
    tell('taking the cluster down');
    await janitor.end();
    return code;
  });
}

/** A process of its own for each cluster: it ends with this one, and its janitor then clears. */
async function onCluster(
  name: string,
  env: Readonly<Record<string, string>>,
  before: readonly string[],
  args: readonly string[],
  tell: Tell,
): Promise<number> {
  const command = [
    ...before,
    process.execPath,
    '-r',
    'ts-node/register',
    join(REPOSITORY, 'test/cluster/cli.ts'),
    'suites',
  ];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command, ...args], {
    cwd: REPOSITORY,
    env: { ...process.env, ONPREM_BENCH_CLUSTER: name, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => tell(`${name} | ${line}`));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/**
 * Those with a platform begin when the ones before them have ended, or have come as far as they say: probes time out where two are installed at a time,
 * and much of what fails or is upgraded is waited for. What needs none begins at once, since the first installation waits for pods most of its time.
 */
async function overlapping<T extends Pick<Group, 'platform' | 'beside'>, R>(
  groups: readonly T[],
  platforms: number,
  runGroup: (group: T) => Promise<R>,
): Promise<readonly R[]> {
  const all: Promise<R>[] = [];
  let running = 0;
  const mayBegin = ({ platform, beside }: T) =>
    platform === undefined ||
    running === 0 ||
    (running < platforms && beside !== undefined && existsSync(join(KEPT, `${beside}.json`)));
  for (const group of [...groups].sort(byPlatform)) {
    while (!mayBegin(group)) await sleep(0.5);
    const weight = group.platform === undefined ? 0 : 1;
    running += weight;
    const ended = runGroup(group).finally(() => (running -= weight));
    ended.catch(() => undefined);
    all.push(ended);
  }
  return Promise.all(all);
}

/** Those without one first. */
function byPlatform(a: Pick<Group, 'platform'>, b: Pick<Group, 'platform'>): number {
  return Number(a.platform !== undefined) - Number(b.platform !== undefined);
}

async function inTurn<T, R>(groups: readonly T[], runGroup: (group: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const group of groups) done.push(await runGroup(group));
  return done;
}
