import { Size } from 'cdk8s';
import { type GpuResource, type IGpuPool, type Platform } from '../../lib/core';
import { Kueue, type KueueProps } from '../../lib/compute/kueue';
import { type NodePool, type NodePoolProps, Site } from '../../lib/site';
import { objectOf, testPlatform } from '../support';

export const CONTROL: NodePoolProps = {
  name: 'control',
  roles: ['control-plane'],
  nodes: 1,
  cpu: { cores: 8 },
  memory: Size.gibibytes(32),
};
export const CPU: NodePoolProps = {
  name: 'cpu',
  nodes: 2,
  cpu: { cores: 40 },
  memory: Size.gibibytes(100),
  labels: { pool: 'cpu' },
};
export const DGX: NodePoolProps = {
  name: 'dgx',
  nodes: 4,
  cpu: { cores: 100 },
  memory: Size.gibibytes(1000),
  gpus: { model: 'NVIDIA A100-SXM4-40GB', count: 8, memory: Size.gibibytes(40) },
  labels: { pool: 'dgx' },
  taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
};

/** A pool as a GPU operator offers it, whose resource may still change. */
export class TestGpuPool implements IGpuPool {
  readonly readyAfter: IGpuPool['readyAfter'] = [];
  readonly placement: IGpuPool['placement'];
  resource: GpuResource;

  constructor(
    readonly nodes: NodePool,
    name = 'nvidia.com/gpu',
    placement?: Partial<IGpuPool['placement']>,
  ) {
    this.resource = { name, perNode: nodes.gpusPerNode, whole: true };
    this.placement = {
      nodeSelector: nodes.labels,
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      ...placement,
    };
  }

  share(): GpuResource {
    return (this.resource = { name: 'nvidia.com/mig-3g.20gb', perNode: 2 * this.nodes.gpusPerNode, whole: false });
  }
}

export interface Setup {
  readonly lab: Platform;
  readonly kueue: Kueue;
  readonly cpu: NodePool;
  readonly dgx: TestGpuPool;
}

export function setup(props: KueueProps = {}, nodePools: readonly NodePoolProps[] = [CONTROL, CPU, DGX]): Setup {
  const lab = testPlatform({ site: new Site({ name: 'test', domain: 'test.example', nodePools }) });
  const kueue = new Kueue(lab, 'kueue', props);
  return { lab, kueue, cpu: lab.site.pool('cpu'), dgx: new TestGpuPool(lab.site.pool('dgx')) };
}

export interface Quota {
  readonly name: string;
  readonly nominalQuota: string;
  readonly borrowingLimit?: string;
  readonly lendingLimit?: string;
}
export interface ClusterQueue {
  readonly spec: {
    readonly resourceGroups: readonly {
      readonly coveredResources: readonly string[];
      readonly flavors: readonly { readonly name: string; readonly resources: readonly Quota[] }[];
    }[];
    readonly preemption: object;
    readonly fairSharing?: object;
  };
}

/** A queue's quotas by pool: `{ dgx: { cpu: '90', ... } }`. */
export function quotasOf(lab: Platform, queue: string, field: keyof Quota = 'nominalQuota'): object {
  const [group] = objectOf<ClusterQueue>(lab, 'ClusterQueue', queue).spec.resourceGroups;
  return Object.fromEntries(
    group!.flavors.map(({ name, resources }) => [name, Object.fromEntries(resources.map((r) => [r.name, r[field]]))]),
  );
}

/** What synthesis refuses about the queues. */
export function overcommitments({ kueue }: Setup): string[] {
  return kueue.node.validate();
}
