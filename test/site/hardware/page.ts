import { gigabitsPerSecond } from '../../../lib/site/quantity';

import {
  GPU_MODELS,
  type GpuModel,
  MACHINE_MODELS,
  type MachineModel,
  type Source,
  type Sources,
} from '../../../lib/site/hardware';
import { type Size } from 'cdk8s';

/** What tells the reader of one or more facts, of an entry that has their sources. */
interface Column<Entry extends { readonly sources: Sources<string> }> {
  readonly title: string;
  readonly facts: readonly (keyof Entry['sources'] & keyof Entry & string)[];
  readonly cell: (entry: Entry) => string;
}

const MACHINE_COLUMNS: readonly Column<MachineModel>[] = [
  {
    title: 'processors',
    facts: ['cpu', 'arch'],
    cell: ({ cpu, arch }) => {
      const cores = cpu && ('cores' in cpu ? `${cpu.cores} cores` : `${cpu.sockets} × ${cpu.coresPerSocket} cores`);
      const threads = cpu?.threadsPerCore ? `${cpu.threadsPerCore} threads each` : undefined;
      return [cores, threads, arch].filter(Boolean).join(', ');
    },
  },
  { title: 'memory', facts: ['memory'], cell: ({ memory }) => sizeText(memory) },
  {
    title: 'accelerators',
    facts: ['gpus', 'accelerator'],
    cell: ({ gpus, accelerator = '' }) => (gpus ? `${gpus.count} × ${gpus.model}` : accelerator),
  },
  {
    title: 'local disks',
    facts: ['localDisks'],
    cell: ({ localDisks = [] }) =>
      localDisks.map(({ count, size, type }) => `${count} × ${sizeText(size)} ${type}`).join(', '),
  },
  { title: 'system disk', facts: ['systemDisk'], cell: ({ systemDisk }) => sizeText(systemDisk) },
  {
    title: 'network ports',
    facts: ['networkPorts'],
    cell: ({ networkPorts = [] }) =>
      networkPorts
        .map(({ count = 1, speed, type }) => `${count} × ${gigabitsPerSecond(speed)} Gb/s ${type}`)
        .join(', '),
  },
  { title: 'NVSwitches', facts: ['nvswitches'], cell: ({ nvswitches }) => text(nvswitches) },
  { title: 'power', facts: ['maxPower'], cell: ({ maxPower }) => watts(maxPower) },
  {
    title: 'list price',
    facts: ['listPrice'],
    cell: ({ listPrice }) => (listPrice ? `US$ ${listPrice.usd} (${listPrice.date})` : ''),
  },
];

const GPU_COLUMNS: readonly Column<GpuModel>[] = [
  {
    title: 'memory',
    facts: ['memory'],
    cell: ({ memory, reach }) => (reach === 'nvidia-device-plugin' ? "the board's" : sizeText(memory)),
  },
  { title: 'architecture', facts: ['architecture'], cell: ({ architecture }) => text(architecture) },
  { title: 'compute capability', facts: ['computeCapability'], cell: (model) => text(model.computeCapability) },
  { title: 'NVLink', facts: ['nvlink'], cell: ({ nvlink }) => text(nvlink) },
  { title: 'power', facts: ['maxPower'], cell: ({ maxPower }) => watts(maxPower) },
  {
    title: 'shared by',
    facts: ['mig', 'sharing'],
    cell: ({ mig, sharing }) => [...(mig.length > 0 ? ['mig'] : []), ...sharing].join(', '),
  },
  { title: 'driven by', facts: [], cell: ({ reach }) => reach.replaceAll('-', ' ') },
];

/** docs/hardware.md: the catalogue as a page. */
export function hardwarePage(machineModels = MACHINE_MODELS, gpuModels = GPU_MODELS): string {
  const sources = new Map<string, number>();
  const machines = rows(machineModels.map(sourced), MACHINE_COLUMNS, sources);
  const gpuEntries = gpuModels.map(sourced);
  const gpus = rows(gpuEntries, GPU_COLUMNS, sources);
  const profiles = gpuEntries
    .filter(({ mig }) => mig.length > 0)
    .map((model) => [model.name, model.mig.map(({ name, instances }) => `${name} × ${instances}`).join(', ')]);
  return `# The hardware catalogue

Written by \`npm run docs:hardware\` from lib/site/hardware; a test fails where it is stale.

What a pool's [\`hardware\`](site.md#a-node-pool) and the \`model\` of its GPUs may name, by name or short name. A machine gives the pool
what stands here, and the pool's own word wins. A cell is empty where the maker sells it with a choice, or where no document was found that says
it: the pool says it. The last column has the [document](#sources) in which each fact was read; where that is not the maker's, no page of the maker
was at hand.

## Machines

${table(head(MACHINE_COLUMNS), machines)}

A machine that is not here needs no \`hardware\`: its pool gives \`cpu\` and \`memory\`. One that several pools have is described once, under
[\`machines\`](site.md#a-machine).

## GPUs

The name is the one that the driver reports. The memory of NVIDIA cards is as the maker states it; drivers report a little more or less.

${table(head(GPU_COLUMNS), gpus)}

For Kubernetes, each AMD Instinct MI250 is two GPUs: the row is of one of them.

## MIG profiles

Instances of one profile that one GPU holds. The profiles with media extensions, of which a GPU has one at most, are left out.

${table(['GPU', 'profiles'], profiles)}

## Sources

${[...sources].map(([text, n]) => `${n}. ${text}`).join('\n')}
`;
}

/** Rows of names, what else there is to say, and which source tells what. */
function rows<Entry extends GpuModel | MachineModel>(
  entries: readonly Entry[],
  columns: readonly Column<Entry>[],
  sources: Map<string, number>,
): string[][] {
  return entries.map((entry) => [
    entry.name,
    `\`${entry.id}\``,
    ...columns.map(({ cell }) => cell(entry)),
    citations(entry.sources, columns, sources),
  ]);
}

/** What is no fact of its own: names, and what follows from them. */
const NO_FACTS = new Set(['id', 'name', 'vendor', 'reach', 'sources']);

/** The entry without the facts that no source tells. */
function sourced<Entry extends GpuModel | MachineModel>(entry: Entry): Entry {
  const empty = 'reach' in entry ? { mig: [], sharing: [] } : {};
  const kept = Object.entries(entry).filter(([key]) => NO_FACTS.has(key) || key in entry.sources);
  return { ...empty, ...Object.fromEntries(kept) } as Entry;
}

/** Each source with the columns that it is of: `[1](#sources) memory, power`. */
function citations<Entry extends GpuModel | MachineModel>(
  cited: Sources<string>,
  columns: readonly Column<Entry>[],
  sources: Map<string, number>,
): string {
  const told = new Map<number, Set<string>>();
  for (const [fact, given] of Object.entries(cited)) {
    const title = columns.find(({ facts }) => facts.some((each) => each === fact))?.title ?? fact;
    for (const source of [given ?? []].flat()) {
      const n = number(source, sources);
      told.set(n, (told.get(n) ?? new Set()).add(title));
    }
  }
  const sorted = [...told].sort(([a], [b]) => a - b);
  return sorted
    .map(([n, titles]) => `[${n}](#sources)${sorted.length > 1 ? ` ${[...titles].join(', ')}` : ''}`)
    .join('; ');
}

function number({ title, url }: Source, sources: Map<string, number>): number {
  const text = `[${title}](${url})`;
  if (!sources.has(text)) sources.set(text, sources.size + 1);
  return sources.get(text)!;
}

/** In the units in which the catalogue has it: makers count disks and GPU memory by thousands. */
function sizeText(size: Size | undefined): string {
  if (size === undefined) return '';
  const gibibytes = size.toKibibytes() / 1024 ** 2;
  if (Number.isInteger(gibibytes)) return gibibytes % 1024 === 0 ? `${gibibytes / 1024} TiB` : `${gibibytes} GiB`;
  const gigabytes = Math.round((size.toKibibytes() * 1024) / 1e7) / 100;
  return gigabytes >= 1000 ? `${gigabytes / 1000} TB` : `${gigabytes} GB`;
}

function watts(power: number | undefined): string {
  return power === undefined ? '' : `${power} W`;
}

function text(value: string | number | undefined): string {
  return value === undefined ? '' : String(value);
}

function head(columns: readonly { readonly title: string }[]): string[] {
  return ['name', 'short name', ...columns.map(({ title }) => title), 'sources'];
}

/** In the columns' widths, as Prettier leaves it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
