import { Size } from 'cdk8s';
import { type NetworkPortProps, type NetworkProps, Site } from '../../lib/site';

const FABRIC: NetworkProps = { name: 'fabric', type: 'infiniband', cidr: '10.50.0.0/22' };
const STORAGE: NetworkProps = { name: 'storage', type: 'infiniband', cidr: '10.51.0.0/22' };
const OFFICE: NetworkProps = { name: 'office', cidr: '10.10.0.0/24' };
const port = (type: NetworkPortProps['type'], count: number, network?: string): NetworkPortProps => ({
  type,
  count,
  network,
  speed: '100Gb/s',
});

/** Ports of a node on the network, which is the first. */
function portsOn(networks: readonly NetworkProps[], networkPorts: readonly NetworkPortProps[]): number {
  const site = new Site({
    name: 'test',
    domain: 'test.example',
    nodePools: [{ name: 'gpu', nodes: 1, cpu: { cores: 8 }, memory: Size.gibibytes(64), networkPorts }],
    networks,
  });
  return site.portsOn(site.networks[0]!, site.pools[0]!);
}

test('ports are on the network that they name', () => {
  const ports = [port('infiniband', 4, 'fabric'), port('infiniband', 2, 'fabric'), port('infiniband', 1, 'storage')];
  expect(portsOn([FABRIC, STORAGE], ports)).toBe(6);
  expect(portsOn([OFFICE], [port('ethernet', 2, 'office')])).toBe(2);
});

test("those of InfiniBand that name none are on the site's, where it has one", () => {
  const ports = [port('infiniband', 8), port('ethernet', 2)];
  expect(portsOn([FABRIC, OFFICE], ports)).toBe(8);
  expect(portsOn([FABRIC, STORAGE], ports)).toBe(0);
  expect(portsOn([OFFICE, FABRIC], ports)).toBe(0);
});
