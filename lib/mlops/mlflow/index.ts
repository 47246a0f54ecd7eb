export { type DefaultPermission, type LogLevel as MLflowLogLevel } from './configuration';
export { type GarbageCollectionProps } from './garbage-collection';
export { MLflow, type MLflowProps } from './mlflow';
export { MLflowTeam } from './team';
