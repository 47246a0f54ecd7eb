export { MinIOBucket } from './bucket';
export { type MinIOPool } from './erasure';
export * from './minio';
