import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scripts } from '../../lib/data/redis/scripts';

/** A group of three, of which this is the second. Its client answers what a test has put down for a host and a command. */
class Group {
  readonly root = mkdtempSync(join(tmpdir(), 'redis-'));

  constructor(private readonly hosts = ['redis-0', 'redis-1', 'redis-2']) {
    for (const folder of ['scripts', 'passwords', 'data/sentinel', 'bin', 'answers']) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    for (const user of ['sentinel', 'probe', 'administrator'])
      writeFileSync(join(this.root, 'passwords', user), 'secret');
    for (const [name, text] of Object.entries(scripts(true))) {
      writeFileSync(
        join(this.root, 'scripts', name),
        text.replaceAll(/\/(scripts|passwords|data|proc)\//g, `${this.root}/$1/`),
      );
    }
    this.program('redis-server', 'exit 0');
    // redis-cli -h HOST -p PORT --user USER --no-auth-warning COMMAND
    this.program('redis-cli', `shift 7\ncat "${this.root}/answers/$(echo "$host $*" | tr ' ' _)"`, 'host=$2\n');
  }

  answer(host: string, command: string, text: string): void {
    writeFileSync(join(this.root, 'answers', `${host} ${command}`.replaceAll(' ', '_')), text);
  }

  sentinel(host: string, master: string, epoch: number): void {
    this.answer(host, 'SENTINEL MASTER redis', `name\nredis\nip\n${master}\nport\n6379\nconfig-epoch\n${epoch}\n`);
  }

  saved(master: string, epoch: number): void {
    const text = `sentinel monitor redis ${master} 6379 2\nsentinel config-epoch redis ${epoch}\n`;
    writeFileSync(join(this.root, 'data/sentinel/sentinel.conf'), text);
  }

  /** A process that uses so many hundredths of a processor's second while somebody sleeps. */
  uses(pid: number, ticks: number): void {
    const folder = join(this.root, 'proc', String(pid));
    const stat = (user: number, system: number) =>
      `${pid} (valkey-server) S 0 1 1 0 -1 4194560 900 0 3 0 ${user} ${system} 0 0 20 0 5 0`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stat'), stat(400, 80));
    const system = Math.floor(ticks / 3);
    this.program('sleep', `echo '${stat(400 + ticks - system, 80 + system)}' > ${join(folder, 'stat')}`);
  }

  /** What the functions of common.sh print. */
  common(command: string): string {
    return this.sh(['-c', `. ${this.root}/scripts/common.sh; ${command}`]);
  }

  run(script: string, ...args: string[]): boolean {
    try {
      this.sh([join(this.root, 'scripts', script), ...args]);
      return true;
    } catch {
      return false;
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  private sh(args: string[]): string {
    const env = {
      PATH: `${join(this.root, 'bin')}:${process.env.PATH}`,
      HOSTS: this.hosts.join(' '),
      HOSTNAME: 'redis-1',
      PRIMARY: 'redis',
      QUORUM: '2',
    };
    return execFileSync('sh', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  }

  private program(name: string, script: string, before = ''): void {
    const file = join(this.root, 'bin', name);
    writeFileSync(file, `#!/bin/sh\n${before}${script}\n`);
    chmodSync(file, 0o755);
  }
}

let group: Group;
beforeEach(() => (group = new Group()));
afterEach(() => group.remove());

const master = () => group.common('others | latest');

describe('who is the master', () => {
  test('of a new group, the first', () => expect(master()).toBe('redis-0'));

  test('what was saved, where nobody answers', () => {
    group.saved('redis-1', 4);
    expect(master()).toBe('redis-1');
  });

  test('the last failover, be it among the answers or saved', () => {
    group.sentinel('redis-0', 'redis-0', 9);
    group.sentinel('redis-2', 'redis-2', 10);
    group.saved('redis-1', 3);
    expect(master()).toBe('redis-2');
    group.saved('redis-1', 11);
    expect(master()).toBe('redis-1');
  });

  test('the own sentinel is not asked: it says what was saved', () => {
    group.sentinel('redis-1', 'redis-1', 99);
    group.sentinel('redis-2', 'redis-2', 1);
    expect(master()).toBe('redis-2');
  });
});

describe('a sentinel that keeps a processor busy', () => {
  test.each([
    [10, 'no'],
    [1500, 'no'],
    [1501, 'yes'],
    [3000, 'yes'],
  ])('after %i hundredths of a second in thirty seconds: %s', (used, verdict) => {
    group.uses(7, used);
    expect(group.common('spins 7 30 && echo yes || echo no')).toBe(verdict);
  });
});

describe('probes', () => {
  test.each([
    ['a master', 'PONG', 'role:master', true],
    ['a replica that follows', 'PONG', 'role:slave\nmaster_link_status:up', true],
    ['a replica that does not', 'PONG', 'role:slave\nmaster_link_status:down', false],
    ['a master that reads its data', 'LOADING reads', 'role:master', false],
  ])('ready: %s', (_, ping, info, ready) => {
    group.answer('redis-1', 'PING', ping);
    group.answer('redis-1', 'INFO replication', info);
    expect(group.run('ready.sh')).toBe(ready);
  });

  test.each([
    ['PONG', true],
    ['LOADING reads', true],
    ['', false],
  ])('alive: %s', (ping, alive) => {
    group.answer('redis-1', 'PING', ping);
    expect(group.run('alive.sh', '6379')).toBe(alive);
  });

  test('not alive where nobody answers', () => expect(group.run('alive.sh', '26379')).toBe(false));
});

test('a replica stops without a failover', () => {
  group.answer('redis-1', 'INFO replication', 'role:slave\n');
  expect(group.run('stop.sh')).toBe(true);
});
