export * from './experiment-tracking';
export * from './training-cluster';
