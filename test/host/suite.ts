// Runs mocha inside the extension host. VS Code requires the bundle and calls run().
import { appendFileSync, writeFileSync } from 'node:fs';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Runs the tests that `define` declares; the counts go where TEST_STATS says. */
export async function runSuite(define: () => void): Promise<void> {
  const { TEST_REPORT, TEST_STATS, TEST_GREP } = process.env;
  if (TEST_REPORT !== undefined) {
    const print = (...values: unknown[]): void => {
      appendFileSync(TEST_REPORT, `${format(...values)}\n`);
    };
    (Mocha.reporters.Base as unknown as { consoleLog: typeof print }).consoleLog = print;
  }
  const mocha = new Mocha({
    ui: 'bdd',
    color: false,
    timeout: 30_000,
    // One day told in order: after a failure the rest would only repeat it.
    bail: true,
    reporter: 'spec',
    ...(TEST_GREP === undefined ? {} : { grep: TEST_GREP }),
  });
  // Everything is in one bundle: there are no files for mocha to load.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  define();
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const { passes, pending } = runner.stats ?? { passes: 0, pending: 0 };
      if (TEST_STATS !== undefined) {
        const counts = { passed: passes, failed: failures, skipped: pending };
        writeFileSync(TEST_STATS, JSON.stringify(counts));
      }
      if (failures === 0) resolve();
      else reject(new Error(`${failures} failed`));
    });
  });
}
