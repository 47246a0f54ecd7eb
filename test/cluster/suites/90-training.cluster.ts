import { installs } from './support/installation';
import { speakForOperators } from './support/operators';
import { LivePlatform } from './support/platform';
import { LIVE_TRAINING_SYSTEMS, TRAINING_SYSTEMS } from './support/proves';

const { cluster } = new LivePlatform();
let operators: ReturnType<typeof speakForOperators>;

beforeAll(() => {
  operators = speakForOperators(cluster);
});

afterAll(async () => operators.stop());

installs(TRAINING_SYSTEMS, LIVE_TRAINING_SYSTEMS);
