// mocha's spec report for people, and the counts in a file for scripts/test.mjs.
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      const counts = { passed: passes, failed: failures, skipped: pending };
      if (process.env.TEST_STATS) writeFileSync(process.env.TEST_STATS, JSON.stringify(counts));
    });
  }
};
