import { type Hit, KINDS } from './arena';
import { NOTICED } from './bounds';
import { clock, type Journal, type Write } from './journal';

/** All that went beyond the bounds since a time, in words. */
export function problems(journal: Journal, hits: readonly Hit[], since: number): string[] {
  const inOrder = [...hits].sort((a, b) => a.at - b.at);
  return [
    ...journal.errors

      .filter(({ ended }) => ended >= since)
      .filter((write) => !inOrder.some((hit) => mayBreak(hit, write)))
      .map((write) => `failed: ${show(write)}; ${before(inOrder, write)}`),
    ...inOrder.filter(({ at }) => at >= since).flatMap((hit) => late(journal, hit)),
  ];
}

/** For each blow, what it cost: seconds until whole and until a write of each kind was through, and how many failed. */
export function table(journal: Journal, hits: readonly Hit[]): string {
  const inOrder = [...hits].sort((a, b) => a.at - b.at);
  const blame = (write: Write): Hit | undefined => inOrder.filter((hit) => hit.at <= write.ended).at(-1);
  const blamed = journal.errors.map((write) => ({ write, hit: blame(write) }));
  return inOrder
    .map((hit) => {
      const seconds = KINDS.map((kind) => {
        const write = journal.through(kind, hit.at);
        return `${kind} ${write ? (write.ended - hit.at).toFixed(1) : 'never'}`;
      });
      const errors = blamed.filter((entry) => entry.hit === hit);
      const last = errors.map(({ write }) => write.began - hit.at).sort((a, b) => b - a)[0];
      const failed = errors.length === 0 ? '' : `, ${errors.length} failed, the last begun after ${last!.toFixed(1)}`;
      return `${clock(hit.at)} ${hit.what}: whole ${(hit.whole - hit.at).toFixed(1)}, ${seconds.join(', ')}${failed}`;
    })
    .join('\n');
}

function mayBreak({ at, whole, bound: { breaks } }: Hit, { began, ended }: Write): boolean {
  if (breaks === undefined || ended < at) return false;
  return began <= (breaks === 'until whole' ? whole + NOTICED : at + breaks);
}

function late(journal: Journal, { what, at, bound: { through } }: Hit): string[] {
  return KINDS.flatMap((kind) => {
    const write = journal.through(kind, at);
    if (write && write.ended <= at + through) return [];
    const found = write ? `the first took until ${clock(write.ended)}` : 'none did';
    return [`late: no ${kind} was through within ${through} s after ${clock(at)} (${what}); ${found}`];
  });
}

function show({ kind, began, ended, error }: Write): string {
  return `${kind}, ${clock(began)} to ${clock(ended)}: ${error}`;
}

function before(hits: readonly Hit[], { ended }: Write): string {
  const last = hits.filter(({ at }) => at <= ended).slice(-2);
  if (last.length === 0) return 'nothing had happened yet';
  return `before it: ${last.map(({ at, what }) => `${what} (${clock(at)})`).join(', ')}`;
}
