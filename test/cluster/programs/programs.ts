import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE, STATE } from '../paths';
import { buildKey, goBuild } from './go';
import { type Program, PROGRAMS } from './list';

const FOLDER = join(CACHE, 'programs');

/** Builds what isn't built yet. */
export async function buildPrograms(tell: (line: string) => void): Promise<void> {
  for (const program of PROGRAMS) {
    if (!existsSync(folderOf(program))) await build(program, tell);
  }
}

/** Absolute path of a built program, or of a file that it brings. A copy needs the same file name. @throws where it isn't built */
export function program(name: string): string {
  const path = join(folderOf(find(name)), name);
  if (!existsSync(path)) throw new Error(`${name} is not built; npm run cluster:up builds it`);
  return path;
}

/** The version of a program. @throws where there is no such program */
export function programVersion(name: string): string {
  const { links, version } = find(name);
  return links?.[name] ?? version;
}

async function build(program: Program, tell: (line: string) => void): Promise<void> {
  const { name, version, purpose, binaries, links = {}, seconds } = program;
  const label = `${name} ${version}`;
  tell(`${label}: building (${purpose}); ${roughly(seconds)} on 2 CPUs when nothing of it is cached`);
  const began = Date.now();
  const place = join(FOLDER, `.${name}-${process.pid}`);
  const [folder, work] = [join(place, 'programs'), join(place, 'work')];
  removeLeftovers();
  [folder, work].forEach((path) => mkdirSync(path, { recursive: true }));
  try {
    await goBuild(program, folder, work);
    const [first] = Object.keys(binaries);
    for (const [binary, path] of Object.entries(binaries))
      renameSync(join(folder, outputOf(path)), join(folder, binary));
    for (const link of Object.keys(links)) symlinkSync(first!, join(folder, link));
    publish(folder, folderOf(program));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  removeOlder(program);
  tell(`${label}: built in ${((Date.now() - began) / 1000).toFixed(0)} s`);
}

/** Two builds at a time come to the same: the first one stays. */
function publish(folder: string, target: string): void {
  try {
    renameSync(folder, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

/** What builds that were killed have left. */
function removeLeftovers(): void {
  for (const entry of existsSync(FOLDER) ? readdirSync(FOLDER) : []) {
    const pid = /^\.\S+-(\d+)$/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(FOLDER, entry), { recursive: true });
  }
}

/** Other builds of the program, unless a cluster is up, which may be using them. */
function removeOlder(program: Program): void {
  if (existsSync(STATE)) return;
  const build = new RegExp(`^${program.name}-\\d.*-[0-9a-f]{12}$`);
  for (const entry of readdirSync(FOLDER)) {
    if (build.test(entry) && entry !== basename(folderOf(program))) rmSync(join(FOLDER, entry), { recursive: true });
  }
}

function folderOf(program: Program): string {
  return join(FOLDER, `${program.name}-${program.version}-${buildKey(program)}`);
}

function find(name: string): Program {
  const found = PROGRAMS.find(({ binaries, files, links }) => name in { ...binaries, ...files, ...links });
  if (!found) throw new Error(`the bench builds no program ${name}`);
  return found;
}

/** What Go calls the program of a package: the last part of its path that isn't the module's major version. */
function outputOf(path: string): string {
  return basename(path.replace(/\/v\d+$/, ''));
}

function roughly(seconds: number): string {
  return seconds < 90 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} minutes`;
}
