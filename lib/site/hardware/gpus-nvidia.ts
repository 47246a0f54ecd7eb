import { Size } from 'cdk8s';
import { parseSize } from '../quantity';
import { type GpuModel, type MigProfile, type Source } from './model';
import { SOURCES as S } from './sources';

/** A size of the catalogue. */
export function size(text: string): Size {
  const parsed = parseSize(text);
  if (!(parsed instanceof Size)) throw new Error(parsed.message);
  return parsed;
}

/** Profiles, as `1g.5gb x7`, in the order of their size. What only one GPU instance may have (media extensions) is left out. */
function mig(...profiles: readonly string[]): readonly MigProfile[] {
  return profiles.map((text) => {
    const [, name, gigabytes, instances] = /^(\d+g\.(\d+)gb) x(\d+)$/.exec(text) ?? [];
    return { name, instances: Number(instances), memory: size(`${gigabytes}GB`) };
  });
}

const A100_40 = mig('1g.5gb x7', '1g.10gb x4', '2g.10gb x3', '3g.20gb x2', '4g.20gb x1', '7g.40gb x1');
const OF_80 = mig('1g.10gb x7', '1g.20gb x4', '2g.20gb x3', '3g.40gb x2', '4g.40gb x1', '7g.80gb x1');
const OF_94 = mig('1g.12gb x7', '1g.24gb x4', '2g.24gb x3', '3g.47gb x2', '4g.47gb x1', '7g.94gb x1');
const OF_141 = mig('1g.18gb x7', '1g.35gb x4', '2g.35gb x3', '3g.71gb x2', '4g.71gb x1', '7g.141gb x1');
const OF_180 = mig('1g.23gb x7', '1g.45gb x4', '2g.45gb x3', '3g.90gb x2', '4g.90gb x1', '7g.180gb x1');
const A30 = mig('1g.6gb x4', '2g.12gb x2', '4g.24gb x1');

interface Card {
  readonly id: string;
  readonly name: string;
  readonly memory: string;
  readonly capability: string;
  readonly family: string;
  readonly power?: number;
  readonly nvlink?: number;
  readonly mig?: readonly MigProfile[];
  readonly sheet: Source;
  /** Where the driver's name of it stands. @default - the list of the open driver, which begins with Turing */
  readonly list?: Source;
}

/** A card or module that the operator drives. Time-slicing and MPS, which takes Volta or later, are the device plugin's. */
function card({ capability, family, memory, power, sheet, list = S.driver, ...given }: Card): GpuModel {
  const { mig = [], nvlink, id, name } = given;
  return {
    id,
    name,
    vendor: 'nvidia',
    reach: 'nvidia-gpu-operator',
    memory: size(memory),
    architecture: family,
    computeCapability: capability,
    mig,
    sharing: ['time-slicing', 'mps'],
    ...(nvlink === undefined ? {} : { nvlink }),
    ...(power === undefined ? {} : { maxPower: power }),
    sources: {
      name: list,
      memory: sheet,
      architecture: S.discovery,
      computeCapability: S.compute,
      ...(mig.length > 0 ? { mig: S.mig } : {}),
      sharing: S.sharing,
      ...(nvlink === undefined ? {} : { nvlink: sheet }),
      ...(power === undefined ? {} : { maxPower: sheet }),
    },
  };
}

/** Part of a Jetson's processor: its memory is the module's, and there is always one. */
function integrated(id: string, name: string, capability: string, family: string): GpuModel {
  return {
    id,
    name,
    vendor: 'nvidia',
    reach: 'nvidia-device-plugin',
    architecture: family,
    computeCapability: capability,
    mig: [],
    sharing: ['time-slicing'],
    sources: { name: S.jetson, architecture: S.discovery, computeCapability: S.compute, sharing: S.tegra },
  };
}

const AMPERE = { capability: '8.0', family: 'ampere' };
const AMPERE_GRAPHICS = { capability: '8.6', family: 'ampere' };
const ADA = { capability: '8.9', family: 'ada-lovelace' };
const HOPPER = { capability: '9.0', family: 'hopper' };
const VOLTA = { capability: '7.0', family: 'volta', sheet: S.v100, list: S.driverAppendix };

/** NVIDIA's, by the name of the driver. */
export const NVIDIA_GPUS: readonly GpuModel[] = [
  card({
    id: 'b200',
    name: 'NVIDIA B200',
    memory: '180GB',
    capability: '10.0',
    family: 'blackwell',
    nvlink: 5,
    mig: OF_180,
    sheet: S.b200,
    list: S.driverAppendix,
  }),
  card({
    id: 'h200-sxm',
    name: 'NVIDIA H200',
    memory: '141GB',
    ...HOPPER,
    power: 700,
    nvlink: 4,
    mig: OF_141,
    sheet: S.h200,
  }),
  card({
    id: 'h200-nvl',
    name: 'NVIDIA H200 NVL',
    memory: '141GB',
    ...HOPPER,
    power: 600,
    nvlink: 4,
    mig: OF_141,
    sheet: S.h200,
    list: S.driverAppendix,
  }),
  card({
    id: 'h100-sxm',
    name: 'NVIDIA H100 80GB HBM3',
    memory: '80GB',
    ...HOPPER,
    power: 700,
    nvlink: 4,
    mig: OF_80,
    sheet: S.h100,
  }),
  card({
    id: 'h100-pcie',
    name: 'NVIDIA H100 PCIe',
    memory: '80GB',
    ...HOPPER,
    power: 350,
    nvlink: 4,
    mig: OF_80,
    sheet: S.h100,
  }),
  card({
    id: 'h100-nvl',
    name: 'NVIDIA H100 NVL',
    memory: '94GB',
    ...HOPPER,
    power: 400,
    nvlink: 4,
    mig: OF_94,
    sheet: S.h100,
  }),
  card({
    id: 'a100-sxm4-80gb',
    name: 'NVIDIA A100-SXM4-80GB',
    memory: '80GB',
    ...AMPERE,
    power: 400,
    nvlink: 3,
    mig: OF_80,
    sheet: S.a100,
  }),
  card({
    id: 'a100-sxm4-40gb',
    name: 'NVIDIA A100-SXM4-40GB',
    memory: '40GB',
    ...AMPERE,
    power: 400,
    nvlink: 3,
    mig: A100_40,
    sheet: S.a100,
  }),
  card({
    id: 'a100-pcie-80gb',
    name: 'NVIDIA A100 80GB PCIe',
    memory: '80GB',
    ...AMPERE,
    power: 300,
    nvlink: 3,
    mig: OF_80,
    sheet: S.a100,
  }),
  card({
    id: 'a100-pcie-40gb',
    name: 'NVIDIA A100-PCIE-40GB',
    memory: '40GB',
    ...AMPERE,
    power: 250,
    nvlink: 3,
    mig: A100_40,
    sheet: S.a100Pcie40,
  }),
  card({ id: 'a30', name: 'NVIDIA A30', memory: '24GB', ...AMPERE, power: 165, nvlink: 3, mig: A30, sheet: S.a30 }),
  card({ id: 'a40', name: 'NVIDIA A40', memory: '48GB', ...AMPERE_GRAPHICS, power: 300, nvlink: 3, sheet: S.a40 }),
  card({ id: 'a10', name: 'NVIDIA A10', memory: '24GB', ...AMPERE_GRAPHICS, power: 150, sheet: S.a10 }),
  card({ id: 'l40s', name: 'NVIDIA L40S', memory: '48GB', ...ADA, power: 350, sheet: S.l40s }),
  card({ id: 'l4', name: 'NVIDIA L4', memory: '24GB', ...ADA, power: 72, sheet: S.l4 }),
  card({
    id: 't4',
    name: 'Tesla T4',
    memory: '16GB',
    capability: '7.5',
    family: 'turing',
    power: 70,
    sheet: S.t4,
    list: S.driverAppendix,
  }),
  card({ id: 'v100-sxm2-32gb', name: 'Tesla V100-SXM2-32GB', memory: '32GB', ...VOLTA, power: 300, nvlink: 2 }),
  card({ id: 'v100-sxm2-16gb', name: 'Tesla V100-SXM2-16GB', memory: '16GB', ...VOLTA, power: 300, nvlink: 2 }),
  card({ id: 'v100-pcie-32gb', name: 'Tesla V100-PCIE-32GB', memory: '32GB', ...VOLTA, power: 250 }),
  card({ id: 'v100-pcie-16gb', name: 'Tesla V100-PCIE-16GB', memory: '16GB', ...VOLTA, power: 250 }),
  card({
    id: 'rtx-a6000',
    name: 'NVIDIA RTX A6000',
    memory: '48GB',
    ...AMPERE_GRAPHICS,
    power: 300,
    nvlink: 3,
    sheet: S.a6000,
  }),
  card({
    id: 'rtx-4090',
    name: 'NVIDIA GeForce RTX 4090',
    memory: '24GB',
    ...ADA,
    power: 450,
    sheet: S.rtx4090,
  }),
  card({
    id: 'rtx-3090',
    name: 'NVIDIA GeForce RTX 3090',
    memory: '24GB',
    ...AMPERE_GRAPHICS,
    power: 350,
    nvlink: 3,
    sheet: S.rtx3090,
  }),
  integrated('jetson-orin', 'Orin', '8.7', 'ampere'),
  integrated('jetson-xavier', 'Xavier', '7.2', 'volta'),
];
