/** What the engine does to `setImmediate` in Node, and that it is nothing to others. */
import { beforeAll, expect, test } from 'vitest';
import { init, tensor } from '../../engine/index.ts';

beforeAll(() => init());

const inNode = typeof (globalThis as { setImmediate?: unknown }).setImmediate === 'function';

test.runIf(inNode)('callbacks of others are not delayed while the device is waited for', async () => {
  const pending = tensor(new Float32Array(1 << 20), [1 << 20])
    .exp()
    .sum()
    .data();
  const start = performance.now();
  let turns = 0;
  await new Promise<void>((resolve) => {
    const again = (): void => {
      turns++;
      if (turns === 500) resolve();
      else (globalThis as unknown as { setImmediate(f: () => void): void }).setImmediate(() => again());
    };
    again();
  });
  // Spaced by a millisecond each, 500 turns would take at least half a second.
  expect(performance.now() - start).toBeLessThan(400);
  expect((await pending)[0]).toBe(1 << 20);
});
