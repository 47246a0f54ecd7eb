import { type Site } from '../../../lib';
import { run } from '../shell';
import { CLIENT_ADDRESS, NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK } from './constants';

/** A network namespace that is to be plugged into the switch. */
export interface Port {
  /** A process in it. */
  readonly pid: number;
  readonly address: string;
  /** Pods that are reached through it. @default - none */
  readonly podCidr?: string;
}

/** Connects the places: a switch in the holder's network namespace, where the clients are, and a cable to each port. */
export async function connect(holder: number, ports: readonly Port[], site: Site): Promise<void> {
  await ip(holder, [
    'link set lo up',
    'link add br0 type bridge',
    `addr add ${CLIENT_ADDRESS}/24 dev br0`,
    ...ports.flatMap(({ pid }, i) => [
      `link add port${i} type veth peer name eth0 netns ${pid}`,
      `link set port${i} master br0 up`,
    ]),
    'link set br0 up',
    ...podRoutes(ports),
    // Simulated nodes and their pods refuse whoever calls, at once; calls into the void would wait.
    ...[NODE_NETWORK, POD_NETWORK].map((cidr) => `route add local ${cidr} dev lo table main`),
    ...loadBalancerNetworks(site).map((cidr) => `route add ${cidr} dev br0 src ${CLIENT_ADDRESS}`),
  ]);
  await forward(holder);
  await Promise.all(
    ports.map(async (port) => {
      await ip(port.pid, [
        'link set lo up',
        `addr add ${port.address}/24 dev eth0`,
        'link set eth0 up',
        `route add default via ${CLIENT_ADDRESS}`,
        ...podRoutes(ports.filter((other) => other !== port)),
      ]);
      await forward(port.pid);
    }),
  );
}

/** @throws where the site has addresses that the bench needs for itself */
export function checkNetworks(site: Site): void {
  for (const cidr of [NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK]) {
    const [network] = site.networksIn(cidr);
    if (network) {
      throw new Error(
        `network ${network.name} of site ${site.name} overlaps ${cidr}, which the bench uses; give it another cidr`,
      );
    }
  }
}

/** IPv4 networks whose addresses load balancers announce, in the way that clients in such a network see them. */
function loadBalancerNetworks(site: Site): string[] {
  return site.networks
    .filter(({ loadBalancerRanges }) => loadBalancerRanges.length > 0)
    .map(({ cidr }) => String(cidr))
    .filter((cidr) => cidr.includes('.'));
}

function podRoutes(ports: readonly Port[]): string[] {
  return ports.filter(({ podCidr }) => podCidr).map(({ podCidr, address }) => `route add ${podCidr} via ${address}`);
}

async function ip(pid: number, commands: readonly string[]): Promise<void> {
  await run(['nsenter', '-t', String(pid), '-n', '--', 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

async function forward(pid: number): Promise<void> {
  const script = `echo 1 > /proc/sys/net/ipv4/ip_forward
    [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables`;
  await run(['nsenter', '-t', String(pid), '-n', '--', 'sh', '-ec', script]);
}
