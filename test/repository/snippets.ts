import { dirname, join } from 'node:path';
import * as ts from 'typescript';
import { ROOT } from './repository';

/** A block of TypeScript in a page. */
interface Snippet {
  readonly page: string;
  /** The page's line that its first line is. */
  readonly line: number;
  readonly text: string;
}

/** A file that stands for snippets: the whole of one, or those of a page that follow each other. */
interface Module {
  readonly path: string;
  readonly text: string;
  /** `docs/site.md:12`, by line of the text. */
  readonly places: readonly string[];
}

/** A page: where it is, and what it says. */
export type Page = readonly [path: string, text: string];

/** The blocks of TypeScript in a page. @throws on one that asks not to be compiled */
function snippetsOf([page, text]: Page): Snippet[] {
  return [...text.matchAll(/^( *)```(ts|typescript)(.*)\n([^]*?)^\1```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length + 1;
    if (match[3].trim() !== '')
      throw new Error(`${page}:${line - 1}: a block of TypeScript is compiled as it is, got "ts${match[3]}"`);
    return { page, line, text: match[4].replaceAll(new RegExp(`^${match[1]}`, 'gm'), '') };
  });
}

/** A first line such as `// lib/data/redis/redis.ts` says where a file belongs. */
const FILE_NAME = /^\/\/ ([\w./-]+\.ts)\n/;

/**
 * The modules of a page. A snippet that imports something is a program of its own; one that doesn't goes on from the one before, as a
 * reader understands it, and may use its names anew.
 */
function modulesOf(page: Page): Module[] {
  const modules: Snippet[][] = [];
  const [name] = page;
  for (const snippet of snippetsOf(page)) {
    const own = FILE_NAME.test(snippet.text) || /^import /m.test(snippet.text) || modules.length === 0;
    if (own) modules.push([snippet]);
    else modules.at(-1)!.push(snippet);
  }
  return modules.map((snippets, i) => {
    const [first] = snippets as [Snippet];
    const path =
      FILE_NAME.exec(first.text)?.[1] ?? join(dirname(name), `${name.replaceAll(/[^\w]/g, '-')}-${i + 1}.snippet.ts`);
    const lines = snippets.flatMap((snippet, j) => {
      const body = snippet.text.split('\n').slice(0, -1);
      const placed = body.map((line, k) => [line, `${name}:${snippet.line + k}`] as const);
      return j === 0 ? placed : [['{', placed[0][1]] as const, ...placed];
    });
    const text = [...lines.map(([line]) => line), '}'.repeat(snippets.length - 1), 'export {};', ''].join('\n');
    return { path, text, places: lines.map(([, place]) => place) };
  });
}

/** What the compiler says of all snippets of the pages, with the page and line. */
export function compileSnippets(pages: readonly Page[]): { count: number; errors: string[] } {
  const modules = new Map(pages.flatMap(modulesOf).map((module) => [join(ROOT, module.path), module]));
  const { options } = ts.parseJsonConfigFileContent({ extends: './tsconfig.json', files: [] }, ts.sys, ROOT);
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    types: ['node'],
    paths: {
      'cdk8s-onprem-ml': [join(ROOT, 'lib/index.ts')],
      'cdk8s-onprem-ml/blueprints': [join(ROOT, 'blueprints/index.ts')],
    },
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.readFile = (path) => modules.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const module = modules.get(path);
    return module ? ts.createSourceFile(path, module.text, target) : getSourceFile(path, target, ...rest);
  };
  const program = ts.createProgram([...modules.keys()], compilerOptions, host);
  const errors = [...modules].flatMap(([path, { places }]) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start, messageText }) => {
        const line = start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
        return `${places[line] ?? places.at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
  return { count: modules.size, errors };
}
