/** What a suffix multiplies by, as a fraction: exact where floating-point numbers wouldn't be. */
const SUFFIXES: Readonly<Record<string, readonly [times: bigint, over: bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [1n << 10n, 1n],
  Mi: [1n << 20n, 1n],
  Gi: [1n << 30n, 1n],
  Ti: [1n << 40n, 1n],
  Pi: [1n << 50n, 1n],
  Ei: [1n << 60n, 1n],
};

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/**
 * A quantity as the scheduler counts it: CPU in thousandths, all else whole, both rounded up.
 *
 * @returns undefined for what is no quantity
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(resource: string, value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = QUANTITY.exec(String(value));
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent, power = '0', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  let [times, over] = SUFFIXES[suffix];
  if (exponent !== undefined) {
    const ten = 10n ** BigInt(Math.abs(Number(power)));
    if (power.startsWith('-')) over *= ten;
    else times *= ten;
  }
  if (resource === 'cpu') times *= 1000n;
  const top = BigInt(whole + fraction) * times;
  const bottom = over * 10n ** BigInt(fraction.length);
  const result = sign === '-' ? -Number(top / bottom) : Number((top + bottom - 1n) / bottom);
  return result === 0 ? 0 : result;
}

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** Resources that are counted in bytes. */
export function isBytes(resource: string): boolean {
  return resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-');
}

/** An amount for people: `2.5`, `12Gi`. */
export function showAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return String(Math.round(amount) / 1000);
  if (!isBytes(resource)) return String(amount);
  let unit = 0;
  let value = amount;
  while (Math.abs(value) >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.round(value * 10) / 10}${BINARY[unit]}`;
}
