/**
 * Three projects, told apart by suffix:
 *   reference  test/**\/*.test.ts       no GPU: pure functions and the float64 backend
 *   node       test/**\/*.gpu.test.ts   Dawn, and *.node.test.ts: child processes, files, servers
 *   browser    test/**\/*.gpu.test.ts   the same files in Chromium
 * Files named *.slow.*test.ts run only with `--mode slow` (npm run test:slow).
 *
 * Files share their worker's modules and so its GPU device: a file of its own costs 0.2 s more, in either project. So
 * a file calls `init` itself in `beforeAll`, and one that loses a device or changes the process puts it back.
 */
import { resolve } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { findAdapter } from './test/setup/adapter.ts';
import { BROWSER_FLAGS, findBrowser } from './test/setup/chromium.ts';
import { summary } from './test/setup/summary.ts';

const source = (path: string): string => resolve(import.meta.dirname, path);
const alias = (platform: 'node' | 'browser'): { alias: Record<string, string> } => ({
  alias: { '#platform': source(`engine/gpu/${platform}/platform.ts`) },
});

export default defineConfig(async ({ mode }) => {
  const slow = mode === 'slow';
  // `a.gpu.test.ts`, or `a.slow.gpu.test.ts` in slow mode.
  const files = (kind: string): string => `test/**/*${slow ? '.slow' : ''}${kind}.test.ts`;
  const exclude = slow ? [] : ['test/**/*.slow.*'];
  const testTimeout = slow ? 600_000 : 30_000;

  const reference: TestProjectConfiguration = {
    resolve: alias('node'),
    test: {
      name: 'reference',
      include: [files('')],
      exclude: [...exclude, 'test/**/*.{gpu,node}.test.ts'],
      isolate: false,
      testTimeout,
    },
  };
  const adapter = await findAdapter();
  const node: TestProjectConfiguration = {
    resolve: alias('node'),
    // Terminating a worker thread that is busy in Dawn aborts the process; a child process only dies itself.
    test: {
      name: 'node',
      include: [files(adapter ? '.{gpu,node}' : '.node')],
      exclude,
      pool: 'forks',
      isolate: false,
      testTimeout,
    },
  };
  const found = findBrowser();
  if (typeof found === 'string') console.warn(`The browser project is skipped: ${found}`);
  const browser: TestProjectConfiguration[] =
    typeof found === 'string'
      ? []
      : [
          {
            resolve: alias('browser'),
            // Known beforehand, else Vite finds it in mid-run and reloads the page under the tests.
            optimizeDeps: { include: ['fast-check'] },
            test: {
              name: 'browser',
              include: [files('.gpu')],
              exclude,
              isolate: false,
              testTimeout,
              browser: {
                enabled: true,
                headless: true,
                screenshotFailures: false,
                provider: playwright({
                  launchOptions: { ...found, args: [...BROWSER_FLAGS], chromiumSandbox: false },
                }),
                instances: [{ browser: 'chromium' }],
              },
            },
          },
        ];

  return {
    test: {
      maxWorkers: 2,
      reporters: ['default', summary()],
      projects: [reference, node, ...browser],
      passWithNoTests: true,
    },
  };
});
