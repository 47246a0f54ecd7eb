import { size } from './gpus-nvidia';
import { type MachineModel } from './model';
import { SOURCES as S } from './sources';

/** A Jetson module: its GPU takes what it needs of the module's memory. */
function jetson(
  id: string,
  name: string,
  cores: number,
  memory: string,
  gpu: string,
  maxPower?: number,
  emmc?: string,
): MachineModel {
  return {
    id,
    name,
    arch: 'arm64',
    cpu: { cores },
    memory: size(memory),
    gpus: { model: gpu, count: 1, memory: size(memory) },
    ...(emmc ? { systemDisk: size(emmc) } : {}),
    ...(maxPower === undefined ? {} : { maxPower }),
    sources: {
      arch: S.jetson,
      cpu: S.jetson,
      memory: S.jetson,
      gpus: S.jetson,
      ...(emmc ? { systemDisk: S.jetson } : {}),
      ...(maxPower === undefined ? {} : { maxPower: S.jetson }),
    },
  };
}

const CORAL = 'Google Edge TPU';

/** Boards and small computers of the edge. */
export const EDGE_MACHINES: readonly MachineModel[] = [
  jetson('jetson-agx-orin-64', 'NVIDIA Jetson AGX Orin 64GB', 12, '64GiB', 'Orin', 60, '64GB'),
  jetson('jetson-agx-orin-32', 'NVIDIA Jetson AGX Orin 32GB', 8, '32GiB', 'Orin', 40, '64GB'),
  // Their power limit depends on the release of JetPack, and their system is on a disk of one's own.
  jetson('jetson-orin-nx-16', 'NVIDIA Jetson Orin NX 16GB', 8, '16GiB', 'Orin'),
  jetson('jetson-orin-nx-8', 'NVIDIA Jetson Orin NX 8GB', 6, '8GiB', 'Orin'),
  jetson('jetson-xavier-nx-8', 'NVIDIA Jetson Xavier NX 8GB', 6, '8GiB', 'Xavier', 20, '16GB'),
  jetson('jetson-xavier-nx-16', 'NVIDIA Jetson Xavier NX 16GB', 6, '16GiB', 'Xavier', 20, '16GB'),
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
      accelerator: S.coralBoard,
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
      accelerator: S.coralMini,
      systemDisk: S.coralMini,
    },
  },
];
