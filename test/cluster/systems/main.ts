import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { format } from 'prettier';
import { REPOSITORY } from '../paths';
import { document } from './document';
import { readResults } from './results';

const FILE = join(REPOSITORY, 'docs/systems.md');

/** Writes docs/systems.md; with `--check` only says whether it is what the bench saw. */
async function main(args: readonly string[]): Promise<number> {
  const text = await format(document(readResults()), { parser: 'markdown' });
  const name = relative(REPOSITORY, FILE);
  if (!args.includes('--check')) {
    writeFileSync(FILE, text);
    console.log(`${name} is written`);
    return 0;
  }
  const there = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  if (there === text) return 0;
  const claimed = there.split('\n').filter((line) => !text.includes(line));
  const missing = text.split('\n').filter((line) => !there.includes(line));
  console.error(`${name} isn't what the bench saw; write it with: npm run cluster:systems`);
  for (const line of claimed) console.error(`- ${line}`);
  for (const line of missing) console.error(`+ ${line}`);
  return 1;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
