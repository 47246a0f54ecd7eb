import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../shell';

// Packages come from where this machine is set up to get them, and from nowhere else.

/** Debian's mirror of the machine's own apt. Undefined where it knows none: mmdebstrap then has a default of its own. */
export async function debianMirror(): Promise<string | undefined> {
  const { stdout } = await attempt([
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI) $(LABEL)',
    'Created-By: Packages',
  ]);
  const mirrors = stdout.split('\n').map((line) => /^(\S+) (.*)$/.exec(line)?.slice(1) ?? ['', '']);
  const labelled = mirrors.find(([, label]) => label === 'Debian');
  return (labelled ?? mirrors.find(([address]) => /\/debian\/?$/.test(address!)))?.[0];
}

/** Proxies and the like of the machine's own apt, as a configuration file's text. */
export async function aptSettings(): Promise<string> {
  const { stdout } = await attempt(['apt-config', 'dump']);
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::(https?|Retries)\b.* "[^"]+";$/.test(line))
    .join('\n');
}

/** Debian's keys. The package debian-archive-keyring has those of releases newer than the machine's, too. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What a build borrows from the machine, for the environment of in-root.sh. */
export function machineEnvironment(): Record<string, string> {
  const first = (...paths: (string | undefined)[]): string => paths.find((path) => path && existsSync(path)) ?? '';
  return {
    CERTIFICATES: first(process.env.SSL_CERT_FILE, '/etc/ssl/certs/ca-certificates.crt'),
    PIP_SETTINGS: first(
      process.env.PIP_CONFIG_FILE,
      join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'pip', 'pip.conf'),
      join(homedir(), '.pip', 'pip.conf'),
      '/etc/pip.conf',
    ),
  };
}
