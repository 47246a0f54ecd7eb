import { type ChildProcess } from 'node:child_process';
import { type KubeObject as Manifest } from '../../../lib/core/link';
import { type Pod as LinkPod } from '../../../lib/core/link/pods';
import { Cluster, type KubeObject } from '../cluster';
import { until } from '../shell';
import { probe, processesByAddress } from './support/network';
import { imageOf, manifests } from './support/platform';
import { proves, SYSTEMS } from './support/proves';
import { sleeper, STRANGER_NAMESPACE, STRANGERS } from './support/sleepers';
import { type Door, type LivePod, type LiveService, type Place, titleOf, Wiring } from './support/wiring';

const cluster = new Cluster();
const platform = manifests();
const namespaces = platform.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name!);
const image = imageOf('curl/curl');
const OUTER_PORT = 18080;

/** Pods that stand where those of Jobs do: they have ended, or haven't begun. */
const standIns = new Wiring(platform).pods
  .filter(({ entry }) => entry.kind === 'Job' || entry.kind === 'CronJob')
  .map(({ namespace, labels, entry }) => {
    const own = Object.entries(labels as Record<string, string>).filter(([name]) => !name.endsWith('job-name'));
    return sleeper(namespace, `as-${entry.name}`, Object.fromEntries(own), image);
  });

/** In a namespace of their own, one of them with the labels of MLflow's server; and one in each of the platform's. */
const strangers = [
  sleeper(STRANGERS, 'stranger', { app: 'stranger' }, image),
  sleeper(STRANGERS, 'impostor', labelsOf('mlflow', 'server'), image),
  ...namespaces.map((namespace) => sleeper(namespace, 'stranger', { app: 'stranger' }, image)),
];

let wiring: Wiring;
let places: readonly Place[];
let doors: readonly Door[];
let processes: ReadonlyMap<string, number>;
let listener: ChildProcess;

beforeAll(async () => {
  const items = [STRANGER_NAMESPACE, ...standIns, ...strangers];
  await cluster.run(['kubectl', 'apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  listener = listen(OUTER_PORT);
  const real = new Set(cluster.state.nodes.map(({ name }) => name));
  const pods = await until('every pod running', 90, async () => {
    const all = (await cluster.list<LivePod>('pods', '-A')).filter(({ spec }) => real.has(spec.nodeName ?? ''));
    const running = new Set(all.filter(({ status }) => status.phase === 'Running').map(nameOf));
    return [...standIns, ...strangers].every((pod) => running.has(nameOf(pod))) ? all : undefined;
  });
  const services = await cluster.list<LiveService>('services', '-A');
  const dns = [...pods, ...services].filter(({ metadata }) => metadata.labels?.['k8s-app'] === 'kube-dns');
  wiring = new Wiring([
    ...platform,
    STRANGER_NAMESPACE,
    ...strangers,
    ...dns.map((object) => ({ ...object }) as Manifest),
  ]);
  doors = [...wiring.podDoors(pods), ...wiring.serviceDoors(services), ...outerDoors(services)];
  places = [
    ...wiring.pods
      .filter(({ namespace, spec }) => namespace !== 'kube-system' && spec.hostNetwork !== true)
      .flatMap((pod) => {
        const [first] = wiring.running(pod, pods);
        return first ? [{ name: titleOf(pod), address: first.status.podIP!, pod }] : [];
      }),
    { name: 'outside', address: cluster.state.clientAddress },
  ];
  processes = await processesByAddress(cluster);
}, 180_000);

afterAll(async () => {
  listener.kill();
  await cluster.kubectl('delete', 'namespace', STRANGERS, '--wait=false');
  for (const namespace of namespaces) {
    const names = [...standIns, ...strangers].filter(({ metadata }) => metadata.namespace === namespace);
    const pods = names.map(({ metadata }) => metadata.name!);
    await cluster.kubectl('delete', 'pods', '-n', namespace, ...pods, '--grace-period=0', '--force', '--wait=false');
  }
}, 120_000);

proves(SYSTEMS, 'L', 'the wiring opens these ways between workloads, and no other', async () => {
  expect(new Wiring(platform).edges(new Set(namespaces))).toEqual(WAYS);
});

it('somebody listens at each port that a pod declares', async () => {
  const silent: string[] = [];
  const seen = new Set<LinkPod>();
  const first = doors.filter(({ pod, name }) => pod !== undefined && !name.startsWith('service '));
  await inTurns(first, 6, async ({ pod, host }) => {
    if (seen.has(pod!)) return;
    seen.add(pod!);
    const own = first.filter((door) => door.host === host && door.pod === pod);
    const answers = await tryFrom(host, own, 5);
    answers.forEach((answer, i) => answer === 'open' || silent.push(`${own[i]!.name}: ${answer}`));
  });
  expect(silent).toEqual([]);
});

proves(SYSTEMS, 'L', 'every way that the wiring opens is open, and every other one is closed', async () => {
  const wrong: string[] = [];
  const tried = { open: 0, closed: 0 };
  await inTurns(places, 6, async (place) => {
    const { name, address, pod } = place;
    const reachable = doors.filter((door) => isTold(place, door));
    const answers = await tryFrom(address, reachable, 1);
    for (const [i, door] of reachable.entries()) {
      const wanted = wiring.allows(pod, door) ? 'open' : 'closed';
      let answer = answers[i]!;
      // On a busy machine a second can be too short for an answer.
      if (wanted === 'open' && answer !== 'open') answer = (await tryFrom(address, [door], 10))[0]!;
      tried[wanted] += 1;
      if ((answer === 'open') !== (wanted === 'open')) {
        wrong.push(`${name} -> ${door.name}: ${answer}, but should be ${wanted}`);
      }
    }
  });
  expect(wrong).toEqual([]);
  expect(tried.open).toBeGreaterThan(100);
  expect(tried.closed).toBeGreaterThan(1000);
});

/** Ways between the platform's own pods. Each may ask the cluster's DNS besides, and those with rights at the API server may ask that. */
const WAYS = [
  'gateway/haproxy -> minio/pool-0:9000',
  'gateway/haproxy -> minio/pool-0:9001',
  'gateway/haproxy -> mlflow/server:5000',
  'minio/bucket-mlflow -> minio/pool-0:9000',
  'minio/bucket-postgres-backups -> minio/pool-0:9000',
  'minio/pool-0 -> minio/pool-0:9000',
  'mlflow/gc -> mlflow/server:5000',
  'mlflow/gc -> postgres/postgres:5432',
  'mlflow/server -> minio/pool-0:9000',
  'mlflow/server -> postgres/postgres:5432',
  'postgres/backup -> minio/pool-0:9000',
  'postgres/backup -> postgres/postgres:5432',
  'postgres/database-mlflow -> postgres/postgres:5432',
  'postgres/first-backup -> minio/pool-0:9000',
  'postgres/first-backup -> postgres/postgres:5432',
  'postgres/postgres -> minio/pool-0:9000',
];

/** Places beyond the pods: the API server, a node's own port, and somebody outside of the cluster. */
function outerDoors(services: readonly LiveService[]): readonly Door[] {
  const api = services.find((service) => nameOf(service) === 'default/kubernetes')!;
  const [node] = cluster.state.nodes;
  const at = (name: string, host: string, port: number, end = port): Door => ({
    name,
    host,
    port,
    protocol: 'TCP',
    socket: { port: end, protocol: 'TCP' },
  });
  return [
    at('service default/kubernetes:443', api.spec.clusterIP, 443, 6443),
    at(`kubelet of ${node!.name}:10250`, node!.address, 10250),
    at('a host outside', cluster.state.clientAddress, OUTER_PORT),
  ];
}

/** Whether the answer says something of the policies. */
function isTold({ address, pod }: Place, door: Door): boolean {
  const isService = door.name.startsWith('service ');
  // Addresses of Services lead nowhere outside of nodes and pods, and a node's own ports are no pod's.
  if (!pod) return door.pod !== undefined && !isService && door.pod.spec.hostNetwork !== true;
  // A pod reaches itself whatever the policies say, directly or by a Service.
  if (door.host === address || (isService && door.pod === pod)) return false;
  // kube-router has a policy's ingress rules count for what the pods of that policy send to each other, too.
  return door.pod !== pod || wiring.allows(pod, door) || !wiring.admits(pod, door);
}

async function tryFrom(address: string, targets: readonly Door[], seconds: number): Promise<readonly string[]> {
  const pid = processes.get(address);
  if (pid === undefined) throw new Error(`no process of the bench has the address ${address}`);
  const plain = targets.map(({ host, port, protocol }) => ({ host, port, protocol }));
  return probe(pid, plain, seconds);
}

function listen(port: number): ChildProcess {
  const program = `require('net').createServer((socket) => socket.end()).listen(${port}, '${cluster.state.clientAddress}')`;
  return cluster.start([process.execPath, '-e', program]);
}

function labelsOf(namespace: string, component: string): Record<string, string> {
  const pod = new Wiring(platform).pods.find((one) => titleOf(one) === `${namespace}/${component}`);
  return { ...(pod!.labels as Record<string, string>) };
}

function nameOf({ metadata }: Pick<KubeObject | Manifest, 'metadata'>): string {
  return `${metadata.namespace}/${metadata.name}`;
}

async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
    }),
  );
}
