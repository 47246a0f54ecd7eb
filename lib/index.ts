export * from './core';
export * from './crds';
export * from './site';
