import { type Result } from './shell';

/** What webhooks say to kubectl of things that they accept, and which are as they must be. */
const SAID = [/^Warning: EnvoyFilter exposes internal implementation details that may change at any time\./];

/** How apply.sh ended, and what it said besides. */
export function complaints({ code, stderr }: Pick<Result, 'code' | 'stderr'>): Pick<Result, 'code' | 'stderr'> {
  const lines = stderr.split('\n').filter((line) => line !== '' && !SAID.some((known) => known.test(line)));
  return { code, stderr: lines.join('\n') };
}
