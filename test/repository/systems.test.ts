import * as ts from 'typescript';
import * as library from '../../lib';
import { filesIn, read, sourceFile, systemFolders } from './repository';

const SYSTEMS = systemFolders().map((system) => [`${system.domain}/${system.name}`, system] as const);

/** The one class that a system's main file exports and that is a System. */
function mainClass(path: string): string | undefined {
  return sourceFile(path).statements.find(
    (statement): statement is ts.ClassDeclaration =>
      ts.isClassDeclaration(statement) &&
      (statement.heritageClauses ?? []).some(({ types }) =>
        types.some(({ expression }) => expression.getText() === 'System'),
      ),
  )?.name?.text;
}

test('there are systems', () => {
  expect(SYSTEMS.length).toBeGreaterThan(5);
});

describe.each(SYSTEMS)('%s', (_, { domain, name, path }) => {
  const files = new Set(filesIn(path, ''));

  test('has a README, its images and a main file', () => {
    const missing = ['README.md', 'images.ts', `${name}.ts`].filter((file) => !files.has(`${path}/${file}`));
    expect(missing).toEqual([]);
    expect(read(`${path}/README.md`)).toMatch(/^# \S/);
  });

  test('has a test', () => {
    const tests = filesIn(`test/${domain}`, '.test.ts').map((file) => file.slice(`test/${domain}/`.length));
    expect(tests.filter((file) => file.startsWith(name)).length).toBeGreaterThan(0);
  });

  test('is part of the library and of a blueprint', () => {
    const main = mainClass(`${path}/${name}.ts`);
    expect(main).toBeDefined();
    expect(Object.keys(library)).toContain(main);
    const uses = new RegExp(`\\bnew ${main}\\(`);
    expect(filesIn('blueprints', '.ts').filter((file) => uses.test(read(file)))).not.toEqual([]);
  });
});
