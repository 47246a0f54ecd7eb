import { type Duration, type Size, SizeRoundingBehavior } from 'cdk8s';
import { fail, show } from './errors';

const UNITS: readonly (readonly [suffix: string, kibibytes: number])[] = [
  ['Ti', 1024 ** 3],
  ['Gi', 1024 ** 2],
  ['Mi', 1024],
];

/** Checks that a size is one, which a program in plain JavaScript may get wrong. @throws for a number or a text */
export function checkSize(path: string, what: string, value: Size | undefined): void {
  if (value === undefined || typeof (value as Partial<Size>).toKibibytes === 'function') return;
  fail(
    path,
    `${what} must be a Size, which has a unit, got ${show(value)}; write it as Size.gibibytes(${amount(value)})`,
  );
}

/** Checks that a duration is one. @throws for a number or a text */
export function checkDuration(path: string, what: string, value: Duration | undefined): void {
  if (value === undefined || typeof (value as Partial<Duration>).toSeconds === 'function') return;
  fail(
    path,
    `${what} must be a Duration, which has a unit, got ${show(value)}; write it as Duration.minutes(${amount(value)})`,
  );
}

function amount(value: unknown): string {
  return /^\d+/.exec(String(value))?.[0] ?? '10';
}

/** A size as Kubernetes writes it, in the largest binary unit that leaves it whole: `1536Mi`, `2Ti`. */
export function quantity(size: Size): string {
  const kibibytes = size.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
  const [suffix, unit] = UNITS.find(([, u]) => kibibytes >= u && kibibytes % u === 0) ?? ['Ki', 1];
  return `${Math.ceil(kibibytes / unit)}${suffix}`;
}

/** A number of cores as Kubernetes writes it: `2`, `250m`. */
export function cores(n: number): string {
  return Number.isInteger(n) ? String(n) : `${Math.ceil(n * 1000)}m`;
}
