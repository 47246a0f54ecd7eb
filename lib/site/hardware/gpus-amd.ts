import { size } from './gpus-nvidia';
import { type GpuModel } from './model';
import { SOURCES as S } from './sources';

/** AMD's. Their device plugin shares none of them by time; what it knows of partitions is the card's own mode. Memory
 * is as the driver counts it, in GiB. */
export const AMD_GPUS: readonly GpuModel[] = [
  {
    id: 'mi300x',
    name: 'AMD Instinct MI300X OAM',
    vendor: 'amd',
    reach: 'amd-gpu-operator',
    memory: size('192GiB'),
    architecture: 'cdna3',
    mig: [],
    sharing: [],
    maxPower: 750,
    sources: { name: S.amdLabels, memory: S.rocm, architecture: S.rocm, maxPower: S.mi300x },
  },
  {
    // One card is two GPUs for the driver, and for Kubernetes, each with half of the memory. The driver's list has the same number for the
    // MI250X, so that a label may name both.
    id: 'mi250',
    name: 'AMD Instinct MI250',
    vendor: 'amd',
    reach: 'amd-gpu-operator',
    memory: size('64GiB'),
    architecture: 'cdna2',
    mig: [],
    sharing: [],
    sources: { name: S.rocm, memory: S.rocm, architecture: S.rocm },
  },
];
