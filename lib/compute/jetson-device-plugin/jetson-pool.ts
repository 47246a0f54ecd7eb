import {
  checkInteger,
  fail,
  type GpuResource,
  type GpuSharing,
  type IGpuPool,
  type Placement,
  show,
  type Stage,
} from '../../core';
import { type NodePool } from '../../site';
import { tolerationsOf } from '../pools';

/** The label of nodes that run Jetson Linux; ours, given by a rule of Node Feature Discovery. */
export const JETSON = 'onprem-ml.io/jetson';

const RESOURCE = 'nvidia.com/gpu';

/** A node pool of Jetsons: one GPU a node, which is a part of the processor and has the node's own memory. */
export class JetsonPool implements IGpuPool {
  readonly placement: Required<Placement>;
  private replicas?: number;

  constructor(
    private readonly path: string,
    readonly nodes: NodePool,
    readonly runtimeClassName: string,
    readonly readyAfter: readonly Stage[],
  ) {
    this.placement = { nodeSelector: { [JETSON]: 'true', ...nodes.labels }, tolerations: tolerationsOf(nodes) };
  }

  get resource(): GpuResource {
    return { name: RESOURCE, perNode: this.replicas ?? 1, whole: this.replicas === undefined };
  }

  /** By `timeSlices` alone: the plugin has neither MIG nor MPS for GPUs that are part of the processor. */
  share(sharing: GpuSharing): GpuResource {
    const pool = show(this.nodes.name);
    if (!('timeSlices' in sharing) || 'mig' in sharing || 'mps' in sharing) {
      fail(
        this.path,
        `pool ${pool} can't be shared by ${show(sharing)}: a Jetson's GPU has no MIG, and NVIDIA's plugin no Multi-Process Service for it; give timeSlices`,
      );
    }
    const { timeSlices } = sharing;
    checkInteger(this.path, `pool ${pool}: timeSlices`, timeSlices, 2, 64, 'give the pods that take turns on the GPU');
    if (this.replicas !== undefined && this.replicas !== timeSlices) {
      fail(
        this.path,
        `pool ${pool} is shared by ${this.replicas} pods already, got ${timeSlices}; share it one way, or make two pools of it in the site`,
      );
    }
    this.replicas = timeSlices;
    return this.resource;
  }

  /** The plugin's configuration. @see https://github.com/NVIDIA/k8s-device-plugin/blob/v0.20.0/README.md#shared-access-to-gpus */
  get pluginConfig(): string {
    if (this.replicas === undefined) return 'version: v1\n';
    return `version: v1
sharing:
  timeSlicing:
    # A pod that asks for two would get the same GPU twice, and no more of it.
    failRequestsGreaterThanOne: true
    resources:
      - name: ${RESOURCE}
        replicas: ${this.replicas}
`;
  }
}
