import { type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster } from '../../cluster';
import { RUN } from '../../paths';
import { type Result, run } from '../../shell';

/** A call of kubectl by apply.sh; times in milliseconds since 1970. */
export interface Call {
  readonly began: number;
  readonly ended: number;
  readonly code: number;
  readonly argv: readonly string[];
  /** What it read from standard input. */
  readonly input: string;
}

export interface Applied extends Result {
  readonly began: number;
  readonly ended: number;
  readonly calls: readonly Call[];
  /** When each pod was first seen Ready, by `namespace/name`. */
  readonly readySince: ReadonlyMap<string, number>;
}

/**
 * Runs the apply.sh of a folder at the clients' place as a person would, with every call of kubectl written down. Its output, with times,
 * is appended to apply.log in the run's folder.
 */
export async function apply(cluster: Cluster, folder: string, args: readonly string[] = []): Promise<Applied> {
  const record = join(RUN, 'kubectl-calls.jsonl');
  rmSync(record, { force: true });
  const kubectl = (
    await run(['sh', '-c', 'command -v kubectl'], { env: { PATH: `${cluster.state.path}:${process.env.PATH}` } })
  ).trim();
  const readySince = new Map<string, number>();
  const watch = watchPods(cluster, readySince);
  const log = (line: string): void => appendFileSync(join(RUN, 'apply.log'), `${new Date().toISOString()} ${line}\n`);
  log(`# ${folder}/apply.sh ${args.join(' ')}`);
  const began = Date.now();
  try {
    const result = await cluster.attempt([join(folder, 'apply.sh'), ...args], {
      env: { KUBECTL: join(__dirname, 'record-kubectl.sh'), RECORD_KUBECTL: kubectl, RECORD_TO: record },
      onLine: log,
    });
    const ended = Date.now();
    return { ...result, began, ended, calls: readCalls(record), readySince };
  } finally {
    watch.kill();
  }
}

/** The file that a call applies for good; undefined for other calls. */
export function appliedFile({ argv }: Call): string | undefined {
  if (argv[0] !== 'apply' || argv.some((argument) => argument.startsWith('--dry-run'))) return undefined;
  return argv[argv.indexOf('-f') + 1];
}

function readCalls(record: string): readonly Call[] {
  if (!existsSync(record)) return [];
  return readFileSync(record, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const call = JSON.parse(line) as Call;
      return { ...call, began: call.began * 1000, ended: call.ended * 1000 };
    })
    .sort((a, b) => a.began - b.began);
}

/** Notes when pods become Ready: their own condition tells only since when they are for the last time, in whole seconds. */
function watchPods(cluster: Cluster, readySince: Map<string, number>): ChildProcess {
  const columns = 'N:.metadata.namespace,P:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status';
  const watch = cluster.start([
    'kubectl',
    'get',
    'pods',
    '-A',
    '--watch',
    '--no-headers',
    '-o',
    `custom-columns=${columns}`,
  ]);
  let rest = '';
  watch.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [namespace, name, ready] = line.trim().split(/\s+/);
      const pod = `${namespace}/${name}`;
      if (ready === 'True' && !readySince.has(pod)) readySince.set(pod, Date.now());
    }
  });
  return watch;
}
