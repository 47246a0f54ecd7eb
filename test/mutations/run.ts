import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readObjects } from '../../lib/cli/read-objects';
import { formatFinding, link, type LinkOptions } from '../../lib/core/link';
import { NETWORK } from './classes/network';
import { OBJECTS } from './classes/objects';
import { REFERENCES } from './classes/references';
import { SECURITY } from './classes/security';

/**
 * Breaks the synthesized platform one thing at a time, in every place where each class of break applies, and counts how many of the breaks link
 * finds. Fails where a class has less than 95 %, or where there are fewer than 1,000 breaks of 20 classes.
 *
 * `npm run test:mutations [FOLDER]`
 */
const THRESHOLD = 0.95;
const folder = process.argv[2] ?? join(__dirname, '..', '..', 'dist', 'experiment-tracking');

function main(): number {
  if (!existsSync(folder)) return fail(`${folder} is not there; run npm run synth`);
  const objects = readObjects([folder]).map((o) => ({
    ...o,
    source: o.source.slice(folder.length + 1).replace(/\.k8s\.yaml/, ''),
  }));
  const images = readFileSync(join(folder, 'images.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const options: LinkOptions = {
    strict: true,
    images: new Set(images),
    // The site's own, which the output doesn't hold.
    external: storageClasses(readFileSync(join(folder, 'summary.md'), 'utf8')).map((name) => ({
      kind: 'StorageClass',
      name,
    })),
  };
  const baseline = link(objects, options);
  if (baseline.length > 0) return fail(`the platform itself has findings:\n${baseline.map(formatFinding).join('\n')}`);

  const classes = [...REFERENCES, ...NETWORK, ...OBJECTS, ...SECURITY];
  const started = process.hrtime.bigint();
  let total = 0;
  let found = 0;
  let filled = 0;
  const failures: string[] = [];
  const escapes: string[] = [];
  console.log(`${'class of break'.padEnd(62)}${'found'.padStart(6)}${'of'.padStart(6)}`);
  for (const { name, mutants } of classes) {
    const list = mutants(objects);
    if (list.length === 0) continue;
    filled++;
    const missed = list.filter((mutant) => link(mutant.make(), options).length === 0);
    const hits = list.length - missed.length;
    total += list.length;
    found += hits;
    const rate = hits / list.length;
    if (rate < THRESHOLD) failures.push(`${name}: ${hits} of ${list.length}`);
    escapes.push(...missed.map(({ what }) => `  ${name}: ${what}`));
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

/** The classes that the summary lists as what the cluster must have. */
function storageClasses(summary: string): string[] {
  return [...summary.matchAll(/^\| StorageClass \|[^|]*\| ([\w.-]+) \|/gm)].map(([, name]) => name);
}

function fail(message: string): number {
  console.error(message);
  return 1;
}

process.exitCode = main();
