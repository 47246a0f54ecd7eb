export * from './common';
export * from './crd';
export * from './custom-resource';
export * from './job-set-spec';
export * from './json-schema';
export * from './manifest';
export { describe, type Problem } from './problem';
export * from './schema';
export { validate } from './validate';
