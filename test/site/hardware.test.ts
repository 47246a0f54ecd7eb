import { Size } from 'cdk8s';
import { readFileSync } from 'node:fs';
import { type NodePoolProps, Site } from '../../lib';
import { GPU_MODELS, gpuModel, MACHINE_MODELS } from '../../lib/site/hardware';
import { hardwarePage } from './hardware/page';
import { message } from './message';

function siteOf(pool: Partial<NodePoolProps>, more: object = {}): Site {
  return new Site({ name: 'lab', domain: 'lab.example', nodePools: [{ name: 'p', nodes: 2, ...pool }], ...more });
}

const poolOf = (pool: Partial<NodePoolProps>, more: object = {}) => siteOf(pool, more).pool('p');
const refused = (pool: Partial<NodePoolProps>, more: object = {}) => message(() => siteOf(pool, more));

describe('the catalogue', () => {
  const entries = [...GPU_MODELS, ...MACHINE_MODELS];

  test('has each name and short name once, whatever its case', () => {
    const names = entries.flatMap(({ id, name }) => [id, name.toLowerCase()]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const { id } of entries) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test('has a source for each fact, and none for what is no fact', () => {
    const wrong = entries.flatMap(({ id, ...entry }) => {
      const { sources, ...facts } = entry as Record<string, unknown> & { sources: Record<string, unknown> };
      const given = Object.keys(facts).filter((fact) => {
        const value = facts[fact];
        const isNone = value === undefined || (Array.isArray(value) && value.length === 0);
        // A machine's name is what it is sold as; who makes a GPU, and what drives it, follows from the name.
        return !isNone && !['vendor', 'reach'].includes(fact) && !(fact === 'name' && 'arch' in facts);
      });
      return [
        ...given.filter((fact) => !(fact in sources)).map((fact) => `${id}: ${fact} has no source`),
        ...Object.keys(sources)
          .filter((fact) => !given.includes(fact))
          .map((fact) => `${id}: source of no ${fact}`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test('has the GPUs of its machines, with a memory that somebody tells', () => {
    for (const { id, gpus } of MACHINE_MODELS) {
      if (gpus === undefined) continue;
      expect([id, gpuModel(gpus.model)?.name]).toEqual([id, gpus.model]);
      expect([id, gpus.memory ?? gpuModel(gpus.model)?.memory]).not.toContain(undefined);
    }
  });

  test('has MIG profiles that fit into their GPU', () => {
    for (const { id, memory, mig } of GPU_MODELS)
      for (const { name, instances, memory: part } of mig)
        expect([id, name, part.toKibibytes() * instances <= memory!.toKibibytes() * 1.05]).toEqual([id, name, true]);
  });

  test('is what docs/hardware.md shows; `npm run docs:hardware` writes it', () => {
    expect(readFileSync('docs/hardware.md', 'utf8')).toBe(hardwarePage());
  });

  test('is shown without what has no source', () => {
    const source = { title: 'A page', url: 'https://a.example' };
    const machine = { id: 'm', name: 'M', maxPower: 4321, nvswitches: 77, sources: { nvswitches: [source] } };
    const gpu = { ...gpuModel('a100-sxm4-40gb')!, maxPower: 4321, sources: { name: source, memory: source } };
    const page = hardwarePage([machine], [gpu]);
    for (const shown of ['77', '40 GB', '1. [A page](https://a.example)']) expect(page).toContain(shown);
    for (const hidden of ['4321', 'time-slicing', '1g.5gb']) expect(page).not.toContain(hidden);
  });
});

describe('a pool by its hardware', () => {
  test.each(['NVIDIA DGX A100 320GB', 'dgx-a100-320', ' nvidia  DGX a100 320gb'])('%j', (hardware) => {
    const pool = poolOf({ hardware });
    expect(pool.hardware).toBe('NVIDIA DGX A100 320GB');
    expect([pool.arch, pool.coresPerNode, pool.cpusPerNode, pool.memory.toTebibytes()]).toEqual(['amd64', 128, 256, 1]);
    expect(pool.gpus).toEqual({
      model: 'NVIDIA A100-SXM4-40GB',
      count: 8,
      memory: Size.kibibytes(39062500),
      vendor: 'nvidia',
    });
    expect(pool.localDisks).toMatchObject([{ type: 'nvme', count: 4 }]);
    expect(pool.networkPorts).toMatchObject([
      { type: 'infiniband', count: 8, gigabitsPerSecond: 200 },
      { type: 'ethernet', count: 2, gigabitsPerSecond: 200 },
    ]);
    expect(pool.systemDisk).toBeDefined();
  });

  test('its own word wins, key by key', () => {
    const pool = poolOf({
      hardware: 'dgx-h100',
      cpu: { cores: 4 },
      memory: Size.gibibytes(1),
      gpus: { model: 'l4', count: 1 },
      localDisks: [],
      networkPorts: [],
      arch: 'arm64',
      systemDisk: Size.gibibytes(7),
    });
    expect([pool.cpusPerNode, pool.memory.toGibibytes(), pool.arch]).toEqual([4, 1, 'arm64']);
    expect([pool.gpus?.model, pool.localDisks, pool.networkPorts]).toEqual(['NVIDIA L4', [], []]);
    expect(pool.systemDisk?.toGibibytes()).toBe(7);
    expect(poolOf({ hardware: 'dgx-h100', memory: Size.tebibytes(4) }).gpus?.count).toBe(8);
  });

  test('what is sold with a choice, the pool says', () => {
    expect(refused({ hardware: 'xe9680-h100' })).toBe(
      [
        'site: 2 problems',
        '  - site: nodePools[0].cpu is missing, and "xe9680-h100" doesn\'t tell it; give { sockets: 2, coresPerSocket: 64 } or { cores: 128 }',
        '  - site: nodePools[0].memory is missing, and "xe9680-h100" doesn\'t tell it; give the memory of one node, such as 1TiB',
      ].join('\n'),
    );
    const pool = poolOf({ hardware: 'xe9680-mi300x', cpu: { cores: 96 }, memory: Size.tebibytes(2) });
    expect(pool.gpus).toMatchObject({ model: 'AMD Instinct MI300X OAM', count: 8, vendor: 'amd' });
  });

  test('no hardware', () => {
    expect(poolOf({ cpu: { cores: 4 }, memory: Size.gibibytes(8) }).arch).toBe('amd64');
    expect(refused({})).toContain('nodePools[0].cpu is missing; give { sockets: 2, coresPerSocket: 64 }');
  });

  test.each([
    ['NVIDIA DGX A100', 'did you mean "NVIDIA DGX H100"?'],
    ['dgx-a100-32', 'did you mean "dgx-a100-320"?'],
    ['Bitbox 9000 turbo', 'leave hardware out and give cpu and memory, or describe it once under machines'],
  ])('%s is refused', (hardware, mend) => {
    expect(refused({ hardware })).toBe(
      `site: nodePools[0].hardware must be a machine of the catalogue (docs/hardware.md) or of the site's machines, got ${JSON.stringify(hardware)}; ${mend}`,
    );
  });
});

describe('GPUs', () => {
  const gpusOf = (gpus: NodePoolProps['gpus']) => poolOf({ cpu: { cores: 8 }, memory: Size.gibibytes(64), gpus }).gpus;
  const gpusRefused = (gpus: NodePoolProps['gpus']) => refused({ cpu: { cores: 8 }, memory: Size.gibibytes(64), gpus });

  test('by model and count', () => {
    expect(gpusOf({ model: 'mi300x', count: 2 })).toMatchObject({ model: 'AMD Instinct MI300X OAM', vendor: 'amd' });
    expect(gpusOf({ model: 'Tesla t4', count: 2, memory: Size.gibibytes(15) })).toEqual({
      model: 'Tesla T4',
      count: 2,
      memory: Size.gibibytes(15),
      vendor: 'nvidia',
    });
    expect(gpusOf({ model: 'Mine', count: 1, memory: Size.gibibytes(9), vendor: 'amd' })?.vendor).toBe('amd');
  });

  test.each<[NodePoolProps['gpus'], string]>([
    [
      { model: 'NVIDIA A100-SXM4-4GB', count: 1 },
      'gpus.memory is missing, and "NVIDIA A100-SXM4-4GB" is not in the catalogue; give it, or did you mean the model "NVIDIA A100-SXM4-40GB"?',
    ],
    [
      { model: 'Voodoo5', count: 1 },
      'gpus.memory is missing, and "Voodoo5" is not in the catalogue (docs/hardware.md); give the memory of one GPU, such as 40GB',
    ],
    [
      { model: 'jetson-orin', count: 1 },
      'gpus.memory is missing, and "jetson-orin" has that of its board; give it, such as 32GB',
    ],
    [
      { model: 'l4', count: 1, vendor: 'amd' },
      'gpus.vendor must be "nvidia" for NVIDIA L4, got "amd"; remove it or change the model',
    ],
  ])('%j', (gpus, expected) => {
    expect(gpusRefused(gpus)).toBe(`site: nodePools[0].${expected}`);
  });
});

describe('machines of the site', () => {
  const machines = [
    { name: 'Team server', cpu: { cores: 8 }, memory: Size.gibibytes(64), gpus: { model: 'rtx-4090', count: 4 } },
    { name: 'Bigger', like: 'team SERVER', memory: Size.gibibytes(256) },
    { name: 'DGX+', like: 'dgx-a100-320', memory: Size.tebibytes(2) },
  ];

  test('give what they and what they are like have', () => {
    const pool = poolOf({ hardware: 'Bigger' }, { machines });
    expect([pool.hardware, pool.cpusPerNode, pool.memory.toGibibytes()]).toEqual(['Bigger', 8, 256]);
    expect(pool.gpus).toMatchObject({ model: 'NVIDIA GeForce RTX 4090', count: 4 });
    expect(poolOf({ hardware: 'dgx+' }, { machines })).toMatchObject({ hardware: 'DGX+', cpusPerNode: 256 });
  });

  test.each<[string, object[], string]>([
    [
      'a name that is taken',
      [{ name: 'dgx-h100' }],
      'machines[0].name must be unique, got "dgx-h100" as another machine has; rename it',
    ],
    [
      'twice',
      [{ name: 'A' }, { name: 'a' }],
      'machines[1].name must be unique, got "a" as another machine has; rename it',
    ],
    ['itself', [{ name: 'Thing', like: 'Thing' }], 'machines[0].like must be a machine of the catalogue'],
    [
      'a later one',
      [{ name: 'Thing', like: 'Other' }, { name: 'Other' }],
      'machines[0].like must be a machine of the catalogue',
    ],
    ['unknown GPUs', [{ name: 'Thing', gpus: { model: 'Voodoo5', count: 1 } }], 'machines[0].gpus.memory is missing'],
  ])('%s', (_, list, expected) => {
    const pool = { cpu: { cores: 4 }, memory: Size.gibibytes(8) };
    expect(refused(pool, { machines: list })).toContain(`site: ${expected}`);
  });

  test('a wrong name suggests them too', () => {
    expect(refused({ hardware: 'Team servr' }, { machines })).toContain('did you mean "Team server"?');
  });
});

test.each<[Partial<NodePoolProps>, string]>([
  [{ reserved: { cpu: 8 } }, 'reserved.cpu must be less than the 8 CPUs of a node, got 8; leave pods some of them'],
  [{ reserved: { cpu: -1 } }, 'reserved.cpu must be a number of CPUs, 0 to 1024, got -1; give one such as 0.5'],
  [
    { reserved: { memory: Size.gibibytes(40) }, hugepages: { '1Gi': Size.gibibytes(24) } },
    "reserved must leave pods some of the node's memory (64Gi), got 64Gi; reserve less",
  ],
  [{ maxPods: 0 }, 'maxPods must be at least 1, got 0; give the pods that one node bears'],
])('%j is refused', (pool, expected) => {
  expect(refused({ cpu: { cores: 8 }, memory: Size.gibibytes(64), ...pool })).toBe(`site: nodePools[0].${expected}`);
});
