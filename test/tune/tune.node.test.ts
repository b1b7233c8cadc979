/** From a step to a file to another device, with a cache directory of the test's own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Device } from '../../engine/gpu/device.ts';
import { currentDevice, init, jit, matmul, ones, tune, tuningSummary, zeros } from '../../engine/index.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-tune-'));

beforeAll(async () => {
  vi.stubEnv('XDG_CACHE_HOME', root);
  vi.stubEnv('LANGEVIN_TUNE', undefined);
  await renew();
});
afterEach(() => init());
afterAll(async () => {
  // The next file's device must know nothing of this one's cache.
  await renew();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A device that has read no cache yet. */
async function renew(): Promise<void> {
  await init();
  (currentDevice() as Device).destroy();
  await init();
}

const files = (): string[] => readdirSync(root, { recursive: true, encoding: 'utf8' });
const args: [ReturnType<typeof zeros>, ReturnType<typeof zeros>] = [zeros([40, 72]), zeros([72, 68])];
const step = jit((a: (typeof args)[0], b: (typeof args)[1]) => matmul(a, b).add(1));

/** The shaders that are compiled while `f` runs. */
async function shadersOf(f: () => Promise<unknown>): Promise<string> {
  const gpu = Object.getPrototypeOf((currentDevice() as Device).gpu) as GPUDevice;
  const spy = vi.spyOn(gpu, 'createShaderModule');
  try {
    await f();
    return spy.mock.calls.map(([{ code }]) => code).join('\n');
  } finally {
    spy.mockRestore();
  }
}

test('a machine without a cache measures nothing and keeps nothing until it is asked to', async () => {
  for (const mode of ['off', 'cached'] as const) {
    await init({ tune: mode });
    expect(await tune(step, args)).toEqual([]);
    expect(tuningSummary()).toMatchObject({ mode, classes: 0, changed: 0, hash: undefined, notes: [] });
  }
  expect(files()).toEqual([]);
});

test('what is measured is kept and not measured again; another device takes it from the file', async () => {
  await init({ tune: 'measure' });
  const asked: string[] = [];
  const progress = (shapeClass: string): void => void asked.push(shapeClass);
  const [found] = await tune(step, args, { progress });
  expect(found).toMatchObject({
    shapeClass: 'matmul NN 64x128x128',
    on: 'f32[40, 72] f32[72, 68]',
    fresh: true,
  });
  expect(found?.findings.every((finding) => 'ms' in finding && finding.ms > 0)).toBe(true);
  expect(await tune(step, args, { progress })).toMatchObject([{ ...found, fresh: false }]);
  expect(asked).toEqual(['matmul NN 64x128x128']);

  // As if a kernel that the rule would not take had won.
  const { where } = tuningSummary() as { where: string };
  const others = (found?.findings ?? []).slice(1).map(({ name }) => name);
  const other = others.find((name) => name === 'matmul_registers') ?? (others[0] as string);
  const text = readFileSync(where, 'utf8').replace(/"best": "[^"]*"/, `"best": "${other}"`);
  writeFileSync(where, text);
  await renew();
  await init({ tune: 'cached' });
  expect(await tune(step, args)).toMatchObject([{ best: other, fresh: false }]);
  expect(tuningSummary()).toMatchObject({ mode: 'cached', where, classes: 1, changed: 1 });
  const [a, b] = [ones([40, 72]), ones([72, 68])];
  expect(await shadersOf(async () => expect((await step(a, b).data())[0]).toBe(73))).toContain(
    `fn ${other.split(' ')[0]}(`,
  );

  // Off, the same step takes the rule's choice, whatever the file says.
  await renew();
  expect(await shadersOf(() => step(ones([40, 72]), ones([72, 68])).data())).not.toContain(
    `fn ${other.split(' ')[0]}(`,
  );
  expect(readFileSync(where, 'utf8')).toBe(text);
}, 30_000);

test('LANGEVIN_TUNE says what `init` does not, and a word that is no mode is refused', async () => {
  vi.stubEnv('LANGEVIN_TUNE', 'cached');
  await init();
  expect(tuningSummary()?.mode).toBe('cached');
  await init({ tune: 'off' });
  expect(tuningSummary()?.mode).toBe('off');
  vi.stubEnv('LANGEVIN_TUNE', 'always');
  await expect(init()).rejects.toMatchObject({
    code: 'TUNE_MODE',
    message: expect.stringContaining('LANGEVIN_TUNE') as string,
  });
  vi.stubEnv('LANGEVIN_TUNE', undefined);
});
