import { type GpuSharing, type GpuResource } from '../../core';
import { type MigProfile } from '../../site';
import { plainName } from './mig';

/** How `nvidia.com/gpu` is called where pods share it, so that none that wants a whole one gets a part. */
const SHARED = 'nvidia.com/gpu.shared';
export const WHOLE = 'nvidia.com/gpu';

/** The two ways by which MIG instances are offered: by their profile's name, or as if each were a GPU. */
export type MigStrategy = 'mixed' | 'single';

/** What a pod asks for, on a pool with so many GPUs a node. */
export function resourceOf(
  gpus: number,
  sharing: GpuSharing | undefined,
  profile: MigProfile | undefined,
  strategy: MigStrategy,
): GpuResource {
  if (sharing === undefined) return { name: WHOLE, perNode: gpus, whole: true };
  if ('mig' in sharing) {
    const name = strategy === 'mixed' ? `nvidia.com/mig-${plainName(sharing.mig)}` : WHOLE;
    return { name, perNode: gpus * profile!.instances, whole: false };
  }
  return { name: SHARED, perNode: gpus * replicasOf(sharing), whole: false };
}

/** The device plugin's configuration that the label `nvidia.com/device-plugin.config` names. */
export function pluginConfigName(sharing: GpuSharing | undefined): string {
  if (sharing === undefined || 'mig' in sharing) return 'whole';
  return 'mps' in sharing ? `mps-${sharing.mps}` : `time-slices-${sharing.timeSlices}`;
}

/** The configurations by name, for all the ways that pools are shared. */
export function pluginConfigs(all: readonly (GpuSharing | undefined)[], strategy: MigStrategy): Record<string, string> {
  const files = all.map((sharing) => [pluginConfigName(sharing), pluginConfig(sharing, strategy)] as const);
  return Object.fromEntries([[pluginConfigName(undefined), pluginConfig(undefined, strategy)] as const, ...files]);
}

/** @see https://github.com/NVIDIA/k8s-device-plugin/blob/v0.20.0/README.md#shared-access-to-gpus */
function pluginConfig(sharing: GpuSharing | undefined, strategy: MigStrategy): string {
  const head = `version: v1\nflags:\n  migStrategy: ${strategy}\n`;
  if (sharing === undefined || 'mig' in sharing) return head;
  return (
    `${head}sharing:\n  ${'mps' in sharing ? 'mps' : 'timeSlicing'}:\n    renameByDefault: true\n` +
    `    failRequestsGreaterThanOne: true\n    resources:\n      - name: ${WHOLE}\n        replicas: ${replicasOf(sharing)}\n`
  );
}

function replicasOf(sharing: Exclude<GpuSharing, { readonly mig: string }>): number {
  return 'mps' in sharing ? sharing.mps : sharing.timeSlices;
}
