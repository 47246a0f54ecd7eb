import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Site } from '../../lib/site';
import { GOOD } from './good';
import { message } from './message';

const KEYS = 'must be a mapping with name, domain, nodePools, machines, networks, storageClasses';
const EMPTY = 'must not be empty; give it name, domain and nodePools';

describe('a text that is no site', () => {
  test.each([
    ['', EMPTY],
    ['\n\n', EMPTY],
    ['# nothing yet\n', EMPTY],
    ['---\n', EMPTY],
    ['null\n', `1: ${EMPTY}`],
    ['- name: lab\n', `1: ${KEYS}, got a list of 1; write its keys`],
    ['dgx-lab\n', `1: ${KEYS}, got "dgx-lab"; write its keys`],
    ['<site>\n  <name>lab</name>\n</site>\n', `1: ${KEYS}, got "<site> <name>lab</name> </site>"; write its keys`],
    ['42', `1: ${KEYS}, got 42; write its keys`],
    ['name: a\n---\nname: b\n', '3: must be one YAML document, got 2; remove all but one, and the "---" between them'],
    ['name: a\n---\n---\n', '1: must be one YAML document, got 3; remove all but one, and the "---" between them'],
    [
      'name:\n\tlab\n',
      '2: must be YAML: tab characters must not be used in indentation in "\\tlab"; indent with blanks',
    ],
    [
      'nodePools: [a, b\nname: lab\n',
      '2: must be YAML: deficient indentation in "name: lab"; close the quote or bracket of the lines before, or indent this line',
    ],
    [
      'name: "lab\ndomain: lab.example\n',
      '2: must be YAML: deficient indentation in "domain: lab.example"; close the quote or bracket of the lines before, or indent this line',
    ],
    [
      'name: lab: dgx\n',
      '1: must be YAML: bad indentation of a mapping entry in "name: lab: dgx"; indent it as its neighbours, and put a text with ": " or a special first character in quotes',
    ],
    [
      'name: @lab\n',
      '1: must be YAML: bad indentation of a mapping entry in "name: @lab"; indent it as its neighbours, and put a text with ": " or a special first character in quotes',
    ],
    ['name: *lab\n', '1: must be YAML: unidentified alias "lab" in "name: *lab"; write out what it stands for'],
    [
      'name: !lab x\n',
      '1: must be YAML: unknown scalar tag !<!lab> in "name: !lab x"; remove the tag, or put the text in quotes',
    ],
    ['na\0me: lab\n', '1: must be YAML: null byte is not allowed in input in "na\\u0000me: lab"; give a text file'],
    ['? [a]\n: b\n', '1: must be YAML: object-based map does not support complex keys in "? [a]"; mend this line'],
  ])('%j', (text, expected) => {
    const separator = /^\d/.test(expected) ? ':' : ': ';
    expect(message(() => Site.fromYaml(text, { file: 'site.yaml' }))).toBe(`site.yaml${separator}${expected}`);
  });

  test('is no bomb either', () => {
    const levels = [
      'a: &a [x, x]',
      ...'bcdefghijk'.split('').map((c, i) => `${c}: &${c} [${Array(20).fill(`*${'abcdefghij'[i]}`).join(', ')}]`),
    ];
    expect(message(() => Site.fromYaml(levels.join('\n')))).toBe(
      `site:7: must be YAML: aliases exceeded maxAliases (100) in "${levels[6].slice(0, 57)}..."; write out what it stands for`,
    );
  });

  test('may hold itself', () => {
    const text = GOOD.replace('name: lab', 'name: lab\nextra: &all { inner: *all }');
    expect(message(() => Site.fromYaml(text))).toBe(
      'site:2: extra is not a key of a site; there is "name", "domain", "nodePools", "machines", "networks", "storageClasses"',
    );
    expect(message(() => Site.fromYaml(GOOD.replace('[control-plane]', '&roles [*roles]')))).toBe(
      'site:5: nodePools[0].roles[0] must be one of "control-plane", "worker", got a list of 1; choose one of them',
    );
  });
});

describe('YAML that is right', () => {
  test('may be JSON, have Windows line ends, a byte-order mark and comments', () => {
    const site = Site.fromYaml(GOOD);
    expect(Site.fromYaml(GOOD.replace(/\n/g, '\r\n'))).toEqual(site);
    expect(Site.fromYaml(`\uFEFF# a comment\n---\n${GOOD}`)).toEqual(site);
    const pool = { name: 'all', nodes: 1, cpu: { cores: 4 }, memory: '8GiB' };
    const json = JSON.stringify({ name: 'lab', domain: 'lab.example', nodePools: [pool] }, undefined, 2);
    expect(Site.fromYaml(json).pools.map((each) => each.name)).toEqual(['all']);
  });

  test('may write alike pools once', () => {
    const text = [
      'name: lab',
      'domain: lab.example',
      'nodePools:',
      '  - &small { name: a, nodes: 1, cpu: { cores: 4 }, memory: 8GiB }',
      '  - <<: *small',
      '    name: b',
      '    nodes: 2',
    ].join('\n');
    expect(Site.fromYaml(text).pools.map((pool) => [pool.name, pool.nodes, pool.coresPerNode])).toEqual([
      ['a', 1, 4],
      ['b', 2, 4],
    ]);
    expect(message(() => Site.fromYaml(text.replace('nodes: 1', 'nodes: 0')))).toBe(
      'site:4: nodePools[0].nodes must be at least 1, got 0; remove the pool or give its number of nodes',
    );
    expect(message(() => Site.fromYaml(text.replace('8GiB', '8')))).toBe(
      [
        'site: 2 problems',
        '  - site:4: nodePools[0].memory must be a size with its unit, got 8; did you mean "8GB"?',
        '  - site:5: nodePools[1].memory must be a size with its unit, got 8; did you mean "8GB"?',
      ].join('\n'),
    );
  });

  test('tells the line in files with Windows line ends, too', () => {
    expect(message(() => Site.fromYaml(GOOD.replace('nodes: 2', 'nodes: 0').replace(/\n/g, '\r\n')))).toBe(
      'site:10: nodePools[1].nodes must be at least 1, got 0; remove the pool or give its number of nodes',
    );
  });

  test('must be passed as text', () => {
    const call = Site.fromYaml as (text: unknown) => Site;
    expect(message(() => call({ name: 'lab' }))).toBe(
      'site: must be YAML text, got a mapping with name; pass a path to Site.fromFile',
    );
    expect(message(() => call(undefined))).toBe('site: must be YAML text, got nothing; pass a path to Site.fromFile');
  });
});

describe('fromFile', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'site-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string | Uint8Array): string {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  }

  test('reads a site', () => {
    expect(Site.fromFile(file('good.yaml', GOOD))).toEqual(Site.fromYaml(GOOD));
    expect(Site.fromFile(file('bom.yaml', `\uFEFF${GOOD}`)).name).toBe('lab');
  });

  test('calls the file by the path that was given', () => {
    const path = file('bad.yaml', GOOD.replace('nodes: 2', 'nodes: 0'));
    expect(message(() => Site.fromFile(path))).toBe(
      `${path}:10: nodePools[1].nodes must be at least 1, got 0; remove the pool or give its number of nodes`,
    );
  });

  test('refuses a file that is not there', () => {
    file('dgx-lab.yaml', GOOD);
    expect(message(() => Site.fromFile(join(folder, 'dgx-lab.yml')))).toBe(
      `${folder}/dgx-lab.yml: there is no such file; did you mean "dgx-lab.yaml"?`,
    );
    expect(message(() => Site.fromFile(join(folder, 'nowhere', 'site.yaml')))).toBe(
      `${folder}/nowhere/site.yaml: there is no such file; check the path, which starts at the working directory`,
    );
  });

  test('refuses what is no text file', () => {
    expect(message(() => Site.fromFile(folder))).toBe(`${folder}: is a directory; give the file in it`);
    const latin1 = file('latin1.yaml', Uint8Array.of(0x6e, 0xfc, 0x0a));
    expect(message(() => Site.fromFile(latin1))).toBe(`${latin1}: must be text in UTF-8; save it so`);
    expect(message(() => Site.fromFile(join(latin1, 'x')))).toBe(
      `${latin1}/x: can't be read (ENOTDIR); mend its permissions or give another`,
    );
    expect(message(() => Site.fromFile(''))).toBe(
      'site: the path of the site file must be text, got ""; pass it as in Site.fromFile("site.yaml")',
    );
    expect(message(() => Site.fromFile('site\0.yaml'))).toContain("can't be read (ERR_INVALID_ARG_VALUE)");
  });
});
