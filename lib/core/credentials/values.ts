import { type CredentialValue } from '../contracts/credentials';
import { fail, show } from '../errors';
import { checkLabel } from '../names';

/** What no program may know. */
const SECRET = /pass(word|wd|phrase)|secret|token|private/i;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Refuses what no source of credentials could make. */
export function checkCredential(path: string, name: string, values: Readonly<Record<string, CredentialValue>>): void {
  checkLabel(path, "a credential's name", name);
  if (Object.keys(values).length === 0) {
    fail(path, `credential ${show(name)} must have at least one value, got none; name what it holds`);
  }
  for (const [key, value] of Object.entries(values)) {
    if (!KEY.test(key))
      fail(path, `a credential's key must be of letters, digits, "-", "_" and ".", got ${show(key)}; rename it`);
    if ('value' in value && SECRET.test(key)) {
      fail(
        path,
        `credential ${show(name)}: ${key} must not be given, since it would stand in a manifest; ask for a length, and it is made in the cluster`,
      );
    }
    if ('length' in value && !(Number.isInteger(value.length) && value.length >= 16 && value.length <= 4096)) {
      fail(
        path,
        `credential ${show(name)}: ${key} must have 16 to 4096 characters to be safe, got ${show(value.length)}; give more`,
      );
    }
  }
}

/** How the values come to be, as the scripts that make them read it: `key=form:argument`, in one line. */
export function credentialSpecs(values: Readonly<Record<string, CredentialValue>>): string {
  return Object.entries(values)
    .map(([key, value]) =>
      'value' in value
        ? `${key}=value:${Buffer.from(value.value).toString('base64')}`
        : `${key}=${value.form ?? 'alphanumeric'}:${value.length}`,
    )
    .join(' ');
}
