import { makeCase, type Case } from './cases';
import { compare, type Comparison } from './compare';
import { askScheduler, prepare, tidy, type Kubectl } from './real';

/** Cases that are put into the cluster together. */
const TOGETHER = 25;
/** How often so many are in it at a time: while the scheduler is waited for, others are made or taken away. */
const LANES = 3;

/** Asks the engine and the real scheduler of all cases, some at a time, each in a namespace and on nodes of its own. */
export async function agreement(kubectl: Kubectl, seeds: readonly number[]): Promise<Comparison[]> {
  const all = new Map<number, Comparison>();
  const left = [...seeds];
  await prepare(kubectl);
  const lane = async (): Promise<void> => {
    for (let next = left.splice(0, TOGETHER); next.length > 0; next = left.splice(0, TOGETHER)) {
      const cases: Case[] = next.map(makeCase);
      const outcomes = await askScheduler(kubectl, cases);
      cases.forEach((of, n) => all.set(of.seed, compare(of, outcomes[n]!)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await tidy(kubectl);
  return seeds.map((seed) => all.get(seed)!);
}
