/** Milliseconds that it takes. */
export function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** Milliseconds of processor time that it takes: the garbage collector's threads count, other programs don't. */
export function processorTime(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The value in the middle, which one slow round doesn't move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Bytes that are in use once all that can be freed is. Node must run with --expose-gc. */
export function heapUsed(): number {
  if (!globalThis.gc) throw new Error('memory is measured with --expose-gc; use npm run bench');
  // What only weak maps hold takes a second pass.
  for (let pass = 0; pass < 3; pass++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/**
 * Measures competitors in turns, so that what disturbs the machine disturbs all of them, and answers with each one's median.
 *
 * @param warmUp rounds before those that count, in which V8 compiles what is hot
 */
export function race<Name extends string>(
  competitors: Readonly<Record<Name, () => number>>,
  rounds: number,
  warmUp: number,
): Record<Name, number> {
  const names = Object.keys(competitors) as Name[];
  const results = names.map(() => [] as number[]);
  for (let round = -warmUp; round < rounds; round++) {
    names.forEach((name, i) => {
      const value = competitors[name]();
      if (round >= 0) results[i].push(value);
    });
  }
  return Object.fromEntries(names.map((name, i) => [name, median(results[i])])) as Record<Name, number>;
}

/** Prints rows under a title, the first column as wide as it needs. */
export function print(title: string, rows: readonly (readonly [string, ...string[]])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of rows)
    console.log(`  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ')}`);
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`;
}
