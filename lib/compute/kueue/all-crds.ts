export * from './admission-crds';
export * from './crds';
export * from './workload-crds';
