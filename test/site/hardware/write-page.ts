import { writeFileSync } from 'node:fs';
import { hardwarePage } from './page';

/** `npm run docs:hardware`. */
writeFileSync('docs/hardware.md', hardwarePage());
