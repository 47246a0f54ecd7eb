import { makeCase, type Case } from './cases';
import { compare, type Comparison } from './compare';
import { askScheduler, clear, prepare, tidy, type Server } from './real';

/** Cases that the scheduler is asked of at a time. With twice as many it falls behind, and decides some by what it has not heard yet. */
const AT_A_TIME = 40;

/** Asks the engine and the real scheduler of all cases, some at a time, each in a namespace and on nodes of its own. */
export async function agreement(server: Server, seeds: readonly number[]): Promise<Comparison[]> {
  const all: Comparison[] = [];
  let clearing = Promise.resolve();
  await prepare(server);
  for (let i = 0; i < seeds.length; i += AT_A_TIME) {
    const cases: Case[] = seeds.slice(i, i + AT_A_TIME).map(makeCase);
    const outcomes = await askScheduler(server, cases);
    cases.forEach((of, n) => all.push(compare(of, outcomes[n]!)));
    // While the next are made.
    await clearing;
    clearing = clear(server, cases);
    clearing.catch(() => undefined);
  }
  await clearing;
  await tidy(server);
  return all;
}
