import { type Hands, lendHands, vaultKeys } from './support/hands';
import { installs } from './support/installation';
import { speakForOperators } from './support/operators';
import { LivePlatform } from './support/platform';
import { COMPANY_SYSTEMS, LIVE_COMPANY_SYSTEMS } from './support/proves';

const platform = new LivePlatform();
let operators: ReturnType<typeof speakForOperators>;
let hands: Hands;

beforeAll(() => {
  operators = speakForOperators(platform.cluster);
  hands = lendHands(platform);
});

afterAll(async () => {
  hands.stop();
  await operators.stop();
});

installs(COMPANY_SYSTEMS, LIVE_COMPANY_SYSTEMS);

it('needs nothing by hand but what summary.md tells', async () => {
  hands.stop();
  vaultKeys.keep((await hands.done).keys);
});
