export * as jobSetCrds from './crds';
export { JobSet, type JobSetProps, type LogLevel as JobSetLogLevel } from './jobset';
