import { nearest } from '../errors';
import { type Bundle } from './bundle';
import { type Entry } from './entry';
import { type HostUse } from './hosts';
import { type PolicyIndex } from './policies';
import { type Ref } from './refs';
import { type ServiceIndex } from './services';
import { type Text } from './texts';
import { type LinkOptions } from './types';

/** What a rule looks at: indexes over the same objects, made once for all rules. */
export interface Context {
  readonly bundle: Bundle;
  readonly refs: readonly Ref[];
  readonly services: ServiceIndex;
  readonly policies: PolicyIndex;
  /** Strings that configure something: arguments, environment, configuration files, fields of custom resources. */
  readonly texts: readonly Text[];
  /** The in-cluster hosts that they name. */
  readonly hosts: readonly HostUse[];
  readonly strict: boolean;
  readonly images: ReadonlySet<string> | undefined;
  readonly mirror: LinkOptions['mirror'];
  readonly dns: { readonly namespace: string; readonly podPort: number };
}

/** Tells of something wrong: the object, the field's path, what stands there, what is wrong and what mends it. */
export type Report = (entry: Entry, field: string, value: unknown, message: string) => void;

/** One rule: looks at everything, reports what breaks it. */
export interface Rule {
  readonly name: string;
  check(context: Context, report: Report): void;
}

/** The candidate that a name is a slip of the pen away from: one or two neighbouring letters differ. */
export function slipOf(value: string, candidates: Iterable<string>, letters = 2): string | undefined {
  for (const candidate of candidates) if (candidate !== value && isSlip(value, candidate, letters)) return candidate;
  return undefined;
}

function isSlip(a: string, b: string, letters: number): boolean {
  if (Math.abs(a.length - b.length) > letters) return false;
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return Math.max(a.length, b.length) - head - tail <= letters && head + tail >= 3;
}

/** The end of a message about a name that isn't there: the nearest one, or those there are, and what to do where none is meant. */
export function mend(value: string, candidates: readonly string[], otherwise: string): string {
  const near = nearest(value, candidates);
  if (near !== undefined && near !== value) return `; did you mean ${JSON.stringify(near)}?`;
  if (candidates.length === 0 || candidates.length > 5) return `; ${otherwise}`;
  return `; there is ${candidates.map((c) => JSON.stringify(c)).join(', ')}`;
}
