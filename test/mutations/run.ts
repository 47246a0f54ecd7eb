import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readObjects } from '../../lib/cli/read-objects';
import { formatFinding, link, type LinkObject, type LinkOptions } from '../../lib/core/link';
import { NETWORK } from './classes/network';
import { OBJECTS } from './classes/objects';
import { REFERENCES } from './classes/references';
import { SECURITY } from './classes/security';

/**
 * Breaks synthesized platforms one thing at a time, in every place where each class of break applies, and counts how many of the breaks link
 * finds. Fails where a class has less than 95 %, or where there are fewer than 1,000 breaks of 20 classes.
 *
 * `npm run test:mutations [FOLDER]...`: by default the whole of experiment-tracking, and of training-cluster what it adds.
 */
const THRESHOLD = 0.95;
const DIST = join(__dirname, '..', '..', 'dist');
const [WHOLE, LARGER] = ['experiment-tracking', 'training-cluster'].map((name) => join(DIST, name));

/** A platform to be broken. */
interface Target {
  readonly name: string;
  readonly objects: readonly LinkObject[];
  readonly options: LinkOptions;
}

function main(folders: readonly string[]): number {
  const missing = (folders.length > 0 ? folders : [WHOLE, LARGER]).find((folder) => !existsSync(folder));
  if (missing !== undefined) return fail(`${missing} is not there; run npm run synth`);
  const targets = folders.length > 0 ? folders.map(target) : [target(WHOLE), added(target(LARGER), target(WHOLE))];
  for (const { name, objects, options } of targets) {
    const findings = link(objects, options);
    if (findings.length > 0)
      return fail(`${name} itself has findings:\n${findings.map((each) => formatFinding(each)).join('\n')}`);
  }

  const classes = [...REFERENCES, ...NETWORK, ...OBJECTS, ...SECURITY];
  const started = process.hrtime.bigint();
  let total = 0;
  let found = 0;
  let filled = 0;
  const failures: string[] = [];
  const escapes: string[] = [];
  console.log(`${'class of break'.padEnd(62)}${'found'.padStart(6)}${'of'.padStart(6)}`);
  for (const { name, mutants } of classes) {
    const list = targets.flatMap(({ objects, options }) => mutants(objects).map((mutant) => ({ mutant, options })));
    if (list.length === 0) continue;
    filled++;
    const missed = list.filter(({ mutant, options }) => link(mutant.make(), options).length === 0);
    const hits = list.length - missed.length;
    total += list.length;
    found += hits;
    const rate = hits / list.length;
    if (rate < THRESHOLD) failures.push(`${name}: ${hits} of ${list.length}`);
    escapes.push(...missed.map(({ mutant }) => `  ${name}: ${mutant.what}`));
    console.log(
      `${name.padEnd(62)}${String(hits).padStart(6)}${String(list.length).padStart(6)}  ${(rate * 100).toFixed(1)} %`,
    );
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (escapes.length > 0) console.log(`\nescaped:\n${escapes.join('\n')}`);
  console.log(`\n${found} of ${total} breaks found, ${filled} classes, ${seconds.toFixed(1)} s`);
  if (total < 1000 || filled < 20)
    failures.push(`${total} breaks of ${filled} classes are too few; 1000 of 20 are wanted`);
  return failures.length > 0 ? fail(failures.join('\n')) : 0;
}

function target(folder: string): Target {
  const objects = readObjects([folder]).map((o) => ({
    ...o,
    source: o.source.slice(folder.length + 1).replace(/\.k8s\.yaml/, ''),
  }));
  const images = readFileSync(join(folder, 'images.txt'), 'utf8').split('\n');
  const options: LinkOptions = {
    strict: true,
    images: new Set(images.filter((line) => line !== '')),
    isolated: true,
    reasons: reasons(readFileSync(join(folder, 'summary.md'), 'utf8')),
    external: externals(readFileSync(join(folder, 'summary.md'), 'utf8')),
  };
  return { name: basename(folder), objects, options };
}

/** What a platform has that a smaller one hasn't: its files, and the namespaces that they are in. Nothing there needs what both have. */
function added({ name, objects, options }: Target, smaller: Target): Target {
  const shared = new Set(smaller.objects.map(({ file }) => basename(file!)));
  const foundation = '00-foundation.k8s.yaml';
  const namespaces = new Set(smaller.objects.map(({ object }) => object.metadata.namespace ?? object.metadata.name));
  const own = objects.filter(({ file, object }) =>
    basename(file!) === foundation
      ? !namespaces.has(object.metadata.namespace ?? object.metadata.name)
      : !shared.has(basename(file!)),
  );
  return { name, objects: own, options };
}

/** The exceptions that the summary tells, each with its reason. */
function reasons(summary: string): LinkOptions['reasons'] {
  return [...summary.matchAll(/^\| (\w+) (?:([\w-]+)\/)?([\w.-]+) \| ([\w.[\]]+) \| ([^|]+) \|$/gm)].map(
    ([, kind, namespace, name, field, reason]) => ({ kind, namespace, name, field, reason }),
  );
}

/** What the summary lists as what the cluster must have: the site's storage classes, Secrets that people make. */
function externals(summary: string): LinkOptions['external'] {
  return [...summary.matchAll(/^\| (StorageClass|Secret) \| ([\w.-]*) ?\| ([\w.-]+) \| ([^|]*) ?\|$/gm)].map(
    ([, kind, namespace, name, keys]) => ({
      kind,
      name,
      ...(namespace !== '' && { namespace }),
      ...(keys.trim() !== '' && { keys: keys.trim().split(', ') }),
    }),
  );
}

function fail(message: string): number {
  console.error(message);
  return 1;
}

process.exitCode = main(process.argv.slice(2));
