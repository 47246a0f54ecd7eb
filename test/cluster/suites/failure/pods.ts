import { type Cluster, type KubeObject } from '../../cluster';
import { sleep, until } from '../../shell';

/** Longest that anything of the platform may take to be whole again. */
const WHOLE = 300;

export interface Pod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly restartCount: number;
  readonly ready: boolean;
}

/** What keeps a number of pods running: a Deployment, StatefulSet or DaemonSet. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
}

type WorkloadObject = KubeObject & {
  readonly spec: { readonly replicas?: number };
  readonly status: {
    readonly readyReplicas?: number;
    readonly numberReady?: number;
    readonly desiredNumberScheduled?: number;
  };
};

/** Seconds between two questions to the API server. */
const INTERVAL = 1;
const KINDS = ['deployments', 'statefulsets', 'daemonsets', 'pods'];
let asked = 0;
let next: Promise<readonly KubeObject[]> | undefined;

/** All pods and what keeps them running, as of no earlier than now; one round of questions answers all who ask meanwhile. */
async function snapshot(cluster: Cluster): Promise<readonly KubeObject[]> {
  next ??= sleep(Math.max(0, asked / 1000 + INTERVAL - Date.now() / 1000)).then(async () => {
    next = undefined;
    asked = Date.now();
    return (await Promise.all(KINDS.map(async (kind) => cluster.list(kind, '-A')))).flat();
  });
  return next;
}

/** Those of the namespaces. */
export async function workloads(cluster: Cluster, namespaces: readonly string[]): Promise<readonly Workload[]> {
  return (await snapshot(cluster))
    .filter(({ kind, metadata }) => kind !== 'Pod' && namespaces.includes(metadata.namespace!))
    .map(({ metadata }) => ({ namespace: metadata.namespace!, name: metadata.name }));
}

/** Pods of a workload but for those that are ending, oldest first. */
export async function pods(cluster: Cluster, workload: Workload): Promise<readonly Pod[]> {
  return podsIn(await snapshot(cluster), workload);
}

function podsIn(all: readonly KubeObject[], { namespace, name }: Workload): readonly Pod[] {
  return all
    .filter((object): object is Pod => object.kind === 'Pod')
    .filter(({ metadata }) => {
      const hash = metadata.labels?.['pod-template-hash'];
      const owner = metadata.ownerReferences?.find(({ kind }) => kind !== 'Job')?.name;
      const belongs = metadata.namespace === namespace && owner === (hash === undefined ? name : `${name}-${hash}`);
      return belongs && metadata.deletionTimestamp === undefined;
    })
    .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
}

/** Whether a pod, however much of it is known, is Ready. */
export function isReady({ status }: { readonly status: Pick<Pod['status'], 'conditions'> }): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Waits until each of the workloads has all its pods, ready, and no others but such as are ending. */
export async function whole(cluster: Cluster, all: readonly Workload[]): Promise<void> {
  await until(`${all.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')} whole again`, WHOLE, async () => {
    const objects = await snapshot(cluster);
    for (const workload of all) {
      const { spec, status } = objects.find(
        (object): object is WorkloadObject =>
          object.kind !== 'Pod' &&
          object.metadata.namespace === workload.namespace &&
          object.metadata.name === workload.name,
      )!;
      const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
      const running = podsIn(objects, workload);
      const ready = running.filter(isReady).length;
      const known = status.readyReplicas ?? status.numberReady ?? 0;
      if (ready !== wanted || running.length !== wanted || known !== wanted) {
        throw new Error(
          `${workload.namespace}/${workload.name} has ${ready} of ${wanted} ready, ${running.length} in all`,
        );
      }
    }
    return true;
  });
}

/** Kills a container's first process as the machine's owner would, and with it all in the container. Kubernetes isn't told. */
export async function killContainer(cluster: Cluster, { metadata, spec, status }: Pod, name: string): Promise<void> {
  const id = container(status, name).containerID!.replace('containerd://', '');
  const ctr = ['ctr', '-a', cluster.node(spec.nodeName).containerdSocket, '-n', 'k8s.io'];
  const tasks = await cluster.onNode(spec.nodeName, [...ctr, 'tasks', 'ls']);
  const pid = tasks
    .split('\n')
    .find((line) => line.startsWith(id))
    ?.split(/\s+/)[1];
  if (pid === undefined) throw new Error(`containerd knows no task of ${metadata.name}'s container ${name}`);
  await cluster.onNode(spec.nodeName, ['kill', '-KILL', pid]);
}

/** Waits until a container that was killed runs again, and is ready. */
export async function restarted(cluster: Cluster, { metadata, status }: Pod, name: string): Promise<void> {
  const before = container(status, name).restartCount;
  await until(`${metadata.name} has its container ${name} again`, WHOLE, async () => {
    const again = (await snapshot(cluster)).find(({ metadata: { uid } }) => uid === metadata.uid) as Pod;
    const { restartCount, ready } = container(again.status, name);
    return (ready && restartCount > before) || undefined;
  });
}

/** Waits until a pod that was deleted is gone, or ending. */
export async function gone(cluster: Cluster, { metadata }: Pod): Promise<void> {
  await until(`${metadata.name} is gone`, WHOLE, async () => {
    const all = (await snapshot(cluster)) as readonly Pod[];
    const left = all.find(({ metadata: { uid } }) => uid === metadata.uid);
    return left?.metadata.deletionTimestamp !== undefined || left === undefined || undefined;
  });
}

function container({ containerStatuses = [] }: Pod['status'], name: string): ContainerStatus {
  const found = containerStatuses.find((status) => status.name === name);
  if (!found) throw new Error(`there is no container ${name}`);
  return found;
}
