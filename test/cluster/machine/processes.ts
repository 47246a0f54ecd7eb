import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../shell';
import { type ClusterState, type ProcessState, readState, writeState } from '../state';
import { CONTROL_PLANE, GROUP, LESS_COLLECTION, LOGS, MARK } from './constants';

/** A program that is to be started. */
export interface NewProcess {
  readonly name: string;
  /** A node's name or `control-plane`. @default - the switch's place */
  readonly node?: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program in its place and notes it in the state. */
export async function addProcess(program: NewProcess): Promise<ProcessState> {
  const state = readState();
  if (state.processes.some(({ name }) => name === program.name))
    throw new Error(`${program.name} has been added before`);
  const log = join(LOGS, `${program.name}.log`);
  const added = { ...program, log, pid: await enter(placeOf(state, program.node), program.argv, program.env, log) };
  const { processes, ...rest } = readState();
  writeState({ ...rest, processes: [...processes, added] });
  return added;
}

/** Starts a program again that has ended. */
export async function startProcess(name: string): Promise<ProcessState> {
  const state = readState();
  const known = find(state, name);
  if (isRunning(state, known)) throw new Error(`${name} is running`);
  const started = { ...known, pid: await enter(placeOf(state, known.node), known.argv, known.env, known.log) };
  const { processes, ...rest } = readState();
  writeState({ ...rest, processes: processes.map((process) => (process.name === name ? started : process)) });
  return started;
}

/** Ends a program as a lost machine would, or by another signal, and waits until it is gone. No error where it has ended. */
export async function stopProcess(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const state = readState();
  const known = find(state, name);
  if (isRunning(state, known)) process.kill(known.pid, signal);
  await until(`the end of ${name}`, 60, async () => (isRunning(state, known) ? undefined : true), 0.02);
}

export async function restartProcess(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessState> {
  await stopProcess(name, signal);
  return startProcess(name);
}

/** Whether the program that the state knows runs, and its id isn't another's by now. */
export function isRunning(state: ClusterState, { pid }: ProcessState): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync(`/proc/${state.holder}/ns/pid`);
  } catch {
    return false;
  }
}

/** Starts a program in the place that a process holds. It goes on without this process, and ends with the namespaces. */
export async function enter(
  place: number,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  log: string,
): Promise<number> {
  const output = openSync(log, 'a');
  const child = spawn('nsenter', ['-t', String(place), '-n', '-m', '-p', '--', ...argv], {
    cwd: '/',
    env: { ...LESS_COLLECTION, ...env, [MARK]: GROUP },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let failure: string | undefined;
  child.on('error', (error) => (failure = error.message));
  child.on('exit', (code, signal) => (failure = `ended at once (${signal ?? code}); see ${log}`));
  const pid = await until(`the start of ${argv[0]}`, 60, async () => failure ?? childOf(child.pid!), 0.01);
  if (typeof pid === 'string') throw new Error(`${argv[0]}: ${pid}`);
  child.unref();
  return pid;
}

function childOf(pid: number): number | undefined {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return children === '' ? undefined : Number(children.split(' ')[0]);
}

function placeOf(state: ClusterState, node: string | undefined): number {
  if (node === undefined) return state.holder;
  if (node === CONTROL_PLANE) return state.controlPlane.pid;
  const found = state.nodes.find(({ name }) => name === node);
  if (!found) throw new Error(`the bench has no node ${node}`);
  return found.pid;
}

function find(state: ClusterState, name: string): ProcessState {
  const found = state.processes.find((process) => process.name === name);
  if (found) return found;
  throw new Error(
    `the bench has no process ${name}; it has ${state.processes.map((process) => process.name).join(', ')}`,
  );
}
