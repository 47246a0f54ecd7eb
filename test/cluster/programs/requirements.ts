import { run } from '../shell';
import { gatherFacts, type MachineFacts } from './facts';

/** Something that the machine lacks. */
export interface Requirement {
  readonly missing: string;
  /** What the bench needs it for. */
  readonly why: string;
  /** What the person does about it. */
  readonly mend: string;
  /** Debian package that mends it. @default - none does */
  readonly debianPackage?: string;
}

/** A program or a file that a Debian package brings. */
interface Tool {
  readonly what: string;
  /** Any of these paths. */
  readonly files: readonly string[];
  readonly debianPackage: string;
  readonly why: string;
}

const COMMANDS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function command(name: string, debianPackage: string, why: string): Tool {
  return { what: name, files: COMMANDS.map((folder) => `${folder}/${name}`), debianPackage, why };
}

const LIBRARIES = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

export const TOOLS: readonly Tool[] = [
  command('gcc', 'gcc', 'to build runc'),
  {
    what: 'the headers of the C library',
    files: ['/usr/include/stdlib.h'],
    debianPackage: 'libc6-dev',
    why: 'to build runc',
  },
  command('pkg-config', 'pkg-config', 'to build runc'),
  {
    what: 'the headers of libseccomp',
    files: LIBRARIES.map((folder) => `${folder}/pkgconfig/libseccomp.pc`),
    debianPackage: 'libseccomp-dev',
    why: 'to build runc',
  },
  {
    what: 'the CNI plugins in /usr/lib/cni',
    files: ['/usr/lib/cni/bridge'],
    debianPackage: 'containernetworking-plugins',
    why: 'for the network of pods',
  },
  command('mmdebstrap', 'mmdebstrap', 'for the file systems of images'),
  {
    what: "the keys of Debian's packages",
    files: ['gpg', 'pgp'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`),
    debianPackage: 'debian-archive-keyring',
    why: 'for the file systems of images',
  },
  command('unshare', 'util-linux', 'to keep the cluster apart from the machine'),
  command('nsenter', 'util-linux', 'to run programs in the cluster'),
  command('mount', 'mount', 'for the file systems of nodes'),
  command('ip', 'iproute2', 'for the network of nodes'),
  command('nft', 'nftables', "for kube-proxy's rules"),
  command('iptables', 'iptables', 'for the rules of NetworkPolicies'),
  command('ipset', 'ipset', 'for the rules of NetworkPolicies'),
  command('conntrack', 'conntrack', 'for kube-proxy'),
  command('openssl', 'openssl', "for the cluster's certificates"),
];

/** Smallest free space in GiB where the programs and images are to be built, and where they are there already. */
export const DISK = { cold: 40, warm: 16 };

/** Smallest available memory in GiB. */
export const MEMORY = 12;

export const NODE = 20;

const CONTROLLERS = ['cpu', 'memory', 'pids'];

/** What the machine lacks. */
export async function missingRequirements(): Promise<readonly Requirement[]> {
  return lacking(await gatherFacts(TOOLS.flatMap(({ files }) => files)));
}

/** Installs what Debian packages mend, and nothing else. @throws where something remains that they don't mend */
export async function installRequirements(
  missing: readonly Requirement[],
  tell: (line: string) => void,
): Promise<void> {
  const packages = [...new Set(missing.flatMap(({ debianPackage }) => debianPackage ?? []))];
  if (packages.length > 0) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    tell(`installing ${packages.join(', ')}`);
    await run(['apt-get', 'update', '-q'], { env });
    // Another of the checks may be installing what it needs.
    const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=600', '--no-install-recommends'];
    await run(['apt-get', 'install', ...options, ...packages], { env, onLine: tell });
  }
  const others = missing.filter(({ debianPackage }) => debianPackage === undefined);
  if (others.length > 0) throw new Error(others.map(line).join('\n'));
}

/** A requirement in one line. */
export function line({ missing, why, mend }: Requirement): string {
  return `${missing} (${why}): ${mend}`;
}

/** What a machine lacks, by what is known of it. */
export function lacking(facts: MachineFacts): readonly Requirement[] {
  if (facts.system !== 'linux') {
    const mend = 'run it in a virtual machine with Debian 12 or later';
    return [{ missing: 'Linux', why: `this is ${facts.system}; the nodes are Linux namespaces`, mend }];
  }
  return [...lackingPrograms(facts), ...lackingFeatures(facts), ...lackingSpace(facts)];
}

function lackingPrograms({ node, go, neededGo, debian, files }: MachineFacts): Requirement[] {
  const lacks: Requirement[] = [];
  if (older(node, String(NODE))) {
    const mend = `install it from https://nodejs.org or with your version manager`;
    lacks.push({ missing: `Node.js ${NODE} or later`, why: `this is ${node}`, mend });
  }
  if (go === undefined || older(go, neededGo)) {
    const why = `${go === undefined ? 'there is none on the PATH' : `this is ${go}`}; it builds Kubernetes and the rest`;
    lacks.push({ missing: `Go ${neededGo} or later`, why, mend: 'install it as on https://go.dev/doc/install' });
  }
  for (const { what, files: paths, debianPackage, why } of TOOLS) {
    if (paths.some((path) => files.includes(path))) continue;
    const mend = debian ? `apt-get install ${debianPackage}` : `install it (Debian has it in ${debianPackage})`;
    lacks.push({ missing: what, why, mend, ...(debian && { debianPackage }) });
  }
  return lacks;
}

function lackingFeatures({ uid, namespaces, kernel, controllers }: MachineFacts): Requirement[] {
  if (uid !== 0) {
    const mend = 'run it as root, or in a virtual machine or a privileged container';
    return [{ missing: 'root', why: 'for namespaces, mounts and networks', mend }];
  }
  if (namespaces !== undefined) {
    const why = `for the cluster's own processes, mounts and network; unshare says: ${namespaces}`;
    return [{ missing: 'namespaces', why, mend: 'run it on a machine, or in a container that has CAP_SYS_ADMIN' }];
  }
  const absent = CONTROLLERS.filter((controller) => !controllers.includes(controller));
  return [
    ...Object.entries(kernel).map(([feature, problem]) => ({
      missing: `${feature} in the kernel`,
      why: `tried in a namespace of its own: ${problem}`,
      mend: 'load the module for it (modprobe), or use a kernel that has it',
    })),
    ...absent.map((controller) => ({
      missing: `the cgroup controller ${controller}`,
      why: 'for the limits of pods',
      mend: 'mount it (cgroup v1), or enable it at the root of the tree (v2)',
    })),
  ];
}

function lackingSpace({ diskFree, cold, memoryAvailable, cache }: MachineFacts): Requirement[] {
  const lacks: Requirement[] = [];
  const disk = cold ? DISK.cold : DISK.warm;
  if (diskFree < disk) {
    const mend = 'make room, or set ONPREM_BENCH_CACHE to a directory on a larger disk';
    lacks.push({ missing: `${disk} GiB of free disk`, why: `${cache} has ${diskFree.toFixed(1)}`, mend });
  }
  if (memoryAvailable < MEMORY) {
    const why = `${memoryAvailable.toFixed(1)} are available; the platform runs in it`;
    lacks.push({
      missing: `${MEMORY} GiB of available memory`,
      why,
      mend: 'end other programs, or use a larger machine',
    });
  }
  return lacks;
}

function older(version: string, than: string): boolean {
  const [ours, theirs] = [version, than].map((text) => text.replace(/^\D+/, '').split('.').map(Number));
  const at = theirs!.findIndex((part, index) => (ours![index] ?? 0) !== part);
  return at !== -1 && (ours![at] ?? 0) < theirs![at]!;
}
