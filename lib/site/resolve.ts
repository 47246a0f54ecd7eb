import { nearest, show } from '../core/errors';
import { type Draft, isMapping, type Place } from './decode';
import { GPU_MODELS, gpuModel, MACHINE_MODELS, machineModel, type MachineFacts } from './hardware';
import { type CpuProps, type GpuProps, type Gpus, type NodePoolProps, type PoolHardware } from './node-pool';
import { type MachineProps, type SiteProps } from './props';
import { sum } from './quantity';

/** Reports pools and machines of which, with their hardware's word, something is not known. `value` is what was read. */
export function checkHardware(value: Readonly<Record<string, unknown>>, draft: Draft<SiteProps>, place: Place): void {
  const machines = (draft.machines ?? []).flatMap((machine, i) => (machine?.name ? [{ ...machine, index: i }] : []));
  machines.forEach((machine) => {
    const at = place.at('machines').at(machine.index);
    const same = [...MACHINE_MODELS, ...machines.filter(({ index }) => index < machine.index)];
    if (machineModel(machine.name ?? '', named(same)))
      at.at('name').problem(`must be unique, got ${show(machine.name)} as another machine has; rename it`);
    if (machine.like !== undefined)
      checkName(machine.like, machines.slice(0, machines.indexOf(machine)), at.at('like'));
    checkGpus(given(value.machines, machine.index), machine.gpus, at);
  });
  draft.nodePools?.forEach((pool, i) => {
    const raw = given(value.nodePools, i);
    if (pool === undefined || raw === undefined) return;
    const at = place.at('nodePools').at(i);
    checkGpus(raw, pool.gpus, at);
    const isKnown = pool.hardware === undefined || checkName(pool.hardware, machines, at.at('hardware'));
    if (!isKnown || (isThere(raw.hardware) && pool.hardware === undefined)) return;
    const facts: Draft<MachineFacts> = pool.hardware === undefined ? {} : factsOf(pool.hardware, draft.machines ?? []);
    const why = pool.hardware === undefined ? 'is missing' : `is missing, and ${show(pool.hardware)} doesn't tell it`;
    if (!isThere(raw.cpu) && facts.cpu === undefined)
      at.at('cpu').problem(`${why}; give { sockets: 2, coresPerSocket: 64 } or { cores: 128 }`);
    if (!isThere(raw.memory) && facts.memory === undefined)
      at.at('memory').problem(`${why}; give the memory of one node, such as 1TiB`);
    checkReserves({ ...facts, ...pool }, at);
  });
}

/** What a node of a pool is made of. The pool has been checked. */
export function resolve(pool: NodePoolProps, machines: readonly MachineProps[]): PoolHardware {
  const machine = pool.hardware === undefined ? undefined : findMachine(pool.hardware, machines);
  const facts = (machine ? factsOf(machine.name, machines) : {}) as MachineFacts;
  const gpus = pool.gpus ?? facts.gpus;
  return {
    name: machine?.name,
    arch: pool.arch ?? facts.arch ?? 'amd64',
    // One of them is there, or the site would have been refused.
    cpu: (pool.cpu ?? facts.cpu)!,
    memory: (pool.memory ?? facts.memory)!,
    gpus: gpus && resolveGpus(gpus),
    localDisks: pool.localDisks ?? facts.localDisks ?? [],
    networkPorts: pool.networkPorts ?? facts.networkPorts ?? [],
    systemDisk: pool.systemDisk ?? facts.systemDisk,
  };
}

function resolveGpus({ model, count, memory, vendor }: GpuProps): Gpus {
  const known = gpuModel(model);
  return {
    model: known?.name ?? model,
    count,
    memory: (memory ?? known?.memory)!,
    vendor: vendor ?? known?.vendor ?? 'nvidia',
  };
}

/** What is known of a machine, by its own word and then by that of what it is like. */
function factsOf(name: string, machines: readonly (Draft<MachineProps> | undefined)[]): Draft<MachineFacts> {
  const own = machines.flatMap((machine) => (machine?.name === undefined ? [] : [{ ...machine, name: machine.name }]));
  const machine = machineModel<(typeof own)[number]>(name, own);
  if (machine === undefined) return (machineModel(name, MACHINE_MODELS) ?? {}) as Draft<MachineFacts>;
  const earlier = own.slice(0, own.indexOf(machine));
  return { ...(machine.like === undefined ? {} : factsOf(machine.like, earlier)), ...machine };
}

function findMachine(name: string, machines: readonly MachineProps[]): { readonly name: string } | undefined {
  return machineModel<{ readonly name: string }>(name, machines) ?? machineModel(name, MACHINE_MODELS);
}

/** Whether there is such a machine; reports it where there is none. */
function checkName(name: string, own: readonly { readonly name?: string }[], place: Place): boolean {
  const models: readonly { readonly id?: string; readonly name: string }[] = [...named(own), ...MACHINE_MODELS];
  if (machineModel(name, models)) return true;
  const near = nearest(
    name,
    models.flatMap((model) => [model.name, ...(model.id === undefined ? [] : [model.id])]),
  );
  place.problem(
    `must be a machine of the catalogue (docs/hardware.md) or of the site's machines, got ${show(name)}; ${
      near === undefined
        ? 'leave hardware out and give cpu and memory, or describe it once under machines'
        : `did you mean ${show(near)}?`
    }`,
  );
  return false;
}

/** What is kept back leaves pods something. */
function checkReserves({ cpu, memory, reserved, hugepages }: Draft<NodePoolProps>, at: Place): void {
  const cpus = cpu && cpusOf(cpu);
  if (reserved?.cpu !== undefined && cpus !== undefined && reserved.cpu >= cpus)
    at.at('reserved')
      .at('cpu')
      .problem(`must be less than the ${cpus} CPUs of a node, got ${reserved.cpu}; leave pods some of them`);
  if (memory === undefined) return;
  const kept = sum([reserved?.memory, ...Object.values(hugepages ?? {})].flatMap((size) => (size ? [[size, 1]] : [])));
  if (kept.toKibibytes() >= memory.toKibibytes())
    at.at(reserved?.memory ? 'reserved' : 'hugepages').problem(
      `must leave pods some of the node's memory (${memory.asString()}), got ${kept.asString()}; reserve less`,
    );
}

function cpusOf(cpu: Draft<CpuProps>): number | undefined {
  const cores =
    'cores' in cpu ? cpu.cores : 'sockets' in cpu ? (cpu.sockets ?? NaN) * (cpu.coresPerSocket ?? NaN) : NaN;
  const cpus = (cores ?? NaN) * (cpu.threadsPerCore ?? 1);
  return Number.isNaN(cpus) ? undefined : cpus;
}

/** GPUs that the catalogue doesn't know need their memory said, and one that it knows is of its maker. */
function checkGpus(
  raw: Readonly<Record<string, unknown>> | undefined,
  gpus: Draft<GpuProps> | undefined,
  at: Place,
): void {
  if (gpus?.model === undefined || !isMapping(raw?.gpus)) return;
  const known = gpuModel(gpus.model);
  const place = at.at('gpus');
  if (known === undefined) {
    if (isThere(raw.gpus.memory)) return;
    const near = nearest(
      gpus.model,
      GPU_MODELS.flatMap(({ id, name }) => [name, id]),
    );
    place
      .at('memory')
      .problem(
        near === undefined
          ? `is missing, and ${show(gpus.model)} is not in the catalogue (docs/hardware.md); give the memory of one GPU, such as 40GB`
          : `is missing, and ${show(gpus.model)} is not in the catalogue; give it, or did you mean the model ${show(near)}?`,
      );
    return;
  }
  if (known.memory === undefined && !isThere(raw.gpus.memory))
    place.at('memory').problem(`is missing, and ${show(gpus.model)} has that of its board; give it, such as 32GB`);
  if (gpus.vendor !== undefined && gpus.vendor !== known.vendor)
    place
      .at('vendor')
      .problem(
        `must be ${show(known.vendor)} for ${known.name}, got ${show(gpus.vendor)}; remove it or change the model`,
      );
}

function named<T extends { readonly name?: string }>(items: readonly T[]): (T & { readonly name: string })[] {
  return items.flatMap((item) => (item.name === undefined ? [] : [{ ...item, name: item.name }]));
}

function given(list: unknown, index: number): Readonly<Record<string, unknown>> | undefined {
  const item: unknown = Array.isArray(list) ? list[index] : undefined;
  return isMapping(item) ? item : undefined;
}

/** One without a value was refused already. */
function isThere(value: unknown): boolean {
  return value !== undefined;
}
