import { join } from 'node:path';
import { SCRATCH } from '../paths';
import { until } from '../shell';
import { saveOffsite } from './failure/offsite';
import { Writer } from './failure/writer';
import { LivePlatform } from './support/platform';
import { proves } from './support/proves';

/** Runs that are worth a backup. */
const RUNS = 10;

proves('postgres', 'L', 'a backup is made on demand, and copied to another place with all buckets', async () => {
  const platform = new LivePlatform();
  const writer = await Writer.start(platform, join(SCRATCH, 'backup.jsonl'));
  const written = () => writer.journal.writes.filter(({ kind, error }) => kind === 'run' && error === undefined);
  await until(`${RUNS} runs`, 120, async () => written().length >= RUNS || undefined);
  await writer.stop();
  const runs = await saveOffsite(platform);
  expect(Object.keys(runs).sort()).toEqual(
    written()
      .map(({ key }) => key!.split(' ')[0])
      .sort(),
  );
});
