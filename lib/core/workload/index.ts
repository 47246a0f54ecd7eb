export * from './claim';
export * from './config-files';
export * from './container';
export * from './kinds';
export * from './pod';
export * from './service';
export * from './volume';
export * from './workload';
