export { type LogLevel as HAProxyLogLevel, type MinimumTls } from './config';
export * from './haproxy';
