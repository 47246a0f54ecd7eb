import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../paths';
import { isLocked, Janitor, unlocked } from './janitor';

/** Ends the cluster, also one that is being started, and waits until nothing is left. @returns whether there was one */
export async function down(): Promise<boolean> {
  if (!(await isLocked())) {
    if (!existsSync(RUN)) return false;
    // It has lost its janitor, as with the machine's power: a new one clears.
    await (await Janitor.start()).end();
    return true;
  }
  const file = join(RUN, 'holder');
  if (!existsSync(file)) throw new Error('another command builds what the cluster needs; end that one');
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
  await unlocked(60);
  return true;
}
