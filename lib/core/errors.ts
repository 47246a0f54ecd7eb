/** The error that wrong input throws: one or more problems, each with its place, the value and the mend. */
export class OnPremError extends Error {
  /** Each problem on its own, in the form `path: what is wrong; what mends it`. */
  declare readonly problems: readonly string[];

  constructor(problems: readonly string[], title?: string) {
    super(
      problems.length === 1 && !title ? problems[0] : [title ?? 'found', ...problems.map((p) => `  - ${p}`)].join('\n'),
    );
    this.name = 'OnPremError';
    // Not enumerable: Node would print them once more below the message.
    Object.defineProperty(this, 'problems', { value: problems });
  }
}

/**
 * Refuses a value.
 *
 * @param path where the value was given: a construct's path (`lab/mlflow`) or a file (`site.yaml`)
 * @param message what is wrong with which value, and what mends it: `replicas must be 1 with the file store, got 3; pass database to scale out`
 */
export function fail(path: string, message: string): never {
  throw new OnPremError([`${path}: ${message}`]);
}

/** Throws one error for all the problems; returns when there are none. */
export function failAll(title: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new OnPremError(problems, `${title}: ${count(problems.length, 'problem')}`);
}

/** `1 problem`, `2 problems`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A value as it stands in an error message. */
export function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** The candidate that was probably meant, or undefined where none is near: a third of the letters may differ. */
export function nearest(value: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(value.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - value.length) >= bestDistance) continue;
    const distance = editDistance(value.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `; did you mean "x"?` where a candidate is near, else the list of what there is. */
export function didYouMean(value: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const near = nearest(value, all);
  if (near !== undefined) return `; did you mean ${show(near)}?`;
  return all.length === 0 ? '; there is none' : `; there is ${all.map(show).join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
