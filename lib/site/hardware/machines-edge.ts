import { size } from './gpus-nvidia';
import { mlperf } from './mlperf';
import { type MachineModel, type Source } from './model';
import { SOURCES as S } from './sources';

/** A fact, and where it is written. */
type Sourced<T> = readonly [fact: T, source: Source];

interface Jetson {
  readonly id: string;
  readonly name: string;
  readonly cores: Sourced<number>;
  readonly memory: Sourced<string>;
  readonly gpu: 'Orin' | 'Xavier';
  /** Watts of the module. */
  readonly power?: Sourced<number>;
  /** What the module has of it. */
  readonly emmc?: Sourced<string>;
  /** Where its kind of processor is written. @default - where the cores are */
  readonly processor?: Source;
}

/** A Jetson module: its GPU takes what it needs of the module's memory. */
function jetson({ id, name, cores, memory, gpu, power, emmc, processor = cores[1] }: Jetson): MachineModel {
  return {
    id,
    name,
    arch: 'arm64',
    cpu: { cores: cores[0] },
    memory: size(memory[0]),
    gpus: { model: gpu, count: 1, memory: size(memory[0]) },
    ...(emmc ? { systemDisk: size(emmc[0]) } : {}),
    ...(power ? { maxPower: power[0] } : {}),
    sources: {
      arch: processor,
      cpu: cores[1],
      memory: memory[1],
      gpus: memory[1],
      ...(emmc ? { systemDisk: emmc[1] } : {}),
      ...(power ? { maxPower: power[1] } : {}),
    },
  };
}

const CORAL = 'Google Edge TPU';
const ORIN_64 = mlperf('inference v5.1', 'closed/NVIDIA/systems/backup_systems/Orin_TRT');

/** Boards and small computers of the edge. */
export const EDGE_MACHINES: readonly MachineModel[] = [
  jetson({
    id: 'jetson-agx-orin-64',
    name: 'NVIDIA Jetson AGX Orin 64GB',
    cores: [12, ORIN_64],
    memory: ['64GiB', ORIN_64],
    gpu: 'Orin',
    power: [60, S.orinPower],
    emmc: ['64GB', ORIN_64],
  }),
  jetson({
    id: 'jetson-agx-orin-32',
    name: 'NVIDIA Jetson AGX Orin 32GB',
    cores: [8, S.orin32],
    memory: ['32GiB', S.orin32],
    gpu: 'Orin',
    power: [40, S.orinPower],
  }),
  // Their power limit depends on the release of JetPack, and their system is on a disk of one's own.
  jetson({
    id: 'jetson-orin-nx-16',
    name: 'NVIDIA Jetson Orin NX 16GB',
    cores: [8, S.orinNx],
    memory: ['16GiB', S.orinNx],
    gpu: 'Orin',
  }),
  jetson({
    id: 'jetson-orin-nx-8',
    name: 'NVIDIA Jetson Orin NX 8GB',
    cores: [6, S.orinNx],
    memory: ['8GiB', S.orinNx],
    gpu: 'Orin',
  }),
  jetson({
    id: 'jetson-xavier-nx-8',
    name: 'NVIDIA Jetson Xavier NX 8GB',
    cores: [6, S.xavierNx],
    memory: ['8GiB', S.xavierNx],
    gpu: 'Xavier',
    power: [20, S.xavierNxPower],
    emmc: ['16GB', S.xavierNx],
  }),
  jetson({
    id: 'jetson-xavier-nx-16',
    name: 'NVIDIA Jetson Xavier NX 16GB',
    cores: [6, S.xavierNxCores],
    memory: ['16GiB', S.xavierNx16],
    gpu: 'Xavier',
    power: [20, S.xavierNx16],
    processor: S.xavierNx,
  }),
  {
    // Sold with 1 GB and with 4 GB.
    id: 'coral-dev-board',
    name: 'Google Coral Dev Board',
    arch: 'arm64',
    cpu: { cores: 4 },
    accelerator: CORAL,
    networkPorts: [{ type: 'ethernet', speed: '1Gb/s', count: 1 }],
    systemDisk: size('8GB'),
    sources: {
      arch: S.coralBoard,
      cpu: S.coralBoard,
      accelerator: S.coral,
      networkPorts: S.coralBoard,
      systemDisk: S.coralBoard,
    },
  },
  {
    id: 'coral-dev-board-mini',
    name: 'Google Coral Dev Board Mini',
    arch: 'arm64',
    cpu: { cores: 4 },
    memory: size('2GiB'),
    accelerator: CORAL,
    systemDisk: size('8GB'),
    sources: {
      arch: S.coralMini,
      cpu: S.coralMini,
      memory: S.coralMini,
      accelerator: S.coral,
      systemDisk: S.coralMini,
    },
  },
];
