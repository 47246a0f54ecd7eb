import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run } from '../shell';
import { type Program } from './list';

/** Version of the Go on the PATH, such as `1.26.8`, without starting it. */
export function goVersion(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(folder, 'go');
    if (folder === '' || !existsSync(program)) continue;
    const file = join(dirname(dirname(realpathSync(program))), 'VERSION');
    return existsSync(file) ? /^go(\d+\.\d+(\.\d+)?)/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  }
  return undefined;
}

/** Oldest Go that builds all modules. */
export function neededGo(): string {
  return /^go (\S+)$/m.exec(readFileSync(join(__dirname, 'go.mod'), 'utf8'))![1]!;
}

/** 12 hexadecimal digits that are others when the build would be. */
export function buildKey(program: Program): string {
  const hash = createHash('sha256');
  const { binaries, files, replaced, tags, variables, cgo, links } = program;
  const release = goVersion()?.split('.').slice(0, 2).join('.');
  hash.update(JSON.stringify({ binaries, files, replaced, tags, variables, cgo, links, release }));
  for (const file of sources(program)) hash.update(`\0${file}\0`).update(readFileSync(join(moduleOf(program), file)));
  return hash.digest('hex').slice(0, 12);
}

/** Builds all binaries of a program into a directory, with what is in between in another one, and puts its files beside them. */
export async function goBuild(program: Program, folder: string, work: string): Promise<void> {
  const values = Object.entries(program.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const modules = program.replaced ? ['-modfile', await replacing(program, program.replaced, work)] : [];
  await run(
    [
      ...['go', 'build', '-trimpath', '-buildvcs=false', '-p', String(availableParallelism()), ...modules],
      ...['-tags', (program.tags ?? []).join(','), '-ldflags', ['-s', '-w', ...values].join(' ')],
      ...['-o', `${folder}/`, ...Object.values(program.binaries)],
    ],
    { cwd: moduleOf(program), env: { ...ENVIRONMENT, GOTMPDIR: work, CGO_ENABLED: program.cgo ? '1' : '0' } },
  );
  for (const [name, { module, path }] of Object.entries(program.files ?? {})) {
    const list = ['go', 'list', '-m', '-f', '{{.Dir}}', module];
    const directory = await run(list, { cwd: moduleOf(program), env: ENVIRONMENT });
    copyFileSync(join(directory.trim(), path), join(folder, name));
  }
}

const ENVIRONMENT = {
  GOFLAGS: '-mod=readonly',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
  GO111MODULE: 'on',
  GOOS: 'linux',
  GOARCH: '',
  GOEXPERIMENT: '',
};

/** A go.mod that has a copy of the module in the module's place, with our files in it: Go refuses to overlay what is in its cache. */
async function replacing(
  program: Program,
  { module, files }: NonNullable<Program['replaced']>,
  work: string,
): Promise<string> {
  const cwd = moduleOf(program);
  await run(['go', 'mod', 'download', module], { cwd, env: ENVIRONMENT });
  const original = await run(['go', 'list', '-m', '-f', '{{.Dir}}', module], { cwd, env: ENVIRONMENT });
  const copy = join(work, 'replaced');
  await run(['cp', '-r', '--no-preserve=mode', '--no-target-directory', original.trim(), copy]);
  for (const [path, own] of Object.entries(files)) copyFileSync(join(cwd, own), join(copy, path));
  const file = join(work, 'go.mod');
  writeFileSync(file, `${readFileSync(join(cwd, 'go.mod'), 'utf8')}\nreplace ${module} => ${copy}\n`);
  copyFileSync(join(cwd, 'go.sum'), join(work, 'go.sum'));
  return file;
}

/** Files of the program's module that the build depends on: what it requires, and the packages of our own. */
function sources(program: Program): string[] {
  const packages = Object.values(program.binaries).filter((path) => path.startsWith('./'));
  const files = packages.flatMap((path) =>
    readdirSync(join(moduleOf(program), path))
      .filter((file) => file.endsWith('.go'))
      .sort()
      .map((file) => join(path, file)),
  );
  return ['go.mod', 'go.sum', ...files, ...Object.values(program.replaced?.files ?? {})];
}

function moduleOf({ module = '.' }: Program): string {
  return join(__dirname, module);
}
