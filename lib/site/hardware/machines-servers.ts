import { type CpuSockets, type LocalDiskProps, type NetworkPortProps } from '../node-pool';
import { size } from './gpus-nvidia';
import { type MachineModel, type Source } from './model';
import { SOURCES as S } from './sources';

const NVME: LocalDiskProps = { type: 'nvme', count: 8, size: size('3.84TB') };
const SYSTEM_DISK = size('1.92TB');

/** Two EPYC 7742. */
const EPYC_7742: CpuSockets = { sockets: 2, coresPerSocket: 64, threadsPerCore: 2 };
/** Two Xeon Platinum 8480C, or 8570 in the DGX B200. */
const XEON_56: CpuSockets = { sockets: 2, coresPerSocket: 56, threadsPerCore: 2 };

const HDR: NetworkPortProps = { type: 'infiniband', speed: '200Gb/s', count: 8 };
const NDR: NetworkPortProps = { type: 'infiniband', speed: '400Gb/s', count: 8 };

/** A DGX is one product: all facts are of one document. */
function dgx(source: Source, model: Omit<MachineModel, 'sources' | 'arch'>): MachineModel {
  const { cpu, memory, gpus, localDisks, networkPorts, systemDisk, nvswitches, maxPower } = model;
  const facts = { cpu, memory, gpus, localDisks, networkPorts, systemDisk, nvswitches, maxPower };
  return {
    ...model,
    arch: 'amd64',
    sources: {
      arch: source,
      ...Object.fromEntries(
        Object.entries(facts).flatMap(([fact, value]) => (value === undefined ? [] : [[fact, source]])),
      ),
      ...(model.listPrice ? { listPrice: S.dgxA100Price } : {}),
    },
  };
}

/** What is sold with a choice of processors, memory and disks, but with these GPUs. */
function chassis(id: string, name: string, model: string, count: number, source: Source): MachineModel {
  return { id, name, arch: 'amd64', gpus: { model, count }, sources: { arch: source, gpus: source } };
}

/** Servers with GPUs. */
export const SERVERS: readonly MachineModel[] = [
  dgx(S.dgxA100, {
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
  }),
  dgx(S.dgxA100, {
    id: 'dgx-a100-640',
    name: 'NVIDIA DGX A100 640GB',
    cpu: EPYC_7742,
    memory: size('2TiB'),
    gpus: { model: 'NVIDIA A100-SXM4-80GB', count: 8 },
    localDisks: [NVME],
    networkPorts: [HDR, { type: 'ethernet', speed: '200Gb/s', count: 4 }],
    systemDisk: SYSTEM_DISK,
    nvswitches: 6,
    maxPower: 6500,
  }),
  dgx(S.dgxH100, {
    id: 'dgx-h100',
    name: 'NVIDIA DGX H100',
    cpu: XEON_56,
    memory: size('2TiB'),
    gpus: { model: 'NVIDIA H100 80GB HBM3', count: 8 },
    localDisks: [NVME],
    networkPorts: [NDR, { type: 'ethernet', speed: '400Gb/s', count: 4 }],
    systemDisk: SYSTEM_DISK,
    nvswitches: 4,
    maxPower: 10_200,
  }),
  dgx(S.dgxH100, {
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
  }),
  dgx(S.dgxB200, {
    id: 'dgx-b200',
    name: 'NVIDIA DGX B200',
    cpu: XEON_56,
    memory: size('2TiB'),
    gpus: { model: 'NVIDIA B200', count: 8 },
    localDisks: [NVME],
    networkPorts: [NDR, { type: 'ethernet', speed: '400Gb/s', count: 4 }],
    systemDisk: SYSTEM_DISK,
    nvswitches: 2,
    maxPower: 14_300,
  }),
  chassis('xe9680-h100', 'Dell PowerEdge XE9680 H100', 'NVIDIA H100 80GB HBM3', 8, S.xe9680),
  chassis('xe9680-a100', 'Dell PowerEdge XE9680 A100', 'NVIDIA A100-SXM4-80GB', 8, S.xe9680),
  chassis('xe9680-h200', 'Dell PowerEdge XE9680 H200', 'NVIDIA H200', 8, S.xe9680),
  chassis('xe9680-mi300x', 'Dell PowerEdge XE9680 MI300X', 'AMD Instinct MI300X OAM', 8, S.xe9680),
  chassis('xe8545-40', 'Dell PowerEdge XE8545 A100 40GB', 'NVIDIA A100-SXM4-40GB', 4, S.xe8545),
  chassis('xe8545-80', 'Dell PowerEdge XE8545 A100 80GB', 'NVIDIA A100-SXM4-80GB', 4, S.xe8545),
  chassis('r750xa-a100', 'Dell PowerEdge R750xa A100', 'NVIDIA A100 80GB PCIe', 4, S.r750xa),
  chassis('as-4124go-nart', 'Supermicro AS-4124GO-NART', 'NVIDIA A100-SXM4-40GB', 8, S.smc4124),
  chassis('as-4124go-nart-80', 'Supermicro AS-4124GO-NART+', 'NVIDIA A100-SXM4-80GB', 8, S.smc4124),
  chassis('sys-821ge-tnhr', 'Supermicro SYS-821GE-TNHR', 'NVIDIA H100 80GB HBM3', 8, S.smc821),
  chassis('as-8125gs-tnhr', 'Supermicro AS-8125GS-TNHR', 'NVIDIA H100 80GB HBM3', 8, S.smc8125),
  chassis('as-8125gs-tnmr2', 'Supermicro AS-8125GS-TNMR2', 'AMD Instinct MI300X OAM', 8, S.smc8125amd),
  // Four cards, each of them two GPUs.
  chassis('as-4124gq-tnmi', 'Supermicro AS-4124GQ-TNMI', 'AMD Instinct MI250', 8, S.smc4124amd),
];
