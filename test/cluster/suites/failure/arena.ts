import { sleep } from '../../shell';
import { type Bound } from './bounds';
import { type Kind, now } from './journal';

export const KINDS: readonly Kind[] = ['run', 'object'];

/** Something bad that happens to the platform. */
export interface Blow {
  readonly what: string;
  readonly bound: Bound;
  /** Does it. */
  strike(): Promise<void>;
  /** Waits until what was hit is whole again. */
  recover(): Promise<void>;
}

/** A blow that was dealt, with times in seconds as the journal counts them. */
export interface Hit {
  readonly what: string;
  readonly bound: Bound;
  readonly at: number;
  readonly whole: number;
}

/** Seconds that belong to a blow that may break nothing: no other's bound excuses what it does. */
const QUIET = 3;

type Sort = 'quiet' | 'breaking';

/** Deals blows: such as may break writes at the same time as others of their sort, and such as may not likewise, but never both. */
export class Arena {
  readonly hits: Hit[] = [];
  private readonly turns: Readonly<Record<Sort, Promise<unknown>[]>> = { quiet: [], breaking: [] };

  /** @param tell hears what was dealt, once it is whole again */
  constructor(private readonly tell: (hit: Omit<Hit, 'bound'>) => void) {}

  async deal({ what, bound, strike, recover }: Blow): Promise<void> {
    const { breaks } = bound;
    let recovered: Promise<void> | undefined;
    const at = await this.inTurn(breaks === undefined ? 'quiet' : 'breaking', async () => {
      const time = now();
      await strike();
      recovered = recover();
      recovered.catch(() => undefined);
      await (breaks === 'until whole' ? recovered : Promise.race([sleep(breaks ?? QUIET), recovered]));
      return time;
    });
    await recovered;
    const hit = { what, at, whole: now() };
    this.hits.push({ ...hit, bound });
    this.tell(hit);
  }

  /** Waits for those of the other sort that came before. */
  private async inTurn<T>(sort: Sort, deal: () => Promise<T>): Promise<T> {
    const turn = Promise.allSettled(this.turns[sort === 'quiet' ? 'breaking' : 'quiet']).then(deal);
    this.turns[sort].push(turn);
    return turn;
  }
}
