import { type KubeObject } from '../cluster';
import { until } from '../shell';
import { cutOff } from './failure/cut-off';
import { firstMinted, mintedHere } from './failure/minted';
import { cleanPicture, differences, takePicture } from './failure/picture';
import { chosenSeed, randomFrom } from './failure/random';
import { FOLDER, LivePlatform, manifests } from './support/platform';
import { proves, SYSTEMS } from './support/proves';

const COUNT = 20;
/** Waves that must have been cut at the least, for the cuts to say something. */
const WAVES = 4;

const { cluster } = new LivePlatform();
const seed = chosenSeed();
const said: string[] = [];

beforeAll(async () => {
  const there = (await cluster.list<KubeObject>('namespaces')).map(({ metadata }) => metadata.name);
  const ours = manifests().filter(({ kind, metadata }) => kind === 'Namespace' && there.includes(metadata.name!));
  if (ours.length > 0)
    throw new Error(`this needs a fresh cluster: there are ${ours.map((o) => o.metadata.name).join(', ')}`);
});

afterAll(() => console.log(said.join('\n')));

describe(`apply.sh, cut off at random (BENCH_SEED=${seed})`, () => {
  it(`is killed ${COUNT} times on its way, in ${WAVES} waves and more`, async () => {
    const cuts = await cutOff(cluster, FOLDER, COUNT, randomFrom(seed), (line) => said.push(line));
    const waves = new Set(cuts.map(({ after }) => /wave (\d+)/.exec(after)?.[1]));
    expect(waves.size).toBeGreaterThanOrEqual(WAVES);
  });

  proves(SYSTEMS, 'F', 'a run to the end after 20 that were killed leaves what one clean run leaves', async () => {
    const { code, stderr } = await cluster.attempt(['sh', `${FOLDER}/apply.sh`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const clean = await cleanPicture.get();
    let found: readonly string[] = [];
    await until('the same state', 30, async () => {
      found = differences(clean, await takePicture(cluster));
      return found.length === 0 ? true : undefined;
    }).catch(() => undefined);
    expect(found).toEqual([]);
  });

  proves('credentials', 'L', 'each installation has values of its own', async () => {
    const before = await firstMinted.get();
    const here = await mintedHere(cluster, before);
    expect(Object.keys(here)).not.toEqual([]);
    expect(Object.keys(here).filter((path) => here[path] === before[path])).toEqual([]);
  });
});
