import { type Cluster } from '../../cluster';
import { type Blow } from './arena';
import { type Bound } from './bounds';
import { gone, killContainer, type Pod, pods, restarted, type Workload, whole } from './pods';

/** A workload of the platform, to be hit. */
export class Target {
  constructor(
    private readonly cluster: Cluster,
    readonly workload: Workload,
  ) {}

  /** Its pods that have a kubelet, oldest first. */
  async pods(): Promise<readonly Pod[]> {
    const nodes = this.cluster.state.nodes.map(({ name }) => name);
    return (await pods(this.cluster, this.workload)).filter(({ spec }) => nodes.includes(spec.nodeName));
  }

  /** Each container of a pod killed. */
  kills(pod: Pod, bound: Bound): readonly Blow[] {
    return (pod.status.containerStatuses ?? []).map(({ name }) => ({
      what: `kill -9 of ${show(pod)} ${name}`,
      bound,
      strike: () => killContainer(this.cluster, pod, name),
      recover: async () => {
        await restarted(this.cluster, pod, name);
        await whole(this.cluster, [this.workload]);
      },
    }));
  }

  /** A pod deleted. */
  deletion(pod: Pod, bound: Bound, how: 'gracefully' | 'by force'): Blow {
    const { namespace, name } = pod.metadata;
    const force = how === 'by force' ? ['--force', '--grace-period=0'] : [];
    return {
      what: `${how} deleted ${show(pod)}`,
      bound,
      strike: async () => {
        await this.cluster.kubectl('delete', 'pod', '-n', namespace!, name, '--wait=false', ...force);
      },
      recover: async () => {
        await gone(this.cluster, pod);
        await whole(this.cluster, [this.workload]);
      },
    };
  }
}

function show({ metadata: { namespace, name } }: Pod): string {
  return `${namespace}/${name}`;
}
