import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { filesIn, type Import, importsOf, ROOT } from './repository';

const FILES = [...filesIn('lib', '.ts'), ...filesIn('blueprints', '.ts')];

/** The part of the library that a file belongs to: `core`, `site`, `crds`, `cli`, `root`, `blueprints`, or a system's folder. */
function partOf(path: string): string {
  const [top, domain, system, file] = path.split('/');
  if (top === 'blueprints') return 'blueprints';
  if (system === undefined) return 'root';
  return file === undefined || ['core', 'site', 'crds', 'monitoring', 'cli'].includes(domain!)
    ? domain
    : `${domain}/${system}`;
}

/** What each part may use at run time, apart from itself: core <- site, crds, monitoring <- systems <- blueprints. */
function mayUse(part: string, target: string): boolean {
  switch (part) {
    case 'core':
      return false;
    case 'site':
    case 'crds':
      return target === 'core';
    case 'monitoring':
      return target === 'core' || target === 'site';
    case 'root':
    case 'blueprints':
      return target !== 'cli';
    default:
      // A domain's own files, beside its systems, hold what these share: facts, no classes of theirs.
      return ['core', 'site', 'crds', 'monitoring', ...(part.includes('/') ? [part.split('/')[0]!] : [])].includes(
        target,
      );
  }
}

/** Uses against the direction, each with its reason. */
const EXCEPTIONS: Record<string, string> = {
  'lib/core/link/rules/custom-resources.ts -> lib/crds/validate.ts':
    'the check of a value against a schema stands on nothing but core/errors; link applies it to all custom resources, not only to ours',
};

function forbidden(path: string, { local, target, typeOnly }: Import): boolean {
  if (!local) return false;
  const [from, to] = [partOf(path), partOf(target)];
  if (from === to || mayUse(from, to)) return false;
  return !(typeOnly && from === 'core' && ['site', 'crds'].includes(to)) && !(`${path} -> ${target}` in EXCEPTIONS);
}

test('imports go one way: core <- site, crds, monitoring <- systems <- blueprints, and no system imports another', () => {
  expect(FILES.length).toBeGreaterThan(100);
  const wrong = FILES.flatMap((path) =>
    importsOf(path)
      .filter((each) => forbidden(path, each))
      .map(({ place, target }) => `${place} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test.each([
  ['lib/core/app.ts', 'lib/site/site.ts', false, true],
  ['lib/core/app.ts', 'lib/site/site.ts', true, false],
  ['lib/core/app.ts', 'lib/data/minio/index.ts', true, true],
  ['lib/site/site.ts', 'lib/core/errors.ts', false, false],
  ['lib/site/site.ts', 'lib/crds/crd.ts', false, true],
  ['lib/data/minio/minio.ts', 'lib/data/postgres/index.ts', true, true],
  ['lib/data/minio/minio.ts', 'lib/data/minio/bucket.ts', false, false],
  ['lib/compute/nvidia-gpu-operator/checks.ts', 'lib/compute/compatibility.ts', false, false],
  ['lib/compute/compatibility.ts', 'lib/compute/nvidia-gpu-operator/index.ts', false, true],
  ['lib/data/minio/minio.ts', 'lib/compute/compatibility.ts', false, true],
  ['lib/data/minio/minio.ts', 'lib/index.ts', false, true],
  ['lib/data/minio/minio.ts', 'lib/monitoring/index.ts', false, false],
  ['lib/monitoring/dashboard.ts', 'lib/crds/crd.ts', false, true],
  ['lib/data/minio/minio.ts', 'blueprints/index.ts', false, true],
  ['blueprints/main.ts', 'lib/data/minio/index.ts', false, false],
  ['lib/cli/link.ts', 'lib/core/link/index.ts', false, false],
])('%s may not import %s (types only: %s): %s', (path, target, typeOnly, expected) => {
  expect(forbidden(path, { place: '', target, typeOnly, local: true })).toBe(expected);
});

test('each exception is needed', () => {
  const uses = new Set(FILES.flatMap((path) => importsOf(path).map(({ target }) => `${path} -> ${target}`)));
  expect(Object.keys(EXCEPTIONS).filter((exception) => !uses.has(exception))).toEqual([]);
});

test('no file imports itself by way of others', () => {
  const runtime = new Map(
    FILES.map((path) => [path, importsOf(path).flatMap((each) => (each.local && !each.typeOnly ? [each.target] : []))]),
  );
  expect(cycles(runtime)).toEqual([]);
});

/** One path for each group of files that lead back to themselves. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

test('cycles are seen', () => {
  expect(
    cycles(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', []],
        ['d', ['a']],
      ]),
    ),
  ).toEqual(['a -> b -> d -> a']);
});

test('only lib/core/k8s.ts knows cdk8s-plus-27', () => {
  const users = FILES.filter((path) => importsOf(path).some(({ target }) => target.startsWith('cdk8s-plus')));
  expect(users).toEqual(['lib/core/k8s.ts']);
});

test('each imported package is one that is installed with the library', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'peerDependencies',
    Record<string, string>
  >;
  const known = new Set([
    ...Object.keys(dependencies),
    ...Object.keys(peerDependencies),
    ...builtinModules.map((name) => `node:${name}`),
  ]);
  const unknown = FILES.flatMap((path) =>
    importsOf(path).flatMap(({ local, target, place }) =>
      local || known.has(target.startsWith('node:') ? target : target.split('/')[0])
        ? []
        : [`${place} imports ${target}`],
    ),
  );
  expect(unknown).toEqual([]);
});
