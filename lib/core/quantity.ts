import { Size, SizeRoundingBehavior } from 'cdk8s';

const UNITS: readonly (readonly [suffix: string, kibibytes: number])[] = [
  ['Ti', 1024 ** 3],
  ['Gi', 1024 ** 2],
  ['Mi', 1024],
];

/** A size as Kubernetes writes it, in the largest binary unit that leaves it whole: `1536Mi`, `2Ti`. */
export function quantity(size: Size): string {
  const kibibytes = size.toKibibytes({ rounding: SizeRoundingBehavior.NONE });
  const [suffix, unit] = UNITS.find(([, u]) => kibibytes >= u && kibibytes % u === 0) ?? ['Ki', 1];
  return `${Math.ceil(kibibytes / unit)}${suffix}`;
}

/** A share of a size, rounded down to whole mebibytes. */
export function fraction(size: Size, share: number): Size {
  return Size.mebibytes(Math.floor(size.toMebibytes({ rounding: SizeRoundingBehavior.NONE }) * share));
}

/** A number of cores as Kubernetes writes it: `2`, `250m`. */
export function cores(n: number): string {
  return Number.isInteger(n) ? String(n) : `${Math.ceil(n * 1000)}m`;
}
