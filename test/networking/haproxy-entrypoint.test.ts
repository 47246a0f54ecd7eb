import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entrypoint, PATHS } from '../../lib/networking/haproxy/entrypoint';

/** Stands in for HAProxy: refuses what has the word "bad", runs until it is told to end, notes the signals. */
const HAPROXY = `#!/bin/sh
case $1 in
  -c) grep -q bad "$3" && { echo "line 7: unknown keyword"; exit 1; }; exit 0 ;;
esac
echo "start $*" >> "$LOG"
trap 'echo USR1 >> "$LOG"; [ -e "$STUBBORN" ] || exit 0' USR1
trap 'echo TERM >> "$LOG"; exit 0' TERM
[ -e "$DIE" ] && exit 3
while :; do sleep 0.05; done
`;
/** Stands in for socat: notes what is said to which socket, and answers as HAProxy's master does. */
const SOCAT = `#!/bin/sh
for socket; do :; done
echo "\${socket##*/} $(cat)" >> "$LOG"
[ -e "$NO_BIND" ] && echo Success=0 || echo Success=1
`;

/** The script in a folder of its own, in which it runs like in its container. */
class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  private readonly child: ChildProcess;
  private output = '';

  constructor(options: { readonly drain?: number; readonly marks?: readonly string[] } = {}) {
    for (const folder of ['bin', 'etc/config', 'etc/tls', 'run'])
      mkdirSync(join(this.folder, folder), { recursive: true });
    for (const [name, text] of Object.entries({ haproxy: HAPROXY, socat: SOCAT })) {
      writeFileSync(join(this.folder, 'bin', name), text);
      chmodSync(join(this.folder, 'bin', name), 0o755);
    }
    this.write('config/haproxy.cfg', 'first');
    for (const mark of options.marks ?? []) this.mark(mark);
    const script = entrypoint({ linger: 0, drain: options.drain ?? 2 })
      .replaceAll(PATHS.root, join(this.folder, 'etc'))
      .replaceAll(PATHS.run, join(this.folder, 'run'))
      .replace('sleep 5', 'sleep 0.1');
    const marks = Object.fromEntries(['STUBBORN', 'DIE', 'NO_BIND'].map((name) => [name, join(this.folder, name)]));
    this.child = spawn('/bin/sh', ['-c', script], {
      env: { PATH: `${join(this.folder, 'bin')}:${process.env.PATH}`, LOG: join(this.folder, 'log'), ...marks },
    });
    this.child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, 'etc', file), text);
  }

  mark(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }

  /** What the stand-ins noted. */
  get log(): string {
    const file = join(this.folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Waits until the script has said something. */
  async says(text: string): Promise<void> {
    await this.until(
      () => this.output.includes(text),
      () => `it said: ${this.output}`,
    );
  }

  async notes(text: string): Promise<void> {
    await this.until(
      () => this.log.includes(text),
      () => `noted was: ${this.log}`,
    );
  }

  /** Sends a signal and waits for the end. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal) this.child.kill(signal);
    await this.until(
      () => this.child.exitCode !== null,
      () => 'it runs on',
    );
    return this.child.exitCode;
  }

  dispose(): void {
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async until(condition: () => boolean, problem: () => string): Promise<void> {
    for (let i = 0; i < 1200; i++) {
      if (condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`waited half a minute; ${problem()}`);
  }
}

describe("HAProxy's entry script", () => {
  let sandbox: Sandbox;
  afterEach(() => sandbox.dispose());

  test.each(['config/haproxy.cfg', 'tls/tls.crt'])('a change of %s is put into effect, once', async (file) => {
    sandbox = new Sandbox();
    await sandbox.notes('start -W -db -S');
    sandbox.write(file, 'second');
    await sandbox.says('new configuration in effect');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sandbox.log.match(/master.sock reload/g)).toHaveLength(1);
  });

  test('what HAProxy refuses is said and shown, and not loaded; what mends it is', async () => {
    sandbox = new Sandbox();
    await sandbox.notes('start');
    sandbox.write('config/haproxy.cfg', 'bad');
    await sandbox.says('new configuration REFUSED, the earlier one stays in effect: line 7: unknown keyword');
    await sandbox.notes('admin.sock set server configuration/accepted state maint');
    expect(sandbox.log).not.toContain('reload');
    sandbox.write('config/haproxy.cfg', 'third');
    await sandbox.says('new configuration in effect');
  });

  test('a reload that fails is said and shown', async () => {
    sandbox = new Sandbox({ marks: ['NO_BIND'] });
    await sandbox.notes('start');
    sandbox.write('config/haproxy.cfg', 'second');
    await sandbox.says('REFUSED, the earlier one stays in effect: Success=0');
    await sandbox.notes('admin.sock set server configuration/accepted state maint');
  });

  test.each(['SIGTERM', 'SIGUSR1', 'SIGINT'] as const)('%s lets connections end', async (signal) => {
    sandbox = new Sandbox();
    await sandbox.notes('start');
    expect(await sandbox.end(signal)).toBe(0);
    expect(sandbox.log).toMatch(/admin.sock set server pod\/serving state maint\n(.*\n)*USR1/);
    expect(sandbox.log).not.toContain('TERM');
  });

  test('connections that do not end are cut off', async () => {
    sandbox = new Sandbox({ drain: 1, marks: ['STUBBORN'] });
    await sandbox.notes('start');
    expect(await sandbox.end('SIGUSR1')).toBe(0);
    expect(sandbox.log).toMatch(/USR1\n(.*\n)*TERM/);
  });

  test('the end of HAProxy is the end of the container', async () => {
    sandbox = new Sandbox({ marks: ['DIE'] });
    await sandbox.says('haproxy ended with status 3');
    expect(await sandbox.end()).toBe(1);
  });
});
