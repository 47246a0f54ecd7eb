import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Critical, criticals } from './criticals';
import { justifications, justifies } from './justifications';
import { synthesizeVariants } from './variants';

// Everything that kube-score calls critical, in dist and in what dist has no site for, has its reason in a README; and each reason its
// critical.
const ROOT = resolve(__dirname, '../..');

/** A folder of manifests for each platform; kube-score gets them one at a time, since it takes objects of one name for the same. */
function platforms(): string[] {
  const dist = join(ROOT, 'dist');
  const folders = existsSync(dist)
    ? readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  if (folders.length === 0) throw new Error('dist holds no platform; run npm run synth first');
  return [...folders.map(({ name }) => join(dist, name)), ...synthesizeVariants(join(ROOT, '.cache/kube-score'))];
}

function filesOf(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => join(folder, file));
}

function main(): number {
  const scores = platforms().map((folder) => criticals(filesOf(folder)));
  const objects = scores.reduce((sum, score) => sum + score.objects, 0);
  const found = scores.flatMap((score) => score.criticals);
  const reasons = justifications();
  const unjustified = found.filter((critical) => !reasons.some((reason) => justifies(reason, critical)));
  const unneeded = reasons.filter((reason) => !found.some((critical) => justifies(reason, critical)));

  const software = [...new Set(found.map((critical) => critical.software))].sort();
  const count = (of: readonly Critical[], name: string) => of.filter((critical) => critical.software === name).length;
  for (const name of software) {
    const [all, open] = [count(found, name), count(unjustified, name)];
    console.log(`${name.padEnd(16)} ${String(all).padStart(3)} critical: ${all - open} justified, ${open} not`);
  }
  for (const { object, check, comments } of unjustified)
    console.error(`no reason: \`${check}\` on ${object}: ${comments.join('; ')}`);
  for (const { page, line, check, name } of unneeded) {
    console.error(`${page}:${line}: no critical needs the reason for \`${check}\` on ${name ?? 'all'}; remove it`);
  }
  console.log(
    `${objects} objects scored, ${found.length} criticals: ${found.length - unjustified.length} justified, ` +
      `${unjustified.length} not; ${unneeded.length} reasons that nothing needs`,
  );
  return unjustified.length + unneeded.length > 0 ? 1 : 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
