import { App } from '../lib';
import { failAll } from '../lib/core/errors';
import { formatFinding } from '../lib/core/link';
import { OutputFolder } from '../lib/core/output/folder';
import { linked } from '../lib/core/output/linked';
import { platformFiles } from '../lib/core/output/platform-files';
import { platform } from './platform';
import * as trace from './trace';

// What blueprints/main.ts does, step by step, into the folder that is given; prints when each step was done, in milliseconds of the process.
const loaded = performance.now();
const lab = platform(new App());
const constructed = performance.now();
const { bundle, findings } = linked(lab);
failAll('synth', findings.map(formatFinding));
const done = performance.now();
const output = new OutputFolder(process.argv[2]);
output.addFolder(lab.name, platformFiles(bundle));
output.commit();
console.log(JSON.stringify({ ...trace, loaded, constructed, linked: done, written: performance.now() }));
