import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject } from '../../lib/core/link/types';
import { CHANGES, REFUSALS } from '../cluster/upgrade/changes';
import { compare } from '../cluster/upgrade/compare';
import { laterRelease } from '../cluster/upgrade/release';
import { STEPS } from '../cluster/upgrade/steps';
import { compose, filesOf, objectsOf, riskyObjectsOf } from '../cluster/upgrade/program';

const DIST = join(__dirname, '../../dist/experiment-tracking');

let installed: readonly KubeObject[];
beforeAll(() => {
  installed = riskyObjectsOf(compose());
});

const sorted = (names: readonly string[] = []) => [...names].sort();

describe('the blueprint', () => {
  test('is what its systems make when each is put together by itself', () => {
    for (const { name, text } of filesOf(compose()))
      expect([name, text]).toEqual([name, readFileSync(join(DIST, name), 'utf8')]);
  });
});

describe('a change over a running platform', () => {
  test.each(CHANGES)('restarts what it must and nothing else: $title', ({ tuning, restarts, jobs }) => {
    const difference = compare(installed, riskyObjectsOf(compose(tuning)));
    expect({
      restarts: sorted(difference.restarts),
      jobs: sorted(difference.jobs),
      immutable: difference.immutable,
    }).toEqual({ restarts: sorted(restarts), jobs: sorted(jobs), immutable: [] });
  });

  test.each(REFUSALS.filter(({ refusedBy }) => refusedBy === 'synth'))('is refused: $title', ({ tuning, says }) => {
    expect(() => objectsOf(compose(tuning))).toThrow(says);
  });

  test('restarts everything where a later release of the library has later tags of all images', async () => {
    const later = await laterRelease();
    const difference = compare(installed, riskyObjectsOf(later.compose()));
    const { restarts, jobs } = CHANGES.find(({ title }) => title === 'platform: images, all to their next tags')!;
    expect({
      restarts: sorted(difference.restarts),
      jobs: sorted(difference.jobs),
      immutable: difference.immutable,
      images: [...later.compose().images.keys()].filter((image) => !image.endsWith('-2')),
    }).toEqual({ restarts: sorted(restarts), jobs: sorted(jobs), immutable: [], images: [] });
  });

  test.each(STEPS)("leaves what can't change as it is: $title", ({ tuning }) => {
    expect(compare(installed, riskyObjectsOf(compose(tuning))).immutable).toEqual([]);
  });
});
