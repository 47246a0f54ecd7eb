import { dump } from 'js-yaml';
import { YamlWriter } from '../../lib/core/output/yaml';

// One writer for all, as for a file: what it remembers must not change what it writes.
const writer = new YamlWriter();
const document = (value: unknown): string => writer.document(value);

/** Numbers from a seed, so that what fails today fails tomorrow. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
}

// What YAML gives a meaning to, alone or in a wrong place.
const CHARACTERS = [...'aBxyne10-: #\n./(),\'"=+;_|>{}[]&*!%@`~\t\\?<\r', 'é', '\u00a0', '\u2028', '\ufeff', '😀'];
const WORDS = [
  ...['yes', 'NO', 'null', 'True', '~', 'on', 'y', 'N', 'OFF', 'Null', '', ' ', '=', '<<', '---', '...', '- a', '? b', 'a: b', 'a #b', 'a:'],
  ...['0x1f', '1e3', '1_000', '0o17', '017', '+1', '-1', '--1', '.5', '.inf', '-.inf', '.NaN', '2024-01-01', '12:30:45', '8.17.0', '1.5'],
  ...['128Mi', '1Gi', '50m', '012', '0', '1m', '--flag=a:b', '-q', 'quay.io/a/b:v1', '{{a}}', 'https://a.b:80/c?d=e&f', 'a\n\n', '\n', ' \n'],
  ...['a\nb', 'a\nb\n', 'a\n\n\nb\n\n', '  a\nb', '\n a', 'a\r\nb', 'a \n b', 'a\n---\nb', '#!/bin/sh\nset -eu\n', 'tab\there\n'],
]; // prettier-ignore

function values(next: (below: number) => number) {
  const text = (): string =>
    next(3) === 0
      ? WORDS[next(WORDS.length)]
      : Array.from({ length: next(20) }, () => CHARACTERS[next(CHARACTERS.length)]).join('');
  const value = (depth: number): unknown => {
    const kind = next(depth > 3 ? 6 : 9);
    if (kind < 4) return text();
    if (kind === 4) return [0, 1, -5, 1.5, 1e21, -0, NaN, Infinity, 123456789012][next(9)];
    if (kind === 5) return [true, false, null, undefined][next(4)];
    const size = next(5);
    if (kind === 6) return Array.from({ length: size }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: size }, () => [next(300) === 0 ? 'k'.repeat(1030) : text(), value(depth + 1)]),
    );
  };
  return value;
}

test('4,000 random documents are to the byte what js-yaml makes of them', () => {
  const value = values(random(20260722));
  const different = Array.from({ length: 4000 }, () => ({ a: value(0), b: value(1) })).filter(
    (each) => document(each) !== dump(each, { lineWidth: -1, noRefs: true }),
  );
  expect(different).toEqual([]);
});

test.each(WORDS)('%j is what js-yaml makes of it, as a value, an item and a key', (word) => {
  const each = { value: word, item: [word, [word]], key: { [word]: 1 } };
  expect(document(each)).toBe(dump(each, { lineWidth: -1, noRefs: true }));
});

test.each([[[]], [{}], ['a'], [null], [1], [[{}]], [{ a: undefined }], [{ a: [undefined, {}] }]])(
  'so is %j',
  (value) => {
    expect(document(value)).toBe(dump(value, { lineWidth: -1, noRefs: true }));
  },
);
