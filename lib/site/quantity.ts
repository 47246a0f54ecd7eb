import { Size, SizeRoundingBehavior } from 'cdk8s';
import { show } from '../core/errors';
import { type Decoder, describe, isSize, Refusal } from './decode';

const KIBI = 1024;

/** Bytes in each unit. Kubernetes' own suffixes (Ki, Mi, ...) mean the same as KiB, MiB, ... */
const SIZE_UNITS: ReadonlyMap<string, number> = new Map(
  ['K', 'M', 'G', 'T', 'P'].flatMap((letter, i): [string, number][] => [
    [`${letter}B`, 1000 ** (i + 1)],
    [`${letter}iB`, KIBI ** (i + 1)],
    [`${letter}i`, KIBI ** (i + 1)],
  ]),
);
const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-z/]+)$/;

/** A size from its text: a number and one of KB, MB, GB, TB, PB (powers of 1000) or KiB, MiB, GiB, TiB, PiB (powers of 1024). */
export function parseSize(text: string): Size | Refusal {
  const [, amount, unit] = QUANTITY.exec(text.trim()) ?? [];
  if (unit === undefined)
    return new Refusal(`must be a size such as "1TiB" or "15TB", got ${describe(text)}; write a number and its unit`);
  const bytes = SIZE_UNITS.get(unit);
  if (bytes === undefined) {
    const [, letter, binary] = /^([kmgtp])(i?)/i.exec(unit) ?? [];
    const mend = letter
      ? `did you mean ${show(`${amount}${letter.toUpperCase()}${binary ? 'iB' : 'B'}`)}?`
      : `use one of GB, TB, GiB, TiB`;
    return new Refusal(`has no unit of size in ${describe(text)}; ${mend}`);
  }
  const kibibytes = Math.floor(Math.round(Number(amount) * bytes) / KIBI);
  if (kibibytes < 1) return new Refusal(`must be at least 1KiB, got ${describe(text)}; give what is there`);
  if (!Number.isSafeInteger(kibibytes))
    return new Refusal(`must be less than 8192PiB, got ${describe(text)}; check its unit`);
  return sizeOf(kibibytes);
}

/** A size in typed form, or its text. */
export const size: Decoder<Size> = (value, place) => {
  if (typeof value === 'number')
    return place.problem(`must be a size with its unit, got ${value}; did you mean "${value}GB"?`);
  if (isSize(value))
    return kibibytes(value) >= 1
      ? value
      : place.problem(`must be at least 1KiB, got ${describe(value)}; give what is there`);
  if (typeof value !== 'string')
    return place.problem(
      `must be a size such as "1TiB" or "15TB", got ${describe(value)}; write a number and its unit`,
    );
  const parsed = parseSize(value);
  return parsed instanceof Refusal ? place.problem(parsed.message) : parsed;
};

/** A size from kibibytes, in the largest binary unit that leaves it whole. */
export function sizeOf(kibibytes: number): Size {
  const units: readonly [number, (amount: number) => Size][] = [
    [KIBI ** 4, Size.pebibyte],
    [KIBI ** 3, Size.tebibytes],
    [KIBI ** 2, Size.gibibytes],
    [KIBI, Size.mebibytes],
  ];
  const [unit, make] = units.find(([unit]) => kibibytes > 0 && kibibytes % unit === 0) ?? [1, Size.kibibytes];
  return make(kibibytes / unit);
}

/** A size times a count, summed over all. */
export function sum(parts: Iterable<readonly [size: Size, count: number]>): Size {
  let total = 0;
  for (const [part, count] of parts) total += kibibytes(part) * count;
  return sizeOf(total);
}

function kibibytes(value: Size): number {
  return value.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
}

/** The speed of a network port, in bits a second: `200Gb/s`. */
export type LinkSpeed = `${number}${'Mb/s' | 'Gb/s' | 'Tb/s'}`;

const SPEED_UNITS: Readonly<Record<string, number>> = { 'Mb/s': 0.001, 'Gb/s': 1, 'Tb/s': 1000 };

/** A link speed from its text, checked and without blanks. */
export function parseSpeed(text: string): LinkSpeed | Refusal {
  const [, amount, unit] = QUANTITY.exec(text.trim()) ?? [];
  if (unit === undefined)
    return new Refusal(`must be a speed such as "100Gb/s", got ${describe(text)}; write a number and its unit`);
  if (!Object.hasOwn(SPEED_UNITS, unit)) {
    const letter = /^[mgt]/i.exec(unit)?.[0].toUpperCase();
    const mend = letter ? `did you mean ${show(`${amount}${letter}b/s`)}?` : 'use Gb/s';
    return new Refusal(`has no unit of speed in ${describe(text)}; ${mend}`);
  }
  if (Number(amount) === 0)
    return new Refusal(`must be more than 0, got ${describe(text)}; give the speed of the port`);
  return `${Number(amount)}${unit}` as LinkSpeed;
}

/** A link speed, which has one form everywhere. */
export const speed: Decoder<LinkSpeed> = (value, place) => {
  if (typeof value === 'number')
    return place.problem(`must be a speed with its unit, got ${value}; did you mean "${value}Gb/s"?`);
  if (typeof value !== 'string')
    return place.problem(`must be a speed such as "100Gb/s", got ${describe(value)}; write a number and its unit`);
  const parsed = parseSpeed(value);
  return parsed instanceof Refusal ? place.problem(parsed.message) : parsed;
};

/** A link speed in gigabits a second. */
export function gigabitsPerSecond(value: LinkSpeed): number {
  const [, amount, unit] = QUANTITY.exec(value) ?? [];
  return Number(amount) * SPEED_UNITS[unit];
}
