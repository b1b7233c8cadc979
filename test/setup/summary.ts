/**
 * Ends the output of a run with one line that a machine can read: `12 passed, 0 failed, 3 skipped`. It is printed as the
 * process exits, after everything the other reporters say. A file that fails to load, or an error outside any test,
 * counts as a failure.
 */
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export function summary(): Reporter {
  let line: string | undefined;
  process.on('exit', () => {
    if (line !== undefined) console.log(line);
  });
  return {
    onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
      const count = { passed: 0, failed: errors.length, skipped: 0 };
      for (const module of modules) {
        const before = count.failed;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          count[state === 'pending' ? 'skipped' : state]++;
        }
        if (module.state() === 'failed' && count.failed === before) count.failed++;
      }
      line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
    },
  };
}
