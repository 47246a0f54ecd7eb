/** @type {import('jest').Config} */
module.exports = {
  roots: ['<rootDir>/test'],
  // Jest would leave one processor to others, of two.
  maxWorkers: '100%',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/upstream/'],
  // Tests that start programs take longer than jest's five seconds where all processors are busy.
  testTimeout: 60_000,
  // Types are checked by `npm run lint`; here each file is only transpiled.
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
