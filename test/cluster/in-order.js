const { default: Sequencer } = require('@jest/test-sequencer');

/** The suites build on each other: by name. */
module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
};
