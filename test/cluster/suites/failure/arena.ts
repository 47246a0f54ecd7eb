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

/** Seconds in which a blow that may break nothing is the only one, so that no other excuses what it does. */
const ALONE = 3;

/** Deals blows. Those that may break writes can overlap; one that may not waits until the others' time for that is over. */
export class Arena {
  readonly hits: Hit[] = [];
  private last: Promise<unknown> = Promise.resolve();
  private open: Promise<unknown>[] = [];

  /** @param tell hears what was dealt, once it is whole again */
  constructor(private readonly tell: (hit: Omit<Hit, 'bound'>) => void) {}

  async deal(blow: Blow): Promise<void> {
    if (blow.bound.breaks === undefined) await this.dealAlone(blow);
    else await this.dealAmongOthers(blow, blow.bound.breaks);
  }

  private async dealAlone(blow: Blow): Promise<void> {
    const turn = Promise.allSettled([this.last, ...this.open]).then(async () => {
      const at = now();
      await blow.strike();
      await sleep(ALONE);
      return at;
    });
    this.last = turn.catch(() => undefined);
    this.open = [];
    const at = await turn;
    await blow.recover();
    this.note(blow, at);
  }

  private async dealAmongOthers(blow: Blow, breaks: number | 'until whole'): Promise<void> {
    let recovered: Promise<void> | undefined;
    const turn = this.last.then(async () => {
      const at = now();
      await blow.strike();
      recovered = blow.recover();
      recovered.catch(() => undefined);
      await (breaks === 'until whole' ? recovered : Promise.race([sleep(breaks), recovered]));
      return at;
    });
    this.open.push(turn);
    const at = await turn;
    await recovered;
    this.note(blow, at);
  }

  private note({ what, bound }: Blow, at: number): void {
    const hit = { what, at, whole: now() };
    this.hits.push({ ...hit, bound });
    this.tell(hit);
  }
}
