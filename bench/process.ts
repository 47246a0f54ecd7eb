import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { median, ms, percent, print, timed } from './measure';
import { type Trace } from './trace';

const ROOT = resolve(__dirname, '..');
const ROUNDS = 7;

/** Where the time of `npm run synth` as a whole process goes. */
export function benchProcess(scratch: string): void {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => round(scratch)).slice(1);
  const middle = (value: (each: Round) => number) => median(rounds.map(value));
  const total = middle(({ npm, whole }) => npm + whole);
  const rows: [string, number][] = [
    ['npm finds the script', middle(({ npm }) => npm)],
    ['Node starts', middle(({ node }) => node)],
    ['ts-node and its compiler load', middle(({ node, trace }) => trace.compilerLoaded - node)],
    [
      `TypeScript to JavaScript, ${rounds[0].trace.files} files, types unchecked`,
      middle(({ trace }) => trace.transpile),
    ],
    [
      "cdk8s, Kubernetes' types and the library load",
      middle(({ trace }) => trace.loaded - trace.compilerLoaded - trace.transpile),
    ],
    ['construct', middle(({ trace }) => trace.constructed - trace.loaded)],
    ['API objects and link', middle(({ trace }) => trace.linked - trace.constructed)],
    ['YAML and write', middle(({ trace }) => trace.written - trace.linked)],
    ['Node ends', middle(({ whole, trace }) => whole - trace.written)],
  ];
  print(
    `npm run synth, a process of ${ms(total)}, medians of ${ROUNDS} runs`,
    rows.map(([name, time]) => [name, ms(time), percent(time, total)]),
  );
}

interface Round {
  readonly npm: number;
  readonly node: number;
  readonly whole: number;
  readonly trace: Trace;
}

function round(scratch: string): Round {
  // Without a script's name npm only lists them.
  const npm = timed(() => run('npm', ['run']));
  const node = timed(() => run(process.execPath, ['-e', '0']));
  let printed = '';
  const whole = timed(
    () =>
      (printed = run(process.execPath, [
        '-r',
        join(__dirname, 'trace.js'),
        join(__dirname, 'traced-main.ts'),
        scratch,
      ])),
  );
  return { npm, node, whole, trace: JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Trace };
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with exit code ${status}: ${stderr}`);
  return stdout;
}
