export * from './postgres';
export { type PostgresRestore } from './restore';
export { type PostgresSettings } from './settings';
