import { spawn } from 'node:child_process';
import { KUBECTL_CACHE, SCRATCH } from '../paths';
import { readState } from '../state';
import { RESOLV_CONF } from './constants';

/** A command at the clients' place with the terminal of this process, and with the resolver that clients have there. */
export async function runHere(command: readonly string[]): Promise<number> {
  const { holder, kubeconfig, path } = readState();
  const resolver = 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"';
  const place = ['-t', String(holder), '-n', '-p', '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
  const own = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', resolver, RESOLV_CONF];
  return inherit(['nsenter', ...place, ...own, ...command], {
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: KUBECTL_CACHE,
    PATH: `${path}:${process.env.PATH}`,
    TMPDIR: SCRATCH,
  });
}

/** A program with the terminal of this process; the answer is its exit code. */
export async function inherit(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 128 : code!));
  });
}
