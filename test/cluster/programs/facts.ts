import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../paths';
import { attempt } from '../shell';
import { goVersion, neededGo } from './go';

/** What is known of a machine. */
export interface MachineFacts {
  /** As Node.js calls it: `linux`. */
  readonly system: string;
  readonly uid: number;
  /** Version of Node.js. */
  readonly node: string;
  /** Version of Go. @default - there is none */
  readonly go?: string;
  /** Oldest Go that will do. */
  readonly neededGo: string;
  /** Whether it has Debian packages. */
  readonly debian: boolean;
  /** Those of the files asked for that are there. */
  readonly files: readonly string[];
  /** Why namespaces can't be made. @default - they can */
  readonly namespaces?: string;
  /** Features of the kernel that don't work, with what was said to it. */
  readonly kernel: Readonly<Record<string, string>>;
  /** Controllers of cgroups, of either version. */
  readonly controllers: readonly string[];
  /** Directory of what is built. */
  readonly cache: string;
  /** Whether nothing is built in it. */
  readonly cold: boolean;
  /** GiB on the cache's file system. */
  readonly diskFree: number;
  /** GiB. */
  readonly memoryAvailable: number;
}

/** A trial of a kernel feature in namespaces of its own. */
interface Trial {
  readonly feature: string;
  /** Program that it needs; without it, there is no trial. */
  readonly tool: string;
  /** Shell script, with the cache's directory as $1. */
  readonly script: string;
}

const TRIALS: readonly Trial[] = [
  {
    feature: 'overlay file systems on the disk of the cache',
    tool: 'mount',
    script: `
      trial=$(mktemp -d "$1/trial.XXXXXX") && mkdir "$trial/lower" "$trial/upper" "$trial/work" "$trial/all" &&
      mount -t overlay overlay -o lowerdir="$trial/lower",upperdir="$trial/upper",workdir="$trial/work" "$trial/all"
      result=$?
      [ $result != 0 ] || umount "$trial/all"
      rm -rf "$trial"
      exit $result`,
  },
  { feature: 'veth links', tool: 'ip', script: 'ip link add name veth0 type veth peer name veth1' },
  { feature: 'bridges', tool: 'ip', script: 'ip link add name bridge0 type bridge' },
  {
    feature: 'nftables',
    tool: 'nft',
    script: 'nft add table ip trial && nft add chain ip trial c "{ type nat hook postrouting priority 100; }"',
  },
  {
    feature: 'connection tracking in iptables',
    tool: 'iptables',
    script: 'iptables -A INPUT -m conntrack --ctstate ESTABLISHED -m comment --comment trial -j ACCEPT',
  },
  { feature: 'ipset', tool: 'ipset', script: 'ipset create trial hash:ip && ipset add trial 192.0.2.1' },
];

/** Looks at this machine and changes nothing on it, but for making the cache's directory. */
export async function gatherFacts(files: readonly string[]): Promise<MachineFacts> {
  mkdirSync(CACHE, { recursive: true });
  const disk = statfsSync(CACHE);
  const namespaces = await problem(['unshare', ...NAMESPACES, 'true']);
  return {
    system: process.platform,
    uid: process.getuid?.() ?? -1,
    node: process.versions.node,
    go: goVersion(),
    neededGo: neededGo(),
    debian: existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get'),
    files: files.filter((file) => existsSync(file)),
    namespaces,
    kernel: namespaces === undefined ? await kernelProblems() : {},
    controllers: controllers(),
    cache: CACHE,
    cold: !existsSync(join(CACHE, 'programs')),
    diskFree: (disk.bavail * disk.bsize) / 2 ** 30,
    memoryAvailable: memoryAvailable(),
  };
}

const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--propagation', 'private'];

async function kernelProblems(): Promise<Record<string, string>> {
  const problems: Record<string, string> = {};
  for (const { feature, tool, script } of TRIALS) {
    if ((await problem(['sh', '-c', `command -v ${tool}`])) !== undefined) continue;
    const found = await problem(['unshare', ...NAMESPACES, 'sh', '-c', script, 'sh', CACHE]);
    if (found !== undefined) problems[feature] = found;
  }
  return problems;
}

/** What a command that didn't do well says. */
async function problem(command: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stderr } = await attempt(command, { timeout: 20 });
    return code === 0 ? undefined : stderr.trim().replace(/\s+/g, ' ') || `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of version 2 where its root is mounted as the only tree, and else of version 1. */
function controllers(): string[] {
  const unified = '/sys/fs/cgroup/cgroup.controllers';
  if (existsSync(unified)) return readFileSync(unified, 'utf8').trim().split(/\s+/);
  return ['cpu', 'memory', 'pids'].filter((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));
}

function memoryAvailable(): number {
  const file = '/proc/meminfo';
  const kilobytes = existsSync(file) && /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return Number(kilobytes || 0) / 2 ** 20;
}
