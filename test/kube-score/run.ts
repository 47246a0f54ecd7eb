import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Critical, criticals } from './criticals';
import { justifications, justifies } from './justifications';

// Everything that kube-score calls critical in dist has its reason in a README, and each reason its critical.
const DIST = resolve(__dirname, '../../dist');

function manifests(): string[] {
  const platforms = existsSync(DIST) ? readdirSync(DIST, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : [];
  const files = platforms.flatMap(({ name }) => readdirSync(join(DIST, name)).map((file) => join(DIST, name, file)));
  return files.filter((file) => file.endsWith('.yaml'));
}

function main(): number {
  const files = manifests();
  if (files.length === 0) throw new Error('dist holds no manifests; run npm run synth first');
  const { objects, criticals: found } = criticals(files);
  const reasons = justifications();
  const unjustified = found.filter((critical) => !reasons.some((reason) => justifies(reason, critical)));
  const unneeded = reasons.filter((reason) => !found.some((critical) => justifies(reason, critical)));

  const software = [...new Set(found.map((critical) => critical.software))].sort();
  const count = (of: readonly Critical[], name: string) => of.filter((critical) => critical.software === name).length;
  for (const name of software) {
    const [all, open] = [count(found, name), count(unjustified, name)];
    console.log(`${name.padEnd(16)} ${String(all).padStart(3)} critical: ${all - open} justified, ${open} not`);
  }
  for (const { object, check, comments } of unjustified) console.error(`no reason: \`${check}\` on ${object}: ${comments.join('; ')}`);
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
