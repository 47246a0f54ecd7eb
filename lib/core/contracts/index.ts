export * from './certificates';
export * from './credentials';
export * from './experiment-tracking';
export * from './gateway';
export * from './load-balancer';
export * from './metrics';
export * from './object-store';
export * from './postgres';
