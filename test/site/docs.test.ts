import { readFileSync } from 'node:fs';
import { Site } from '../../lib/site';
import { GOOD } from './good';
import { message } from './message';

const PAGE = readFileSync('docs/site.md', 'utf8');

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map((match) => match[1]);
}

/** The keys in the first column of the tables under a heading. */
function documented(heading: string): string[] {
  const section =
    PAGE.split(/^### /m)
      .find((part) => part.startsWith(`${heading}\n`))
      ?.split(/^## /m)[0] ?? '';
  return [...section.matchAll(/^\| `(\w+)` +\|/gm)].map((match) => match[1]);
}

/** The keys that a site takes at a place, as it names them when the place holds something else. */
function known(from: string, to: string): string[] {
  if (!GOOD.includes(from)) throw new Error(`the good site has no ${from}`);
  const said = message(() => Site.fromYaml(GOOD.replace(from, to)));
  return (/must be a mapping with ([\w, ]+), got/.exec(said)?.[1] ?? said).split(', ');
}

test('the example is a site', () => {
  const [text, machines] = blocks('yaml');
  const example = Site.fromYaml(`${text}${machines}`, { file: 'docs/site.md' });
  expect(example.host('mlflow')).toBe('mlflow.lab.example');
  expect(example.totalGpus).toBe(32);
});

test('the errors are those of the example', () => {
  const [example] = blocks('yaml');
  const spoiled = example
    .replace('nodes: 4', 'nodes: 0')
    .replace('labels:', 'label:')
    .replace('192.0.2.100-192.0.2.199', '192.0.2.128/25');
  expect(`${message(() => Site.fromYaml(spoiled, { file: 'site.yaml' }))}\n`).toBe(blocks('text')[0]);
});

test.each([
  ['A node pool', '- name: gpu\n', '- x\n  - name: gpu\n'],
  ['The GPUs', '{ model: A100, count: 8, memory: 40GB, vendor: nvidia }', 'x'],
  ['A local disk', '- { type: nvme, count: 4, size: 3.84TB }', '- x'],
  ['A machine', 'networks:\n', 'machines: [x]\nnetworks:\n'],
  ['A network port', '- { type: infiniband, speed: 200Gb/s, count: 8, network: ib }', '- x'],
  ['A taint', '- { key: nvidia.com/gpu, value: "yes", effect: NoSchedule }', '- x'],
  ['A network', '- name: services\n', '- x\n  - name: services\n'],
  ['A storage class', '- { name: slow, tier: cold, default: false }', '- x'],
])('%s: every key is documented, and no other', (heading, from, to) => {
  expect(documented(heading)).toEqual(known(from, to));
});

test('the site, its processors and BGP: every key is documented, and no other', () => {
  expect(documented('The site')).toEqual(
    /with ([\w, ]+), got/.exec(message(() => Site.fromYaml('x')))?.[1].split(', '),
  );
  const cpu = message(() => Site.fromYaml(GOOD.replace('{ cores: 8 }', '{ zzzzzz: 8 }')));
  expect([...cpu.matchAll(/"(\w+)"/g)].map((match) => match[1]).sort()).toEqual(documented('The processors').sort());
  const bgp = '{ myASN: 64512, peers: [{ address: 192.0.2.1, asn: 64500 }] }';
  const peer = '{ address: 192.0.2.1, asn: 64500 }';
  expect(documented('The BGP of a network')).toEqual([...known(bgp, 'x'), ...known(peer, 'x')]);
});

test('the calls are those of a site', () => {
  const site = Site.fromYaml(blocks('yaml')[0]);
  const section = PAGE.split('## What it answers')[1].split('## Errors')[0];
  const rows = [...section.matchAll(/^\| (`[^|]+`) +\|/gm)].map((match) => match[1]);
  expect(rows.length).toBeGreaterThan(8);
  for (const row of rows) {
    const [first] = /(site|pool)\./.exec(row) ?? [''];
    const owner: object = first === 'pool.' ? site.pools[0] : site;
    for (const [, call] of row.matchAll(/`(?:site\.|pool\.)?(\w+)(?:\([^)]*\))?`/g)) {
      expect([call, call in owner]).toEqual([call, true]);
    }
  }
});
