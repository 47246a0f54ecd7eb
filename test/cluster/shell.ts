import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Text for the program's standard input. @default - none */
  readonly input?: string;
  /** Longest time in seconds; afterwards the program is killed, with an error. @default - none */
  readonly timeout?: number;
  /** Told each line as it comes, of both streams. */
  readonly onLine?: (line: string) => void;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program ended with. An exit code other than 0 is no error; that it can't be started, or takes too long, is. */
export async function attempt(command: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    const limit =
      options.timeout === undefined
        ? undefined
        : setTimeout(() => {
            child.kill('SIGKILL');
            reject(new Error(`${brief(command)}: not done in ${options.timeout} s\n${tail(output)}`));
          }, options.timeout * 1000);
    for (const stream of ['stdout', 'stderr'] as const) {
      const line = lines(options.onLine);
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        output[stream] += chunk;
        line(chunk);
      });
    }
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(new Error(`${brief(command)}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({
        code: code ?? 128,
        ...output,
        stderr: signal ? `${output.stderr}ended by ${signal}\n` : output.stderr,
      });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Standard output of a program. @throws with the end of what it printed when its exit code isn't 0 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await attempt(command, options);
  if (result.code !== 0) throw new Error(`${brief(command)}: exit code ${result.code}\n${tail(result)}`);
  return result.stdout;
}

export async function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/**
 * Asks until the answer is something other than undefined. An error counts as no answer.
 *
 * @throws after `seconds`, with the last error or what was waited for
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  interval = 0.5,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last = 'no answer';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) throw new Error(`${what}: not in ${seconds} s; ${last}`);
    await sleep(interval);
  }
}

function lines(tell: ((line: string) => void) | undefined): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    if (!tell) return;
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    parts.forEach(tell);
  };
}

function brief(command: readonly string[]): string {
  const text = command.join(' ');
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

function tail({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return [...stdout.split('\n').slice(-25), ...stderr.split('\n').slice(-25)].filter((line) => line !== '').join('\n');
}
