import { parseAllDocuments } from 'yaml';
import { type KubeObject } from '../../lib/core/link/types';
import { toYaml } from '../../lib/core/output/yaml';

const object = (data: Record<string, unknown>): { object: KubeObject } => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data },
});
const read = (text: string, version: '1.1' | '1.2') =>
  parseAllDocuments(text, { version }).map((document) => document.toJS() as KubeObject);

// What YAML 1.1, which kubectl reads, takes for booleans, numbers, dates, nulls or syntax where it isn't quoted.
const strings = [
  'yes', 'No', 'on', 'OFF', 'y', 'N', 'true', 'null', '~', '', ' ', '012', '0o14', '0x1F', '1e3', '1_000', '.5', '-.inf', '.nan', '12:30:45',
  '190:20:30', '2020-01-01', '2001-12-14t21:59:43.10-05:00', '=', '<<', '- a', 'a: b', 'a #b', '#c', '&a', '*a', '!a', '|', '>', '%a', '@a', '`a',
  '{a}', '[a]', "it's", '"q"', 'a\nb', 'a\n', '\na', 'a\n\n', '  a\n b', 'tab\t', '\ttab', 'é', '\u0085', '\u2028', '😀', 'x'.repeat(300) + ' y',
]; // prettier-ignore

test.each(['1.1', '1.2'] as const)('strings come back as they were, read as YAML %s', (version) => {
  const data = Object.fromEntries(strings.flatMap((text, i) => [[`k${i}`, text]]));
  expect(read(toYaml([object(data)]), version)).toEqual([object(data).object]);
});

test.each(['1.1', '1.2'] as const)('keys too, read as YAML %s', (version) => {
  const data = Object.fromEntries(
    strings.filter((text) => text !== '<<' && text.length < 100).map((text) => [text, 'x']),
  );
  expect(read(toYaml([object(data)]), version)).toEqual([object(data).object]);
});

test('numbers, booleans and several documents', () => {
  const objects = [object({ a: 1, b: 0.5, c: true, d: [], e: {} }), object({ f: [{ g: 1 }, 2] })];
  expect(read(toYaml(objects), '1.1')).toEqual(objects.map(({ object }) => object));
});

test('an object that stands twice is written twice', () => {
  const shared = { a: 1 };
  expect(toYaml([object({ x: shared, y: shared })])).not.toMatch(/[&*]ref/);
});
