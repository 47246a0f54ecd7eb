import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

export interface TestOptions {
  /** For jest: which suites, which tests. */
  readonly args: readonly string[];
  readonly tell: Tell;
}

/** Suites that share a cluster. */
interface Group {
  /** What their names begin with. */
  readonly suites: RegExp;
  /** What they apply. @default - nothing: they need a control plane alone */
  readonly platform?: PlatformName;
  /** Whether it is so large that nothing else may run beside it. @default false */
  readonly large?: boolean;
  /** How many suites run at a time; those that can't say so by `support/ended.ts`. @default 1 */
  readonly atATime?: number;
}

/**
 * What the suites of the first break, those of the second begin without. The second's wait for what the first's keep. Those of the third are
 * about another platform, those of the fourth about the scheduler.
 */
const CLUSTERS: Readonly<Record<string, Group>> = {
  first: { suites: /^[1-5]/, platform: 'experiment-tracking' },
  second: { suites: /^[6-8]/, platform: 'experiment-tracking' },
  third: { suites: /^9[0-8]/, platform: 'company-cluster', large: true, atATime: 2 },
  fourth: { suites: /^99/ },
};

/** The platforms that suites apply. */
export const TESTED: readonly PlatformName[] = [
  ...new Set(Object.values(CLUSTERS).flatMap(({ platform }) => platform ?? [])),
];

/** Platforms. */
const AT_A_TIME = 2;

/** Free memory in GiB with which two platforms run at a time. A control plane alone takes less than one. */
const ROOMY = 13;

/** How suites are told, in a platform's place, that they need none. */
export const NO_PLATFORM = 'none';

/** Names a file: suites begin when it is there. Until then their cluster may be started. */
const AWAITED = 'ONPREM_BENCH_AWAITED';

/** What the first cluster's suites keep once the platform was installed, which has the machine for itself, to be timed. */
const INSTALLED = join(KEPT, 'timing-experiment-tracking.json');

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
export async function test({ args, tell }: TestOptions): Promise<number> {
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
  const runGroup = async (
    { name, suites, platform, atATime = 1 }: (typeof groups)[number],
    awaited?: string,
  ): Promise<{ readonly code: number; readonly found: Found['testResults'] }> => {
    const output = join(CACHE, `suites-${name}.json`);
    rmSync(output, { force: true });
    const code = await onCluster(
      name,
      {
        ...(together && { ONPREM_BENCH_TOGETHER: 'yes' }),
        ...(awaited !== undefined && { [AWAITED]: awaited }),
        ...(atATime > 1 && { ONPREM_BENCH_FIRST: basename(suites[0]!, '.cluster.ts') }),
      },
      [platform ?? NO_PLATFORM, '--json', `--outputFile=${output}`, `--maxWorkers=${atATime}`, ...options, ...suites],
      tell,
    );
    const found = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as Found).testResults : [];
    return { code, found };
  };
  const ended = together ? await overlapping(groups, runGroup) : await inTurn(groups, async (group) => runGroup(group));
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
    const awaited = process.env[AWAITED];
    while (awaited !== undefined && !existsSync(awaited)) await sleep(0.5);
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
  args: readonly string[],
  tell: Tell,
): Promise<number> {
  const command = [process.execPath, '-r', 'ts-node/register', join(REPOSITORY, 'test/cluster/cli.ts'), 'suites'];
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
 * Two platforms at a time: the second begins when the first is installed, or has ended; a large one has the machine for itself: probes time out
 * where two are installed at a time. Its cluster is started while the last suites before it run. What needs none comes at the end: beside a platform either is in the other's way, even with the least priority, and the scheduler decides by when it hears of what.
 */
async function overlapping<T extends Pick<Group, 'platform' | 'large'>, R>(
  groups: readonly T[],
  runGroup: (group: T, awaited?: string) => Promise<R>,
): Promise<readonly R[]> {
  const all: Promise<R>[] = [];
  let running = 0;
  const begin = (group: T, awaited?: string) => {
    const weight = group.platform === undefined || group.large ? AT_A_TIME : 1;
    running += weight;
    const ended = runGroup(group, awaited).finally(() => (running -= weight));
    ended.catch(() => undefined);
    all.push(ended);
  };
  const waiting = [...groups];
  const mayBegin = ({ platform, large = false }: T) =>
    running === 0
      ? platform !== undefined || waiting.every((other) => other.platform === undefined)
      : platform !== undefined && !large && existsSync(INSTALLED) && running < AT_A_TIME;
  /** The one that has all others before it but one, which is at its end. */
  const mayBeStarted = ({ large = false }: T) =>
    large &&
    running === 1 &&
    all.length > 1 &&
    waiting.every(({ platform, large: too }) => too ?? platform === undefined);
  while (waiting.length > 0) {
    const next = waiting.find(mayBegin) ?? waiting.find(mayBeStarted);
    if (next === undefined) {
      await sleep(1);
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    if (mayBegin(next)) {
      begin(next);
      continue;
    }
    const file = join(KEPT, 'alone');
    begin(next, file);
    while (running > AT_A_TIME) await sleep(0.5);
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(file, '');
  }
  return Promise.all(all);
}

async function inTurn<T, R>(groups: readonly T[], runGroup: (group: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const group of groups) done.push(await runGroup(group));
  return done;
}
