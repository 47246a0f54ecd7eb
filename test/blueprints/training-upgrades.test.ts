import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readObjects } from '../../lib/cli/read-objects';
import { type KubeObject } from '../../lib/core/link/types';
import { compare, matters } from '../cluster/upgrade/compare';
import { filesOf, objectsOf, riskyObjectsOf } from '../cluster/upgrade/program';
import { laterTrainingRelease } from '../cluster/upgrade/release';
import { CHANGES, REFUSALS } from '../cluster/upgrade/training/changes';
import { compose, type Tuning } from '../cluster/upgrade/training/program';

const DIST = join(__dirname, '../../dist/training-cluster');

/** Kinds whose definitions hold a field fixed, which no platform writes. */
const OTHERS = {
  AdmissionCheck: "nobody's here",
  ComputeDomain: "of people's workloads",
  TrainJob: "of people; a training's is refused as a whole, since its runtime's name has a digest",
  Workload: "Kueue's own",
} as const;
/** Only a part that isn't used is held fixed. */
const PARTS = { NicClusterPolicy: 'where firmware is kept' } as const;

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

describe('what is known to be fixed', () => {
  test('are all kinds with a rule that compares with what was', () => {
    const kinds = readObjects([DIST])
      .map(({ object }) => object as KubeObject & { readonly spec: { readonly names: { readonly kind: string } } })
      .filter((object) => object.kind === 'CustomResourceDefinition' && JSON.stringify(object).includes('oldSelf'))
      .map(({ spec }) => spec.names.kind);
    const known = kinds.filter(matters);
    expect(sorted(known)).toEqual(['LocalQueue', 'NVIDIADriver', 'ResourceFlavor', 'Topology']);
    const others = kinds.filter((kind) => !matters(kind));
    expect(sorted(others)).toEqual(sorted([...Object.keys(OTHERS), ...Object.keys(PARTS)]));
    expect(readObjects([DIST]).filter(({ object }) => object.kind in OTHERS)).toEqual([]);
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

  test.each(REFUSALS.filter(({ refusedBy }) => refusedBy === 'cluster'))(
    'would change what is fixed: $title',
    ({ from, tuning }) => {
      const risky = (what: Tuning) => riskyObjectsOf(compose(what));
      const { immutable } = compare(from ? risky(from) : installed, risky(tuning));
      expect(immutable).not.toEqual([]);
    },
  );

  test('restarts everything where a later release of the library has later tags of all images', async () => {
    const later = await laterTrainingRelease();
    const difference = compare(installed, riskyObjectsOf(later.compose()));
    const { restarts, jobs } = CHANGES.find(({ title }) => title === 'platform: images, all to their next tags')!;
    expect({
      restarts: sorted(difference.restarts),
      jobs: sorted(difference.jobs),
      immutable: difference.immutable,
      images: [...later.compose().images.keys()].filter((image) => !image.endsWith('-2')),
    }).toEqual({
      restarts: sorted(restarts),
      jobs: sorted(jobs),
      immutable: [],
      images: ['nvcr.io/nvidia/driver:580.173.02-ubuntu24.04'],
    });
  });
});
