import { Size } from 'cdk8s';
import { JobSet } from '../../lib/compute/jobset';
import {
  External,
  type GpuResource,
  type IBucket,
  type IExperimentTracking,
  type IGpuPool,
  image,
  type IQueue,
  type IRdmaNetwork,
  type Platform,
} from '../../lib/core';
import { type Bundle } from '../../lib/core/output/bundle';
import { linked } from '../../lib/core/output/linked';
import { type KubeObject } from '../../lib/core/link/types';
import { KubeflowTrainer, TrainingJob, type TrainingJobProps } from '../../lib/mlops/kubeflow-trainer';
import { Site } from '../../lib/site';
import { objectsOf, testPlatform } from '../support';

/** Four nodes with eight GPUs each on InfiniBand, two with four of another kind, and two without. */
export function gpuSite(): Site {
  const node = { cpu: { cores: 100 }, memory: Size.gibibytes(1000) };
  return new Site({
    name: 'test',
    domain: 'test.example',
    nodePools: [
      {
        name: 'dgx',
        labels: { 'onprem-ml.io/pool': 'dgx' },
        nodes: 4,
        ...node,
        gpus: { model: 'NVIDIA A100-SXM4-80GB', count: 8, memory: Size.gibibytes(80) },
        networkPorts: [{ type: 'infiniband', speed: '200Gb/s', count: 8, network: 'fabric' }],
        taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
        segment: 'gpu',
      },
      {
        name: 'small',
        labels: { 'onprem-ml.io/pool': 'small' },
        nodes: 2,
        ...node,
        gpus: { model: 'NVIDIA A10', count: 4, memory: Size.gibibytes(24) },
      },
      { name: 'cpu', nodes: 2, ...node },
    ],
    networks: [
      { name: 'management', cidr: '10.10.0.0/24' },
      { name: 'fabric', cidr: '10.40.0.0/16', type: 'infiniband' },
    ],
  });
}

/** What a test decides about the fakes. */
export interface Fakes {
  readonly resource?: Partial<GpuResource>;
  readonly runtimeClassName?: string;
}

/** A platform with everything that trainings take, made by the contracts alone. */
export class Lab {
  readonly platform: Platform;
  readonly trainer: KubeflowTrainer;
  readonly pool: IGpuPool;
  readonly small: IGpuPool;
  readonly queue: IQueue;
  readonly network: IRdmaNetwork;

  constructor(readonly fakes: Fakes = {}) {
    this.platform = testPlatform({ site: gpuSite() });
    this.trainer = new KubeflowTrainer(this.platform, 'trainer', {
      jobSets: new JobSet(this.platform, 'jobset'),
      runtimes: [],
    });
    this.pool = this.fakePool('dgx', fakes.resource);
    this.small = this.fakePool('small');
    this.queue = this.fakeQueue('research', [this.pool]);
    this.platform.addNamespace(this.platform, 'research', 'restricted');
    for (const [kind, namespace, name] of [
      ['LocalQueue', 'research', 'research'],
      ['WorkloadPriorityClass', undefined, 'high'],
      ['PriorityClass', undefined, 'training'],
      ['NetworkAttachmentDefinition', 'networks', 'fabric'],
      ['Namespace', undefined, 'networks'],
      ['RuntimeClass', undefined, 'nvidia'],
    ] as const) {
      this.platform.addExternal({ kind, namespace, name });
    }
    this.platform.addNodeResources(this.platform.site.pool('dgx'), () => ({ 'rdma/fabric': 8 }));
    this.network = {
      network: this.platform.site.network('fabric'),
      resource: 'rdma/fabric',
      perNode: () => 1,
      attachments: [{ namespace: 'networks', name: 'fabric' }],
      nccl: { NCCL_IB_HCA: '=mlx5_0,mlx5_1', NCCL_SOCKET_IFNAME: '=eth0' },
      readyAfter: [],
    };
  }

  readonly fakePool = (name: string, resource: Partial<GpuResource> = {}): IGpuPool => {
    const nodes = this.platform.site.pools.find((pool) => pool.name === name)!;
    return {
      nodes,
      resource: { name: 'nvidia.com/gpu', perNode: nodes.gpusPerNode, whole: true, ...resource },
      placement: {
        nodeSelector: { 'onprem-ml.io/pool': name },
        tolerations: nodes.taints.map(({ key, effect }) => ({ key, operator: 'Exists', effect })),
      },
      runtimeClassName: this.fakes.runtimeClassName,
      share: () => ({ name: 'nvidia.com/gpu.shared', perNode: 32, whole: false }),
      readyAfter: [],
    };
  };

  fakeQueue(name: string, pools: readonly IGpuPool[]): IQueue {
    const jobLabels = { 'kueue.x-k8s.io/queue-name': name };
    return { name, namespace: 'research', pools, jobLabels, connectTo: () => undefined, readyAfter: [] };
  }

  bucket(name: string, more: { readonly authority?: string; readonly scheme?: 'http' | 'https' } = {}): IBucket {
    const { authority, scheme = authority ? 'https' : 'http' } = more;
    return External.bucket(this.platform, {
      host: 's3.corp.example',
      port: 9000,
      cidr: '10.9.0.6/32',
      scheme,
      bucket: name,
      credentials: { name: `${name}-bucket` },
      authority: authority === undefined ? undefined : { name: authority },
    });
  }

  tracking(): IExperimentTracking {
    return External.experimentTracking(this.platform, {
      host: 'mlflow.corp.example',
      port: 443,
      cidr: '10.9.0.7/32',
      credentials: { name: 'mlflow-user' },
    });
  }

  train(props: Partial<TrainingJobProps> = {}, id = 'resnet'): TrainingJob {
    return new TrainingJob(this.platform, id, {
      training: this.trainer,
      queue: this.queue,
      gpusPerNode: 8,
      image: image('registry.example/resnet:1.4'),
      command: ['torchrun', '/app/train.py'],
      ...props,
    });
  }

  /** The objects of a training. */
  objects(id = 'resnet'): KubeObject[] {
    return objectsOf(this.platform).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] === id);
  }

  /** All that is written. */
  get output(): Bundle {
    return linked(this.platform).bundle;
  }
}
