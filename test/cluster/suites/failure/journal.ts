import { appendFileSync } from 'node:fs';

/** What the writer writes: runs of MLflow, or objects by S3. */
export type Kind = 'run' | 'object';

/** One write, with times in seconds as the machine's clock counts them. */
export interface Write {
  readonly kind: Kind;
  readonly began: number;
  readonly ended: number;
  /** What the program knows it by, where it was acknowledged. */
  readonly key?: string;
  readonly error?: string;
}

/** A write that was acknowledged and doesn't read back the same. */
export interface Loss {
  readonly kind: Kind;
  readonly key: string;
  readonly lost: string;
}

/** What the writer told, kept in a file too. */
export class Journal {
  readonly writes: Write[] = [];
  readonly losses: Loss[] = [];
  /** Acknowledged writes that were read back; undefined until all are. */
  checked?: number;

  constructor(readonly file: string) {}

  /** Takes a line of the writer's output. */
  add(line: string): void {
    appendFileSync(this.file, `${line}\n`);
    const entry = JSON.parse(line) as Partial<Write & Loss & { checked: number }>;
    if (entry.checked !== undefined) this.checked = entry.checked;
    else if (entry.lost !== undefined) this.losses.push(entry as Loss);
    else if (entry.ended !== undefined) this.writes.push(entry as Write);
  }

  /** Writes down what was done to the platform, between the writes. */
  note(what: object): void {
    appendFileSync(this.file, `${JSON.stringify(what)}\n`);
  }

  /** The first write of a kind that began after the time and was acknowledged. */
  through(kind: Kind, time: number): Write | undefined {
    return this.writes.find((write) => write.kind === kind && write.began >= time && write.error === undefined);
  }

  get acknowledged(): number {
    return this.writes.filter(({ error }) => error === undefined).length;
  }

  get errors(): readonly Write[] {
    return this.writes.filter(({ error }) => error !== undefined);
  }
}

/** Now, as the journal counts. */
export function now(): number {
  return Date.now() / 1000;
}

/** A time of the journal, for people. */
export function clock(time: number): string {
  return new Date(time * 1000).toISOString().slice(11, 23);
}
