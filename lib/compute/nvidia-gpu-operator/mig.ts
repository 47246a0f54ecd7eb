import { type MigProfile } from '../../site';

/** A profile's name as it stands in labels' values and resources: `1g.10gb+me` is `1g.10gb.me`. */
export function plainName(profile: string): string {
  return profile.replace('+', '.');
}

/** The configuration in which all GPUs of a node are cut into one profile: `2x3g.40gb`. Models hold one profile more or less often. */
export function migConfigName({ name, instances }: MigProfile): string {
  return `${instances}x${plainName(name)}`;
}

/** No GPU is cut. */
export const MIG_DISABLED = 'all-disabled';

/** The MIG manager's file: what the label `nvidia.com/mig.config` may name. @see https://github.com/NVIDIA/mig-parted/blob/main/README.md */
export function migConfig(profiles: readonly MigProfile[]): string {
  const lines = [`version: v1`, `mig-configs:`, `  ${MIG_DISABLED}:`, `    - devices: all`, `      mig-enabled: false`];
  for (const profile of profiles) {
    const { name, instances } = profile;
    lines.push(
      `  ${migConfigName(profile)}:`,
      `    - devices: all`,
      `      mig-enabled: true`,
      `      mig-devices:`,
      `        '${name}': ${instances}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
