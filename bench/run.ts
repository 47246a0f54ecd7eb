import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFit } from './fit';
import { benchProcess } from './process';
import { benchScale } from './scale';
import { benchSynth } from './synth';

// Speed as ratios in one run: absolute times are those of this machine at this moment.
const scratch = mkdtempSync(join(tmpdir(), 'cdk8s-onprem-ml-bench-'));
try {
  const [load] = loadavg();
  console.log(`Node ${process.version}, ${cpus().length} processors, load ${load.toFixed(1)}`);
  if (load > cpus().length)
    console.log(
      'The machine is busy: times are longer than they need be; the ratios hold, as all are measured in turns.',
    );
  const bounds = [benchSynth(scratch), benchScale(scratch)];
  benchFit();
  benchProcess(scratch);
  process.exitCode = bounds.every((held) => held) ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
