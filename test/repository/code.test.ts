import * as ts from 'typescript';
import { image } from '../../lib';
import { filesIn, placeOf, sourceFile, visit } from './repository';

const FILES = [...filesIn('lib', '.ts'), ...filesIn('blueprints', '.ts')];

function nodes(path: string, matches: (node: ts.Node) => boolean): string[] {
  const file = sourceFile(path);
  const found: string[] = [];
  visit(file, (node) => {
    if (matches(node)) found.push(`${placeOf(file, node)}: ${node.getText(file).slice(0, 60)}`);
  });
  return found;
}

function isCastThroughUnknown(node: ts.Node): boolean {
  return (
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.kind === ts.SyntaxKind.UnknownKeyword
  );
}

test('no type is any, and none is forced', () => {
  expect(
    FILES.flatMap((path) =>
      nodes(path, (node) => node.kind === ts.SyntaxKind.AnyKeyword || isCastThroughUnknown(node)),
    ),
  ).toEqual([]);
});

test('no check is switched off', () => {
  const off = FILES.flatMap((path) => {
    const { text } = sourceFile(path);
    return [...text.matchAll(/@ts-(ignore|nocheck|expect-error)|eslint-disable/g)].map(
      ({ 0: what }) => `${path}: ${what}`,
    );
  });
  expect(off).toEqual([]);
});

test('no file has more than 400 lines', () => {
  expect(FILES.filter((path) => sourceFile(path).text.split('\n').length > 401)).toEqual([]);
});

/** `registry.example/path:tag`, with a registry that has a dot, as `image` wants it. */
const REFERENCE = /^[a-z0-9.-]+\.[a-z]+(:\d+)?\/[a-z0-9._/-]+:[\w][\w.-]*(@sha256:[0-9a-f]{64})?$/;

/** The text constants of a file that name an image, but for those within an error's advice. */
function references(path: string): { place: string; text: string }[] {
  const file = sourceFile(path);
  const found: { place: string; text: string }[] = [];
  visit(file, (node) => {
    if (ts.isStringLiteralLike(node) && REFERENCE.test(node.text))
      found.push({ place: placeOf(file, node), text: node.text });
  });
  return found;
}

test('images stand in images.ts and nowhere else', () => {
  const elsewhere = FILES.filter((path) => !path.endsWith('/images.ts')).flatMap(references);
  expect(elsewhere).toEqual([]);
});

test('one image has one version in all of the library', () => {
  const versions = new Map<string, Set<string>>();
  for (const { text } of filesIn('lib', 'images.ts').flatMap(references)) {
    const { registry, repository, tag, digest } = image(text);
    const name = `${registry}/${repository}`;
    // AMD publishes two programs in one repository, told apart by what their tags begin with.
    const version = tag.replace(/^labeller-/, '');
    versions.set(name, (versions.get(name) ?? new Set()).add(`${version}@${digest}`));
  }
  expect(versions.size).toBeGreaterThan(5);
  expect([...versions].filter(([, { size }]) => size > 1)).toEqual([]);
});
