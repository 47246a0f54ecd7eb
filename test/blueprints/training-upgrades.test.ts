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

/** Kinds whose definitions hold a field fixed, and why it is no prop's. */
const OTHERS: Readonly<Record<string, string>> = {
  AdmissionCheck: 'none is written',
  BGPPeer: 'graceful restart is never asked for',
  ComputeDomain: "is people's",
  JobSet: "is made of people's TrainJobs",
  NicClusterPolicy: 'keeps no firmware',
  TrainJob: "a training's is refused as a whole, by the digest in its runtime's name",
  TrainingRuntime: "a training's has another name with each change",
  Workload: "is Kueue's own",
};

let installed: readonly KubeObject[];
beforeAll(() => {
  installed = riskyObjectsOf(compose());
});

/** A rule of a spec that compares it with what was; what is fixed of a status is its controller's. */
function hasTransitionRule(schema: unknown): boolean {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    Object.entries(schema).some(([key, value]) =>
      key === 'rule' ? String(value).includes('oldSelf') : key !== 'status' && hasTransitionRule(value),
    )
  );
}

const sorted = (names: readonly string[] = []) => [...names].sort();

describe('the blueprint', () => {
  test('is what its systems make when each is put together by itself', () => {
    for (const { name, text } of filesOf(compose()))
      expect([name, text]).toEqual([name, readFileSync(join(DIST, name), 'utf8')]);
  });
});

describe('what is known to be fixed', () => {
  test('is what definitions compare with what was', () => {
    const kinds = readObjects([DIST])
      .map(({ object }) => object)
      .filter(({ kind, spec }) => kind === 'CustomResourceDefinition' && hasTransitionRule(spec))
      .map(({ spec }) => (spec as { readonly names: { readonly kind: string } }).names.kind);
    expect(sorted(kinds.filter((kind) => !matters(kind)))).toEqual(sorted(Object.keys(OTHERS)));
    expect(sorted(kinds.filter(matters))).toEqual([
      'ClusterTrainingRuntime',
      'LocalQueue',
      'NVIDIADriver',
      'ResourceFlavor',
      'Topology',
    ]);
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
