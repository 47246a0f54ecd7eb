import { pages } from './repository';
import { compileSnippets } from './snippets';

test('every block of TypeScript in the pages compiles against the library', () => {
  const { count, errors } = compileSnippets(pages());
  expect(errors).toEqual([]);
  expect(count).toBeGreaterThan(5);
});
