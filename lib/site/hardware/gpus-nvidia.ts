import { Size } from 'cdk8s';
import { parseSize } from '../quantity';
import { MLPERF as M, mlperf } from './mlperf';
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
/** The manager's configuration of `1g.35gb` is of the H200 alone. */
const OF_141_NVL = OF_141.filter(({ name }) => name !== '1g.35gb');
const OF_180 = mig('1g.23gb x7', '1g.45gb x4', '2g.45gb x3', '3g.90gb x2', '4g.90gb x1', '7g.180gb x1');
const A30 = mig('1g.6gb x4', '2g.12gb x2', '4g.24gb x1');

/** A fact, and where it is written. */
type Sourced<T> = readonly [fact: T, source: Source];

interface Card {
  readonly id: string;
  readonly name: string;
  readonly memory: Sourced<string>;
  readonly capability: Sourced<string>;
  readonly family: string;
  /** Watts. */
  readonly power?: Sourced<number>;
  /** Generation. */
  readonly nvlink?: Sourced<number>;
  readonly mig?: readonly MigProfile[];
  /** Where the driver's name of it stands. @default - the list of the open driver, which begins with Turing */
  readonly named?: Source;
}

/** A card or module that the operator drives. Time-slicing and MPS are the device plugin's. */
function card({ id, name, memory, capability, family, power, nvlink, mig = [], named = S.driver }: Card): GpuModel {
  return {
    id,
    name,
    vendor: 'nvidia',
    reach: 'nvidia-gpu-operator',
    memory: size(memory[0]),
    architecture: family,
    computeCapability: capability[0],
    mig,
    sharing: ['time-slicing', 'mps'],
    ...(nvlink ? { nvlink: nvlink[0] } : {}),
    ...(power ? { maxPower: power[0] } : {}),
    sources: {
      name: named,
      memory: memory[1],
      architecture: S.discovery,
      computeCapability: capability[1],
      ...(mig.length > 0 ? { mig: S.mig } : {}),
      sharing: S.sharing,
      ...(nvlink ? { nvlink: nvlink[1] } : {}),
      ...(power ? { maxPower: power[1] } : {}),
    },
  };
}

/** Part of a Jetson's processor: its memory is the module's, and there is always one. */
function integrated(id: string, name: Sourced<string>, capability: Sourced<string>, family: string): GpuModel {
  return {
    id,
    name: name[0],
    vendor: 'nvidia',
    reach: 'nvidia-device-plugin',
    architecture: family,
    computeCapability: capability[0],
    mig: [],
    sharing: ['time-slicing'],
    sources: {
      name: name[1],
      architecture: S.discovery,
      computeCapability: capability[1],
      sharing: S.tegra,
    },
  };
}

const AMPERE: Pick<Card, 'capability' | 'family'> = { capability: ['8.0', S.simulatedA100], family: 'ampere' };
const AMPERE_GRAPHICS: typeof AMPERE = { capability: ['8.6', S.compute], family: 'ampere' };
const ADA: typeof AMPERE = { capability: ['8.9', S.compute], family: 'ada-lovelace' };
const HOPPER: typeof AMPERE = { capability: ['9.0', S.compute], family: 'hopper' };
const VOLTA: typeof AMPERE = { capability: ['7.0', S.computeLegacy], family: 'volta' };

const H200_SXM = mlperf('inference v5.1', 'closed/NVIDIA/systems/backup_systems/H200-SXM-141GBx8_TRT');
const H200_NVL = mlperf('inference v5.1', 'closed/Cisco/systems/C845A_H200_NVLx8_TRT');
const H100_NVL = mlperf('inference v5.1', 'closed/Dell/systems/R7715-H100-NVL-94GBx3_TRT');
const H100_PCIE = mlperf('training v3.0', 'Dell/systems/R760xax4H100-PCIE-80GB');
const A100_PCIE_40 = mlperf('training v1.0', 'Dell/systems/DSS8440x8A100-PCIE-40GB-NVBRIDGE');
const A30_NVIDIA = mlperf('training v2.0', 'NVIDIA/systems/2xa30_ngc22.04_pytorch');
const A30_DELL = mlperf('training v2.0', 'Dell/systems/DSS8440x8xA30-NVBRIDGE');
const A40_DELL = mlperf('inference v1.0', 'closed/DellEMC/systems/DSS8440_A40x10_TRT');
const A10_DELL = mlperf('inference v1.1', 'closed/Dell/systems/XR12_datacenter_A10x2_TRT');
const L40S_DELL = mlperf('inference v5.1', 'closed/Dell/systems/XE7740_L40S_PCIe_48GBx8_TRT');
const L4_XFUSION = mlperf('training v3.0', 'xFusion/systems/2288H_V7x6xL4');
const T4_DELL = mlperf('inference v1.0', 'closed/DellEMC/systems/XE2420_T4x1_TRT');
const DGX_1 = mlperf('training v0.7', 'NVIDIA/systems/dgx1_ngc20.06_pytorch');
const V100_ALIBABA = mlperf('training v0.7', 'Alibaba/systems/n128_pai_eflops');

/** NVIDIA's, by the name of the driver. */
export const NVIDIA_GPUS: readonly GpuModel[] = [
  card({
    id: 'b200',
    name: 'NVIDIA B200',
    memory: ['180GB', M.dgxB200],
    capability: ['10.0', S.compute],
    family: 'blackwell',
    power: [1000, M.dgxB200],
    nvlink: [5, M.dgxB200],
    mig: OF_180,
  }),
  card({
    id: 'h200-sxm',
    name: 'NVIDIA H200',
    memory: ['141GB', H200_SXM],
    ...HOPPER,
    power: [700, H200_SXM],
    nvlink: [4, H200_SXM],
    mig: OF_141,
  }),
  card({
    id: 'h200-nvl',
    name: 'NVIDIA H200 NVL',
    memory: ['141GB', H200_NVL],
    ...HOPPER,
    power: [600, H200_NVL],
    mig: OF_141_NVL,
  }),
  card({
    id: 'h100-sxm',
    name: 'NVIDIA H100 80GB HBM3',
    memory: ['80GB', M.xe9680H100],
    ...HOPPER,
    power: [700, M.xe9680H100],
    nvlink: [4, M.xe9680H100],
    mig: OF_80,
  }),
  card({
    id: 'h100-pcie',
    name: 'NVIDIA H100 PCIe',
    memory: ['80GB', H100_PCIE],
    ...HOPPER,
    power: [350, H100_PCIE],
    mig: OF_80,
  }),
  card({
    id: 'h100-nvl',
    name: 'NVIDIA H100 NVL',
    memory: ['94GB', H100_NVL],
    ...HOPPER,
    power: [400, S.h100Nvl],
    mig: OF_94,
  }),
  // Some servers run this module at 500 W.
  card({
    id: 'a100-sxm4-80gb',
    name: 'NVIDIA A100-SXM4-80GB',
    memory: ['80GB', M.dgxA100of80],
    ...AMPERE,
    power: [400, M.dgxA100of80],
    nvlink: [3, M.dgxA100of80],
    mig: OF_80,
  }),
  card({
    id: 'a100-sxm4-40gb',
    name: 'NVIDIA A100-SXM4-40GB',
    memory: ['40GB', M.dgxA100of40],
    ...AMPERE,
    power: [400, M.dgxA100of40],
    nvlink: [3, M.dgxA100of40],
    mig: A100_40,
  }),
  card({
    id: 'a100-pcie-80gb',
    name: 'NVIDIA A100 80GB PCIe',
    memory: ['80GB', M.r750xaA100],
    ...AMPERE,
    power: [300, M.r750xaA100],
    nvlink: [3, S.ampere],
    mig: OF_80,
  }),
  card({
    id: 'a100-pcie-40gb',
    name: 'NVIDIA A100-PCIE-40GB',
    memory: ['40GB', A100_PCIE_40],
    ...AMPERE,
    power: [250, A100_PCIE_40],
    nvlink: [3, S.ampere],
    mig: A100_40,
  }),
  card({
    id: 'a30',
    name: 'NVIDIA A30',
    memory: ['24GB', A30_NVIDIA],
    capability: ['8.0', S.simulatedA30],
    family: 'ampere',
    power: [165, A30_DELL],
    nvlink: [3, A30_NVIDIA],
    mig: A30,
  }),
  card({ id: 'a40', name: 'NVIDIA A40', memory: ['48GB', A40_DELL], ...AMPERE_GRAPHICS, power: [300, S.a40] }),
  card({ id: 'a10', name: 'NVIDIA A10', memory: ['24GB', A10_DELL], ...AMPERE_GRAPHICS, power: [150, S.a10] }),
  card({ id: 'l40s', name: 'NVIDIA L40S', memory: ['48GB', L40S_DELL], ...ADA, power: [350, L40S_DELL] }),
  card({ id: 'l4', name: 'NVIDIA L4', memory: ['24GB', L4_XFUSION], ...ADA, power: [72, S.l4] }),
  card({
    id: 't4',
    name: 'Tesla T4',
    memory: ['16GB', T4_DELL],
    capability: ['7.5', S.simulatedT4],
    family: 'turing',
    power: [70, S.t4],
  }),
  card({
    id: 'v100-sxm2-32gb',
    name: 'Tesla V100-SXM2-32GB',
    memory: ['32GB', V100_ALIBABA],
    ...VOLTA,
    power: [300, S.v100Sxm32],
    nvlink: [2, V100_ALIBABA],
    named: S.v100Sxm32,
  }),
  card({
    id: 'v100-sxm2-16gb',
    name: 'Tesla V100-SXM2-16GB',
    memory: ['16GB', DGX_1],
    ...VOLTA,
    power: [300, DGX_1],
    nvlink: [2, DGX_1],
    named: S.v100Sxm16Name,
  }),
  card({
    id: 'v100-pcie-16gb',
    name: 'Tesla V100-PCIE-16GB',
    memory: ['16GB', S.v100Pcie16],
    ...VOLTA,
    power: [250, S.v100Pcie16],
    named: S.v100Pcie16Name,
  }),
  card({
    id: 'rtx-a6000',
    name: 'NVIDIA RTX A6000',
    memory: ['48GB', S.workstationCards],
    ...AMPERE_GRAPHICS,
    power: [300, S.workstationCards],
  }),
  card({
    id: 'rtx-4090',
    name: 'NVIDIA GeForce RTX 4090',
    memory: ['24GB', M.tinybox],
    ...ADA,
    power: [450, S.workstationCards],
  }),
  // Makers of boards set higher limits: 370 to 420 W.
  card({
    id: 'rtx-3090',
    name: 'NVIDIA GeForce RTX 3090',
    memory: ['24GB', S.rtx3090],
    ...AMPERE_GRAPHICS,
    power: [350, S.rtx3090],
  }),
  integrated('jetson-orin', ['Orin', S.orin], ['8.7', S.compute], 'ampere'),
  integrated('jetson-xavier', ['Xavier', S.xavier], ['7.2', S.computeLegacy], 'volta'),
];
