import { fail, type GpuResource, type GpuSharing, type IGpuPool, type Placement, show, type Stage } from '../../core';
import { type NodePool } from '../../site';
import { tolerationsOf } from '../pools';

/** The domain of the resource and of the label: ours. */
export const DOMAIN = 'onprem-ml.io';
export const DEVICE = 'edge-tpu';

/** The Edge TPUs of one node. */
export interface EdgeTpus {
  /** `pcie`: M.2 and Mini PCIe cards and the Dev Board. `usb`: the USB Accelerator and the Dev Board Mini. */
  readonly bus: 'pcie' | 'usb';
  /** How many, 1 to 16; on USB one. @default 1 */
  readonly count?: number;
}

/**
 * A node pool with Edge TPUs. It is described as a pool of GPUs is, so that what asks for GPUs, such as a queue, can ask for these; the chip runs
 * TensorFlow Lite models that are compiled for it, and nothing else.
 */
export class EdgeTpuPool implements IGpuPool {
  readonly resource: GpuResource;
  readonly placement: Required<Placement>;

  constructor(
    private readonly path: string,
    readonly nodes: NodePool,
    readonly tpus: Required<EdgeTpus>,
    readonly readyAfter: readonly Stage[],
  ) {
    this.resource = { name: `${DOMAIN}/${DEVICE}`, perNode: tpus.count, whole: true };
    this.placement = {
      nodeSelector: { [labelOf(tpus.bus)]: 'true', ...nodes.labels },
      tolerations: tolerationsOf(nodes),
    };
  }

  /** Always throws: one program at a time opens an Edge TPU. */
  share(sharing: GpuSharing): GpuResource {
    return fail(
      this.path,
      `pool ${show(this.nodes.name)} can't be shared by ${show(sharing)}: an Edge TPU is opened by one program at a time; let each pod have one, or serve several models from one pod`,
    );
  }
}

/** The label of nodes that have one on this bus. */
export function labelOf(bus: EdgeTpus['bus']): string {
  return `${DOMAIN}/${DEVICE}-${bus}`;
}
