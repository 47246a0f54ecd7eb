import { Address, AddressRange, Cidr } from '../../lib/site/address';
import { Refusal } from '../../lib/site/decode';
import { Site } from '../../lib/site';
import { message } from './message';

/** A site with these networks, each a YAML flow mapping. */
function site(...networks: readonly string[]): Site {
  const text = [
    'name: lab',
    'domain: lab.example',
    'nodePools: [{ name: all, nodes: 1, cpu: { cores: 4 }, memory: 8GiB }]',
    'networks:',
    ...networks.map((network) => `  - ${network}`),
  ].join('\n');
  return Site.fromYaml(text, { file: 'site.yaml' });
}

function ranges(cidr: string, ...texts: readonly string[]): Site {
  return site(
    `{ name: services, cidr: "${cidr}", loadBalancerRanges: [${texts.map((text) => `"${text}"`).join(', ')}] }`,
  );
}

describe('networks and ranges that are right', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.254-10.255.255.254', 1],
    ['192.0.2.0/24', '192.0.2.1-192.0.2.254', 254],
    ['192.0.2.0/24', '192.0.2.16/28', 16],
    ['192.0.2.0/24', '192.0.2.7/32', 1],
    ['192.0.2.0/24', '192.0.2.10 - 192.0.2.20', 11],
    ['192.0.2.4/31', '192.0.2.4-192.0.2.5', 2],
    ['192.0.2.4/32', '192.0.2.4/32', 1],
    ['2001:db8::/64', '2001:db8::1-2001:db8::ffff', 65535],
    ['2001:db8:0:1::/64', '2001:db8:0:1::f000/116', 4096],
    ['fd00::/8', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', 1],
    ['2001:db8::4/127', '2001:db8::4/127', 2],
  ])('%s with %s', (cidr, range, size) => {
    expect(ranges(cidr, range).loadBalancerRanges.map((each) => each.size)).toEqual([size]);
  });

  test('are kept in canonical form', () => {
    const lab = ranges('2001:0DB8::/64', '2001:DB8:0:0:0:0:0:1 - 2001:db8::0:ff');
    expect(lab.network('services').cidr).toBe('2001:db8::/64');
    expect(lab.network('services').ipVersion).toBe(6);
    expect(lab.loadBalancerRanges.map(String)).toEqual(['2001:db8::1-2001:db8::ff']);
  });

  test('of both families side by side', () => {
    const lab = site(
      '{ name: four, cidr: 192.0.2.0/24, loadBalancerRanges: [192.0.2.8/29] }',
      '{ name: six, cidr: "2001:db8::/64", loadBalancerRanges: ["2001:db8::8/125"] }',
    );
    expect(lab.loadBalancerRanges.map((range) => range.network.name)).toEqual(['four', 'six']);
    expect(lab.networksIn('::/0').map((network) => network.name)).toEqual(['six']);
    expect(lab.networksIn('0.0.0.0/0').map((network) => network.name)).toEqual(['four']);
  });
});

describe('a wrong cidr', () => {
  test.each([
    ['192.0.2.0', 'has no mask in "192.0.2.0"; did you mean "192.0.2.0/24"?'],
    ['2001:db8::', 'has no mask in "2001:db8::"; did you mean "2001:db8::/64"?'],
    ['192.0.2.5/24', 'must start at its network\'s first address, got "192.0.2.5/24"; did you mean "192.0.2.0/24"?'],
    [
      '2001:db8::1/64',
      'must start at its network\'s first address, got "2001:db8::1/64"; did you mean "2001:db8::/64"?',
    ],
    ['192.0.2.0/33', 'must have a mask from /0 to /32, got "192.0.2.0/33"; write the number of bits of its prefix'],
    ['192.0.2.0/x', 'must have a mask from /0 to /32, got "192.0.2.0/x"; write the number of bits of its prefix'],
    ['192.0.2.0/', 'must have a mask from /0 to /32, got "192.0.2.0/"; write the number of bits of its prefix'],
    ['::/129', 'must have a mask from /0 to /128, got "::/129"; write the number of bits of its prefix'],
    [
      '192.0.2.0/255.255.255.0',
      'must have a mask from /0 to /32, got "192.0.2.0/255.255.255.0"; write the number of bits of its prefix',
    ],
    ['192.0.256.0/24', 'must be a network in CIDR notation such as "10.0.0.0/24", got "192.0.256.0/24"; write it so'],
    ['192.0.2.0/24/24', 'must be a network in CIDR notation such as "10.0.0.0/24", got "192.0.2.0/24/24"; write it so'],
    ['fe80::1%eth0/64', 'must be a network in CIDR notation such as "10.0.0.0/24", got "fe80::1%eth0/64"; write it so'],
    [
      '127.0.0.0/24',
      'must not be loopback addresses (127.0.0.0/8), got "127.0.0.0/24"; give the network\'s own addresses',
    ],
    [
      '224.0.0.0/24',
      'must not be multicast addresses (224.0.0.0/4), got "224.0.0.0/24"; give the network\'s own addresses',
    ],
    ['0.0.0.0/0', 'must not be this-network addresses (0.0.0.0/8), got "0.0.0.0/0"; give the network\'s own addresses'],
    ['fe80::/64', 'must not be link-local addresses (fe80::/10), got "fe80::/64"; give the network\'s own addresses'],
  ])('%s', (cidr, expected) => {
    expect(message(() => site(`{ name: services, cidr: "${cidr}" }`))).toBe(
      `site.yaml:5: networks[0].cidr ${expected}`,
    );
  });
});

describe('a wrong range', () => {
  test.each([
    ['192.0.2.9', 'must be a range, got the one address "192.0.2.9"; did you mean "192.0.2.9-192.0.2.9"?'],
    [
      '192.0.2.9-20',
      'must be a range such as "192.0.2.10-192.0.2.40", got "192.0.2.9-20"; did you mean "192.0.2.9-192.0.2.20"?',
    ],
    ['192.0.2.20-9', 'must be a range such as "192.0.2.10-192.0.2.40", got "192.0.2.20-9"; write two whole addresses'],
    ['192.0.2.9-', 'must be a range such as "192.0.2.10-192.0.2.40", got "192.0.2.9-"; write two whole addresses'],
    [
      '192.0.2.9-192.0.2.10-192.0.2.11',
      'must be a range such as "192.0.2.10-192.0.2.40", got "192.0.2.9-192.0.2.10-192.0.2.11"; write two whole addresses',
    ],
    [
      'all of them',
      'must be a range such as "192.0.2.10-192.0.2.40" or "192.0.2.32/28", got "all of them"; write it so',
    ],
    [
      '192.0.2.20-192.0.2.10',
      'must not end before it starts, got "192.0.2.20-192.0.2.10"; did you mean "192.0.2.10-192.0.2.20"?',
    ],
    ['192.0.2.20-2001:db8::1', 'must not mix IPv4 and IPv6, got "192.0.2.20-2001:db8::1"; write two ranges'],
    ['192.0.2.20/28', 'must start at its network\'s first address, got "192.0.2.20/28"; did you mean "192.0.2.16/28"?'],
    [
      '192.0.2.200-192.0.3.5',
      'must lie in the network 192.0.2.0/24, got "192.0.2.200-192.0.3.5"; use addresses of 192.0.2.1-192.0.2.254',
    ],
    [
      '198.51.100.0/28',
      'must lie in the network 192.0.2.0/24, got "198.51.100.0/28"; use addresses of 192.0.2.1-192.0.2.254',
    ],
    [
      '2001:db8::/126',
      'must lie in the network 192.0.2.0/24, got "2001:db8::/126"; use addresses of 192.0.2.1-192.0.2.254',
    ],
    [
      '192.0.2.0-192.0.2.9',
      'must leave out 192.0.2.0, the network\'s network address, got "192.0.2.0-192.0.2.9"; use addresses of 192.0.2.1-192.0.2.254',
    ],
    [
      '192.0.2.128/25',
      'must leave out 192.0.2.255, the network\'s broadcast address, got "192.0.2.128/25"; use addresses of 192.0.2.1-192.0.2.254',
    ],
  ])('%s', (range, expected) => {
    expect(message(() => ranges('192.0.2.0/24', range))).toBe(
      `site.yaml:5: networks[0].loadBalancerRanges[0] ${expected}`,
    );
  });

  test('in IPv6', () => {
    expect(message(() => ranges('2001:db8::/64', '2001:db8::/120'))).toBe(
      "site.yaml:5: networks[0].loadBalancerRanges[0] must leave out 2001:db8::, the network's subnet-router anycast address, " +
        'got "2001:db8::/120"; use addresses of 2001:db8::1-2001:db8::ffff:ffff:ffff:ffff',
    );
  });
});

describe('what collides', () => {
  test('two networks', () => {
    expect(message(() => site('{ name: a, cidr: 10.0.0.0/16 }', '{ name: b, cidr: 10.0.7.0/24 }'))).toBe(
      'site.yaml:6: networks[1].cidr must not overlap with networks[0] (10.0.0.0/16), got "10.0.7.0/24"; give it addresses of its own',
    );
  });

  test('two ranges', () => {
    expect(message(() => ranges('192.0.2.0/24', '192.0.2.10-192.0.2.20', '192.0.2.20-192.0.2.30'))).toBe(
      'site.yaml:5: networks[0].loadBalancerRanges[1] must not overlap with networks[0].loadBalancerRanges[0] ' +
        '(192.0.2.10-192.0.2.20), got "192.0.2.20-192.0.2.30"; join or part them',
    );
  });

  test('a router and a range', () => {
    const bgp = '{ myASN: 64512, peers: [{ address: 192.0.2.12, asn: 64500 }, { address: 192.0.2.12, asn: 64501 }] }';
    const text = `{ name: a, cidr: 192.0.2.0/24, loadBalancerRanges: [192.0.2.10-192.0.2.20], bgp: ${bgp} }`;
    const inRange = 'must not lie in loadBalancerRanges (192.0.2.10-192.0.2.20), got "192.0.2.12"; shrink the range';
    expect(message(() => site(text))).toBe(
      [
        'site.yaml: 3 problems',
        '  - site.yaml:5: networks[0].bgp.peers[1].address must be unique, got "192.0.2.12" again; remove one',
        `  - site.yaml:5: networks[0].bgp.peers[0].address ${inRange}`,
        `  - site.yaml:5: networks[0].bgp.peers[1].address ${inRange}`,
      ].join('\n'),
    );
  });

  test('a router that is no address, and BGP with nothing to announce', () => {
    expect(
      message(() => site('{ name: a, cidr: 192.0.2.0/24, bgp: { myASN: 1, peers: [{ address: tor1, asn: 2 }] } }')),
    ).toBe(
      [
        'site.yaml: 2 problems',
        '  - site.yaml:5: networks[0].bgp.peers[0].address must be an IP address such as "192.0.2.10", got "tor1"; write it so',
        '  - site.yaml:5: networks[0].bgp has no addresses to announce; add loadBalancerRanges or remove bgp',
      ].join('\n'),
    );
  });

  test('InfiniBand and what is of Ethernet', () => {
    const text = '{ name: ib, type: infiniband, cidr: 192.0.2.0/24, vlan: 3, loadBalancerRanges: [192.0.2.8/29] }';
    expect(message(() => site(text))).toBe(
      [
        'site.yaml: 2 problems',
        '  - site.yaml:5: networks[0].vlan must not be given for InfiniBand, got 3; remove it',
        '  - site.yaml:5: networks[0].loadBalancerRanges must not be given for InfiniBand; move them to an Ethernet network',
      ].join('\n'),
    );
  });
});

describe('IPv6 as RFC 5952 writes it', () => {
  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('%s -> %s', (text, expected) => {
    expect(String(Address.parse(text))).toBe(expected);
  });
});

test('ranges and networks agree with a plain enumeration', () => {
  const at = (n: number) => `192.0.2.${n}`;
  for (const [a, b, c, d] of [
    [1, 5, 5, 9],
    [1, 5, 6, 9],
    [3, 3, 1, 9],
    [0, 255, 7, 7],
    [8, 9, 1, 7],
  ]) {
    const [left, right] = [AddressRange.parse(`${at(a)}-${at(b)}`), AddressRange.parse(`${at(c)}-${at(d)}`)];
    if (left instanceof Refusal || right instanceof Refusal) throw new Error('must parse');
    const shared = Array.from({ length: 256 }, (_, n) => n).some((n) => n >= a && n <= b && n >= c && n <= d);
    expect([left.overlaps(right), right.overlaps(left)]).toEqual([shared, shared]);
  }
  const net = Cidr.parse('192.0.2.64/26');
  if (net instanceof Refusal) throw new Error('must parse');
  for (let n = 0; n < 256; n++) {
    const address = Address.parse(at(n));
    if (address instanceof Refusal) throw new Error('must parse');
    expect(net.contains(address)).toBe(n >= 64 && n < 128);
  }
});
