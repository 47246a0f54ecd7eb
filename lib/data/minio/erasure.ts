import { type Size, SizeRoundingBehavior } from 'cdk8s';
import { checkInteger, checkSize, fail, quantity } from '../../core';

/** Servers that are the same, each with the same drives. */
export interface MinIOPool {
  /**
   * Number of servers: 1, or as many as go on writing with one of them down (3 or more). They spread evenly over the nodes: with as many
   * nodes or more each has one of its own, with fewer the loss of a node takes several servers. Can't be changed once installed: the API
   * server refuses it.
   * @default 1
   */
  readonly servers?: number;
  /** Number of drives (volumes) of each server, 1 to 64. Can't be changed once installed: the API server refuses it. @default 1 */
  readonly drivesPerServer?: number;
  /** Size of each drive, at least 1 GiB. To raise it later, see `grownFrom`. */
  readonly driveSize: Size;
  /**
   * The `driveSize` that the pool was installed with, once `driveSize` has been raised: a StatefulSet's claim templates can't be
   * changed, so they keep this size while the claims, which are objects of their own, grow. Only storage classes with volume expansion
   * can do it.
   * @default - the drives have the size they were installed with
   */
  readonly grownFrom?: Size;
}

/** How a pool's drives form erasure sets: an object's data and parity are spread over the drives of one set. */
export interface ErasureLayout {
  /** Drives of each set, 1 to 16. */
  readonly setSize: number;
  /** What the pool can store. */
  readonly usableKibibytes: number;
}

const LARGEST_SET = 16;
const MIN_DRIVE_KIBIBYTES = 1024 ** 2;

/**
 * Drives of an erasure set, as the server chooses it: the largest number up to 16 that divides the drives and spreads evenly over the
 * servers. Undefined where there is none and the server would not start.
 *
 * @see https://github.com/minio/minio/blob/RELEASE.2025-09-07T16-13-09Z/cmd/endpoint-ellipses.go
 */
export function setSizeOf(servers: number, drivesPerServer: number): number | undefined {
  const drives = servers * drivesPerServer;
  if (drives === 1) return 1;
  for (let size = Math.min(LARGEST_SET, drives); size >= 2; size--) {
    const even = servers > size ? servers % size === 0 : size % servers === 0;
    if (drives % size === 0 && even) return size;
  }
  return undefined;
}

/** Parity of sets of this size unless one is asked for. @see https://docs.min.io/community/minio-object-store/operations/concepts/erasure-coding.html */
export function defaultParity(setSize: number): number {
  return Math.min(4, Math.floor(setSize / 2));
}

/**
 * Checks the pools, and says how each is laid out. The parity is one for all pools: the first pool's default unless given.
 *
 * @throws when a pool's drives form no erasure sets, or when one server that is down would stop writing
 */
export function erasureLayouts(path: string, pools: readonly MinIOPool[], givenParity?: number): ErasureLayout[] {
  let parity = givenParity;
  return pools.map((pool, i) => {
    const prefix = i === 0 ? '' : `expansions[${i - 1}].`;
    const { servers, drivesPerServer } = checkPool(path, prefix, pool);
    if (i > 0 && parity === 0) {
      fail(
        path,
        'a single drive can never be extended, got expansions; make a second MinIO of the new pool and copy the buckets (mc mirror)',
      );
    }
    if (i > 0 && servers * drivesPerServer === 1) {
      fail(
        path,
        `${prefix}drivesPerServer must be at least 2 with one server, got 1; an expansion is an erasure set at least`,
      );
    }
    const setSize =
      setSizeOf(servers, drivesPerServer) ??
      fail(
        path,
        `${prefix}servers: ${servers} x ${drivesPerServer} drives can't be divided evenly into erasure sets of 2 to 16 drives; ` +
          `use ${nearestServers(servers, drivesPerServer)} servers, or another drivesPerServer`,
      );
    parity ??= defaultParity(setSize);
    checkParity(path, prefix, parity, setSize, givenParity === undefined);
    if (servers > 1 && spareServers(servers, setSize, parity) === 0) {
      failWithoutSpares(path, prefix, servers, drivesPerServer, setSize, parity);
    }
    const sets = (servers * drivesPerServer) / setSize;
    return { setSize, usableKibibytes: kibibytes(pool.driveSize) * sets * (setSize - parity) };
  });
}

/**
 * Servers that may be down while all objects can be written. With as many parity as data drives, one more than half must take a write, or
 * two halves could disagree.
 */
function spareServers(servers: number, setSize: number, parity: number): number {
  const data = setSize - parity;
  const writeQuorum = data === parity ? data + 1 : data;
  const drivesOfOneServer = Math.max(1, setSize / servers);
  return Math.floor((setSize - writeQuorum) / drivesOfOneServer);
}

function checkPool(path: string, prefix: string, pool: MinIOPool): { servers: number; drivesPerServer: number } {
  const { servers = 1, drivesPerServer = 1, driveSize, grownFrom } = pool;
  checkInteger(path, `${prefix}servers`, servers, 1, 512, 'give the number of nodes with drives: 1, or 4 and more');
  checkInteger(
    path,
    `${prefix}drivesPerServer`,
    drivesPerServer,
    1,
    64,
    'give the number of drives that each server has for MinIO',
  );
  for (const [name, size] of Object.entries({ driveSize, grownFrom })) {
    if (name === 'driveSize' && !size)
      fail(path, `${prefix}needs a driveSize; give the size of one drive, such as Size.tebibytes(3)`);
    checkSize(path, `${prefix}${name}`, size);
    if (size && kibibytes(size) < MIN_DRIVE_KIBIBYTES) {
      fail(
        path,
        `${prefix}${name} must be at least 1Gi, got ${quantity(size)}; give the size of one drive, such as Size.tebibytes(3)`,
      );
    }
  }
  if (grownFrom && kibibytes(driveSize) <= kibibytes(grownFrom)) {
    fail(
      path,
      `${prefix}driveSize must be larger than grownFrom, got ${quantity(driveSize)} and ${quantity(grownFrom)}; drives can't shrink, ` +
        'and grownFrom is left out while they have the size they were installed with',
    );
  }
  return { servers, drivesPerServer };
}

function checkParity(path: string, prefix: string, parity: number, setSize: number, common: boolean): void {
  if (setSize === 1) {
    if (parity !== 0)
      fail(path, `parity must be left out with a single drive, got ${parity}; give more drives or servers`);
    return;
  }
  const most = Math.floor(setSize / 2);
  const mend = common
    ? "which is the first pool's; give the new pool more drives"
    : 'half of the drives at most can be parity';
  checkInteger(
    path,
    `parity of ${prefix === '' ? '' : `${prefix.slice(0, -1)} with `}erasure sets of ${setSize} drives`,
    parity,
    1,
    most,
    mend,
  );
}

function failWithoutSpares(
  path: string,
  prefix: string,
  servers: number,
  drives: number,
  setSize: number,
  parity: number,
): never {
  const better = Array.from({ length: Math.floor(setSize / 2) }, (_, i) => i + 1).find(
    (one) => spareServers(servers, setSize, one) > 0,
  );
  const mend = better === undefined ? 'use 4 servers or more, or 1 for a small site' : `set parity to ${better}`;
  return fail(
    path,
    `${prefix}servers: ${servers} x ${drives} drives (erasure sets of ${setSize}, parity ${parity}) stop writing when one server is down; ${mend}`,
  );
}

function nearestServers(servers: number, drivesPerServer: number): number {
  for (let distance = 1; ; distance++) {
    for (const candidate of [servers + distance, servers - distance]) {
      if (candidate > 2 && setSizeOf(candidate, drivesPerServer) !== undefined) return candidate;
    }
  }
}

export function kibibytes(size: Size): number {
  return size.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
}
