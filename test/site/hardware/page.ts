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

/** docs/hardware.md: the catalogue as a page. */
export function hardwarePage(): string {
  const sources = new Map<string, number>();
  const cite = (facts: Sources<string>) =>
    [...new Set(Object.values(facts).flatMap((source) => (source ? [number(source, sources)] : [])))]
      .sort((a, b) => a - b)
      .map((n) => `[${n}](#sources)`)
      .join(' ');
  const machines = MACHINE_MODELS.map((machine) => [...machineRow(machine), cite(machine.sources)]);
  const gpus = GPU_MODELS.map((model) => [...gpuRow(model), cite(model.sources)]);
  const profiles = GPU_MODELS.filter(({ mig }) => mig.length > 0).map((model) => [
    model.name,
    model.mig.map(({ name, instances }) => `${name} × ${instances}`).join(', '),
  ]);
  return `# The hardware catalogue

Written by \`npm run docs:hardware\` from lib/site/hardware; a test fails where it is stale.

What a pool's [\`hardware\`](site.md#a-node-pool) and the \`model\` of its GPUs may name, by name or short name. A machine gives the pool
what stands here, and the pool's own word wins. A cell is empty where the maker sells it with a choice, or where no public document was found: the
pool says it.

## Machines

${table(['name', 'short name', 'processors', 'memory', 'GPUs', 'local disks', 'system disk', 'network ports', 'NVSwitches', 'power', 'list price', 'sources'], machines)}

A machine that is not here needs no \`hardware\`: its pool gives \`cpu\` and \`memory\`. One that several pools have is described once, under
[\`machines\`](site.md#a-machine).

## GPUs

The name is the one that the driver reports. The memory of NVIDIA cards is as the maker states it; drivers report a little more or less.

${table(['name', 'short name', 'memory', 'architecture', 'compute capability', 'NVLink', 'power', 'shared by', 'driven by', 'sources'], gpus)}

For Kubernetes, each AMD Instinct MI250 is two GPUs: the row is of one of them.

## MIG profiles

Instances of one profile that one GPU holds. The profiles with media extensions, of which a GPU has one at most, are left out.

${table(['GPU', 'profiles'], profiles)}

## Sources

${[...sources].map(([text, n]) => `${n}. ${text}`).join('\n')}
`;
}

function number({ title, url }: Source, sources: Map<string, number>): number {
  const text = `[${title}](${url})`;
  if (!sources.has(text)) sources.set(text, sources.size + 1);
  return sources.get(text)!;
}

function machineRow(machine: MachineModel): string[] {
  const { cpu, memory, gpus, localDisks = [], systemDisk, networkPorts = [], listPrice } = machine;
  const cores = cpu && ('cores' in cpu ? `${cpu.cores} cores` : `${cpu.sockets} × ${cpu.coresPerSocket} cores`);
  return [
    machine.name,
    `\`${machine.id}\``,
    [cores, cpu?.threadsPerCore ? `${cpu.threadsPerCore} threads each` : undefined, machine.arch]
      .filter(Boolean)
      .join(', '),
    sizeText(memory),
    gpus ? `${gpus.count} × ${gpus.model}` : (machine.accelerator ?? ''),
    localDisks.map(({ count, size, type }) => `${count} × ${sizeText(size)} ${type}`).join(', '),
    sizeText(systemDisk),
    networkPorts.map(({ count = 1, speed, type }) => `${count} × ${gigabitsPerSecond(speed)} Gb/s ${type}`).join(', '),
    text(machine.nvswitches),
    watts(machine.maxPower),
    listPrice ? `US$ ${listPrice.usd} (${listPrice.date})` : '',
  ];
}

function gpuRow(model: GpuModel): string[] {
  return [
    model.name,
    `\`${model.id}\``,
    model.memory ? sizeText(model.memory) : "the board's",
    model.architecture ?? '',
    model.computeCapability ?? '',
    text(model.nvlink),
    watts(model.maxPower),
    [...(model.mig.length > 0 ? ['mig'] : []), ...model.sharing].join(', '),
    model.reach.replaceAll('-', ' '),
  ];
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

function text(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

/** In the columns' widths, as Prettier leaves it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
