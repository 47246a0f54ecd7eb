import { createHash } from 'node:crypto';
import { fail, nearest, show } from './errors';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const HOST_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Checks a DNS label (RFC 1123), which is what names of namespaces, Services and most systems' own things must be.
 *
 * @param max the longest that still leaves room for what is appended to it
 */
export function checkLabel(path: string, what: string, value: string, max = 63): void {
  if (typeof value !== 'string' || value === '')
    fail(path, `${what} must not be empty, got ${show(value)}; give it a name such as "mlflow"`);
  if (value.length > max)
    fail(path, `${what} must have at most ${max} characters, got ${value.length} in ${show(value)}; shorten it`);
  if (!LABEL.test(value)) {
    const mend = value
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    fail(
      path,
      `${what} must be of lower-case letters, digits and "-" between them, got ${show(value)}${mend ? `; did you mean ${show(mend)}?` : ''}`,
    );
  }
}

/**
 * Checks a fully qualified host name without a trailing dot.
 *
 * @param wildcard whether the first label may be `*`
 */
export function checkHost(path: string, what: string, value: string, wildcard = false): void {
  const labels = typeof value === 'string' && value.length <= 253 ? value.split('.') : [''];
  if (
    !labels.every((label, i) => HOST_LABEL.test(label) || (wildcard && i === 0 && label === '*' && labels.length > 2))
  ) {
    fail(
      path,
      `${what} must be a host name of lower-case labels such as "mlflow.lab.example", got ${show(value)}; write it so`,
    );
  }
}

/** Checks a TCP or UDP port. */
export function checkPort(path: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 65535)
    fail(path, `${what} must be a port from 1 to 65535, got ${show(value)}; choose one`);
}

/** Checks a whole number within bounds. */
export function checkInteger(path: string, what: string, value: number, min: number, max: number, mend: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    fail(path, `${what} must be a whole number ${bounds}, got ${show(value)}; ${mend}`);
  }
}

/** Checks one of a closed set of words. */
export function checkChoice(path: string, what: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const near = nearest(String(value), choices);
  const mend = near === undefined ? 'choose one' : `did you mean ${show(near)}?`;
  fail(path, `${what} must be one of ${choices.map(show).join(', ')}, got ${show(value)}; ${mend}`);
}

/** A short stable digest of a JSON value, legal in names: for names that must change when what they name does. */
export function digest(value: unknown, length = 8): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);
}

const MOUNT = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;

/** Checks the path that an engine or a sign-in of Vault is at. */
export function checkMount(path: string, what: string, value: string, [a, b]: readonly [string, string]): void {
  if (MOUNT.test(value)) return;
  fail(
    path,
    `${what} must be a path of letters, digits, "-" and "_" without "/" at its ends, got ${show(value)}; write ${show(a)} or ${show(b)}`,
  );
}
