import { didYouMean, fail, failAll, nearest, OnPremError } from '../../lib/core/errors';
import { checkHost, checkInteger, checkLabel, checkPort } from '../../lib/core/names';
import { Duration, Size } from 'cdk8s';
import { checkDuration, checkSize, cores, quantity } from '../../lib/core/quantity';

test('one form of error: path, what is wrong with which value, the mend', () => {
  expect(() => fail('lab/mlflow', 'replicas must be 1, got 3; pass database')).toThrow(
    new OnPremError(['lab/mlflow: replicas must be 1, got 3; pass database']),
  );
});

test('all problems in one error', () => {
  expect(() => failAll('synth', ['a: x', 'b: y'])).toThrow('synth: 2 problems\n  - a: x\n  - b: y');
  expect(() => failAll('synth', ['a: x'])).toThrow('synth: 1 problem\n  - a: x');
  expect(() => failAll('synth', [])).not.toThrow();
});

test.each([
  ['mlfow', ['mlflow', 'minio'], 'mlflow'],
  ['MLflow', ['mlflow'], 'mlflow'],
  ['a', ['b'], 'b'],
  ['postgres', ['redis', 'minio'], undefined],
  ['x', [], undefined],
])('nearest to %s of %j is %s', (value, candidates, expected) => expect(nearest(value, candidates)).toBe(expected));

test('what is meant, or what there is', () => {
  expect(didYouMean('mlfow', ['mlflow'])).toBe('; did you mean "mlflow"?');
  expect(didYouMean('zzz', ['mlflow', 'minio'])).toBe('; there is "mlflow", "minio"');
  expect(didYouMean('zzz', [])).toBe('; there is none');
});

test.each(['', 'A', '-a', 'a-', 'a_b', 'a.b', 'é', 'a'.repeat(64)])('"%s" is no label', (value) => {
  expect(() => checkLabel('p', 'name', value)).toThrow(/^p: name must/);
});
test.each([
  '',
  'a..b',
  '-a.b',
  'A.b',
  'a b',
  'http://a',
  'a.b/',
  `${'a'.repeat(64)}.b`,
  `${'a.'.repeat(127)}a`,
  '*.a.b',
])('"%s" is no host', (value) => {
  expect(() => checkHost('p', 'host', value)).toThrow(/^p: host must be a host name/);
});
test('a wildcard stands where it is allowed, for a whole label of a domain', () => {
  expect(() => checkHost('p', 'host', '*.lab.example', true)).not.toThrow();
  for (const value of ['*', '*.com', 'a.*.b', 'x*.a.b']) expect(() => checkHost('p', 'host', value, true)).toThrow();
});
test.each([0, 65536, 1.5, NaN, -1])('%s is no port', (value) =>
  expect(() => checkPort('p', 'port', value)).toThrow(/^p: port must be a port from 1 to 65535/),
);
test('whole numbers within bounds', () => {
  expect(() => checkInteger('p', 'n', 3, 1, 5, 'mend')).not.toThrow();
  expect(() => checkInteger('p', 'n', 6, 1, 5, 'lower it')).toThrow(
    'p: n must be a whole number from 1 to 5, got 6; lower it',
  );
  expect(() => checkInteger('p', 'n', 0, 1, Number.MAX_SAFE_INTEGER, 'raise it')).toThrow(
    'p: n must be a whole number of at least 1, got 0; raise it',
  );
});

test.each([
  [Size.gibibytes(2), '2Gi'],
  [Size.gibibytes(1.5), '1536Mi'],
  [Size.tebibytes(3), '3Ti'],
  [Size.kibibytes(3), '3Ki'],
  [Size.mebibytes(1024), '1Gi'],
])('a size in its largest whole unit: %#', (size, text) => expect(quantity(size)).toBe(text));
test('cores', () => {
  expect([2, 0.25, 1.5].map(cores)).toEqual(['2', '250m', '1500m']);
});

test('a size or a duration without a unit', () => {
  // What a program in plain JavaScript can do.
  expect(() => checkSize('p', 'memory', 100 as unknown as Size)).toThrow(
    'p: memory must be a Size, which has a unit, got 100; write it as Size.gibibytes(100)',
  );
  expect(() => checkSize('p', 'memory', '20Gi' as unknown as Size)).toThrow(
    'got "20Gi"; write it as Size.gibibytes(20)',
  );
  expect(() => checkDuration('p', 'timeout', '5m' as unknown as Duration)).toThrow(
    'p: timeout must be a Duration, which has a unit, got "5m"; write it as Duration.minutes(5)',
  );
  for (const value of [undefined, Size.gibibytes(1)]) expect(() => checkSize('p', 'memory', value)).not.toThrow();
  for (const value of [undefined, Duration.minutes(1)])
    expect(() => checkDuration('p', 'timeout', value)).not.toThrow();
});
