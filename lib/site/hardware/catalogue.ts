import { AMD_GPUS } from './gpus-amd';
import { NVIDIA_GPUS } from './gpus-nvidia';
import { EDGE_MACHINES } from './machines-edge';
import { DESKTOPS, SERVERS } from './machines-servers';
import { type GpuModel, type MachineModel } from './model';

/** The GPUs that are known. */
export const GPU_MODELS: readonly GpuModel[] = [...NVIDIA_GPUS, ...AMD_GPUS];

/** The machines that are known. */
export const MACHINE_MODELS: readonly MachineModel[] = [...SERVERS, ...DESKTOPS, ...EDGE_MACHINES];

/** The GPU of the catalogue that a text names, by the driver's name or by the short one; case and runs of blanks don't matter. */
export function gpuModel(text: string): GpuModel | undefined {
  return GPU_MODELS.find((model) => names(model, text));
}

/** The machine that a text names, by its name or its short one, of the catalogue or of other machines. */
export function machineModel<T extends { readonly id?: string; readonly name: string }>(
  text: string,
  machines: readonly T[],
): T | undefined {
  return machines.find((model) => names(model, text));
}

function names(model: { readonly id?: string; readonly name: string }, text: string): boolean {
  const wanted = plain(text);
  return wanted === plain(model.name) || wanted === model.id;
}

function plain(text: string): string {
  return text.trim().replace(/\s+/g, ' ').toLowerCase();
}
