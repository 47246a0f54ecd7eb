import { show } from '../core/errors';

/** One thing that is wrong with a value. */
export interface Problem {
  /** Where in the value, such as `spec.addresses[0]`. */
  readonly path: string;
  /** What stands there; undefined where something is missing. */
  readonly value: unknown;
  /** What would be right, such as `must be at least 1`. */
  readonly message: string;
}

/** A problem as one phrase: `spec.replicas must be at least 1, got 0`. */
export function describe({ path, value, message }: Problem): string {
  const phrase = path === '' ? message : `${path} ${message}`;
  if (value === undefined) return phrase;
  const mend = phrase.lastIndexOf('; did you mean');
  return mend < 0
    ? `${phrase}, got ${brief(value)}`
    : `${phrase.slice(0, mend)}, got ${brief(value)}${phrase.slice(mend)}`;
}

/** A value for a message, cut where it is long. */
export function brief(value: unknown): string {
  const text = show(value);
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

/** The path of an object's field: `spec.addresses`, `metadata.labels["a.b/c"]`. */
export function fieldPath(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
