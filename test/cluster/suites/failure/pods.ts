import { type Cluster, type KubeObject } from '../../cluster';
import { until } from '../../shell';

/** Longest that anything of the platform may take to be whole again. */
const WHOLE = 180;

export interface Pod extends KubeObject {
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

/** Those of the namespaces. */
export async function workloads(cluster: Cluster, namespaces: readonly string[]): Promise<readonly Workload[]> {
  const all = await Promise.all(namespaces.map((namespace) => objects(cluster, namespace)));
  return all.flat().map(({ metadata }) => ({ namespace: metadata.namespace!, name: metadata.name }));
}

/** Pods of a workload, oldest first. */
export async function pods(cluster: Cluster, { namespace, name }: Workload): Promise<readonly Pod[]> {
  const all = await cluster.list<Pod>('pods', '-n', namespace, '--sort-by=.metadata.creationTimestamp');
  return all.filter(({ metadata }) => {
    const hash = metadata.labels?.['pod-template-hash'];
    const owner = metadata.ownerReferences?.find(({ kind }) => kind !== 'Job')?.name;
    return owner === (hash === undefined ? name : `${name}-${hash}`);
  });
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Waits until each of the workloads has all its pods, ready, and no others. */
export async function whole(cluster: Cluster, all: readonly Workload[]): Promise<void> {
  await until(`${all.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')} whole again`, WHOLE, async () => {
    for (const workload of all) {
      const found = (await objects(cluster, workload.namespace)).find(
        ({ metadata }) => metadata.name === workload.name,
      );
      const { spec, status } = found!;
      const wanted = spec.replicas ?? status.desiredNumberScheduled ?? 0;
      const running = await pods(cluster, workload);
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

async function objects(cluster: Cluster, namespace: string): Promise<readonly WorkloadObject[]> {
  return cluster.list<WorkloadObject>('deployments,statefulsets,daemonsets', '-n', namespace);
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
    const again = await cluster.get<Pod>('pod', '-n', metadata.namespace!, metadata.name);
    const { restartCount, ready } = container(again.status, name);
    return (ready && restartCount > before) || undefined;
  });
}

/** Waits until a pod that was deleted is gone. */
export async function gone(cluster: Cluster, { metadata }: Pod): Promise<void> {
  await until(`${metadata.name} is gone`, WHOLE, async () => {
    const all = await cluster.list('pods', '-n', metadata.namespace!);
    return all.every((pod) => pod.metadata.uid !== metadata.uid) || undefined;
  });
}

function container({ containerStatuses = [] }: Pod['status'], name: string): ContainerStatus {
  const found = containerStatuses.find((status) => status.name === name);
  if (!found) throw new Error(`there is no container ${name}`);
  return found;
}
