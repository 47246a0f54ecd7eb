import { after } from './good';

const NAME = 'must be of lower-case letters, digits and "-" between them, at most 63';

describe.each<[string, [from: string, to: string, expected: string][]]>([
  [
    'quantities',
    [
      [
        'memory: 1TiB',
        'memory: 1024',
        '12: nodePools[1].memory must be a size with its unit, got 1024; did you mean "1024GB"?',
      ],
      ['memory: 1TiB', 'memory: 1tib', '12: nodePools[1].memory has no unit of size in "1tib"; did you mean "1TiB"?'],
      ['memory: 1TiB', 'memory: 512G', '12: nodePools[1].memory has no unit of size in "512G"; did you mean "512GB"?'],
      [
        'memory: 1TiB',
        'memory: 12 apples',
        '12: nodePools[1].memory has no unit of size in "12 apples"; use one of GB, TB, GiB, TiB',
      ],
      [
        'memory: 1TiB',
        'memory: plenty',
        '12: nodePools[1].memory must be a size such as "1TiB" or "15TB", got "plenty"; write a number and its unit',
      ],
      [
        'memory: 1TiB',
        'memory: -1TiB',
        '12: nodePools[1].memory must be a size such as "1TiB" or "15TB", got "-1TiB"; write a number and its unit',
      ],
      [
        'memory: 1TiB',
        'memory: [1TiB]',
        '12: nodePools[1].memory must be a size such as "1TiB" or "15TB", got a list of 1; write a number and its unit',
      ],
      [
        'size: 3.84TB',
        'size: 0TB',
        '15: nodePools[1].localDisks[0].size must be at least 1KiB, got "0TB"; give what is there',
      ],
      [
        'size: 3.84TB',
        'size: 9999999PB',
        '15: nodePools[1].localDisks[0].size must be less than 8192PiB, got "9999999PB"; check its unit',
      ],
      [
        'speed: 200Gb/s',
        'speed: 200',
        '17: nodePools[1].networkPorts[0].speed must be a speed with its unit, got 200; did you mean "200Gb/s"?',
      ],
      [
        'speed: 200Gb/s',
        'speed: 200Gbps',
        '17: nodePools[1].networkPorts[0].speed has no unit of speed in "200Gbps"; did you mean "200Gb/s"?',
      ],
      [
        'speed: 200Gb/s',
        'speed: 200 lanes',
        '17: nodePools[1].networkPorts[0].speed has no unit of speed in "200 lanes"; use Gb/s',
      ],
      [
        'speed: 200Gb/s',
        'speed: HDR',
        '17: nodePools[1].networkPorts[0].speed must be a speed such as "100Gb/s", got "HDR"; write a number and its unit',
      ],
      [
        'speed: 200Gb/s',
        'speed: true',
        '17: nodePools[1].networkPorts[0].speed must be a speed such as "100Gb/s", got true; write a number and its unit',
      ],
      [
        'speed: 200Gb/s',
        'speed: 0Gb/s',
        '17: nodePools[1].networkPorts[0].speed must be more than 0, got "0Gb/s"; give the speed of the port',
      ],
    ],
  ],
  [
    'names',
    [
      ['name: lab', 'name: DGX Lab', `1: name ${NAME}, got "DGX Lab"; did you mean "dgx-lab"?`],
      ['name: lab', 'name: "---"', `1: name ${NAME}, got "---"; give it such a name`],
      [
        'name: lab',
        `name: ${'x'.repeat(64)}`,
        `1: name ${NAME}, got "${'x'.repeat(57)}..."; did you mean "${'x'.repeat(63)}"?`,
      ],
      [
        'domain: lab.example',
        'domain: lab',
        '2: domain must be a DNS domain such as "dgx-lab.example", got "lab"; give one of two labels or more',
      ],
      [
        'domain: lab.example',
        'domain: https://lab.example/',
        '2: domain must be a DNS domain and nothing else, got "https://lab.example/"; did you mean "lab.example"?',
      ],
      [
        'domain: lab.example',
        'domain: "*.lab.example"',
        '2: domain must be a DNS domain and nothing else, got "*.lab.example"; did you mean "lab.example"?',
      ],
      [
        'domain: lab.example',
        'domain: lab.example.',
        '2: domain must be a DNS domain and nothing else, got "lab.example."; did you mean "lab.example"?',
      ],
      [
        'domain: lab.example',
        'domain: 192.0.2.1',
        '2: domain must be a DNS domain such as "dgx-lab.example", got "192.0.2.1"; give one of two labels or more',
      ],
      [
        'domain: lab.example',
        'domain: svc.cluster.local',
        `2: domain must not be the cluster's own, got "svc.cluster.local"; give the domain that people use, such as "dgx-lab.example"`,
      ],
      ['model: A100', 'model: " "', '13: nodePools[1].gpus.model must not be empty, got " "; give it a text'],
      [
        'rack: a1',
        'my rack: a1',
        '19: nodePools[1].labels["my rack"] is no key of a label: it must be like "rack" or "example.com/rack", got "my rack"; rename it',
      ],
      [
        'rack: a1',
        'rack: a 1',
        '19: nodePools[1].labels.rack must be of letters, digits, "-", "_" and ".", at most 63, got "a 1"; shorten or rewrite it',
      ],
      ['rack: a1', 'rack: 12', '19: nodePools[1].labels.rack must be text, got 12; put it in quotes: "12"'],
      [
        'key: nvidia.com/gpu',
        'key: nvidia.com/gpu/a',
        '21: nodePools[1].taints[0].key is no key of a label: it must be like "rack" or "example.com/rack", got "nvidia.com/gpu/a"; rename it',
      ],
      [
        'value: "yes"',
        'value: "oh yes"',
        '21: nodePools[1].taints[0].value must be of letters, digits, "-", "_" and ".", at most 63, got "oh yes"; shorten or rewrite it',
      ],
      [
        'name: fast',
        'name: Fast',
        '32: storageClasses[0].name must be of lower-case letters, digits, "-" and ".", at most 253, got "Fast"; did you mean "fast"?',
      ],
      [
        'name: gpu',
        'name: control',
        '9: nodePools[1].name must be unique, got "control" as nodePools[0] has; rename one',
      ],
      [
        'name: slow',
        'name: fast',
        '33: storageClasses[1].name must be unique, got "fast" as storageClasses[0] has; rename one',
      ],
      [
        'name: slow',
        'name: warm',
        '33: storageClasses[1].tier must be "warm" as the class is named, got "cold"; change one of them',
      ],
    ],
  ],
  [
    'what must fit together',
    [
      [
        'nodes: 3',
        'nodes: 2',
        "3: nodePools must have an odd number of control-plane nodes, or etcd's quorum gains nothing, got 2; use 1 or 3",
      ],
      [
        '    nodes: 2',
        '    roles: [control-plane]\n    nodes: 2',
        '3: nodePools must have nodes that take workloads, got none; give a pool the role worker',
      ],
      [
        'nodes: 2',
        'nodes: 4999',
        '3: nodePools must have at most 5000 nodes together, got 5002; make two sites of them',
      ],
      [
        'roles: [control-plane]',
        'roles: [control-plane, control-plane]',
        '5: nodePools[0].roles[1] must not be repeated, got "control-plane" again; remove it',
      ],
      [
        'effect: NoSchedule }',
        'effect: NoSchedule }\n      - { key: nvidia.com/gpu, effect: NoSchedule }',
        '22: nodePools[1].taints[1] must not be repeated, got "nvidia.com/gpu:NoSchedule" again; remove one',
      ],
      [
        'network: ib',
        'network: ibb',
        '17: nodePools[1].networkPorts[0].network must name a network of the site, got "ibb"; did you mean "ib"?',
      ],
      [
        'network: ib',
        'network: services',
        '17: nodePools[1].networkPorts[0].type must be that of the network "services", ethernet, got "infiniband"; change one of them',
      ],
      [
        'default: false',
        'default: true',
        '33: storageClasses[1].default must be true for one class only, and storageClasses[0] is it; remove one',
      ],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%j -> %j', (from, to, expected) => {
    expect(after(from, to)).toBe(`site.yaml:${expected}`);
  });
});
