import {
  checkInteger,
  didYouMean,
  fail,
  type GpuResource,
  type GpuSharing,
  type IGpuPool,
  type Placement,
  show,
  type Stage,
} from '../../core';
import { gpuModel, type GpuModel, type Gpus, type MigProfile, type NodePool } from '../../site';
import { MIG_DISABLED, migConfigName } from './mig';
import { type PoolLabels } from './node-labels';
import { type MigStrategy, pluginConfigName, resourceOf } from './sharing';

/** A node pool of the site whose GPUs the operator drives. */
export class NvidiaGpuPool implements IGpuPool {
  readonly placement: Required<Placement>;
  /** How its GPUs can be cut; empty where they can't, or the model isn't in the catalogue. */
  readonly profiles: readonly MigProfile[];
  private readonly gpus: Gpus;
  private readonly model?: GpuModel;
  private shared?: GpuSharing;

  constructor(
    private readonly path: string,
    readonly nodes: NodePool,
    nodeSelector: Readonly<Record<string, string>>,
    readonly readyAfter: readonly Stage[],
    private readonly strategy: MigStrategy,
  ) {
    this.gpus = nodes.gpus!;
    this.model = gpuModel(this.gpus.model);
    this.profiles = this.model?.mig ?? [];
    this.placement = {
      nodeSelector,
      tolerations: nodes.taints.map(({ key, value, effect }) =>
        value === undefined ? { key, operator: 'Exists', effect } : { key, operator: 'Equal', value, effect },
      ),
    };
  }

  /** How its GPUs are shared; undefined where each pod gets whole ones. */
  get sharing(): GpuSharing | undefined {
    return this.shared;
  }

  get resource(): GpuResource {
    return resourceOf(this.gpus.count, this.shared, this.profile, this.strategy);
  }

  /** The profile that its GPUs are cut into. */
  get profile(): MigProfile | undefined {
    const { shared } = this;
    return shared && 'mig' in shared ? this.profiles.find(({ name }) => name === shared.mig) : undefined;
  }

  share(sharing: GpuSharing): GpuResource {
    this.check(sharing);
    if (this.shared !== undefined && JSON.stringify(this.shared) !== JSON.stringify(sharing)) {
      fail(
        this.path,
        `pool ${show(this.nodes.name)} is shared by ${show(this.shared)} already, got ${show(sharing)}; share it one way, or make two pools of it in the site`,
      );
    }
    this.shared = sharing;
    return this.resource;
  }

  /** What the nodes' labels tell the operands. They are stated also where nothing is shared, so that what was shared once no longer is. */
  get labels(): PoolLabels {
    return {
      nodes: this.placement.nodeSelector,
      labels: {
        'nvidia.com/device-plugin.config': pluginConfigName(this.shared),
        ...(this.profiles.length > 0 && {
          'nvidia.com/mig.config': this.profile ? migConfigName(this.profile) : MIG_DISABLED,
        }),
      },
    };
  }

  private check(sharing: GpuSharing): void {
    const what = `pool ${show(this.nodes.name)}:`;
    const ways = (['mig', 'timeSlices', 'mps'] as const).filter((way) => way in sharing);
    if (ways.length !== 1) {
      fail(this.path, `${what} share must be given one of mig, timeSlices and mps, got ${show(sharing)}; choose one`);
    }
    if ('timeSlices' in sharing) {
      checkInteger(
        this.path,
        `${what} timeSlices`,
        sharing.timeSlices,
        2,
        64,
        'give the pods that take turns on a GPU',
      );
    } else if ('mps' in sharing) {
      checkInteger(this.path, `${what} mps`, sharing.mps, 2, 48, 'give the pods that compute at a time on a GPU');
    } else this.checkProfile(sharing.mig);
    const way = { mig: undefined, timeSlices: 'time-slicing', mps: 'mps' } as const;
    const wanted = way[ways[0]!];
    if (wanted && this.model && !this.model.sharing.includes(wanted)) {
      fail(
        this.path,
        `${what} ${this.gpus.model} can't be shared by ${wanted}, got ${show(sharing)}; it can by ${this.model.sharing.join(', ')}`,
      );
    }
  }

  private checkProfile(mig: string): void {
    const { model } = this.gpus;
    if (this.profiles.length === 0) {
      fail(
        this.path,
        `pool ${show(this.nodes.name)}: ${model} has no MIG, got the profile ${show(mig)}; share it by timeSlices or mps`,
      );
    }
    const names = this.profiles.map(({ name }) => name);
    if (!names.includes(mig)) {
      fail(
        this.path,
        `pool ${show(this.nodes.name)}: ${model} has no MIG profile ${show(mig)}, it has ${names.join(', ')}${nearest(mig, names)}`,
      );
    }
  }
}

function nearest(mig: string, names: readonly string[]): string {
  const mend = didYouMean(mig, names);
  return mend.includes('did you mean') ? mend : '; choose one';
}
