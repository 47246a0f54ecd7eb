import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster } from '../../cluster';
import { attempt, run } from '../../shell';

/** Where a program connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
}

interface Link {
  readonly addr_info: readonly { readonly local: string }[];
}

/** A process in each of the bench's network namespaces (pods, nodes, the clients' place), by each address the namespace has. */
export async function processesByAddress(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const byNamespace = new Map<string, number>();
  for (const pid of descendants(cluster.state.holder)) {
    const namespace = linkOf(`/proc/${pid}/ns/net`);
    if (namespace !== undefined && !byNamespace.has(namespace)) byNamespace.set(namespace, pid);
  }
  const found = await Promise.all(
    [...byNamespace.values()].map(async (pid) => {
      const { stdout } = await attempt(['nsenter', '-t', String(pid), '-n', 'ip', '-j', '-4', 'address']);
      const links = JSON.parse(stdout || '[]') as Link[];
      return links.flatMap(({ addr_info }) => addr_info.map(({ local }): [string, number] => [local, pid]));
    }),
  );
  return new Map(found.flat());
}

/** What comes of connecting to each target from the network namespace of a process: `open`, or why not. */
export async function probe(pid: number, targets: readonly Target[], seconds: number): Promise<readonly string[]> {
  const command = ['nsenter', '-t', String(pid), '-n', process.execPath, join(__dirname, 'probe.js')];
  const output = await run(command, { input: JSON.stringify({ seconds, targets }), timeout: seconds + 30 });
  return JSON.parse(output) as string[];
}

/** A process and all that descend from it. */
function descendants(first: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [first];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
