export { type WaitForPodsReadyProps } from './configuration';
export { type KueueFramework } from './frameworks';
export { Kueue, type KueueProps } from './kueue';
export { type KueueQueueProps, type PreemptionProps, Queue } from './queue';
export { BATCH_ADMIN, BATCH_USER } from './user-roles';
export * as kueueCrds from './all-crds';
