import { type MachineFacts } from './facts';
import { lacking, line, TOOLS } from './requirements';

/** A machine that lacks nothing. */
const machine: MachineFacts = {
  system: 'linux',
  uid: 0,
  node: '20.20.2',
  go: 'go1.26.8',
  neededGo: '1.26.0',
  debian: true,
  files: TOOLS.map(({ files }) => files[0]!),
  kernel: {},
  controllers: ['cpu', 'memory', 'pids'],
  cache: '/cache',
  cold: true,
  diskFree: 100,
  memoryAvailable: 20,
};
const without = (program: string) => machine.files.filter((file) => !file.endsWith(`/${program}`));
const lines = (facts: Partial<MachineFacts>) => lacking({ ...machine, ...facts }).map(line);

test('a machine that has everything lacks nothing', () => {
  expect(lines({})).toEqual([]);
});

test.each<[Partial<MachineFacts>, string]>([
  [
    { system: 'darwin' },
    'Linux (this is darwin; the nodes are Linux namespaces): run it in a virtual machine with Debian 12 or later',
  ],
  [
    { uid: 1000 },
    'root (for namespaces, mounts and networks): run it as root, or in a virtual machine or a privileged container',
  ],
  [
    { go: undefined },
    'Go 1.26.0 or later (there is none on the PATH; it builds Kubernetes and the rest): install it as on https://go.dev/doc/install',
  ],
  [
    { go: 'go1.25.9' },
    'Go 1.26.0 or later (this is go1.25.9; it builds Kubernetes and the rest): install it as on https://go.dev/doc/install',
  ],
  [{ files: without('mmdebstrap') }, 'mmdebstrap (for the file systems of images): apt-get install mmdebstrap'],
  [
    { files: without('ipset'), debian: false },
    'ipset (for the rules of NetworkPolicies): install it (Debian has it in ipset)',
  ],
  [
    { kernel: { nftables: 'Operation not supported' } },
    'nftables in the kernel (tried in a namespace of its own: Operation not supported): load the module for it (modprobe), or use a kernel that has it',
  ],
  [
    { controllers: ['cpu', 'memory'] },
    'the cgroup controller pids (for the limits of pods): mount it (cgroup v1), or enable it at the root of the tree (v2)',
  ],
  [
    { diskFree: 12.34 },
    '40 GiB of free disk (/cache has 12.3): make room, or set ONPREM_BENCH_CACHE to a directory on a larger disk',
  ],
  [
    { memoryAvailable: 3 },
    '12 GiB of available memory (3.0 are available; the platform runs in it): end other programs, or use a larger machine',
  ],
])('%j is told in a line, with its mend', (facts, message) => {
  expect(lines(facts)).toEqual([message]);
});

test('what is built already needs less disk', () => {
  expect(lines({ cold: false, diskFree: 17 })).toEqual([]);
});

test('what Debian packages mend can be installed; the rest is for the person', () => {
  const lacks = lacking({ ...machine, go: undefined, files: without('conntrack') });
  expect(lacks.map(({ debianPackage }) => debianPackage)).toEqual([undefined, 'conntrack']);
});
