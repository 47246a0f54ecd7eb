import { Size, SizeRoundingBehavior } from 'cdk8s';

/** What a server's settings follow from. */
export interface TuningInput {
  /** Memory of the server's container; nothing else lives in it. */
  readonly memory: Size;
  /** Cores that the server may use. */
  readonly cpu: number;
  /** Size of the volume that holds data and WAL. */
  readonly storage: Size;
  /** Whether a random read costs hardly more than a sequential one: NVMe and SSD, not disks. */
  readonly fastStorage: boolean;
  /** Clients at a time. @default - `defaultConnections(memory)` */
  readonly connections?: number;
}

/** Settings by name, as they stand in postgresql.conf. */
export type Settings = Readonly<Record<string, string | number>>;

const MEBIBYTE_PER_CONNECTION = 20;

/** One client for each 20 MiB of memory, from 25 to 400: what a backend with its caches and its `work_mem` comes to. */
export function defaultConnections(memory: Size): number {
  return clamp(Math.floor(mebibytes(memory) / MEBIBYTE_PER_CONNECTION), 25, 400);
}

/**
 * The settings that follow from the hardware. A quarter of the memory is `shared_buffers`; a quarter is left for what all clients sort and
 * hash at once (`work_mem` each, twice that for hashes is rare); a quarter at most for maintenance (three autovacuum workers and
 * one index build); the rest is page cache, backends and parallel queries' shared memory.
 *
 * @see https://www.postgresql.org/docs/17/runtime-config-resource.html
 * @see https://www.postgresql.org/docs/17/runtime-config-wal.html
 */
export function tune(input: TuningInput): Settings {
  const memory = mebibytes(input.memory);
  const connections = input.connections ?? defaultConnections(input.memory);
  const cores = Math.max(1, Math.floor(input.cpu));
  const maxWal = clamp(Math.floor(mebibytes(input.storage) / 10), 256, 16 * 1024);
  return {
    max_connections: connections,
    shared_buffers: megabytes(memory / 4),
    effective_cache_size: megabytes((memory * 3) / 4),
    work_mem: `${Math.floor(clamp((memory * 1024) / 4 / connections, 1024, 256 * 1024))}kB`,
    maintenance_work_mem: megabytes(clamp(memory / 16, 16, 2048)),
    max_wal_size: megabytes(maxWal),
    min_wal_size: megabytes(Math.max(80, maxWal / 4)),
    checkpoint_timeout: '15min',
    max_worker_processes: 8 + cores,
    max_parallel_workers: cores,
    max_parallel_workers_per_gather: clamp(Math.floor(cores / 2), 0, 4),
    max_parallel_maintenance_workers: clamp(Math.floor(cores / 2), 0, 4),
    random_page_cost: input.fastStorage ? 1.1 : 4,
    effective_io_concurrency: input.fastStorage ? 200 : 2,
  };
}

/** Shared memory of parallel queries, which the server takes from /dev/shm: an eighth of the memory. */
export function sharedMemory(memory: Size): Size {
  return Size.mebibytes(Math.max(64, Math.floor(mebibytes(memory) / 8)));
}

/** postgresql.conf: settings in the order given; a value is quoted, so that it may hold anything. */
export function renderConfiguration(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value.replace(/['\\]/g, '$&$&')}'`}\n`)
    .join('');
}

/** Whole mebibytes of a size. */
export function mebibytes(size: Size): number {
  return size.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR });
}

function megabytes(value: number): string {
  return `${Math.floor(value)}MB`;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
