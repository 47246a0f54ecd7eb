import { type CpuSockets, type LocalDiskProps, type NetworkPortProps } from '../node-pool';
import { size } from './gpus-nvidia';
import { MLPERF as M, mlperf } from './mlperf';
import { type MachineModel, type Source } from './model';
import { SOURCES as S } from './sources';

const NVME: LocalDiskProps = { type: 'nvme', count: 8, size: size('3.84TB') };
const SYSTEM_DISK = size('1.92TB');

/** Two EPYC 7742. */
const EPYC_7742: CpuSockets = { sockets: 2, coresPerSocket: 64, threadsPerCore: 2 };
/** Two Xeon Platinum 8480C, or 8570 in the DGX B200. */
const XEON_56: CpuSockets = { sockets: 2, coresPerSocket: 56, threadsPerCore: 2 };
/** That a core of the 8480C has two threads. */
const XEON_8480C = mlperf('training v3.0', 'Azure/systems/ND_H100_v5_mxnet');

const HDR: NetworkPortProps = { type: 'infiniband', speed: '200Gb/s', count: 8 };
const NDR: NetworkPortProps = { type: 'infiniband', speed: '400Gb/s', count: 8 };

/** A machine of which one document tells all facts, but those with a source of their own. */
function machine(
  source: Source,
  model: Omit<MachineModel, 'sources' | 'arch'>,
  others: MachineModel['sources'] = {},
): MachineModel {
  const { id, name, ...facts } = model;
  const sources = Object.fromEntries(Object.keys(facts).map((fact) => [fact, source]));
  return { id, name, arch: 'amd64', ...facts, sources: { arch: source, ...sources, ...others } };
}

/** What is sold with a choice of processors, memory and disks, but with these GPUs. */
function chassis(id: string, name: string, model: string, count: number, source: Source): MachineModel {
  return machine(source, { id, name, gpus: { model, count } });
}

const DGX: readonly MachineModel[] = [
  machine(
    S.dgxA100,
    {
      id: 'dgx-a100-320',
      name: 'NVIDIA DGX A100 320GB',
      cpu: EPYC_7742,
      memory: size('1TiB'),
      gpus: { model: 'NVIDIA A100-SXM4-40GB', count: 8 },
      localDisks: [{ ...NVME, count: 4 }],
      // One card with two ports besides those of the GPUs; a second one is an option.
      networkPorts: [HDR, { type: 'ethernet', speed: '200Gb/s', count: 2 }],
      systemDisk: SYSTEM_DISK,
      nvswitches: 6,
      maxPower: 6500,
      listPrice: { usd: 199_000, date: '2020-05-14' },
    },
    { cpu: [S.dgxA100, S.epyc7742], nvswitches: S.simulatedA100, listPrice: S.dgxA100Price },
  ),
  machine(
    M.dgxA100of80,
    {
      id: 'dgx-a100-640',
      name: 'NVIDIA DGX A100 640GB',
      cpu: EPYC_7742,
      memory: size('2TiB'),
      gpus: { model: 'NVIDIA A100-SXM4-80GB', count: 8 },
      localDisks: [NVME],
      networkPorts: [HDR, { type: 'ethernet', speed: '200Gb/s', count: 2 }],
      systemDisk: SYSTEM_DISK,
      nvswitches: 6,
    },
    {
      cpu: [M.dgxA100of80, S.epyc7742],
      localDisks: [M.dgxA100of80, S.dgxA100],
      networkPorts: S.dgxA100,
      nvswitches: S.simulatedA100,
    },
  ),
  machine(
    S.basePod,
    {
      id: 'dgx-h100',
      name: 'NVIDIA DGX H100',
      cpu: XEON_56,
      memory: size('2TiB'),
      gpus: { model: 'NVIDIA H100 80GB HBM3', count: 8 },
      localDisks: [NVME],
      // The four of its two cards for storage and management may be of InfiniBand too.
      networkPorts: [NDR, { type: 'ethernet', speed: '400Gb/s', count: 4 }],
      systemDisk: SYSTEM_DISK,
      nvswitches: 4,
      maxPower: 10_200,
    },
    { cpu: [S.basePod, XEON_8480C], localDisks: S.aiPod, systemDisk: S.aiPod, maxPower: S.aiPod },
  ),
  machine(
    S.basePod,
    {
      id: 'dgx-h200',
      name: 'NVIDIA DGX H200',
      cpu: XEON_56,
      memory: size('2TiB'),
      gpus: { model: 'NVIDIA H200', count: 8 },
      localDisks: [NVME],
      networkPorts: [NDR, { type: 'ethernet', speed: '400Gb/s', count: 4 }],
      systemDisk: SYSTEM_DISK,
      nvswitches: 4,
      maxPower: 10_200,
    },
    // The disks' source counts in TiB: 3.5 of them are 3.84 TB.
    { cpu: [S.basePod, XEON_8480C], localDisks: M.dgxH200, systemDisk: M.dgxH200, maxPower: S.dgxH200Power },
  ),
  machine(
    S.dgxB200,
    {
      id: 'dgx-b200',
      name: 'NVIDIA DGX B200',
      cpu: XEON_56,
      memory: size('2TiB'),
      gpus: { model: 'NVIDIA B200', count: 8 },
      localDisks: [NVME],
      // Each of its two cards for storage and management has a port of InfiniBand besides, which is not of the GPUs' network.
      networkPorts: [NDR, { type: 'ethernet', speed: '400Gb/s', count: 2 }],
      systemDisk: SYSTEM_DISK,
      nvswitches: 2,
      maxPower: 14_300,
    },
    { cpu: [S.dgxB200, S.xeon5] },
  ),
];

const XE9680_H200 = mlperf('training v5.0', 'Dell/systems/XE9680x8H200-SXM-141GB');
const XE9680_MI300X = mlperf('training v5.0', 'Dell/systems/1xXE9680x8MI300X');
const XE8545_40 = mlperf('training v2.0', 'Dell/systems/XE8545x4A100-SXM-40GB');
const XE8545_80 = mlperf('training v2.0', 'Dell/systems/XE8545x4A100-SXM-80GB');
const NART = mlperf('training v1.0', 'Supermicro/systems/AS-4124GO-NART_pytorch');
const NART_80 = mlperf('training v2.0', 'SUPERMICRO/systems/AS-4124GO-NART+');
const SYS_821_H100 = mlperf('training v4.0', 'Supermicro/systems/SYS-821GE-TNHR-1');
const SYS_821_H200 = mlperf('training v5.0', 'Supermicro/systems/SYS-821GE-TNHR');
const AS_8125_H100 = mlperf('training v4.0', 'Supermicro/systems/AS-8125GS-TNHR-1');
const AS_8125_MI300X = mlperf('training v5.0', 'AMD/systems/MI300X_EPYC_9575F_pytorch');

/** Servers with GPUs. */
export const SERVERS: readonly MachineModel[] = [
  ...DGX,
  chassis('xe9680-h100', 'Dell PowerEdge XE9680 H100', 'NVIDIA H100 80GB HBM3', 8, M.xe9680H100),
  machine(M.xe9680A100, {
    id: 'xe9680-a100',
    name: 'Dell PowerEdge XE9680 A100',
    gpus: { model: 'NVIDIA A100-SXM4-80GB', count: 8 },
    nvswitches: 6,
  }),
  chassis('xe9680-h200', 'Dell PowerEdge XE9680 H200', 'NVIDIA H200', 8, XE9680_H200),
  chassis('xe9680-mi300x', 'Dell PowerEdge XE9680 MI300X', 'AMD Instinct MI300X OAM', 8, XE9680_MI300X),
  chassis('xe8545-40', 'Dell PowerEdge XE8545 A100 40GB', 'NVIDIA A100-SXM4-40GB', 4, XE8545_40),
  chassis('xe8545-80', 'Dell PowerEdge XE8545 A100 80GB', 'NVIDIA A100-SXM4-80GB', 4, XE8545_80),
  chassis('r750xa-a100', 'Dell PowerEdge R750xa A100', 'NVIDIA A100 80GB PCIe', 4, M.r750xaA100),
  chassis('as-4124go-nart', 'Supermicro AS-4124GO-NART', 'NVIDIA A100-SXM4-40GB', 8, NART),
  chassis('as-4124go-nart-80', 'Supermicro AS-4124GO-NART+', 'NVIDIA A100-SXM4-80GB', 8, NART_80),
  chassis('sys-821ge-tnhr', 'Supermicro SYS-821GE-TNHR', 'NVIDIA H100 80GB HBM3', 8, SYS_821_H100),
  chassis('sys-821ge-tnhr-h200', 'Supermicro SYS-821GE-TNHR H200', 'NVIDIA H200', 8, SYS_821_H200),
  chassis('as-8125gs-tnhr', 'Supermicro AS-8125GS-TNHR', 'NVIDIA H100 80GB HBM3', 8, AS_8125_H100),
  chassis('as-8125gs-tnmr2', 'Supermicro AS-8125GS-TNMR2', 'AMD Instinct MI300X OAM', 8, AS_8125_MI300X),
  // Four cards, each of them two GPUs.
  chassis('as-4124gq-tnmi', 'Supermicro AS-4124GQ-TNMI', 'AMD Instinct MI250', 8, S.mi250Server),
];

/** Workstations, and computers that lack GPUs. */
export const DESKTOPS: readonly MachineModel[] = [
  machine(M.tinybox, {
    id: 'tinybox-green',
    name: 'tinybox green',
    cpu: { sockets: 1, coresPerSocket: 32, threadsPerCore: 2 },
    memory: size('128GiB'),
    gpus: { model: 'NVIDIA GeForce RTX 4090', count: 6 },
    systemDisk: size('1TB'),
  }),
  // Sold without memory and disks.
  machine(S.nuc, {
    id: 'nuc11tnhi5',
    name: 'Intel NUC 11 Pro Kit NUC11TNHi5',
    cpu: { cores: 4, threadsPerCore: 2 },
    networkPorts: [{ type: 'ethernet', speed: '2.5Gb/s', count: 1 }],
  }),
];
