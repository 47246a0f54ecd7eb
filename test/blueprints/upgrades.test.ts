import { ApiObject } from 'cdk8s';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Platform } from '../../lib';
import { type KubeObject } from '../../lib/core/link/types';
import { CHANGES, REFUSALS } from '../cluster/upgrade/changes';
import { compare, matters } from '../cluster/upgrade/compare';
import { laterRelease } from '../cluster/upgrade/release';
import { STEPS } from '../cluster/upgrade/steps';
import { compose, filesOf, objectsOf } from '../cluster/upgrade/program';

const DIST = join(__dirname, '../../dist/experiment-tracking');
/** Of what is written, that which a change may restart or be refused for. It isn't linked: this is done more than a hundred times. */
function objects(platform: Platform): readonly KubeObject[] {
  return platform.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .filter(({ kind }) => matters(kind))
    .map((object) => object.toJson() as KubeObject);
}

let installed: readonly KubeObject[];
beforeAll(() => {
  installed = objects(compose());
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
    const difference = compare(installed, objects(compose(tuning)));
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
    const difference = compare(installed, objects(later.compose()));
    const { restarts, jobs } = CHANGES.find(({ title }) => title === 'platform: images, all to their next tags')!;
    expect({
      restarts: sorted(difference.restarts),
      jobs: sorted(difference.jobs),
      immutable: difference.immutable,
      images: [...later.compose().images.keys()].filter((image) => !image.endsWith('-2')),
    }).toEqual({ restarts: sorted(restarts), jobs: sorted(jobs), immutable: [], images: [] });
  });

  test.each(STEPS)("leaves what can't change as it is: $title", ({ tuning }) => {
    expect(compare(installed, objects(compose(tuning))).immutable).toEqual([]);
  });
});
