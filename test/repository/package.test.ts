import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exists, read, ROOT } from './repository';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const manifest = JSON.parse(read('package.json')) as Package;

/** What git has, and what it would take with the next commit. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && exists(path) && !lstatSync(join(ROOT, path)).isSymbolicLink());

test('dependencies are pinned to one version', () => {
  const { dependencies, devDependencies } = manifest;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('what peers ask for is what is tried', () => {
  for (const [name, range] of Object.entries(manifest.peerDependencies)) {
    const tried = manifest.devDependencies[name] ?? 'nothing';
    expect(`${name} ${range.replace(/^\^(\d+)\..*$/, '$1')}`).toBe(`${name} ${tried.split('.')[0]}`);
  }
});

test('CONTRIBUTING.md gives the reason for each dependency, and for nothing that is none', () => {
  const [, section] = /^## Dependencies$([^]*?)(?=^## |(?![^]))/m.exec(read('CONTRIBUTING.md'))!;
  const listed = [...section.matchAll(/^- ((?:`[^`]+`(?:, )?)+): \S/gm)].flatMap(([, names]) =>
    names.replaceAll('`', '').split(', '),
  );
  expect(listed.sort()).toEqual(Object.keys(manifest.devDependencies).sort());
  const unnamed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => !section.includes(`\`${name}\``),
  );
  expect(unnamed).toEqual([]);
});

test('CHANGELOG.md speaks of this version', () => {
  const heading = new RegExp(`^## \\[(Unreleased|${manifest.version.replaceAll('.', '\\.')})\\]`, 'm');
  expect(read('CHANGELOG.md')).toMatch(heading);
});

test('the lockfile is for this package and holds no registry address', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    readonly packages: Record<
      string,
      { readonly resolved?: string; readonly integrity?: string; readonly devDependencies?: object }
    >;
  };
  expect(lock.packages['']!.devDependencies).toEqual(manifest.devDependencies);
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});

/** Hosts that packages are fetched from, and folders of one machine: nobody else has them. */
const FORBIDDEN = [
  /registry\.(npmjs|yarnpkg|npmmirror)\./,
  /\b(pypi\.org\/simple|files\.pythonhosted\.)/,
  /\b(proxy|sum)\.golang\./,
  // Not a container's: /root/.ssh is where upstream's default for MPI lies.
  /(?<![\w.}$-])\/(work|root(?!\/\.ssh\b)|Users)\//,
];

test('no tracked file holds a registry host or a path of one machine', () => {
  expect(tracked.length).toBeGreaterThan(100);
  const found = tracked.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return FORBIDDEN.flatMap((pattern) => {
      const match = pattern.exec(text);
      return match ? [`${path}:${text.slice(0, match.index).split('\n').length}: ${match[0]}`] : [];
    });
  });
  expect(found).toEqual([]);
});
