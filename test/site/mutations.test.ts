import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';
import { Site, type SiteProps } from '../../lib/site';
import { OnPremError } from '../../lib/core/errors';

const LAB = readFileSync('blueprints/sites/dgx-lab.yaml', 'utf8');
const TREE = load(LAB);

/** A generator that gives the same numbers for the same seed (mulberry32), so that a failure comes back. */
class Dice {
  constructor(private state: number) {}

  /** From 0 to below `n`. */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

const CHARACTERS = [
  ...'\t\n\r :-{}[],&*!|>\'"%@`#?~<=/.0aZ\u00e9\u2028\ufeff',
  '\u{1f600}',
  '\ud800',
  '\0',
  '\n---\n',
  '\n...\n',
  '<<: ',
  '&a ',
  '*a ',
];

/** The text after one to three slips of the keyboard. */
function slip(dice: Dice, text: string): string {
  let result = text;
  for (let i = dice.below(3); i >= 0; i--) {
    const lines = result.split('\n');
    const line = dice.below(lines.length);
    const at = dice.below(result.length + 1);
    result = dice.of([
      () => result.slice(0, at) + dice.of(CHARACTERS) + result.slice(at),
      () => result.slice(0, at) + result.slice(at + 1 + dice.below(20)),
      () => result.slice(0, at),
      () => lines.toSpliced(line, 1).join('\n'),
      () => lines.toSpliced(line, 0, lines[dice.below(lines.length)]).join('\n'),
      () => lines.toSpliced(line, 1, ` ${lines[line]}`).join('\n'),
      () => lines.toSpliced(line, 1, lines[line].replace(/\d+/, String(dice.below(300)))).join('\n'),
      () =>
        lines
          .toSpliced(line, 1, lines[line].replace(/[a-z]+/, dice.of(['name', 'cpu', 'null', '__proto__', 'length'])))
          .join('\n'),
    ])();
  }
  return result;
}

function oddValues(): unknown[] {
  const cycle: Record<string, unknown> = { name: 'cycle' };
  cycle.self = cycle;
  return [
    undefined,
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    NaN,
    Infinity,
    10n,
    '',
    ' ',
    'x',
    'hot',
    '10.0.0.0/8',
    '::/0',
    '1-2',
    '1TB',
    '-',
    '/',
    '__proto__',
    'a'.repeat(300),
    [],
    [[]],
    [null],
    [undefined],
    Array(3),
    {},
    { name: 1 },
    { cores: {} },
    cycle,
    [cycle],
    new Map([['a', 1]]),
    new Date(0),
    /x/,
    Symbol('s'),
    () => 'f',
    Object.create(null),
    new Uint8Array(3),
    { toKibibytes: 1, asString: 2 },
    { toString: 'no' },
    JSON.parse('{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3}'),
  ];
}

interface Slot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every place of a tree that holds a value, also of one that holds itself by now. */
function slots(value: unknown, known = new Set<unknown>()): Slot[] {
  if (typeof value !== 'object' || value === null || known.has(value)) return [];
  known.add(value);
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...slots(holder[key], known)]);
}

/** Sets a key whatever it is called, and leaves alone what can't be changed. */
function put(holder: object, key: string, value: unknown): void {
  Reflect.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

/** The tree after one to three wrong values, or keys that are gone, moved or new. */
function spoil(dice: Dice, tree: unknown): unknown {
  const root = { site: tree };
  for (let i = dice.below(3); i >= 0; i--) {
    const all = slots(root);
    if (all.length === 0) break;
    const { holder, key } = dice.of(all);
    const other = dice.of(all);
    dice.of([
      () => put(holder, key, dice.of(oddValues())),
      () => Reflect.deleteProperty(holder, key),
      () => put(holder, key, other.holder[other.key]),
      () => put(holder, dice.of(['extra', 'name', '__proto__', 'constructor', `${key}s`, key.slice(1)]), holder[key]),
    ])();
  }
  return root.site;
}

// Long on a busy machine only.
jest.setTimeout(60_000);

/** Makes a site or has it refused in the one right way; anything else fails the test. */
function outcome(make: () => Site, label: string): 'site' | 'refused' {
  try {
    const site = make();
    const whole =
      site.schedulableNodes > 0 &&
      Number.isInteger(site.totalCpus) &&
      site.loadBalancerRanges.every((range) => range.size > 0 && range.contains(range.first)) &&
      site.host('mlflow') === `mlflow.${site.domain}`;
    if (!whole) throw new Error('the site is not whole');
    return 'site';
  } catch (error) {
    if (!(error instanceof OnPremError) || error.problems.length === 0) throw error;
    const wrong = error.problems.find(
      (problem) =>
        !problem.startsWith(`${label}:`) || !/; \S/.test(problem) || /\[object |TypeError|RangeError|\n/.test(problem),
    );
    if (wrong !== undefined) throw new Error(`not in the form of an error: ${wrong}`, { cause: error });
    return 'refused';
  }
}

/** Runs each of the seeds and tells how many gave a site; a failure names its seed. */
function sites(seeds: number, run: (dice: Dice) => 'site' | 'refused'): number {
  let made = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      if (run(new Dice(seed)) === 'site') made++;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  return made;
}

test('no slip in the text of a site file gives anything but a site or an OnPremError', () => {
  const made = sites(500, (dice) => {
    const text = slip(dice, LAB);
    return outcome(() => Site.fromYaml(text, { file: 'site.yaml' }), 'site.yaml');
  });
  expect(made).toBeGreaterThan(20);
  expect(made).toBeLessThan(400);
});

test('no wrong value in typed form gives anything but a site or an OnPremError', () => {
  const made = sites(500, (dice) => {
    const props = spoil(dice, structuredClone(TREE)) as SiteProps;
    return outcome(() => new Site(props), 'site');
  });
  expect(made).toBeGreaterThan(20);
  expect(made).toBeLessThan(400);
});

test('wrong values in each place alone', () => {
  const places = slots(TREE).length;
  const odd = oddValues();
  const refused = new Set<number>();
  for (let place = 0; place < places; place++) {
    // Five in each place, and each of them in many places.
    for (let i = 0; i < 5; i++) {
      const tree = structuredClone(TREE);
      const { holder, key } = slots(tree)[place];
      holder[key] = odd[(place * 5 + i) % odd.length];
      if (outcome(() => new Site(tree as SiteProps), 'site') === 'refused') refused.add(place);
    }
  }
  expect(places).toBeGreaterThan(150);
  expect(refused.size).toBe(places);
});
