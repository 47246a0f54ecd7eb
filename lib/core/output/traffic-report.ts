import { type Platform } from '../platform';
import { table } from './table';
import { type Party, type Ports, type Traffic, type Way } from './traffic';

/** Who may talk to whom: a graph by namespace, a table by workload, and what policies don't reach. */
export function trafficReport(traffic: Traffic, platform: Platform): string[] {
  const { distribution } = platform;
  const isDns = ({ to }: Way) => to.kind === 'outside' && to.namespace === distribution.dns.namespace;
  const isApi = ({ from, to, ports }: Way) =>
    from.kind === 'pods' &&
    to.kind === 'anywhere' &&
    ports.every(({ first, last }) => first === last && first === distribution.apiServerPort);
  const drawn = traffic.ways.filter((way) => !isDns(way) && !isApi(way));
  return [
    'What the NetworkPolicies let through, read from the manifests; all else is refused. A connection within the platform is told where both ends let it through.',
    `The graph leaves out DNS, and port ${distribution.apiServerPort} of any address, which is the API server's; the table has them.`,
    '',
    ...graph(drawn),
    '',
    ...byListener(traffic.ways),
    ...beyond(traffic, platform),
  ];
}

function graph(ways: readonly Way[]): string[] {
  const nodes = new Map<string, string>();
  const node = (way: Way, end: 'from' | 'to'): string => {
    const party = way[end];
    // Apart, or everything would seem to pass through it.
    const title =
      party.kind === 'anywhere' ? `anywhere ${end === 'from' ? 'in' : 'out'}` : (party.namespace ?? party.title);
    if (!nodes.has(title))
      nodes.set(
        title,
        party.kind === 'pods'
          ? `["${quoted(title)}"]`
          : `(["${quoted(party.kind === 'anywhere' ? 'anywhere' : title)}"])`,
      );
    return title;
  };
  const edges = new Map<string, { from: string; to: string; ports: Ports[] }>();
  for (const way of ways) {
    const [from, to] = [node(way, 'from'), node(way, 'to')];
    if (from === to) continue;
    const key = `${from}|${to}`;
    edges.set(key, { from, to, ports: [...(edges.get(key)?.ports ?? []), ...way.ports] });
  }
  const sorted = [...edges.values()].sort((a, b) => compare(`${a.from}|${a.to}`, `${b.from}|${b.to}`));
  const used = [...new Set(sorted.flatMap(({ from, to }) => [from, to]))].sort(compare);
  if (used.length === 0) return ['No pods of different namespaces talk to each other.'];
  const ids = new Map(used.map((title, i) => [title, `n${i}`]));
  return [
    '```mermaid',
    'flowchart LR',
    ...used.map((title) => `  ${ids.get(title)!}${nodes.get(title)!}`),
    ...sorted.map(({ from, to, ports }) => `  ${ids.get(from)!} -->|"${portsTitle(ports)}"| ${ids.get(to)!}`),
    '```',
  ];
}

function quoted(title: string): string {
  return title.replaceAll('"', "'");
}

/** A line for each listener and set of ports, with all that may connect. */
function byListener(ways: readonly Way[]): string[] {
  const parties = new Map<string, Set<string>>();
  for (const { from, to } of ways) {
    for (const { kind, namespace, title } of [from, to]) {
      if (kind === 'pods') parties.set(namespace!, (parties.get(namespace!) ?? new Set()).add(title));
    }
  }
  const connections = new Map<string, { to: Party; from: Party; ports: Ports[] }>();
  for (const { from, to, ports } of ways) {
    const key = `${to.title}|${from.title}`;
    const known = connections.get(key);
    if (known) known.ports.push(...ports);
    else connections.set(key, { to, from, ports: [...ports] });
  }
  const lines = new Map<string, { to: Party; ports: string; from: Party[] }>();
  for (const { to, from, ports } of connections.values()) {
    const key = `${to.title}|${portsTitle(ports)}`;
    const line = lines.get(key) ?? { to, ports: portsTitle(ports), from: [] };
    line.from.push(from);
    lines.set(key, line);
  }
  const sorted = [...lines.values()].sort(
    (a, b) => rank(a.to) - rank(b.to) || compare(a.to.title, b.to.title) || compare(a.ports, b.ports),
  );
  return table(
    ['to', 'ports', 'from'],
    sorted.map(({ to, ports, from }) => [partyTitle(to), ports, fromTitle(from, parties)]),
  );
}

/** The platform's own first, then others' pods, then addresses. */
function rank({ kind }: Party): number {
  return ['pods', 'outside', 'range', 'anywhere'].indexOf(kind);
}

/** Namespaces of which all may connect are named once. */
function fromTitle(from: readonly Party[], parties: ReadonlyMap<string, ReadonlySet<string>>): string {
  const titles = new Map<string, Set<string>>();
  for (const { kind, namespace, title } of from)
    if (kind === 'pods') titles.set(namespace!, (titles.get(namespace!) ?? new Set()).add(title));
  const whole = [...titles].filter(([name, some]) => some.size > 2 && some.size === parties.get(name)!.size);
  const wholes = new Set(whole.map(([name]) => name));
  const rest = from.filter(({ kind, namespace }) => kind !== 'pods' || !wholes.has(namespace!));
  return [
    ...rest.filter(({ kind }) => kind === 'anywhere').map(partyTitle),
    ...[
      ...[...wholes].map((name) => `all of ${name}`),
      ...rest.filter(({ kind }) => kind !== 'anywhere').map(partyTitle),
    ].sort(compare),
  ].join(', ');
}

function partyTitle({ kind, title }: Party): string {
  return kind === 'anywhere' ? `**${title}**` : title;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `9000, 9001`, `53 UDP`, `30000-32767`, `all`: TCP unless said otherwise. */
export function portsTitle(ports: readonly Ports[]): string {
  if (ports.some(({ first, last, protocol }) => first === 1 && last === 65535 && protocol === undefined)) return 'all';
  const sorted = [...ports].sort((a, b) => a.first - b.first || compare(a.protocol ?? '', b.protocol ?? ''));
  return [
    ...new Set(
      sorted.map(({ protocol, first, last }) => {
        const numbers = first === 1 && last === 65535 ? 'all' : first === last ? `${first}` : `${first}-${last}`;
        return protocol === undefined || protocol === 'TCP' ? numbers : `${numbers} ${protocol}`;
      }),
    ),
  ].join(', ');
}

/** Honest about what NetworkPolicies don't reach. */
function beyond({ onNodes, open }: Traffic, platform: Platform): string[] {
  const rdma = platform.site.pools.flatMap((pool) =>
    Object.entries(platform.nodeResources(pool))
      .filter(([name, count]) => name.startsWith('rdma/') && count > 0)
      .map(([name]) => `${name} (pool ${pool.name})`),
  );
  return [
    ...(onNodes.length > 0
      ? ['', `On their node's own network, where no NetworkPolicy holds: ${onNodes.join(', ')}.`]
      : []),
    ...(open.length > 0 ? ['', `Isolated by no NetworkPolicy: ${open.join(', ')}.`] : []),
    ...(rdma.length > 0
      ? [
          '',
          `Past the kernel and so past every NetworkPolicy: pods that ask for ${rdma.join(', ')} reach each other, and all else that is on that network.`,
        ]
      : []),
  ];
}
