import { spawnSync } from 'node:child_process';

/** Prometheus' own checker, from Debian's package `prometheus`; it needs no network. */
export interface Result {
  readonly ok: boolean;
  readonly output: string;
}

/** For others that install something at the same time. */
const WAITING = '-oDPkg::Lock::Timeout=600';

/** Runs promtool. @throws when it can't be started */
export function promtool(...args: readonly string[]): Result {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (error) throw error;
  return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
}

/** Sees that there is a promtool. @throws when there is none, saying what to install */
export function needPromtool(install: boolean): void {
  if (found()) return;
  if (!install) {
    throw new Error(
      'promtool is missing; install Debian\'s package "prometheus" (apt-get install --no-install-recommends prometheus), ' +
        'or as root run: npm run test:alerts -- --install',
    );
  }
  if (process.getuid?.() !== 0)
    throw new Error('--install needs root; run as root: apt-get install --no-install-recommends prometheus');
  console.log('installing the package prometheus, for promtool');
  const { error, status } = spawnSync('apt-get', ['install', '-y', WAITING, '--no-install-recommends', 'prometheus'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error || status !== 0 || !found())
    throw new Error(
      'the package prometheus could not be installed; apt-get says why above (is apt-get update needed?)',
    );
}

function found(): boolean {
  return spawnSync('promtool', ['--version']).error === undefined;
}
