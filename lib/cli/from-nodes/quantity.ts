const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
};

/** A quantity as Kubernetes writes it, or undefined where it is none. */
export function amount(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const [, digits, suffix] =
    (typeof value === 'string' && /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(value)) || [];
  return digits === undefined || !Object.hasOwn(SUFFIXES, suffix) ? undefined : Number(digits) * SUFFIXES[suffix];
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes as a site file has them: in the largest unit that leaves them whole, KiB at least. */
export function sizeText(bytes: number): string {
  let size = Math.floor(bytes / 1024);
  let unit = 0;
  while (size > 0 && size % 1024 === 0 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size}${UNITS[unit]}`;
}
