export { GPU_MODELS, gpuModel, MACHINE_MODELS, machineModel } from './catalogue';
export {
  type GpuModel,
  type GpuReach,
  type GpuSharingWay,
  type MachineFacts,
  type MachineModel,
  type MigProfile,
  type Source,
  type Sources,
} from './model';
