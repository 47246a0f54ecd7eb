import { pages, read } from './repository';
import { compileSnippets, type Page } from './snippets';

/** Pages with mistakes, so that the check is seen to see them. */
const WRONG: Page[] = [
  [
    'docs/wrong.md',
    `
\`\`\`ts
import { App, MinIO, Platform, Site } from 'cdk8s-onprem-ml';
const lab = new Platform(new App(), 'lab', { site: Site.fromFile('site.yaml') });
\`\`\`

\`\`\`ts
const minio = new MinIO(lab, 'minio', { server: 4 });
\`\`\`

\`\`\`ts
const minio = 'may be named anew';
const right: string = minio;
const wrong: number = minio;
\`\`\`
`,
  ],
];

test('every block of TypeScript in the pages compiles against the library', () => {
  const { count, errors } = compileSnippets([...pages().map((path): Page => [path, read(path)]), ...WRONG]);
  const [inMinio, inType, ...others] = errors.filter((error) => error.startsWith('docs/wrong.md'));
  expect(inMinio).toMatch(/^docs\/wrong\.md:8: .*'server' does not exist in type/);
  expect(inType).toBe("docs/wrong.md:14: Type 'string' is not assignable to type 'number'.");
  expect(others).toEqual([]);
  expect(errors.filter((error) => !error.startsWith('docs/wrong.md'))).toEqual([]);
  expect(count).toBeGreaterThan(10);
});

test('a block that asks not to be compiled is refused', () => {
  expect(() => compileSnippets([['docs/wrong.md', '\n```ts no-compile\nlet x = ;\n```\n']])).toThrow(
    'docs/wrong.md:2: a block of TypeScript is compiled as it is, got "ts no-compile"',
  );
});
