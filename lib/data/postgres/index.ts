export * from './postgres';
export { type PostgresRestore } from './restore';
