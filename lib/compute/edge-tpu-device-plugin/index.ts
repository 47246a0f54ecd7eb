export * from './edge-tpu-device-plugin';
export { EdgeTpuPool, type EdgeTpus } from './edge-tpu-pool';
