import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sourceFile, systemFolders, visit } from '../repository/repository';
import * as ts from 'typescript';
import { type Critical } from './criticals';

const ROOT = resolve(__dirname, '../..');

/** A line that says why a critical is right as it is: `- \`check\` on \`name\`, \`name\`: reason`, or `on all`. */
export interface Justification {
  readonly page: string;
  readonly line: number;
  readonly check: string;
  /** @default - all objects of the page */
  readonly name?: string;
  /** Software whose objects it speaks of. @default - all */
  readonly software?: string;
}

const LINE = /^- `([a-z-]+)` on (all|`[^`]+`(?:, `[^`]+`)*): \S/;

/** Those of docs/kube-score.md, for the library as a whole, and of each system's README. */
export function justifications(): Justification[] {
  const systems = systemFolders().map(({ path, name }) =>
    inPage(`${path}/README.md`, softwareOf(`${path}/${name}.ts`)),
  );
  return [...inPage('docs/kube-score.md'), ...systems.flat()];
}

/** The lines under a page's heading `## kube-score`. @throws on a list item there that says no reason in this form */
function inPage(page: string, software?: string): Justification[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  const begin = lines.indexOf('## kube-score');
  const found: Justification[] = [];
  for (let i = begin + 1; begin >= 0 && i < lines.length && !lines[i].startsWith('## '); i++) {
    if (!lines[i].startsWith('- ')) continue;
    const [, check, on] = LINE.exec(lines[i]) ?? [];
    if (check === undefined)
      throw new Error(`${page}:${i + 1}: write "- \`check\` on \`name\`: reason" or "on all", got ${lines[i]}`);
    const names = on === 'all' ? [undefined] : [...on.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    found.push(...names.map((name) => ({ page, line: i + 1, check, name, software })));
  }
  return found;
}

/** The software's name that a system's class gives its objects as a label: `super(scope, id, { name: 'minio', ... })`. */
function softwareOf(path: string): string {
  let name: string | undefined;
  visit(sourceFile(path), (node) => {
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.SuperKeyword) return;
    const description = node.arguments.find(ts.isObjectLiteralExpression);
    const property = description?.properties.find(
      (each) => ts.isPropertyAssignment(each) && each.name.getText() === 'name',
    );
    if (property && ts.isPropertyAssignment(property) && ts.isStringLiteral(property.initializer))
      name ??= property.initializer.text;
  });
  if (name === undefined) throw new Error(`${path} has no super(scope, id, { name: '...' }) to tell its objects by`);
  return name;
}

export function justifies({ check, name, software }: Justification, critical: Critical): boolean {
  return (
    check === critical.check &&
    (name ?? critical.name) === critical.name &&
    (software ?? critical.software) === critical.software
  );
}
