const base = require('./jest.config');

/** The suites of the real-cluster bench, in order of their names; test/cluster/cli.ts runs them. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/cluster/suites/*.cluster.ts'],
  testPathIgnorePatterns: [],
  setupFilesAfterEnv: ['<rootDir>/test/cluster/suites/support/each.ts'],
  testSequencer: '<rootDir>/test/cluster/in-order.js',
  maxWorkers: 1,
  testTimeout: 900_000,
};
