import { type Entry } from './entry';

/** Why an object is what link refuses. */
export interface Reason {
  readonly kind: string;
  /** @default - none, it is cluster-wide */
  readonly namespace?: string;
  readonly name: string;
  /** Path of what needs it: `rules[3]`, `spec.insecureSkipTLSVerify`. */
  readonly field: string;
  /** Why it must be so. */
  readonly reason: string;
}

/** Reasons by what they are for. */
export class Reasons {
  private readonly keys: ReadonlySet<string>;

  constructor(reasons: readonly Reason[]) {
    this.keys = new Set(reasons.map(({ kind, namespace, name, field }) => key(kind, namespace ?? '', name, field)));
  }

  has({ kind, namespace, name }: Entry, field: string): boolean {
    return this.keys.has(key(kind, namespace, name, field));
  }
}

function key(kind: string, namespace: string, name: string, field: string): string {
  return [kind, namespace, name, field].join('|');
}
