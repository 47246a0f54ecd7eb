import { compilePattern } from '../../lib/crds/pattern';

test.each([
  ['^(?i)(abort|warn)?$', ['Abort', 'WARN', ''], ['no']],
  ['^((?i)sun|mon)day$', ['Sunday', 'monday'], ['day']],
  ['^(?P<name>[a-z]+)$', ['abc'], ['1']],
  ['\\A[[:alpha:]_]+\\z', ['a_B'], ['a1', 'a\n']],
  ['^\\pL+$', ['äö'], ['1']],
  ['^\\p{Greek}$', [], []],
  ['^\\x{41}$', ['A'], ['B']],
  ['^\\Qa.b\\E$', ['a.b'], ['axb']],
  ['^(?:a|b)$', ['a'], ['c']],
  ['^[^[:space:]]+$', ['ab'], ['a b']],
])('%s', (pattern, good, bad) => {
  const compiled = compilePattern(pattern);
  for (const value of good) expect(compiled?.test(value)).toBe(true);
  for (const value of bad) expect(compiled?.test(value)).toBe(false);
});

test('what JavaScript cannot say is undefined', () => {
  expect(compilePattern('^\\p{Greek}$')).toBeUndefined();
});
