import { makeCase, type Case } from './cases';
import { compare, type Comparison } from './compare';
import { askScheduler, prepare, tidy, type Kubectl } from './real';

/** Cases that are in the cluster at a time. */
const AT_A_TIME = 40;

/** Asks the engine and the real scheduler of all cases, some at a time, each in a namespace and on nodes of its own. */
export async function agreement(kubectl: Kubectl, seeds: readonly number[]): Promise<Comparison[]> {
  const all: Comparison[] = [];
  await prepare(kubectl);
  for (let i = 0; i < seeds.length; i += AT_A_TIME) {
    const cases: Case[] = seeds.slice(i, i + AT_A_TIME).map(makeCase);
    const outcomes = await askScheduler(kubectl, cases);
    cases.forEach((of, n) => all.push(compare(of, outcomes[n]!)));
  }
  await tidy(kubectl);
  return all;
}
