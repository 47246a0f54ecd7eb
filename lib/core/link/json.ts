/** Reading of plain JSON whose form is not known: what isn't there, or is of another type, reads as empty. */
export interface Obj {
  readonly [key: string]: unknown;
}

const NO_FIELDS: Obj = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

export function isObj(value: unknown): value is Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function obj(value: unknown): Obj {
  return isObj(value) ? value : NO_FIELDS;
}

export function arr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_ITEMS;
}

/** A string that isn't empty. */
export function str(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value below the given fields. */
export function dig(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) at = obj(at)[key];
  return at;
}

const PLAIN = /^[A-Za-z_$][\w$-]*$/;

/** A field's path: `spec.ports[0].name`, `data["haproxy.cfg"]`. */
export function field(base: string, ...keys: readonly (string | number)[]): string {
  let path = base;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else if (!PLAIN.test(key)) path += `[${JSON.stringify(key)}]`;
    else path += path === '' ? key : `.${key}`;
  }
  return path;
}

/** Calls back for each value that a path such as `spec.resourceGroups[].flavors[].name` leads to. */
export function each(root: unknown, path: string, visit: (value: unknown, at: string) => void): void {
  step(root, '', segments(path), 0, visit);
}

interface Segment {
  readonly key: string;
  readonly list: boolean;
}

const PATHS = new Map<string, readonly Segment[]>();

function segments(path: string): readonly Segment[] {
  let parsed = PATHS.get(path);
  if (!parsed) {
    parsed = path.split('.').map((part) => ({ key: part.replace('[]', ''), list: part.endsWith('[]') }));
    PATHS.set(path, parsed);
  }
  return parsed;
}

function step(
  value: unknown,
  at: string,
  path: readonly Segment[],
  i: number,
  visit: (value: unknown, at: string) => void,
): void {
  if (value === undefined || value === null) return;
  if (i === path.length) return visit(value, at);
  const { key, list } = path[i];
  const next = obj(value)[key];
  if (next === undefined) return;
  const here = field(at, key);
  if (list) arr(next).forEach((item, n) => step(item, `${here}[${n}]`, path, i + 1, visit));
  else step(next, here, path, i + 1, visit);
}
