import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { hardwarePage } from './page';

const PAGE = 'docs/hardware.md';

/** `npm run docs:hardware`. */
async function main(): Promise<void> {
  writeFileSync(PAGE, await format(hardwarePage(), { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

void main();
