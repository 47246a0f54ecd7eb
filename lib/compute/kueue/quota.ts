import { Size, SizeRoundingBehavior } from 'cdk8s';
import {
  checkInteger,
  checkSize,
  type ComputeAmount,
  cores,
  fail,
  type GpuQuota,
  type IGpuPool,
  type NodeQuota,
  quantity,
  type QueueQuota,
  show,
} from '../../core';
import { type NodePool } from '../../site';
import { type Capacity } from './flavor';

/** So much of each resource that a pool has. */
interface Amount {
  readonly milliCpus: number;
  readonly mebibytes: number;
  readonly pods: number;
  /** GPUs, or parts of them. */
  readonly gpus: number;
}

/** One queue's part of one pool; a flavor of its ClusterQueue. What depends on how GPUs are shared is a function, taken at synthesis. */
export interface PoolQuota {
  readonly nodes: NodePool;
  readonly pool?: IGpuPool;
  readonly nominal: () => Amount;
  readonly borrowing?: () => Amount;
  readonly lending?: () => Amount;
}

/** A quota with its amounts. @throws where one is out of its bounds */
export function poolQuota(path: string, quota: QueueQuota, has: Capacity): PoolQuota {
  return 'pool' in quota ? gpuQuota(path, quota, has) : nodeQuota(path, quota, has);
}

function gpuQuota(path: string, { pool, gpus, borrowingLimit, lendingLimit }: GpuQuota, has: Capacity): PoolQuota {
  const { nodes } = pool;
  const check = (what: string, value: number, max: number, mend: string) =>
    checkInteger(path, `${what} of pool ${show(nodes.name)}`, value, 0, max, mend);
  check('gpus', gpus, Number.MAX_SAFE_INTEGER, "give how many are the queue's own, 0 where it only borrows");
  if (borrowingLimit !== undefined) {
    check('borrowingLimit', borrowingLimit, Number.MAX_SAFE_INTEGER, 'leave it out for all that is idle');
  }
  if (lendingLimit !== undefined)
    check('lendingLimit', lendingLimit, gpus, 'a queue lends of its own, leave it out for all');
  const amount = (n: number) => (): Amount => {
    const { perNode } = pool.resource;
    const part = (whole: number) => Math.floor((whole * n) / perNode);
    return { milliCpus: part(has.milliCpus), mebibytes: part(has.mebibytes), pods: part(has.pods), gpus: n };
  };
  return {
    nodes,
    pool,
    nominal: amount(gpus),
    ...(borrowingLimit !== undefined && { borrowing: amount(borrowingLimit) }),
    ...(lendingLimit !== undefined && { lending: amount(lendingLimit) }),
  };
}

function nodeQuota(path: string, quota: NodeQuota, has: Capacity): PoolQuota {
  const { nodes, borrowingLimit, lendingLimit } = quota;
  const amount = (what: string, { cpu, memory }: ComputeAmount) => {
    if (typeof cpu !== 'number' || !(cpu >= 0) || !Number.isFinite(cpu)) {
      fail(
        path,
        `${what}cpu of pool ${show(nodes.name)} must be 0 or more cores, got ${show(cpu)}; write 0.5 for half a core`,
      );
    }
    checkSize(path, `${what}memory of pool ${show(nodes.name)}`, memory);
    const milliCpus = Math.floor(cpu * 1000);
    return {
      milliCpus,
      mebibytes: memory.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR }),
      pods: Math.ceil((has.pods * milliCpus) / has.milliCpus),
      gpus: 0,
    };
  };
  const nominal = amount('', quota);
  const borrowing = borrowingLimit && amount('borrowingLimit.', borrowingLimit);
  const lending = lendingLimit && amount('lendingLimit.', lendingLimit);
  if (lending && (lending.milliCpus > nominal.milliCpus || lending.mebibytes > nominal.mebibytes)) {
    fail(
      path,
      `lendingLimit of pool ${show(nodes.name)} must not exceed the queue's own, ${words(nominal)}, got ${words(lending)}; a queue lends of its own, leave it out for all`,
    );
  }
  return {
    nodes,
    nominal: () => nominal,
    ...(borrowing && { borrowing: () => borrowing }),
    ...(lending && { lending: () => lending }),
  };
}

/** A ClusterQueue's quotas: one group, in which each flavor names all resources, since Kueue chooses one flavor for all that a pod asks for. */
export function resourceGroups(quotas: readonly PoolQuota[]) {
  const names = [...new Set(quotas.flatMap(({ pool }) => (pool ? [pool.resource.name] : [])))];
  const resources: readonly (readonly [name: string, of: (amount: Amount, quota: PoolQuota) => string])[] = [
    ['cpu', ({ milliCpus }) => cores(milliCpus / 1000)],
    ['memory', ({ mebibytes }) => (mebibytes === 0 ? '0' : quantity(Size.mebibytes(mebibytes)))],
    ['pods', ({ pods }) => String(pods)],
    ...names.map(
      (name) =>
        [name, ({ gpus }: Amount, { pool }: PoolQuota) => String(pool?.resource.name === name ? gpus : 0)] as const,
    ),
  ];
  return [
    {
      coveredResources: resources.map(([name]) => name),
      flavors: quotas.map((quota) => ({
        name: quota.nodes.name,
        resources: resources.map(([name, of]) => ({
          name,
          nominalQuota: of(quota.nominal(), quota),
          ...(quota.borrowing && { borrowingLimit: of(quota.borrowing(), quota) }),
          ...(quota.lending && { lendingLimit: of(quota.lending(), quota) }),
        })),
      })),
    },
  ];
}

/** The quotas of all queues for one pool. */
export interface Claims {
  readonly has: Capacity;
  readonly claims: readonly { readonly queue: string; readonly quota: PoolQuota }[];
}

/** What is promised beyond what a pool has; one text for each resource. */
export function overcommitted({ has, claims }: Claims): string[] {
  const [{ nodes, pool }] = claims.map(({ quota }) => quota);
  const kinds: readonly (readonly [what: string, total: number, of: (amount: Amount) => number])[] = pool
    ? [[pool.resource.name, pool.resource.perNode * has.nodes, ({ gpus }) => gpus]]
    : [
        ['cores', (has.milliCpus * has.nodes) / 1000, ({ milliCpus }) => milliCpus / 1000],
        ['MiB of memory', has.mebibytes * has.nodes, ({ mebibytes }) => mebibytes],
      ];
  return kinds.flatMap(([what, total, of]) => {
    const parts = claims.map(({ queue, quota }) => ({ queue, n: of(quota.nominal()) })).filter(({ n }) => n > 0);
    const sum = parts.reduce((all, { n }) => all + n, 0);
    if (sum <= total + 1e-6) return [];
    const queues = parts.map(({ queue, n }) => `${show(queue)} (${round(n)})`).join(', ');
    return [
      `queues ${queues} are given ${round(sum)} ${what} of pool ${show(nodes.name)}, which has ${round(total)} for jobs; lower one, and let it borrow`,
    ];
  });
}

function round(n: number): number {
  return Math.round(n * 1000) / 1000;
}

function words({ milliCpus, mebibytes }: Amount): string {
  return `${round(milliCpus / 1000)} cores and ${mebibytes} MiB`;
}
