/** `langevin tune kernels`, whole, with a cache directory of the test's own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { currentDevice, init } from '../../engine/index.ts';
import { say } from './say.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-tune-'));

async function renew(): Promise<void> {
  await init();
  currentDevice()?.destroy();
  await init();
}

beforeAll(async () => {
  vi.stubEnv('XDG_CACHE_HOME', root);
  vi.stubEnv('LANGEVIN_TUNE', undefined);
  await renew();
});
afterAll(async () => {
  await renew();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

test('the step of a network is measured once, shown, and kept', async () => {
  const ask = () => say('tune', 'kernels', '--model', '784-64-10', '--batch', '8');
  const first = await ask();
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('matmul NN 8x1024x64');
  expect(first.stdout).toMatch(/1\.00/);
  const [file] = readdirSync(join(root, 'langevin')) as [string];
  const kept = readFileSync(join(root, 'langevin', file), 'utf8');
  expect(first.stdout).toContain(file);
  // All is known: the same table, without measuring.
  const second = await ask();
  expect(second.stdout.slice(second.stdout.indexOf('class of shapes'))).toBe(
    first.stdout.slice(first.stdout.indexOf('class of shapes')),
  );
  expect(readFileSync(join(root, 'langevin', file), 'utf8')).toBe(kept);
});
