import { Cluster } from '../cluster';
import { agreement } from '../fit/agreement';
import { type Comparison } from '../fit/compare';

/** The first seed, and how many: `FIT_SEED=17 FIT_CASES=1` asks for case 17 alone. */
const FIRST_SEED = Number(process.env.FIT_SEED ?? 1);
const CASES = Number(process.env.FIT_CASES ?? 200);

const cluster = new Cluster();
let all: readonly Comparison[] = [];

beforeAll(async () => {
  const seeds = Array.from({ length: CASES }, (_, i) => FIRST_SEED + i);
  all = await agreement(cluster.direct, seeds);
});

describe(`the engine that says what fits, on the random sites ${FIRST_SEED} to ${FIRST_SEED + CASES - 1}`, () => {
  it('comes to what the real scheduler comes to, pod by pod', () => {
    const different = all.filter(({ differences }) => differences.length > 0);
    expect(different.map(({ seed, differences }) => ({ seed, differences }))).toEqual([]);
    expect(all).toHaveLength(CASES);
  });

  it('was asked of sites that fit and of sites that do not, and of many a placement', () => {
    const fitting = all.filter(({ fits }) => fits).length;
    const placements = all.reduce((sum, comparison) => sum + comparison.placements, 0);
    console.log(
      `${CASES} cases from seed ${FIRST_SEED}: all pods placed in ${fitting}, ${placements} placements compared, ` +
        `${all.filter(({ certain }) => certain).length} in which chance decided nothing`,
    );
    expect(fitting).toBeGreaterThan(CASES / 5);
    expect(CASES - fitting).toBeGreaterThan(CASES / 5);
    expect(placements).toBeGreaterThan(CASES * 5);
  });
});
