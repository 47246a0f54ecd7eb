import { mulberry32 } from '../../../lib/core/fit/scheduler';

/** Reproducible choices. */
export class Random {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  /** A whole number from one to another, both possible. */
  from(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}
