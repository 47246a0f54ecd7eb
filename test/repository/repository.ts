import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import * as ts from 'typescript';

export const ROOT = resolve(__dirname, '../..');

/** Folders of lib that hold no systems. */
const NOT_DOMAINS = new Set(['core', 'site', 'crds', 'cli']);
/** Folders of domains that are no systems: what GPU operators watch their GPUs by. */
const NOT_SYSTEMS = new Set(['lib/monitoring/gpu']);

/** One system's folder. */
export interface SystemFolder {
  readonly domain: string;
  /** The folder's own name: `minio`. */
  readonly name: string;
  /** `lib/data/minio` */
  readonly path: string;
}

/** Every folder lib/<domain>/<system>. */
export function systemFolders(): SystemFolder[] {
  const folders = (path: string) =>
    readdirSync(join(ROOT, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  return folders('lib')
    .filter((domain) => !NOT_DOMAINS.has(domain))
    .flatMap((domain) => folders(`lib/${domain}`).map((name) => ({ domain, name, path: `lib/${domain}/${name}` })))
    .filter(({ path }) => !NOT_SYSTEMS.has(path) && exists(`${path}/index.ts`));
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of the files below a folder, from the repository's root, whose name ends so. */
export function filesIn(folder: string, end: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** What people read: the pages at the root, in docs and beside each system. */
export function pages(): string[] {
  const root = readdirSync(ROOT).filter((file) => file.endsWith('.md'));
  return [...root.sort(), ...filesIn('docs', '.md'), ...filesIn('lib', '.md')];
}

const parsed = new Map<string, ts.SourceFile>();

/** A TypeScript file's syntax tree. */
export function sourceFile(path: string): ts.SourceFile {
  let file = parsed.get(path);
  if (!file) parsed.set(path, (file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)));
  return file;
}

/** Calls back for each node of a file, outermost first. */
export function visit(node: ts.Node, callback: (node: ts.Node) => void): void {
  callback(node);
  ts.forEachChild(node, (child) => visit(child, callback));
}

/** `lib/core/app.ts:12` */
export function placeOf(file: ts.SourceFile, node: ts.Node): string {
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
}

/** An import, or an `export ... from`. */
export interface Import {
  /** `lib/core/app.ts:12` */
  readonly place: string;
  /** The file of the repository that it names, or the package. */
  readonly target: string;
  readonly local: boolean;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

export function importsOf(path: string): Import[] {
  const file = sourceFile(path);
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) return [];
    const local = moduleSpecifier.text.startsWith('.');
    const target = local ? resolveLocal(path, moduleSpecifier.text) : moduleSpecifier.text;
    return [{ place: placeOf(file, statement), target, local, typeOnly: isTypeOnly(statement) }];
  });
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  const [whole, names] = ts.isImportDeclaration(statement)
    ? [
        statement.importClause?.isTypeOnly,
        statement.importClause?.name ? undefined : statement.importClause?.namedBindings,
      ]
    : [statement.isTypeOnly, statement.exportClause];
  if (whole) return true;
  const listed = names && (ts.isNamedImports(names) || ts.isNamedExports(names)) ? names.elements : undefined;
  return listed !== undefined && listed.length > 0 && listed.every((element) => element.isTypeOnly);
}

function resolveLocal(from: string, specifier: string): string {
  const base = join(dirname(from), specifier);
  return [`${base}.ts`, `${base}/index.ts`].find((candidate) => exists(candidate)) ?? base;
}
