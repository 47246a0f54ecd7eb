import { markOf, type Shown } from './results';

const shown = (mark: Shown['mark'], passed = true, ...systems: string[]): Shown => ({
  systems,
  mark,
  passed,
  what: 'something',
});

test.each<[string, Shown[], string]>([
  ['nothing', [], 'S'],
  ['accepted', [shown('A', true, 'minio')], 'A'],
  ['all of it', [shown('A', true, 'minio'), shown('L', true, 'mlflow', 'minio'), shown('F', true, 'minio')], 'F'],
  ['one of two failed', [shown('A', true, 'minio'), shown('L', true, 'minio'), shown('L', false, 'minio')], 'A'],
  ['a higher one without those before it', [shown('F', true, 'minio')], 'S'],
  ['of another system', [shown('A', true, 'mlflow')], 'S'],
])('%s', (_, tests, mark) => {
  expect(markOf('minio', tests)).toBe(mark);
});
