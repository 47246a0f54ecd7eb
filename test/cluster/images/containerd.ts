import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../programs/programs';
import { attempt, run, until } from '../shell';

/** Only what keeps images: no containers, nothing outside of the given directories. */
const DISABLED = [
  'io.containerd.cri.v1.images',
  'io.containerd.cri.v1.runtime',
  'io.containerd.grpc.v1.cri',
  'io.containerd.image-verifier.v1.bindir',
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.tracing',
  'io.containerd.nri.v1.nri',
  'io.containerd.podsandbox.controller.v1.podsandbox',
];

/** A containerd for filling a root directory with images. It ends with this process, however that ends. */
export class Containerd {
  private readonly process: ChildProcess;
  private readonly socket: string;
  private readonly log: string;

  /** @param directory - for its root directory, its socket and its log */
  constructor(root: string, directory: string) {
    this.socket = join(directory, 'containerd.sock');
    mkdirSync(directory, { recursive: true });
    const configuration = join(directory, 'config.toml');
    writeFileSync(
      configuration,
      [
        'version = 3',
        `root = ${JSON.stringify(root)}`,
        `state = ${JSON.stringify(join(directory, 'state'))}`,
        `disabled_plugins = ${JSON.stringify(DISABLED)}`,
        '[grpc]',
        `address = ${JSON.stringify(this.socket)}`,
        '',
      ].join('\n'),
    );
    this.log = join(directory, 'containerd.log');
    const log = openSync(this.log, 'w');
    const alone = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--propagation', 'private'];
    const [command, ...args] = [...alone, program('containerd'), '--config', configuration];
    this.process = spawn(command!, args, { stdio: ['ignore', log, log] });
    this.process.on('error', (error) => writeSync(log, `${error.message}\n`));
    this.process.on('close', () => closeSync(log));
  }

  async ready(): Promise<void> {
    await until('containerd', 60, async () => {
      if (this.ended) return true;
      const { code } = await attempt([program('ctr'), '-a', this.socket, 'version'], { timeout: 10 });
      return code === 0 || undefined;
    });
    if (this.ended) throw new Error(`containerd has ended:\n${readFileSync(this.log, 'utf8').slice(-2000)}`);
  }

  async ctr(...args: string[]): Promise<string> {
    return run([program('ctr'), '-a', this.socket, '-n', 'k8s.io', ...args]);
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }

  private get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }
}
