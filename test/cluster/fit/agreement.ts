import { makeCase, type Case } from './cases';
import { compare, type Comparison } from './compare';
import { askScheduler, clear, prepare, tidy, type Kubectl } from './real';

/** Cases that the scheduler is asked of at a time. With twice as many it falls behind, and decides some by what it has not heard yet. */
const AT_A_TIME = 40;

/** Asks the engine and the real scheduler of all cases, some at a time, each in a namespace and on nodes of its own. */
export async function agreement(kubectl: Kubectl, seeds: readonly number[]): Promise<Comparison[]> {
  const all: Comparison[] = [];
  let clearing = Promise.resolve();
  await prepare(kubectl);
  for (let i = 0; i < seeds.length; i += AT_A_TIME) {
    const cases: Case[] = seeds.slice(i, i + AT_A_TIME).map(makeCase);
    const outcomes = await askScheduler(kubectl, cases);
    cases.forEach((of, n) => all.push(compare(of, outcomes[n]!)));
    // While the next are made.
    await clearing;
    clearing = clear(kubectl, cases);
    clearing.catch(() => undefined);
  }
  await clearing;
  await tidy(kubectl);
  return all;
}
