import { dump } from 'js-yaml';
import { type KubeObject } from '../link/types';

/**
 * The objects as a file of YAML documents, readable by YAML 1.1 (kubectl) and 1.2 alike. The text is to the byte what js-yaml's `dump`
 * makes of them, and it is asked about every scalar that isn't plain at first sight; laying out the rest here is several times faster.
 */
export function toYaml(objects: readonly { readonly object: KubeObject }[]): string {
  const writer = new YamlWriter();
  return objects.map(({ object }) => writer.document(object)).join('---\n');
}

const OPTIONS = { lineWidth: -1, noRefs: true } as const;

/** Text that can be nothing else in YAML, but for `WORDS`: it begins with a letter, and holds neither `: ` nor `#`, nor a space at its end. */
const PLAIN = /^(?:--?)?[A-Za-z/](?:[\w./(),;=+@*?%<>$&|{}[\]^~!"'`\\ -]|:(?=[\w./*-]))*(?<! )$/;
/** `128Mi`, `50m` */
const QUANTITY = /^[1-9]\d*(?:[KMGT]i|m)$/;
const DIGITS = /^(?:0|[1-9]\d{0,14})$/;
/** Text of several lines of ASCII, the first of which isn't indented. */
const LINES = /^(?!\n* )(?=[^\n]*[^ \n])[\x20-\x7e]*\n[\n\x20-\x7e]*$/;
/** What some version of YAML reads as a truth value or as nothing. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** Keys that are longer, or have several lines, would be written in a form of their own. */
const LONG_KEY = 1024;

type Collection = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Writes documents one after another; what js-yaml said of a value, it says once. */
export class YamlWriter {
  private readonly judged = new Map<unknown, string>();
  private hasUnusualKeys = false;
  /** Whether what was written last ends with a text's empty lines. */
  private openEnded = false;

  /** A value of JSON as one document. */
  document(value: unknown): string {
    if (!isCollection(value) || isEmpty(value)) return dump(value, OPTIONS);
    this.hasUnusualKeys = false;
    const text = this.collection(value, '');
    if (this.hasUnusualKeys) return dump(value, OPTIONS);
    // A document that ends with a text's empty lines is closed, so that they stay part of it.
    return `${text}\n${this.openEnded ? '...\n' : ''}`;
  }

  /** Something that isn't empty; its first line goes on where the caller is, the others begin with `pad`. */
  private collection(value: Collection, pad: string): string {
    let text = '';
    if (isArray(value)) {
      for (const item of value) text += `${text && `\n${pad}`}-${this.item(item ?? null, pad, ' ')}`;
      return text;
    }
    for (const key in value) {
      if (value[key] === undefined) continue;
      this.hasUnusualKeys ||= key.length > LONG_KEY || key.includes('\n');
      text += `${text && `\n${pad}`}${this.scalar(key, pad)}:${this.item(value[key], pad, `\n${pad}  `)}`;
    }
    return text;
  }

  /** A value after `-` or `key:`, a collection after the given break. */
  private item(value: unknown, pad: string, breakBefore: string): string {
    if (isCollection(value)) {
      if (!isEmpty(value)) return breakBefore + this.collection(value, `${pad}  `);
      this.openEnded = false;
      return isArray(value) ? ' []' : ' {}';
    }
    const text = this.scalar(value, pad);
    this.openEnded = text.startsWith('|') && (value as string).endsWith('\n\n');
    return ` ${text}`;
  }

  private scalar(value: unknown, pad: string): string {
    if (typeof value === 'boolean' || (Number.isSafeInteger(value) && !Object.is(value, -0))) return String(value);
    if (typeof value === 'string') {
      if ((PLAIN.test(value) && !WORDS.test(value)) || QUANTITY.test(value)) return value;
      if (value === '' || DIGITS.test(value)) return `'${value}'`;
      if (LINES.test(value)) return `|${chomping(value)}${indented(`\n${value.replace(/\n$/, '')}`, `${pad}  `)}`;
    }
    return indented(this.judge(value), pad);
  }

  private judge(value: unknown): string {
    // A map doesn't tell 0 from -0, which is written -0.0; no 0 comes here.
    const known = this.judged.get(value);
    if (known !== undefined) return known;
    const text = dump({ a: value }, OPTIONS)
      .slice('a: '.length)
      .replace(/\n(\.\.\.\n)?$/, '');
    this.judged.set(value, text);
    return text;
  }
}

/** What a block says of the empty lines at its end. */
function chomping(text: string): string {
  return text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
}

function indented(text: string, pad: string): string {
  return pad === '' ? text : text.replace(/\n(?=[^\n])/g, `\n${pad}`);
}

function isCollection(value: unknown): value is Collection {
  return typeof value === 'object' && value !== null;
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isEmpty(value: Collection): boolean {
  if (isArray(value)) return value.length === 0;
  for (const key in value) if (value[key] !== undefined) return false;
  return true;
}
