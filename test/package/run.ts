import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { filesIn } from '../repository/repository';

// The packed tarball in an empty project of a new user, with README's own programs.
const ROOT = resolve(__dirname, '../..');

/** npm tells its scripts of the project that they belong to, which the new project must not hear. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(package_|lifecycle_|config_local_prefix$)/.test(name)),
);

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function tryRun(folder: string, command: string, ...args: string[]): Result {
  const result = spawnSync(command, args, { cwd: folder, env: environment, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (result.error) throw new Error(`${command} couldn't be run: ${result.error.message}`);
  return result;
}

function run(folder: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = tryRun(folder, command, ...args);
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with exit code ${status}:\n${stdout}${stderr}`);
  return stdout;
}

function check(holds: boolean, problem: () => string): void {
  if (!holds) throw new Error(problem());
}

const began = Date.now();
function step<T>(what: string, work: () => T): T {
  try {
    const result = work();
    console.log(`ok ${what} (${((Date.now() - began) / 1000).toFixed(0)} s)`);
    return result;
  } catch (error) {
    console.error(`not ok ${what}`);
    throw error;
  }
}

/** Packs the library. @returns the tarball and what is in it */
function pack(folder: string): { tarball: string; files: string[] } {
  // What the build prints before is not of the list.
  const printed = run(ROOT, 'npm', 'pack', '--silent', '--json', '--pack-destination', folder);
  const [{ filename, files }] = JSON.parse(printed.slice(printed.lastIndexOf('\n[\n') + 1)) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/** The tarball holds the library, its blueprints and its pages, and nothing of how it is made. */
function checkContents(folder: string, tarball: string, files: readonly string[]): void {
  const sources = new Set(
    [...filesIn('lib', '.ts'), ...filesIn('blueprints', '.ts')].map((path) => path.replace(/\.ts$/, '')),
  );
  const unwanted = files.filter((path) =>
    path.startsWith('build/')
      ? !sources.has(path.replace(/^build\//, '').replace(/(\.d\.ts|\.js)$/, '')) ||
        path.startsWith('build/blueprints/main.')
      : !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[\w-]+\.md)$/.test(path),
  );
  check(
    unwanted.length === 0,
    () => `it holds ${unwanted.join(', ')}; mend "files" in package.json, or remove the stale build folder`,
  );
  const missing = [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'build/lib/cli/main.js',
    'build/blueprints/index.d.ts',
  ].filter((path) => !files.includes(path));
  check(missing.length === 0, () => `it lacks ${missing.join(', ')}; mend "files" in package.json`);
  run(folder, 'tar', '-xzf', tarball);
  const foreign = files.filter((path) =>
    /\.\.\/shared|\/dist\b.*require/.test(readFileSync(join(folder, 'package', path), 'utf8')),
  );
  check(foreign.length === 0, () => `${foreign.join(', ')} names a folder that users don't have`);
}

/** The version that our own lockfile has, so that the same packages are tried. */
function locked(name: string): string {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Record<string, { readonly version: string }>;
  };
  return `${name}@${lock.packages[`node_modules/${name}`].version}`;
}

/** README's four programs, and its command for running one. */
function readme(): { sources: string[]; command: string } {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const sources = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, source]) => source);
  check(sources.length === 4, () => `it has ${sources.length} blocks of TypeScript`);
  const [, command] = /(npx ts-node [^`\n]*main\.ts)/.exec(text) ?? [];
  check(command !== undefined, () => 'it has no "npx ts-node ... main.ts"');
  return { sources, command };
}

/** Runs a program that writes one platform. @returns the platform's folder */
function synthesizes(project: string, command: string): string {
  return step(`${command} synthesizes a platform`, () => {
    const dist = join(project, 'dist');
    rmSync(dist, { recursive: true, force: true });
    run(project, 'sh', '-c', command);
    const [name, ...more] = readdirSync(dist);
    check(name !== undefined && more.length === 0, () => 'dist should hold one platform');
    const platform = join(dist, name);
    const files = readdirSync(platform);
    const missing = ['apply.sh', 'images.txt', 'summary.md', '00-foundation.k8s.yaml'].filter(
      (file) => !files.includes(file),
    );
    check(missing.length === 0, () => `${platform} lacks ${missing.join(', ')}`);
    const manifests = files.filter((file) => file.endsWith('.yaml'));
    const objects = manifests.flatMap((file) => loadAll(readFileSync(join(platform, file), 'utf8')));
    check(objects.length > 100, () => `${objects.length} objects are too few for a platform`);
    return platform;
  });
}

/** What summary.md says must be in the cluster before, in a table of its own, as link wants to be told. */
function externals(platform: string): string[] {
  const [, after = ''] = readFileSync(join(platform, 'summary.md'), 'utf8').split(
    '| kind | namespace | name | keys |\n',
  );
  const [table] = after.split('\n\n');
  const rows = [...table.matchAll(/^\| (\w+) \| ([\w-]*) \| ([\w.*-]+) \|/gm)];
  return rows.flatMap(([, kind, namespace, name]) => [
    '--external',
    [kind, namespace, name].filter((part) => part !== '').join('/'),
  ]);
}

/** Renames one service account where a pod names it: one finding, no more. */
function breakName(platform: string): void {
  const pattern = /^( +serviceAccountName: )\S+$/m;
  const file = readdirSync(platform).find((name) => pattern.test(readFileSync(join(platform, name), 'utf8')));
  check(file !== undefined, () => 'no pod names a service account');
  const path = join(platform, String(file));
  writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, '$1nobody'));
}

function main(folder: string): void {
  const { tarball, files } = step('npm pack', () => pack(folder));
  step('the tarball holds what it should and nothing else', () => checkContents(folder, tarball, files));

  const project = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "a-new-user", "version": "1.0.0", "private": true }\n');
  cpSync(join(ROOT, 'blueprints/sites/dgx-lab.yaml'), join(project, 'site.yaml'));
  const packages = ['cdk8s', 'constructs', 'typescript', 'ts-node', '@types/node'].map(locked);
  step('npm install in an empty project', () =>
    run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', tarball, ...packages),
  );

  const { sources, command } = step('README has its four programs and says how to run one', readme);
  sources.forEach((source, i) => writeFileSync(join(project, `main${i + 1}.ts`), source));
  step('tsc --strict accepts and compiles them (module node16, every declaration checked)', () =>
    run(
      project,
      'npx',
      'tsc',
      '--strict',
      '--target',
      'es2022',
      '--types',
      'node',
      '--module',
      'node16',
      'main1.ts',
      'main2.ts',
      'main3.ts',
      'main4.ts',
    ),
  );
  synthesizes(project, 'node main1.js');
  synthesizes(project, 'node main3.js');
  synthesizes(project, 'node main4.js');
  // Type-checked once more, by the older way to find modules, which knows "typesVersions" and not "exports".
  const platform = synthesizes(project, command.replace('main.ts', 'main2.ts'));

  const link = ['npx', 'onprem-ml', 'link', platform, ...externals(platform)] as const;
  step('npx onprem-ml link finds nothing in it', () => {
    const printed = run(project, ...link);
    check(/^\d+ objects, 0 findings$/m.test(printed), () => `it printed ${printed}`);
  });
  step('npx onprem-ml link finds the one name that is broken', () => {
    breakName(platform);
    const { status, stdout, stderr } = tryRun(project, ...link);
    check(
      status === 1 && /, 1 finding$/m.test(stdout) && stdout.includes('nobody'),
      () => `exit code ${status}: ${stdout}${stderr}`,
    );
  });
}

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'cdk8s-onprem-ml-package-'));
try {
  main(folder);
  console.log(`the package works; ${((Date.now() - began) / 1000).toFixed(0)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
