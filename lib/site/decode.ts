import { Size } from 'cdk8s';
import { count, didYouMean, nearest, OnPremError, show } from '../core/errors';

/** The keys and indices that lead from the root of the site to a value. */
export type Path = readonly (string | number)[];

/** `nodePools[1].labels["example.com/zone"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(step)) return `${text}[${show(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Collects what is wrong with one site, each with its place. */
export class Problems {
  private readonly found: { readonly line: number; readonly text: string }[] = [];

  /**
   * @param label what the site was read from: `site.yaml`
   * @param lineOf the line on which a path stands, where that is known
   */
  constructor(
    readonly label: string,
    private readonly lineOf: (path: Path) => number | undefined = () => undefined,
  ) {}

  /** Adds a problem: `message` goes on where the place ends (`must be at least 1, got 0; remove the pool`). */
  add(path: Path, message: string, line = this.lineOf(path)): void {
    const place = line === undefined ? this.label : `${this.label}:${line}`;
    this.found.push({ line: line ?? 0, text: `${place}: ${[formatPath(path), message].filter(Boolean).join(' ')}` });
  }

  /** Throws one error with all problems, in the order of the lines. */
  throwIfAny(): void {
    if (this.found.length === 0) return;
    const problems = [...this.found].sort((a, b) => a.line - b.line).map((problem) => problem.text);
    throw new OnPremError(
      problems,
      problems.length > 1 ? `${this.label}: ${count(problems.length, 'problem')}` : undefined,
    );
  }
}

/** Where a decoder is. */
export class Place {
  constructor(
    private readonly problems: Problems,
    readonly path: Path = [],
  ) {}

  at(step: string | number): Place {
    return new Place(this.problems, [...this.path, step]);
  }

  problem(message: string): undefined {
    this.problems.add(this.path, message);
    return undefined;
  }
}

/** Why a text is not what it should be. */
export class Refusal {
  constructor(readonly message: string) {}
}

/** `T` as far as it could be read: what was refused is missing, lists keep their indices. */
export type Draft<T> = T extends string | number | boolean | Size
  ? T
  : T extends readonly (infer U)[]
    ? readonly (Draft<U> | undefined)[]
    : { readonly [K in keyof T]?: Draft<T[K]> };

/** Reads a value; reports what is wrong at its place and then returns undefined. */
export type Decoder<T> = (value: unknown, place: Place) => Draft<T> | undefined;

/** A key of a mapping. `mend` says what to give where it is missing; without it the key may be left out. */
export interface Field<T> {
  readonly decode: Decoder<T>;
  readonly mend?: string;
}

/** A key that must be there. */
export function required<T>(decode: Decoder<T>, mend: string): Field<T> {
  return { decode, mend };
}

/** A key that may be left out. */
export function optional<T>(decode: Decoder<T>): Field<T> {
  return { decode };
}

/** The decoders of all keys of `T`, none forgotten and none too many. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<NonNullable<T[K]>> };

/** A mapping with exactly these keys. */
export function object<T extends object>(what: string, fields: Fields<T>): Decoder<T> {
  const known: ReadonlyMap<string, Field<unknown>> = new Map(Object.entries(fields));
  return (value, place) => {
    if (!isMapping(value)) {
      return place.problem(
        `must be a mapping with ${[...known.keys()].join(', ')}, got ${describe(value)}; write its keys`,
      );
    }
    const draft: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined || known.has(key)) continue;
      const plural = [`${key}s`, key.replace(/s$/, '')].find((other) => known.has(other));
      const mend = plural === undefined ? didYouMean(key, known.keys()) : `; did you mean ${show(plural)}?`;
      place.at(key).problem(`is not a key of ${what}${mend}`);
    }
    for (const [key, field] of known) {
      const item = Object.hasOwn(value, key) ? value[key] : undefined;
      if (item === undefined || item === null) {
        if (field.mend !== undefined) place.at(key).problem(`is missing; ${field.mend}`);
        else if (item === null) place.at(key).problem('has no value; give it one or remove the key');
      } else {
        const decoded = field.decode(item, place.at(key));
        if (decoded !== undefined) draft[key] = decoded;
      }
    }
    return draft as Draft<T>;
  };
}

/** A list. What is refused as a whole is a list of something unknown, so that it is not taken for none. */
export function list<T>(
  decode: Decoder<T>,
  options: { readonly min?: number; readonly mend?: string } = {},
): Decoder<readonly T[]> {
  return (value, place) => {
    let items: readonly (Draft<T> | undefined)[] = [undefined];
    if (!Array.isArray(value)) {
      place.problem(`must be a list, got ${describe(value)}; write each entry after a "-"`);
    } else if (value.length < (options.min ?? 0)) {
      place.problem(`must not be an empty list; ${options.mend ?? 'give it an entry'}`);
    } else {
      items = Array.from<unknown, Draft<T> | undefined>(value, (item, index) => decode(item, place.at(index)));
    }
    return items as Draft<readonly T[]>;
  };
}

/** A mapping of texts. */
export function texts(
  check: (key: string, value: string) => string | undefined,
): Decoder<Readonly<Record<string, string>>> {
  return (value, place) => {
    if (!isMapping(value))
      return place.problem(`must be a mapping of keys to texts, got ${describe(value)}; write them as key: value`);
    const draft: Record<string, string> = {};
    for (const [key, item] of Object.entries(value)) {
      const decoded = text()(item, place.at(key));
      if (decoded === undefined) continue;
      const message = check(key, decoded);
      if (message !== undefined) place.at(key).problem(message);
      else draft[key] = decoded;
    }
    return draft;
  };
}

/** A text that `parse` accepts; it returns the text as it is to be kept. */
export function text<T extends string = string>(parse?: (value: string) => T | Refusal): Decoder<T> {
  return (value, place) => {
    if (typeof value !== 'string') {
      const quotable = typeof value === 'number' || typeof value === 'boolean';
      return place.problem(
        `must be text, got ${describe(value)}; ${quotable ? `put it in quotes: "${value}"` : 'write it as text'}`,
      );
    }
    const parsed = parse === undefined ? value : parse(value);
    return parsed instanceof Refusal ? place.problem(parsed.message) : (parsed as Draft<T>);
  };
}

/** A text that another parser accepts, kept as its canonical text. */
export function parsed<P extends { toString(): string }>(parse: (value: string) => P | Refusal): Decoder<string> {
  return text((value) => {
    const result = parse(value);
    return result instanceof Refusal ? result : result.toString();
  });
}

/** One of a closed set of words. */
export function oneOf<T extends string>(...words: readonly T[]): Decoder<T> {
  return (value, place) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found as Draft<T>;
    const near = typeof value === 'string' ? nearest(value, words) : undefined;
    const mend = near === undefined ? 'choose one of them' : `did you mean ${show(near)}?`;
    return place.problem(`must be one of ${words.map(show).join(', ')}, got ${describe(value)}; ${mend}`);
  };
}

/** A whole number. */
export function integer(min: number, max: number, mend: string): Decoder<number> {
  return (value, place) => {
    if (typeof value === 'string' && /^-?\d+$/.test(value))
      return place.problem(`must be a number, got the text ${show(value)}; remove the quotes`);
    if (typeof value !== 'number' || !Number.isInteger(value))
      return place.problem(`must be a whole number, got ${describe(value)}; ${mend}`);
    if (value < min) return place.problem(`must be at least ${min}, got ${value}; ${mend}`);
    if (value > max) return place.problem(`must be at most ${max}, got ${value}; ${mend}`);
    return value;
  };
}

/** True or false. */
export const flag: Decoder<boolean> = (value, place) => {
  if (typeof value === 'boolean') return value;
  const meant =
    typeof value === 'string' && /^(yes|on|y|true)$/i.test(value)
      ? 'true'
      : typeof value === 'string' && /^(no|off|n|false)$/i.test(value)
        ? 'false'
        : undefined;
  return place.problem(
    `must be true or false, got ${describe(value)}; ${meant ? `write ${meant}, without quotes` : 'write one of them'}`,
  );
};

/** Whether a value has keys of its own: neither a list nor a size. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSize(value);
}

/** A value as it stands in an error message: short, on one line, and whatever the value is. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return show(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (isSize(value)) return value.asString();
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0
      ? 'an empty mapping'
      : `a mapping with ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', ...' : ''}`;
  }
  return String(value);
}

/** Whether a value is a cdk8s `Size`, of whichever copy of cdk8s. */
export function isSize(value: unknown): value is Size {
  if (value instanceof Size) return true;
  if (typeof value !== 'object' || value === null || !('toKibibytes' in value) || !('asString' in value)) return false;
  return typeof value.toKibibytes === 'function' && typeof value.asString === 'function';
}
