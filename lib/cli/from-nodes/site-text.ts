import { dump } from 'js-yaml';
import { DISTRIBUTIONS } from '../../core/distribution';
import { MACHINE_MODELS, type MachineModel } from '../../site';
import { distributionOf } from './distribution';
import { type FoundGpus } from './gpus';
import { type FoundPool } from './pools';
import { sizeText } from './quantity';

/** The site file: what nodes tell, and as comments what they don't. */
export function siteText(name: string, domain: string | undefined, pools: readonly FoundPool[]): string {
  const machines = [...new Set(pools.flatMap((pool) => ownMachine(pool) ?? []))];
  return [
    '# Written from the nodes of a cluster. See docs/site.md for every key.',
    `name: ${flow(name)}`,
    ...(domain === undefined
      ? ['# The DNS domain under which what is deployed gets its host names:', '# domain: lab.example']
      : [`domain: ${flow(domain)}`]),
    '',
    'nodePools:',
    ...pools.flatMap((pool, i) => [...(i === 0 ? [] : ['']), ...poolText(pool)]),
    ...(machines.length === 0
      ? []
      : [
          '',
          '# Machines that the catalogue lacks. What is the same for all pools of one can be said here instead.',
          'machines:',
        ]),
    ...machines.map((machine) => `  - ${flow({ name: machine })}`),
    '',
    '# Nodes do not tell their networks. With them, load balancers get addresses and ports get their network:',
    '# networks:',
    '#   - name: services',
    '#     cidr: 192.0.2.0/24',
    '#     loadBalancerRanges: [192.0.2.100-192.0.2.199]',
    '',
    '# Nor do they tell the StorageClasses (`kubectl get storageclass`):',
    '# storageClasses:',
    '#   - { name: local-path, tier: hot, default: true }',
  ].join('\n');
}

function poolText(pool: FoundPool): string[] {
  const [node] = pool.nodes;
  const machine = findMachine(pool);
  const { capacity } = node;
  const profile = DISTRIBUTIONS[distributionOf(pool.nodes)];
  const pods = capacity.get('pods') ?? profile.kubelet.maxPods;
  const disk = least(pool, 'ephemeral-storage');
  const keys: (readonly [key: string, value: unknown])[] = [
    ['roles', node.roles.join() === 'worker' ? undefined : node.roles],
    ['nodes', pool.nodes.length],
    ['hardware', machine?.name ?? ownMachine(pool)],
    ['arch', node.arch === (machine?.arch ?? 'amd64') ? undefined : node.arch],
    ['cpu', cpuOf(pool, machine)],
    ['memory', isSame(machine?.memory, least(pool, 'memory')) ? undefined : sizeText(least(pool, 'memory'))],
    ['gpus', gpusOf(pool.gpus, machine)],
    ['systemDisk', disk === 0 || isSame(machine?.systemDisk, disk) ? undefined : sizeText(disk)],
    ['reserved', reservedOf(pool)],
    ['hugepages', hugepagesOf(pool)],
    ['maxPods', pods === profile.kubelet.maxPods ? undefined : pods],
    ['labels', Object.keys(pool.labels).length > 0 ? pool.labels : undefined],
  ];
  return [
    `  - name: ${flow(pool.name)}`,
    ...keys.flatMap(([key, value]) => (value === undefined ? [] : [`    ${key}: ${flow(value)}`])),
    ...(node.taints.length > 0 ? ['    taints:', ...node.taints.map((taint) => `      - ${flow(taint)}`)] : []),
    ...hints(pool, machine).map((hint) => `    # ${hint}`),
  ];
}

/** What an operator should look at. */
function hints({ gpus, perNode, nodes }: FoundPool, machine: MachineModel | undefined): string[] {
  const offered = gpus?.resources.map(([name, count]) => `${count} ${name}`).join(', ');
  const isUntold = gpus !== undefined && !isWhole(gpus);
  const hasInfiniband = nodes[0].labels['feature.node.kubernetes.io/pci-15b3.present'] === 'true';
  return [
    ...(isUntold
      ? [
          `Its nodes offer ${offered || 'no GPU yet'}, and no label tells model, memory or number of the GPUs behind it:`,
          'gpus: { model: NVIDIA A100-SXM4-40GB, count: 8 }',
        ]
      : []),
    ...(gpus?.sharing ? [`Its nodes offer ${offered}: have the GPUs shared by share(${gpus.sharing}).`] : []),
    ...(gpus?.isMixed ? [`Its nodes offer ${offered}: parts of several kinds. A pool is shared in one way.`] : []),
    ...(perNode.length > 0 ? [`Left out, since each node has its own value: the labels ${perNode.join(', ')}.`] : []),
    ...(machine?.localDisks || machine?.networkPorts
      ? [`Disks and ports are those of ${machine.name}; say localDisks and networkPorts where they differ.`]
      : ['Its disks and ports, for example:', 'localDisks: [{ type: nvme, count: 4, size: 3.84TB }]']),
    ...(machine?.networkPorts
      ? []
      : [
          `networkPorts: [{ type: ${hasInfiniband ? 'infiniband, speed: 200Gb/s, count: 8' : 'ethernet, speed: 25Gb/s'}, network: NAME }]${
            hasInfiniband ? ' (or Ethernet: it has cards of Mellanox)' : ''
          }`,
        ]),
  ];
}

/** The machine of the catalogue that the firmware's name and the GPUs tell: a DGX A100 has either of two GPUs. */
function findMachine({ nodes, gpus }: FoundPool): MachineModel | undefined {
  const firmware = squeezed(firmwareName(nodes) ?? '');
  if (firmware === '') return undefined;
  const cpus = nodes[0].capacity.get('cpu');
  return MACHINE_MODELS.filter((machine) => machine.gpus?.model === gpus?.model && machine.gpus?.count === gpus?.count)
    .filter(({ cpu }) => cpu === undefined || cpus === cpuCount(cpu))
    .find(({ name }) => isNamed(squeezed(name), firmware));
}

/** Firmware leaves out the maker, or what tells variants apart, or adds an order number. */
function isNamed(name: string, firmware: string): boolean {
  const bare = [name, firmware].map((text) => text.replace(/^(nvidia|dell|supermicro|google)/, ''));
  return (
    bare[1].length >= 5 && (bare[0].startsWith(bare[1]) || bare[1].startsWith(bare[0].replace(/(320|640)gb$/, '')))
  );
}

function squeezed(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function firmwareName([node]: FoundPool['nodes']): string | undefined {
  const name = node.labels['nvidia.com/gpu.machine'];
  return name === undefined || name === '' || name === 'unknown' ? undefined : name;
}

/** The firmware's name of a machine that the catalogue lacks. */
function ownMachine(pool: FoundPool): string | undefined {
  return findMachine(pool) === undefined ? firmwareName(pool.nodes) : undefined;
}

function cpuOf({ nodes: [node] }: FoundPool, machine: MachineModel | undefined): object | undefined {
  const cpus = Math.floor(node.capacity.get('cpu') ?? 0);
  if (machine?.cpu && cpuCount(machine.cpu) === cpus) return undefined;
  const isThreaded = node.labels['feature.node.kubernetes.io/cpu-hardware_multithreading'] === 'true' && cpus % 2 === 0;
  return isThreaded ? { cores: cpus / 2, threadsPerCore: 2 } : { cores: cpus };
}

function cpuCount(cpu: NonNullable<MachineModel['cpu']>): number {
  const cores = 'cores' in cpu ? cpu.cores : cpu.sockets * cpu.coresPerSocket;
  return cores * (cpu.threadsPerCore ?? 1);
}

function isWhole({ model, count, memory, known }: FoundGpus): boolean {
  return model !== undefined && count !== undefined && (known?.memory ?? memory) !== undefined;
}

function gpusOf(gpus: FoundGpus | undefined, machine: MachineModel | undefined): object | undefined {
  if (gpus === undefined || !isWhole(gpus) || machine?.gpus) return undefined;
  const { model, count, memory, vendor, known } = gpus;
  return {
    model,
    count,
    ...(known?.memory ? {} : { memory: sizeText(memory ?? 0) }),
    ...(vendor === 'amd' && !known ? { vendor } : {}),
  };
}

/** What is kept back beyond what the distribution does by itself. */
function reservedOf(pool: FoundPool): object | undefined {
  const [node] = pool.nodes;
  if (!node.allocatable.has('cpu') || !node.allocatable.has('memory')) return undefined;
  const { kubelet } = DISTRIBUTIONS[distributionOf(pool.nodes)];
  const less = (resource: string) => (node.capacity.get(resource) ?? 0) - (node.allocatable.get(resource) ?? 0);
  const cpu = Math.round(less('cpu') * 1000);
  const hugepages = [...node.capacity].reduce((sum, [name, n]) => (name.startsWith('hugepages-') ? sum + n : sum), 0);
  const memory = Math.max(0, less('memory') - kubelet.evictionMemory - hugepages);
  const standard = kubelet.reserved({
    cpu: (node.capacity.get('cpu') ?? 0) * 1000,
    memory: node.capacity.get('memory') ?? 0,
  });
  const result = {
    ...(cpu === standard.cpu ? {} : { cpu: cpu / 1000 }),
    // Zero is no size: what is less than the standard is rare, and can't be told from the threshold.
    ...(memory === standard.memory || memory < 1024 ? {} : { memory: sizeText(memory) }),
  };
  return Object.keys(result).length === 0 ? undefined : result;
}

function hugepagesOf({ nodes: [node] }: FoundPool): object | undefined {
  const sizes = ['2Mi', '1Gi'].flatMap((size) => {
    const bytes = node.capacity.get(`hugepages-${size}`) ?? 0;
    return bytes > 0 ? [[size, sizeText(bytes)]] : [];
  });
  return sizes.length === 0 ? undefined : (Object.fromEntries(sizes) as object);
}

/** What each node of the pool has of a resource. */
function least({ nodes }: FoundPool, resource: string): number {
  return Math.min(...nodes.map(({ capacity }) => capacity.get(resource) ?? 0));
}

function isSame(size: MachineModel['memory'], bytes: number): boolean {
  return size !== undefined && Math.floor(bytes / 1024) === size.toKibibytes();
}

/** A value on one line of YAML, spaced as Prettier does. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return scalar(value);
  const entries = Object.entries(value as Record<string, unknown>);
  return `{ ${entries.map(([key, item]) => `${scalar(key)}: ${flow(item)}`).join(', ')} }`;
}

/** Quoted where it must be, within a list too: there a comma or a bracket would end it. */
function scalar(value: unknown): string {
  return dump([value], { flowLevel: 0, lineWidth: -1 }).trim().slice(1, -1);
}
