import { existsSync, readFileSync } from 'node:fs';
import { RESULTS } from '../paths';
import { type Mark } from '../suites/support/proves';

/** A test of the bench, by its title `[minio,mlflow L] what is shown`. */
export interface Shown {
  readonly systems: readonly string[];
  readonly mark: Mark;
  readonly what: string;
  readonly passed: boolean;
}

interface JestResults {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

const TITLE = /^\[([a-z0-9,-]+) ([ALF])\] (.+)$/;

/** What the last run of the bench showed of systems. @throws where there was none */
export function readResults(): readonly Shown[] {
  if (!existsSync(RESULTS)) throw new Error('the bench has not run yet; run: npm run test:cluster');
  const { testResults } = JSON.parse(readFileSync(RESULTS, 'utf8')) as JestResults;
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ title, status }) => {
      const [, systems, mark, what] = TITLE.exec(title) ?? [];
      if (systems === undefined || what === undefined) return [];
      return [{ systems: systems.split(','), mark: mark as Mark, what, passed: status === 'passed' }];
    }),
  );
}

const LADDER: readonly Mark[] = ['A', 'L', 'F'];

/** The highest mark of which, and of all before it, everything was shown; S where nothing was. */
export function markOf(system: string, shown: readonly Shown[]): Mark | 'S' {
  let reached: Mark | 'S' = 'S';
  for (const mark of LADDER) {
    const tests = shown.filter((test) => test.mark === mark && test.systems.includes(system));
    if (tests.length === 0 || !tests.every(({ passed }) => passed)) break;
    reached = mark;
  }
  return reached;
}
