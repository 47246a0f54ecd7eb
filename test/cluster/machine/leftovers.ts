import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../paths';
import { attempt } from '../shell';
import { GROUP, MARK } from './constants';

/** What of a machine the bench could change without being asked to. */
export interface Picture {
  readonly mounts: readonly string[];
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly rules: readonly string[];
  readonly settings: readonly string[];
  readonly folders: readonly string[];
}

/** Paths where container runtimes and kubelets leave things, unless they are kept from it. */
const FOLDERS = [
  '/etc/cni',
  '/opt',
  '/opt/cni',
  '/opt/containerd',
  '/run',
  '/run/containerd',
  '/run/netns',
  '/usr/libexec/kubernetes',
  '/var/lib',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log',
  '/var/log/containers',
  '/var/log/pods',
];

/** Settings of the kernel that a kubelet and kube-proxy like to change. */
const SETTINGS = [
  'kernel/keys/root_maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/panic',
  'kernel/panic_on_oops',
  'net/ipv4/ip_forward',
  'net/netfilter/nf_conntrack_max',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
];

/** How the machine is now. */
export async function picture(): Promise<Picture> {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[4]!),
    namespaces: entries('/run/netns'),
    links: await lines(['ip', '-o', 'link', 'show']).then((links) => links.map((line) => line.split(': ')[1]!)),
    rules: [...(await lines(['nft', 'list', 'ruleset'])), ...(await lines(['ipset', 'list', '-name']))],
    settings: SETTINGS.map((name) => join('/proc/sys', name))
      .filter((path) => existsSync(path))
      .map((path) => `${path} = ${readFileSync(path, 'utf8').trim()}`),
    folders: FOLDERS.flatMap((folder) => [folder, ...entries(folder).map((name) => join(folder, name))]),
  };
}

/** What there is of the bench, and what differs from a picture of the machine without it. Empty is good. */
export async function leftovers(before: Picture): Promise<string[]> {
  const now = await picture();
  const changes = (Object.keys(before) as (keyof Picture)[]).flatMap((part) =>
    now[part].filter((thing) => !before[part].includes(thing)).map((thing) => `${part}: ${thing}`),
  );
  return [...processes(), ...cgroups(), ...(existsSync(RUN) ? [`files: ${RUN}`] : []), ...changes];
}

/** Programs that carry the bench's mark, are in its cgroups, or have to do with its files. */
function processes(): string[] {
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      const environment = text(`/proc/${pid}/environ`).split('\0');
      const paths = [
        ...text(`/proc/${pid}/cmdline`).split('\0'),
        ...['exe', 'cwd', 'root'].map((name) => link(`/proc/${pid}/${name}`)),
      ];
      return (
        environment.includes(`${MARK}=${GROUP}`) ||
        text(`/proc/${pid}/cgroup`).includes(`/${GROUP}`) ||
        paths.some((path) => path === RUN || path.startsWith(`${RUN}/`))
      );
    })
    .map((pid) => `process: ${pid} ${text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)}`);
}

function cgroups(): string[] {
  const root = '/sys/fs/cgroup';
  return [root, ...entries(root).map((name) => join(root, name))]
    .map((hierarchy) => join(hierarchy, GROUP))
    .filter((path) => existsSync(path))
    .map((path) => `cgroup: ${path}`);
}

async function lines(command: readonly string[]): Promise<string[]> {
  const { stdout } = await attempt(command);
  return stdout.split('\n').filter((line) => line !== '');
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
