import { OnPremError } from '../../lib/core/errors';
import { Site } from '../../lib/site';
import { after, GOOD } from './good';
import { message } from './message';

test('the site that the others spoil is good', () => {
  const site = Site.fromYaml(GOOD, { file: 'site.yaml' });
  expect(site.pool('gpu').taints).toEqual([{ key: 'nvidia.com/gpu', value: 'yes', effect: 'NoSchedule' }]);
  expect(site.network('services').bgp).toEqual({ myASN: 64512, peers: [{ address: '192.0.2.1', asn: 64500 }] });
  expect(site.loadBalancerRanges.map(String)).toEqual(['192.0.2.100-192.0.2.150', '192.0.2.160/28']);
});

describe.each<[string, [from: string, to: string, expected: string][]]>([
  [
    'keys',
    [
      [
        'nodes: 2',
        'nodees: 2\n    nodes: 2',
        '10: nodePools[1].nodees is not a key of a node pool; did you mean "nodes"?',
      ],
      ['gpus:', 'gpu:', '13: nodePools[1].gpu is not a key of a node pool; did you mean "gpus"?'],
      [
        'storageClasses:',
        'classes:',
        '31: classes is not a key of a site; there is "name", "domain", "nodePools", "machines", "networks", "storageClasses"',
      ],
      [
        'domain: lab.example\n',
        '',
        '1: domain is missing; give the DNS domain of the platform, such as "dgx-lab.example"',
      ],
      ['    memory: 1TiB\n', '', '9: nodePools[1].memory is missing; give the memory of one node, such as 1TiB'],
      ['memory: 1TiB', 'memory:', '12: nodePools[1].memory has no value; give it one or remove the key'],
      ['vlan: 7', 'vlan:', '25: networks[0].vlan has no value; give it one or remove the key'],
      [
        'rack: a1',
        'rack: a1\n      rack: a2',
        '20: nodePools[1].labels.rack is given again, first on line 19; keep one of them',
      ],
      [
        'vlan: 7',
        '<<: { vlan: 7, mtu: 9000 }',
        '23: networks[0].mtu is not a key of a network; there is "name", "cidr", "type", "vlan", "loadBalancerRanges", "bgp"',
      ],
    ],
  ],
  [
    'shapes',
    [
      ['name: lab', 'name: [lab]', '1: name must be text, got a list of 1; write it as text'],
      ['name: lab', 'name: 42', '1: name must be text, got 42; put it in quotes: "42"'],
      [
        '  - name: services\n',
        '  - services\n  - name: services\n',
        '23: networks[0] must be a mapping with name, cidr, type, vlan, loadBalancerRanges, bgp, got "services"; write its keys',
      ],
      [
        'gpus: { model: A100, count: 8, memory: 40GB, vendor: nvidia }',
        'gpus: 8',
        '13: nodePools[1].gpus must be a mapping with model, count, memory, vendor, got 8; write its keys',
      ],
      [
        '      - { type: nvme, count: 4, size: 3.84TB }',
        '      { type: nvme, count: 4, size: 3.84TB }',
        '14: nodePools[1].localDisks must be a list, got a mapping with type, count, size; write each entry after a "-"',
      ],
      [
        '      rack: a1',
        '      - rack',
        '18: nodePools[1].labels must be a mapping of keys to texts, got a list of 1; write them as key: value',
      ],
      [
        'roles: [control-plane]',
        'roles: []',
        '5: nodePools[0].roles must not be an empty list; give control-plane, worker or both, or leave roles out',
      ],
      ['cpu: { cores: 8 }', 'cpu: 8', '7: nodePools[0].cpu must be a mapping, got 8; did you mean { cores: 8 }?'],
      [
        'cpu: { cores: 8 }',
        'cpu: eight',
        '7: nodePools[0].cpu must be { sockets, coresPerSocket } or { cores }, got "eight"; write one of them',
      ],
      [
        'cpu: { cores: 8 }',
        'cpu: {}',
        '7: nodePools[0].cpu has neither cores nor sockets; give { sockets: 2, coresPerSocket: 64 } or { cores: 128 }',
      ],
      [
        'cpu: { cores: 8 }',
        'cpu: { core: 8 }',
        '7: nodePools[0].cpu.core is not a key of the processors; did you mean "cores"?',
      ],
      [
        'cpu: { cores: 8 }',
        'cpu: { cores: 8, sockets: 1 }',
        '7: nodePools[0].cpu must not have both cores and sockets; keep cores, or sockets and coresPerSocket',
      ],
      [
        'cpu: { cores: 8 }',
        'cpu: { sockets: 2 }',
        '7: nodePools[0].cpu.coresPerSocket is missing; give the cores of one processor',
      ],
      [
        '- { key: nvidia.com/gpu, value: "yes", effect: NoSchedule }',
        '- nvidia.com/gpu=yes:NoSchedule',
        '21: nodePools[1].taints[0] must be a mapping, got "nvidia.com/gpu=yes:NoSchedule"; did you mean { key: nvidia.com/gpu, value: yes, effect: NoSchedule }?',
      ],
      [
        '- { key: nvidia.com/gpu, value: "yes", effect: NoSchedule }',
        '- nvidia.com/gpu:NoExecute',
        '21: nodePools[1].taints[0] must be a mapping, got "nvidia.com/gpu:NoExecute"; did you mean { key: nvidia.com/gpu, effect: NoExecute }?',
      ],
      ['value: "yes"', 'value: 1', '21: nodePools[1].taints[0].value must be text, got 1; put it in quotes: "1"'],
      [
        '[192.0.2.100-192.0.2.150, 192.0.2.160/28]',
        '192.0.2.160/28',
        '26: networks[0].loadBalancerRanges must be a list, got "192.0.2.160/28"; did you mean [192.0.2.160/28]?',
      ],
      [
        '[{ address: 192.0.2.1, asn: 64500 }]',
        '[]',
        '27: networks[0].bgp.peers must not be an empty list; give a router, or leave bgp out',
      ],
    ],
  ],
  [
    'numbers, words and flags',
    [
      [
        'nodes: 2',
        'nodes: 0',
        '10: nodePools[1].nodes must be at least 1, got 0; remove the pool or give its number of nodes',
      ],
      [
        'nodes: 2',
        'nodes: 6000',
        '10: nodePools[1].nodes must be at most 5000, got 6000; remove the pool or give its number of nodes',
      ],
      [
        'nodes: 2',
        'nodes: 2.5',
        '10: nodePools[1].nodes must be a whole number, got 2.5; remove the pool or give its number of nodes',
      ],
      ['nodes: 2', 'nodes: "2"', '10: nodePools[1].nodes must be a number, got the text "2"; remove the quotes'],
      [
        'nodes: 2',
        'nodes: two',
        '10: nodePools[1].nodes must be a whole number, got "two"; remove the pool or give its number of nodes',
      ],
      [
        'nodes: 2',
        'nodes: .nan',
        '10: nodePools[1].nodes must be a whole number, got NaN; remove the pool or give its number of nodes',
      ],
      [
        'count: 8, memory',
        'count: 0, memory',
        '13: nodePools[1].gpus.count must be at least 1, got 0; give the GPUs of one node, or leave gpus out',
      ],
      ['vlan: 7', 'vlan: 4095', '25: networks[0].vlan must be at most 4094, got 4095; give the number of a VLAN'],
      [
        'asn: 64500',
        'asn: 0',
        '27: networks[0].bgp.peers[0].asn must be at least 1, got 0; give the number of an autonomous system, such as 64512',
      ],
      [
        'roles: [control-plane]',
        'roles: [master]',
        '5: nodePools[0].roles[0] must be one of "control-plane", "worker", got "master"; choose one of them',
      ],
      [
        'type: nvme',
        'type: NVMe',
        '15: nodePools[1].localDisks[0].type must be one of "nvme", "ssd", "hdd", got "NVMe"; did you mean "nvme"?',
      ],
      [
        'effect: NoSchedule',
        'effect: NoSchedul',
        '21: nodePools[1].taints[0].effect must be one of "NoSchedule", "PreferNoSchedule", "NoExecute", got "NoSchedul"; did you mean "NoSchedule"?',
      ],
      [
        'tier: cold',
        'tier: 3',
        '33: storageClasses[1].tier must be one of "hot", "warm", "cold", got 3; choose one of them',
      ],
      [
        'default: false',
        'default: no',
        '33: storageClasses[1].default must be true or false, got "no"; write false, without quotes',
      ],
      [
        'replicated: true',
        'replicated: 2',
        '32: storageClasses[0].replicated must be true or false, got 2; write one of them',
      ],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%j -> %j', (from, to, expected) => {
    expect(after(from, to)).toBe(`site.yaml:${expected}`);
  });
});

const ORDER =
  'name, roles, nodes, hardware, arch, cpu, memory, gpus, localDisks, networkPorts, systemDisk, reserved, hugepages, maxPods, labels, taints, segment';

test('a pool that is no mapping', () => {
  expect(after('  - name: gpu\n', '  - just-a-name\n  - name: gpu\n')).toBe(
    `site.yaml:9: nodePools[1] must be a mapping with ${ORDER}, got "just-a-name"; write its keys`,
  );
});

test('all problems at once, in the order of the lines, and each on its own', () => {
  const text = GOOD.replace('memory: 1TiB', 'memory: 1T')
    .replace('name: lab', 'name: Lab')
    .replace('- name: ib', '- name: services')
    .replace('vlan: 7', 'vlan: 0');
  const expected = [
    'site.yaml:1: name must be of lower-case letters, digits and "-" between them, at most 63, got "Lab"; did you mean "lab"?',
    'site.yaml:12: nodePools[1].memory has no unit of size in "1T"; did you mean "1TB"?',
    'site.yaml:17: nodePools[1].networkPorts[0].network must name a network of the site, got "ib"; there is "services"',
    'site.yaml:25: networks[0].vlan must be at least 1, got 0; give the number of a VLAN',
    'site.yaml:28: networks[1].name must be unique, got "services" as networks[0] has; rename one',
  ];
  expect(message(() => Site.fromYaml(text, { file: 'site.yaml' }))).toBe(
    ['site.yaml: 5 problems', ...expected.map((problem) => `  - ${problem}`)].join('\n'),
  );
  try {
    Site.fromYaml(text, { file: 'site.yaml' });
  } catch (error) {
    expect(error).toBeInstanceOf(OnPremError);
    expect(error).toMatchObject({ name: 'OnPremError', problems: expected });
  }
  expect.assertions(3);
});
