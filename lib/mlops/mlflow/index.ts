export { type DefaultPermission } from './configuration';
export { type GarbageCollectionProps } from './garbage-collection';
export { MLflow, type MLflowProps } from './mlflow';
