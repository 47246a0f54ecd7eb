import { fail, type GpuResource, type GpuSharing, type IGpuPool, type Placement, show, type Stage } from '../../core';
import { type NodePool } from '../../site';
import { tolerationsOf } from '../pools';
import { AMD_GPU } from './features';

/** How each GPU of a pool is cut, by the device plugin's words: compute partitions and memory partitions. */
export const AMD_PARTITIONS = ['cpx_nps1', 'cpx_nps4'] as const;
export type AmdPartition = (typeof AMD_PARTITIONS)[number];

/**
 * Compute dies of a GPU, each of which becomes a partition (CPX), of the models that the config manager's guide names partitions for: SPX and CPX,
 * NPS1, and NPS4 with CPX alone.
 *
 * @see https://github.com/ROCm/gpu-operator/blob/v1.5.1/docs/dcm/device-config-manager-configmap.md
 */
const COMPUTE_DIES: readonly { readonly model: RegExp; readonly dies: number }[] = [
  { model: /\bMI3(00|25)X\b/i, dies: 8 },
];

/** A node pool of the site whose GPUs are AMD's. */
export class AmdGpuPool implements IGpuPool {
  readonly resource: GpuResource;
  readonly placement: Required<Placement>;

  /** @throws where the pool's GPUs can't be cut so */
  constructor(
    private readonly path: string,
    readonly nodes: NodePool,
    /** How its GPUs are cut; undefined where they are whole. */
    readonly partition: AmdPartition | undefined,
    readonly readyAfter: readonly Stage[],
  ) {
    this.placement = {
      nodeSelector: selectorOf(nodes),
      tolerations: tolerationsOf(nodes),
    };
    this.resource =
      partition === undefined
        ? { name: 'amd.com/gpu', perNode: nodes.gpusPerNode, whole: true }
        : { name: `amd.com/${partition}`, perNode: nodes.gpusPerNode * this.dies(partition), whole: false };
  }

  /** Always throws: AMD's GPUs are whole or partitioned, which is said when the operator is made. */
  share(sharing: GpuSharing): GpuResource {
    const pool = show(this.nodes.name);
    const mend = COMPUTE_DIES.some(({ model }) => model.test(this.nodes.gpus?.model ?? ''))
      ? `give the operator partitions: { ${pool}: 'cpx_nps1' }, or let pods have whole GPUs`
      : 'let pods have whole GPUs';
    const lack =
      'mig' in sharing
        ? 'MIG is for NVIDIA GPUs'
        : `AMD's device plugin has ${'mps' in sharing ? 'no Multi-Process Service' : 'no time-slicing'}`;
    return fail(this.path, `pool ${pool} can't be shared by ${show(sharing)}: ${lack}; ${mend}`);
  }

  private dies(partition: AmdPartition): number {
    const model = this.nodes.gpus?.model ?? '';
    const known = COMPUTE_DIES.find((each) => each.model.test(model));
    if (!known) {
      fail(
        this.path,
        `partitions: pool ${show(this.nodes.name)} has ${model}, which can't be cut into ${partition}; MI300X and MI325X can, leave it out for others`,
      );
    }
    return known.dies;
  }
}

/** Labels of a pool's nodes, once Node Feature Discovery has seen their GPUs. */
export function selectorOf(nodes: NodePool): Readonly<Record<string, string>> {
  return { [AMD_GPU]: 'true', ...nodes.labels };
}
