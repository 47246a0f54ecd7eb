import { SizeRoundingBehavior } from 'cdk8s';
import { type Gpus } from '../../site';

/** A way to cut a GPU, and into how many of it the GPU can be cut. */
export interface MigProfile {
  /** `3g.20gb` */
  readonly name: string;
  /** Instances of one GPU that is cut into this profile alone. */
  readonly perGpu: number;
}

const profiles = (...all: readonly (readonly [name: string, perGpu: number])[]): readonly MigProfile[] =>
  all.map(([name, perGpu]) => ({ name, perGpu }));

/** @see https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html */
const MODELS: readonly {
  readonly model: RegExp;
  readonly gigabytes: number;
  readonly profiles: readonly MigProfile[];
}[] = [
  {
    model: /\bA(100|800)\b/i,
    gigabytes: 40,
    profiles: profiles(['1g.5gb', 7], ['1g.10gb', 4], ['2g.10gb', 3], ['3g.20gb', 2], ['4g.20gb', 1], ['7g.40gb', 1]),
  },
  {
    model: /\b(A(100|800)|H(100|800))\b/i,
    gigabytes: 80,
    profiles: profiles(
      ...([
        ['1g.10gb', 7],
        ['1g.20gb', 4],
        ['2g.20gb', 3],
      ] as const),
      ...([
        ['3g.40gb', 2],
        ['4g.40gb', 1],
        ['7g.80gb', 1],
      ] as const),
    ),
  },
  {
    model: /\bH100\b/i,
    gigabytes: 94,
    profiles: profiles(
      ...([
        ['1g.12gb', 7],
        ['1g.24gb', 4],
        ['2g.24gb', 3],
      ] as const),
      ...([
        ['3g.47gb', 2],
        ['4g.47gb', 1],
        ['7g.94gb', 1],
      ] as const),
    ),
  },
  {
    model: /\bH200\b/i,
    gigabytes: 141,
    profiles: profiles(
      ...([
        ['1g.18gb', 7],
        ['1g.35gb', 4],
        ['2g.35gb', 3],
      ] as const),
      ...([
        ['3g.71gb', 2],
        ['4g.71gb', 1],
        ['7g.141gb', 1],
      ] as const),
    ),
  },
  { model: /\bA30\b/i, gigabytes: 24, profiles: profiles(['1g.6gb', 4], ['2g.12gb', 2], ['4g.24gb', 1]) },
];

/** How GPUs of a model can be cut; empty where they can't, or the model isn't known. */
export function migProfiles({ model, memory }: Gpus): readonly MigProfile[] {
  // People write 80GB and mean 80 GiB, or the other way round.
  const gigabytes = (memory.toKibibytes({ rounding: SizeRoundingBehavior.NONE }) * 1024) / 1e9;
  const near = (nominal: number) => gigabytes >= nominal * 0.93 && gigabytes <= nominal * 1.1;
  return MODELS.find((known) => known.model.test(model) && near(known.gigabytes))?.profiles ?? [];
}

/** A profile's name as it stands in labels' values and resources: `1g.10gb+me` is `1g.10gb.me`. */
export function plainName(profile: string): string {
  return profile.replace('+', '.');
}

/** The configuration in which all GPUs of a node are cut into one profile. */
export function migConfigName(profile: string): string {
  return `all-${plainName(profile)}`;
}

/** No GPU is cut. */
export const MIG_DISABLED = 'all-disabled';

/** The MIG manager's file: what the label `nvidia.com/mig.config` may name. @see https://github.com/NVIDIA/mig-parted/blob/main/README.md */
export function migConfig(wanted: readonly MigProfile[]): string {
  const lines = [`version: v1`, `mig-configs:`, `  ${MIG_DISABLED}:`, `    - devices: all`, `      mig-enabled: false`];
  for (const { name, perGpu } of wanted) {
    lines.push(
      `  ${migConfigName(name)}:`,
      `    - devices: all`,
      `      mig-enabled: true`,
      `      mig-devices:`,
      `        '${name}': ${perGpu}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
