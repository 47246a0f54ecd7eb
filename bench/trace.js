// Loaded into a process before its program (node -r): what ts-node does to run blueprints/main.ts, with its time kept.
const { performance } = require('node:perf_hooks');

require('ts-node/register');

const trace = { compilerLoaded: performance.now(), transpile: 0, files: 0 };
const service = process[Symbol.for('ts-node.register.instance')];
const { compile } = service;
service.compile = (...args) => {
  const began = performance.now();
  const code = compile(...args);
  trace.transpile += performance.now() - began;
  trace.files++;
  return code;
};
module.exports = trace;
